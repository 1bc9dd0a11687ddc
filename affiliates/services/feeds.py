"""Product feeds: opened, closed, and written for who fetches them."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from affiliates.feeds import FORMATS, Channel, Item
from affiliates.models import AdZone, Affiliate, Feed
from affiliates.queries import Wish, offers_of, products_offered
from affiliates.queries.outlets import token_digest
from affiliates.services.links import link_address, links_shown
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Product

FEEDS = 20  # open ones of an affiliate
SIZES = (100, 500, 2_000)
FRESH = timedelta(minutes=5)  # who has the last content is not given a newer one before
_PAGE = 200
_IN_MEMORY = 1 << 20


@transaction.atomic
def feed_open(
    *,
    actor: User,
    affiliate: Affiliate,
    zone: AdZone,
    name: str,
    layout: str,
    language: str,
    size: int,
    wish: Wish,
) -> tuple[Feed, str]:
    """A new feed and the token of its address, which is said this once. Raises Invalid (zone), and
    WrongState where there are FEEDS of them."""
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    Affiliate.objects.select_for_update(no_key=True).only("pk").get(pk=affiliate.pk)
    if Feed.objects.filter(affiliate=affiliate, closed_at=None).count() >= FEEDS:
        said = gettext("You have %(count)d feeds, which is as many as there can be.")
        raise WrongState(said % {"count": FEEDS})
    token = secrets.token_urlsafe(32)
    feed = Feed.objects.create(
        affiliate=affiliate, zone=zone, name=name, layout=layout, language=language, size=size,
        wish=asdict(wish), digest=token_digest(token),
    )  # fmt: skip
    audit.record("feed.made", feed, actor=actor, name=name, layout=layout, zone=zone.pid)
    return feed, token


@transaction.atomic
def feed_close(*, actor: User, feed: Feed) -> None:
    """Its address leads nowhere from now on; its links stay. WrongState if it was closed."""
    if not Feed.objects.filter(pk=feed.pk, closed_at=None).update(closed_at=clock.now()):
        raise WrongState
    audit.record("feed.closed", feed, actor=actor)


def feed_write(*, feed: Feed) -> IO[bytes]:
    """The feed as it is now, complete before its first byte is given: nobody gets half of one.

    Links that are missing are made, a page of products at a time; a product whose link is paused or
    refused is left out. Sets `content`, `changed_at`, `fetched_at`. Raises WrongState (affiliate,
    site, zone).
    """
    file: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (the answer closes it)
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    with override(feed.language):
        FORMATS[feed.layout].write(_channel(feed), _items(feed), text)  # type: ignore[index]
    text.detach()
    file.seek(0)
    content = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    now = clock.now()
    same = When(content=content, then=F("changed_at"))
    Feed.objects.filter(pk=feed.pk).update(
        changed_at=Case(same, default=Value(now)), content=content, fetched_at=now
    )
    feed.refresh_from_db(fields=["changed_at", "content", "fetched_at"])
    return file


def _channel(feed: Feed) -> Channel:
    return Channel(
        name=feed.name,
        description=gettext("Advertisement: who shares these links earns when you buy."),
        home=settings.PUBLIC_URL,
        language=get_language() or feed.language,
        since=feed.created_at,
    )


def _items(feed: Feed) -> Iterator[Item]:
    for products in _pages(feed):
        links = links_shown(zone=feed.zone, products=products, sub=feed.sub)
        linked = [product for product in products if product.pk in links]
        for offer in offers_of(linked, affiliate=feed.affiliate):
            link = link_address(links[offer.product.pk])
            yield Item(offer, link, settings.PUBLIC_URL)


def _pages(feed: Feed) -> Iterator[list[Product]]:
    wish, left = Wish(**feed.wish), feed.size
    place: dict[str, Any] = {}
    while left > 0:
        found = products_offered(wish, size=min(left, _PAGE), **place)
        yield found.products
        left -= len(found.products)
        if found.after is None:
            return
        place = {"after": found.after}
