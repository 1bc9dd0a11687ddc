"""Widgets: opened, closed, and what they show."""

import secrets
from dataclasses import asdict

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.feeds import Item
from affiliates.models import AdZone, Affiliate, Basket, Widget
from affiliates.queries import (
    Wish,
    offers_of,
    products_in,
    products_offered,
    products_offered_among,
)
from affiliates.services.links import link_address, links_shown
from affiliates.shelves import SHELVES
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Product

WIDGETS = 20  # open ones of an affiliate
SIZES = (2, 3, 4, 6, 12)


@transaction.atomic
def widget_open(
    *,
    actor: User,
    affiliate: Affiliate,
    zone: AdZone,
    name: str,
    language: str,
    size: int,
    wish: Wish,
    basket: Basket | None = None,
    shelf: str = "",
) -> Widget:
    """A new widget. Raises Invalid (zone, basket, shelf), WrongState where there are WIDGETS of
    them."""
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    if basket and basket.affiliate_id != affiliate.pk:
        raise Invalid(field="basket")
    if shelf and (basket or shelf not in SHELVES):
        raise Invalid(_("Choose either a basket or what suits you."), field="shelf")
    Affiliate.objects.select_for_update(no_key=True).only("pk").get(pk=affiliate.pk)
    if Widget.objects.filter(affiliate=affiliate, closed_at=None).count() >= WIDGETS:
        said = gettext("You have %(count)d widgets, which is as many as there can be.")
        raise WrongState(said % {"count": WIDGETS})
    widget = Widget.objects.create(
        affiliate=affiliate, zone=zone, name=name, language=language, size=size,
        wish=asdict(wish), basket=basket, shelf=shelf,
        code=secrets.token_hex(8),
    )  # fmt: skip
    audit.record("widget.made", widget, actor=actor, name=name, zone=zone.pid)
    return widget


@transaction.atomic
def widget_close(*, actor: User, widget: Widget) -> None:
    """Pages that have it show nothing there any more. WrongState if it was closed."""
    if not Widget.objects.filter(pk=widget.pk, closed_at=None).update(closed_at=clock.now()):
        raise WrongState
    audit.record("widget.closed", widget, actor=actor)


def widget_items(*, widget: Widget) -> list[Item]:
    """What it shows now, with links of its own, made where there are none. A product that cannot be
    promoted, or whose link is paused, is left out. Raises WrongState (affiliate, site, zone)."""
    products = _products(widget)
    links = links_shown(zone=widget.zone, products=products, sub=widget.sub)
    linked = [product for product in products if product.pk in links]
    return [
        Item(offer, link_address(links[offer.product.pk]), settings.PUBLIC_URL)
        for offer in offers_of(linked, affiliate=widget.affiliate)
    ]


def _products(widget: Widget) -> list[Product]:
    if widget.basket:
        inside = [product.pk for product in products_in(widget.basket)]
        found = products_offered_among(inside).in_bulk()
        return [found[pk] for pk in inside if pk in found][: widget.size]
    if (shelf := SHELVES.get(widget.shelf)) and (chosen := shelf.products(widget.affiliate)):
        return list(chosen[: widget.size])
    return products_offered(Wish(**widget.wish), size=widget.size).products
