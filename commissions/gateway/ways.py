"""/g/…: a way to a product from an ad zone, of which there is no link yet.

A search answers with a hundred products, each with an address to share. Nobody would want a hundred
links made for that: such an address carries what its link will be, signed, and the link is made
when somebody first follows it.
"""

from collections.abc import Mapping

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from affiliates.models import AdZone, Link
from affiliates.queries import products_known, zones_known
from affiliates.services import SUBS, link_first_followed
from merchants.models import Product

_SIGNER = Signer(salt="gateway.way", sep=".")


def way_to(product: Product, zone: AdZone, subs: Mapping[str, str]) -> str:
    """The address to share; always the same for the same way."""
    return settings.PUBLIC_URL + reverse("gateway_way", args=[_token(product, zone, subs)])


def coupon_way(product: Product, zone: AdZone, subs: Mapping[str, str]) -> str:
    """The same to its coupon page, which leads on where there is none."""
    return settings.PUBLIC_URL + reverse("gateway_coupon", args=[_token(product, zone, subs)])


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


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """To the link's own address, with whatever marks the sharer put behind this one."""
    return _on("follow", request, token)


@require_safe
def follow_to_coupon(request: HttpRequest, token: str) -> HttpResponse:
    return _on("coupon", request, token)


def _on(name: str, request: HttpRequest, token: str) -> HttpResponse:
    address = reverse(name, args=[_link(token).code])
    marks = request.META.get("QUERY_STRING", "")
    return redirect(f"{address}?{marks}" if marks else address)


def _token(product: Product, zone: AdZone, subs: Mapping[str, str]) -> str:
    marks = [subs.get(name, "") for name in SUBS[:3]]
    while marks and not marks[-1]:
        marks.pop()
    return _SIGNER.sign_object([product.pk, zone.pk, *marks])


def _link(token: str) -> Link:
    try:
        product, zone, *marks = _SIGNER.unsign_object(token)
    except (BadSignature, ValueError):
        raise Http404 from None
    return link_first_followed(
        zone=get_object_or_404(zones_known(), pk=zone),
        product=get_object_or_404(products_known(), pk=product),
        subs=dict(zip(SUBS, marks, strict=False)),
    )
