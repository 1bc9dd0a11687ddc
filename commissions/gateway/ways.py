"""/g/…: a way from an ad zone to a product, of which there is no link yet, or to an event's page.

A search answers with a hundred products, each with an address to share. Nobody would want a hundred
links made for that: such an address carries what its link will be, signed, and the link is made
when somebody first follows it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from affiliates.models import AdZone, Link
from affiliates.queries import (
    Offer,
    event_plans,
    events_shown,
    offers_of,
    products_known,
    products_of,
    rates_in_event,
    zones_known,
)
from affiliates.services import SUBS, link_first_followed
from alliance.kernel.errors import NotFound
from merchants.models import Event, Product

ON_A_PAGE, LISTED = 60, 500  # products of an event, the best paid first
_PRODUCT, _EVENT = Signer(salt="gateway.way", sep="."), Signer(salt="gateway.event", sep=".")


def way_to(
    product: Product, zone: AdZone, subs: Mapping[str, str], *, event: Event | None = None
) -> str:
    """The address to share; always the same for the same way."""
    return _address("gateway_way", _PRODUCT, [product.pk, zone.pk, event.pk if event else 0], subs)


def coupon_way(
    product: Product, zone: AdZone, subs: Mapping[str, str], *, event: Event | None = None
) -> str:
    """The same to its coupon page, which leads on where there is none."""
    keys = [product.pk, zone.pk, event.pk if event else 0]
    return _address("gateway_coupon", _PRODUCT, keys, subs)


def event_way(event: Event, zone: AdZone, subs: Mapping[str, str]) -> str:
    """The address of the event's page, whose products lead to the shops by links of the zone."""
    return _address("gateway_event", _EVENT, [event.pk, zone.pk], subs)


def link_in(url: str) -> Link | None:
    """The link that such an address of ours stands for, made if need be; None for any other.
    Raises WrongState where none can be made now."""
    head, _slash, token = url.partition("?")[0].rpartition("/")
    if head not in {f"{settings.PUBLIC_URL}/g", f"{settings.PUBLIC_URL}/g/c"}:
        return None
    try:
        return _link(token)
    except Http404:
        return None


def product_in(token: str) -> Product | None:
    """The product of such an address, by its last part; no link is made. None for any other."""
    try:
        (key, *_rest), _subs = _read(_PRODUCT, token, 3)
    except Http404:
        return None
    return products_known().filter(pk=key).first()


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """To the link's own address, with whatever marks the sharer put behind this one."""
    return _on("follow", request, token)


@require_safe
def follow_to_coupon(request: HttpRequest, token: str) -> HttpResponse:
    return _on("coupon", request, token)


@require_safe
def event_page(request: HttpRequest, token: str) -> HttpResponse:
    """What an event offers, for buyers. NotFound when it is over."""
    (key, zone_key), subs = _read(_EVENT, token, 2)
    zone = get_object_or_404(zones_known(), pk=zone_key)
    event = events_shown().filter(pk=key).first()
    if event is None:
        raise NotFound(_("This event is over."))
    offers = offers_in(event, zone)[:ON_A_PAGE]
    goods = [(offer, way_to(offer.product, zone, subs, event=event)) for offer in offers]
    return render(request, "commissions/event_goods.html", {"event": event, "goods": goods})


def offers_in(event: Event, zone: AdZone) -> list[Offer]:
    """The event's products that can be promoted, the best paid first, with their prices."""
    plans = event_plans().filter(event=event)
    products = products_of(plans).filter(shop__merchant__funding_paused_at=None)
    rates = rates_in_event(plans)
    offers = offers_of(products[:LISTED], affiliate=zone.site.affiliate)
    return [replace(offer, rate_bps=rates[offer.product.pk]) for offer in offers]


def _on(name: str, request: HttpRequest, token: str) -> HttpResponse:
    address = reverse(name, args=[_link(token).code])
    marks = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{marks}" if marks else address)


def _address(name: str, signer: Signer, keys: list[int], subs: Mapping[str, str]) -> str:
    said: list[Any] = [*keys, *(subs.get(sub, "") for sub in SUBS[:3])]
    while not said[-1]:
        said.pop()  # most have no marks, and their address is shorter so
    return settings.PUBLIC_URL + reverse(name, args=[signer.sign_object(said)])


def _read(signer: Signer, token: str, count: int) -> tuple[list[int], dict[str, str]]:
    """The keys and marks that are in a token; Http404 for one that we have not made."""
    try:
        said = signer.unsign_object(token)
    except (BadSignature, ValueError):
        raise Http404 from None
    keys = [*said[:count], *[0] * (count - len(said))]
    return keys, dict(zip(SUBS, said[count:], strict=False))


def _link(token: str) -> Link:
    (product_key, zone_key, event_key), subs = _read(_PRODUCT, token, 3)
    product = get_object_or_404(products_known(), pk=product_key)
    plans = event_plans().filter(event=event_key, merchant=product.shop.merchant_id)
    return link_first_followed(
        zone=get_object_or_404(zones_known(), pk=zone_key),
        product=product,
        subs=subs,
        plan=plans.first() if event_key else None,
    )
