"""Where a short code leads: what the redirect asks."""

from dataclasses import dataclass

from affiliates.models import AffiliateState, Link, SiteState
from merchants.models import MerchantState, ProductState


@dataclass(frozen=True, slots=True)
class Way:
    """Where a code leads, and `closed`: why it does not lead there now ("" if it does)."""

    link_id: int
    affiliate_id: int
    zone_id: int
    shop_id: int
    product_id: int | None
    url: str
    subs: tuple[str, ...]
    shop_name: str
    domains: tuple[str, ...]
    closed: str  # "", shop, product, affiliate, site, zone, paused


def way_of(code: str) -> Way | None:
    """Everything a click needs to know, in one row. For everybody: a buyer has no account."""
    if not (code.isascii() and code.isalnum()):
        return None  # never made here; PostgreSQL would choke on some
    link = (
        Link.objects.filter(code=code)
        .select_related("shop__merchant", "product", "affiliate", "zone__site")
        .only(
            "affiliate__state", "zone__site__state", "zone__frozen_until", "shop__name",
            "shop__domains", "shop__merchant__state", "product__state", "url", "paused_at",
            "sub1", "sub2", "sub3", "sub4", "sub5",
        )
        .first()
    )  # fmt: skip
    if link is None:
        return None
    return Way(
        link_id=link.pk,
        affiliate_id=link.affiliate_id,
        zone_id=link.zone_id,
        shop_id=link.shop_id,
        product_id=link.product_id,
        url=link.url,
        subs=(link.sub1, link.sub2, link.sub3, link.sub4, link.sub5),
        shop_name=link.shop.name,
        domains=tuple(link.shop.domains),
        closed=_closed(link),
    )


def _closed(link: Link) -> str:
    if link.shop.merchant.state != MerchantState.ACTIVE:
        return "shop"
    if link.product and link.product.state != ProductState.ON_SALE:
        return "product"
    if link.affiliate.state != AffiliateState.ACTIVE:
        return "affiliate"
    if link.zone.site.state == SiteState.REJECTED:
        return "site"
    if link.zone.frozen:
        return "zone"
    return "paused" if link.paused_at else ""
