"""Product feeds by address: given by the merchant, fetched when due, told of when they fail.

The row is the queue: `next_at` says when, claiming moves it on, and whoever dies in between is only
late.
"""

from datetime import timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock, outbound
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.lockbox import Locked, lock, unlock
from alliance.kernel.models import User
from alliance.kernel.outbound import Fetched, NotFetched
from merchants.models import (
    FeedTrouble,
    ImportKind,
    ImportRun,
    ImportState,
    MerchantState,
    ProductFeed,
    Shop,
)
from merchants.notices import feed_tell
from merchants.services.imports import import_begin

LARGEST = 256 << 20  # bytes, as they come over the wire
LEASE = timedelta(minutes=30)
LONGEST = timedelta(days=1)  # between two attempts
TOLD_AFTER = 3  # failures in a row
_PURPOSE = "product-feed"


@transaction.atomic
def feed_save(
    *,
    shop: Shop,
    url: str,
    every_hours: int,
    full: bool,
    username: str,
    password: str | None,
    actor: User | None,
) -> ProductFeed:
    """Fetch the shop's products there from now on. `password` None: the one that is known, if it
    was given for this server; who changes the address does not learn it.

    Raises Invalid for an address that nobody should ask; where its name leads is looked up and
    checked at each fetch.
    """
    url = url.strip()
    outbound.check(url)
    if len(url) > 500:
        raise Invalid(_("This text is too long or not readable."), field="url")
    if every_hours not in ProductFeed.Every.values:
        raise Invalid(_("Choose one of the intervals."), field="every_hours")
    held = ProductFeed.objects.filter(shop=shop).first()
    known = held.password if held and outbound.same_server(held.url, url) else ""
    secret = lock(_PURPOSE, password) if password is not None else known
    feed, _created = ProductFeed.objects.update_or_create(
        shop=shop,
        defaults={
            "url": url,
            "every_hours": every_hours,
            "full": full,
            "username": username.strip(),
            "password": secret if username.strip() else "",
            "active": True,
            "next_at": clock.now(),
            **_FRESH,
        },
    )
    audit.record("feed.saved", feed, actor=actor, url=url, every_hours=every_hours, full=full)
    return feed


# Of a feed that has nothing behind it yet.
_FRESH = {
    "etag": "", "last_modified": "", "reread_at": None, "failures": 0, "trouble": "",
    "status": None,
}  # fmt: skip


@transaction.atomic
def feed_pause(*, feed: ProductFeed, actor: User | None) -> None:
    """Not fetched until it is resumed. WrongState if it is paused."""
    _turn(feed, active=False)
    audit.record("feed.paused", feed, actor=actor)


@transaction.atomic
def feed_resume(*, feed: ProductFeed, actor: User | None) -> None:
    """Fetched again, at once. WrongState if it was not paused."""
    _turn(feed, active=True)
    audit.record("feed.resumed", feed, actor=actor)


def _turn(feed: ProductFeed, *, active: bool) -> None:
    rows = ProductFeed.objects.filter(pk=feed.pk, active=not active)
    if not rows.update(active=active, next_at=clock.now(), updated_at=clock.now()):
        raise WrongState
    feed.active = active


@transaction.atomic
def feed_remove(*, feed: ProductFeed, actor: User | None) -> None:
    """Its products stay as they are; its runs stay to be read."""
    audit.record("feed.ended", feed, actor=actor, url=feed.url)
    feed.delete()


@transaction.atomic
def feed_hurry(*, feed: ProductFeed, actor: User | None) -> None:
    """Due now. WrongState for a paused one."""
    rows = ProductFeed.objects.filter(pk=feed.pk, active=True)
    if not rows.update(next_at=clock.now(), updated_at=clock.now()):
        raise WrongState
    audit.record("feed.fetch_asked", feed, actor=actor)


# --- Fetching -------------------------------------------------------------------------------------


def feed_claim(*, feed_pk: int) -> ProductFeed | None:
    """The feed, if it is due and nobody else fetches it: one winner."""
    now = clock.now()
    due = ProductFeed.objects.filter(
        pk=feed_pk,
        active=True,
        next_at__lte=now,
        shop__merchant__state=MerchantState.ACTIVE,
    )
    if not due.update(next_at=now + LEASE, asked_at=now, updated_at=now):
        return None
    return ProductFeed.objects.select_related("shop__merchant").filter(pk=feed_pk).first()


def feed_fetch(feed: ProductFeed, into: BinaryIO) -> Fetched:
    """Ask its server, outside of any transaction. Raises NotFetched.

    What has not changed since is not sent again (304), unless a price of it turns by the clock.
    """
    known = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    if feed.reread_at and feed.reread_at <= clock.now():
        known = {}
    try:
        password = unlock(_PURPOSE, feed.password)
    except Locked:
        raise NotFetched(outbound.Trouble.SIGN_IN) from None
    return outbound.fetch(
        feed.url,
        into,
        most=LARGEST,
        user=feed.username,
        password=password,
        headers={name: value for name, value in known.items() if value},
    )


def feed_unchanged(*, feed: ProductFeed) -> None:
    """The server says that nothing is new."""
    _well(feed, reread_at=feed.reread_at)


@transaction.atomic
def feed_brought(*, feed: ProductFeed, answer: Fetched, body: BinaryIO) -> ImportRun:
    """A file came: the run that reads it. `feed_read` says how that ended."""
    feed.etag = answer.headers.get("etag", "")[:200]
    feed.last_modified = answer.headers.get("last-modified", "")[:60]
    feed.save(update_fields=["etag", "last_modified", "updated_at"])
    return import_begin(
        shop=feed.shop,
        kind=ImportKind.PRODUCTS,
        filename=urlsplit(feed.url).path.rpartition("/")[2] or feed.url,
        file=body,
        actor=None,
        full=feed.full,
        feed=feed,
    )


def feed_read(*, run: ImportRun) -> None:
    """What the run that the feed brought came to."""
    feed = run.feed
    if feed is None:
        return
    if run.state == ImportState.DONE:
        _well(feed, reread_at=run.turns_at)
    else:
        feed_failed(feed=feed, trouble=FeedTrouble.UNREADABLE)


def _well(feed: ProductFeed, **fresh: object) -> None:
    now = clock.now()
    due = now + timedelta(hours=feed.every_hours)
    turns = fresh.get("reread_at")
    if turns:  # a price turns before: but nobody is asked more than once an hour
        due = min(due, max(turns, now + timedelta(hours=1)))  # type: ignore[call-overload]
    ProductFeed.objects.filter(pk=feed.pk).update(
        fetched_at=now, next_at=due, failures=0, trouble="", status=None, updated_at=now, **fresh
    )


@transaction.atomic
def feed_failed(*, feed: ProductFeed, trouble: str, status: int | None = None) -> None:
    """Asked again after the interval, then twice as long, at most a day. The third time in a row
    the merchant's team is told, once."""
    feed = ProductFeed.objects.select_for_update().select_related("shop__merchant").get(pk=feed.pk)
    feed.failures += 1
    wait = timedelta(hours=feed.every_hours) * 2 ** min(feed.failures - 1, 5)
    feed.trouble, feed.status = trouble, status
    feed.etag = feed.last_modified = ""
    feed.next_at = clock.now() + min(wait, LONGEST)
    feed.save()
    audit.record("feed.failed", feed, trouble=trouble, status=status, failures=feed.failures)
    if feed.failures == TOLD_AFTER:
        feed_tell(feed)
