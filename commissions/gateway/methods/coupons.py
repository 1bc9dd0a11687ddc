"""Coupons: one in full, and products that have one, as tools of the older generation ask."""

from collections.abc import Iterable
from typing import Any

from affiliates.models import AdZone
from affiliates.queries import (
    Missing,
    Offer,
    Wish,
    coupon_on,
    coupons_for_products,
    links_of,
    offers_of,
    products_known,
    zones_of,
)
from affiliates.services.standing import zone_must_not_be_frozen
from alliance.kernel.http import key_in
from alliance.kernel.money import Money
from campaigns import landing
from campaigns.sharing import Share, shares_of
from commissions.gateway.call import Call
from commissions.gateway.errors import missing, wrong
from commissions.gateway.items import (
    basic,
    coupon_fields,
    ids_in,
    key_of,
    offers_by_id,
    only,
    percent,
)
from commissions.gateway.methods.goods import category_of
from commissions.gateway.methods.links import sights_of
from commissions.gateway.pages import offered
from commissions.gateway.ways import coupon_way, product_in
from merchants.models import Coupon, Product

_PUBLIC, _OURS = 1, 4  # coupon_src_scene: the shop's, for everybody; the alliance's own
_OF_SHOP, _OF_PRODUCT = 0, 1  # coupon_type


def details(call: Call) -> dict[str, Any]:
    """The coupon behind an address of ours (`me`: the whole of it or its last part), else by its
    own number and its product's. Nothing of it where an address has none now."""
    args = call.args
    if "me" in args:
        return {"data": _behind(call, args["me"])}
    for name in ("item_id", "activity_id"):
        if name not in args:
            raise missing(name)
    product = products_known().filter(pk=key_of(args["item_id"])).first()
    if product is None:
        raise wrong("item_id")
    key = key_in(args["activity_id"])
    if coupon := coupon_on(product, key):
        return {"data": _told(coupon)}
    share = _newest_share(call, product)
    if share is None or share.offer is None or share.offer.stock_id != key:
        raise wrong("activity_id")
    return {"data": _told_of_ours(share.offer)}


def _behind(call: Call, text: str) -> dict[str, Any]:
    product = product_in(text.partition("?")[0].rpartition("/")[2])
    if product is None:
        (sight,) = sights_of(call, [text])
        if isinstance(sight, Missing):
            raise wrong("me")
        if sight.link:
            (share,) = shares_of([sight.link])
            if share.offer and share.by_coupon_page:
                return _told_of_ours(share.offer)
        product = sight.product
    coupon = coupons_for_products([product]).get(product.pk) if product else None
    return _told(coupon) if coupon else {}


def _newest_share(call: Call, product: Product) -> Share | None:
    """What the affiliate shares of the product: whoever knows the number of a campaign's coupon
    has it from there."""
    rows = links_of(call.user).filter(affiliate=call.affiliate, product=product)
    link = rows.select_related("product__shop", "shop").first()
    return shares_of([link])[0] if link else None


def _told(coupon: Coupon) -> dict[str, Any]:
    told = coupon_fields(coupon)
    return {
        **only(told, "coupon_amount", "coupon_start_fee", "coupon_start_time", "coupon_end_time"),
        "coupon_activity_id": coupon.pk,
        "coupon_src_scene": _PUBLIC,
        "coupon_type": _OF_PRODUCT if coupon.product_id else _OF_SHOP,
    }


def _told_of_ours(offer: landing.Offer) -> dict[str, Any]:
    """A campaign's coupon has no threshold and a stock that is counted."""
    return {
        "coupon_amount": Money(offer.most_face_minor, offer.currency).plain,
        "coupon_start_fee": Money(0, offer.currency).plain,
        "coupon_start_time": offer.opens_at,
        "coupon_end_time": offer.closes_at,
        "coupon_remain_count": offer.left,
        "coupon_total_count": offer.size,
        "coupon_activity_id": offer.stock_id,
        "coupon_src_scene": _OURS,
    }


# --- Products with a coupon -----------------------------------------------------------------------


def of_items(call: Call) -> dict[str, Any]:
    """Of up to forty items those that have one now."""
    zone = _zone(call)
    offers = offers_by_id(ids_in(call.args["num_iids"], "num_iids", 40), call.affiliate)
    return {"results": _listed(offers.values(), zone, call)}


def search(call: Call) -> dict[str, Any]:
    """Products that have one, by words of the title and by category, what sells best first."""
    zone_must_not_be_frozen(call.zone)  # nobody could follow the links
    wish = Wish(
        words=call.args.get("q", ""),
        category=category_of(call.args["cat"]) if "cat" in call.args else "",
        coupon_only=True,
        sort="sales",
    )
    products, total = offered(wish, *call.page)
    offers = offers_of(products, affiliate=call.affiliate)
    return {"results": _listed(offers, call.zone, call), "total_results": total}


def _zone(call: Call) -> AdZone:
    """The one of the affiliate's whose whole PID the call gives."""
    pid = call.args["pid"]
    zone = zones_of(call.affiliate).filter(pk=key_in(pid.rpartition("_")[2])).first()
    if zone is None or zone.pid != pid:
        raise wrong("pid")
    zone_must_not_be_frozen(zone)
    return zone


def _listed(offers: Iterable[Offer], zone: AdZone, call: Call) -> list[dict[str, Any]]:
    return [
        {
            **only(basic(one.product), "title", "shop_title", "pict_url", "seller_id", "volume"),
            **only(
                coupon_fields(one.coupon), "coupon_info", "coupon_start_time", "coupon_end_time"
            ),
            "num_iid": one.product.pk,
            "nick": one.product.shop.name,
            "category": basic(one.product)["category_id"],
            "item_url": one.product.url,
            "item_description": one.product.description[:200] or None,
            "zk_final_price": one.product.price.plain,
            "commission_rate": percent(one.rate_bps),
            "coupon_click_url": coupon_way(one.product, zone, call.subs),
        }
        for one in offers
        if one.coupon
    ]
