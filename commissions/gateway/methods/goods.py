"""Methods about what can be promoted: searches, materials, single items."""

from decimal import Decimal
from typing import Any

from django.conf import settings

from affiliates.queries import Offer, Wish, categories, offers_of
from affiliates.services.standing import zone_must_not_be_frozen
from alliance.kernel.money import Money
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import (
    basic,
    coupon_fields,
    ids_in,
    item_id,
    offers_by_id,
    only,
    upgraded,
)
from commissions.gateway.pages import offered
from commissions.gateway.topn import topn_asked, topn_told
from commissions.gateway.ways import coupon_way, way_to

_SORTS = {
    "total_sales_des": "sales",
    "tk_total_sales_des": "sales",
    "match_des": "sales",
    "tk_rate_des": "rate",
    "tk_total_commi_des": "earning",
    "price_asc": "price",
    "price_des": "-price",
    "final_promotion_price_asc": "price",
    "final_promotion_price_des": "-price",
}


def item_info(call: Call) -> dict[str, Any]:
    """Up to forty at once. What cannot be promoted now is left out."""
    ids = ids_in(call.args["num_iids"], "num_iids", 40)
    return {
        "results": [
            {
                **only(basic(offer.product), "title", "pict_url", "volume", "seller_id"),
                "num_iid": offer.product.pk,
                "input_num_iid": text,
                "cat_name": basic(offer.product)["category_name"],
                "cat_leaf_name": basic(offer.product)["category_name"],
                "nick": offer.product.shop.name,
                "item_url": offer.product.url,
                "reserve_price": offer.product.price.plain,
                "zk_final_price": offer.product.price.plain,
                "sale_price": offer.price.plain if offer.coupon else None,
                "shop_dsr": _dsr(offer),
            }
            for text, offer in offers_by_id(ids, call.affiliate).items()
        ]
    }


def item_info_upgrade(call: Call) -> dict[str, Any]:
    """Up to twenty at once, in the nesting of the present generation."""
    ids = ids_in(call.args["item_id"], "item_id", 20)
    offers = offers_by_id(ids, call.affiliate)
    found = [_detail(text, offer, call) for text, offer in offers.items()]
    return {"results": topn_told(list(offers.values()), found, "publish_info")}


def _detail(text: str, offer: Offer, call: Call) -> dict[str, Any]:
    said = upgraded(offer, call, {})
    facts = said["item_basic_info"]
    for name in ("category_id", "level_one_category_id"):
        facts.pop(name)
    return {
        **said,
        "input_item_iid": text,
        "item_basic_info": {**facts, "item_url": offer.product.url, "shop_dsr": _dsr(offer)},
    }


def material_upgrade(call: Call) -> dict[str, Any]:
    """A search, in the present nesting."""
    offers, total = _searched(call)
    found = [upgraded(offer, call, call.subs) for offer in offers]
    if topn_asked(call):
        found = topn_told(offers, found, "publish_info")
    return {"total_results": total, "result_list": found}


def material_optional(call: Call) -> dict[str, Any]:
    """The same search, flat. `commission_rate` is 1234 for 12.34 %."""
    offers, total = _searched(call)
    found = [
        {
            **basic(offer.product),
            **coupon_fields(offer.coupon),
            "num_iid": offer.product.pk,
            "item_id": item_id(offer.product),
            "nick": offer.product.shop.name,
            "item_url": offer.product.url,
            "item_description": offer.product.description[:200] or None,
            "reserve_price": offer.product.price.plain,
            "zk_final_price": offer.product.price.plain,
            "commission_rate": offer.rate_bps,
            "shop_dsr": _dsr(offer),
            "url": way_to(offer.product, call.zone, call.subs),
            "coupon_share_url": coupon_way(offer.product, call.zone, call.subs)
            if offer.coupon
            else None,
        }
        for offer in offers
    ]
    if topn_asked(call):
        found = topn_told(offers, found)
    return {"total_results": total, "result_list": found}


def _searched(call: Call) -> tuple[list[Offer], int]:
    """The page's products, and how many there are in all or about. What we do not know of products
    (where they are sent from, postage) narrows nothing."""
    zone_must_not_be_frozen(call.zone)  # nobody could follow the links
    products, total = offered(_wish(call), *call.page)
    return offers_of(products, affiliate=call.affiliate), total


def _wish(call: Call) -> Wish:
    args = call.args
    return Wish(
        words=args.get("q", ""),
        category=category_of(args["cat"]) if "cat" in args else "",
        rate_from=args.get("start_tk_rate", 0),
        rate_to=args.get("end_tk_rate"),
        price_from=_minor(args.get("start_price")),
        price_to=_minor(args.get("end_price")),
        coupon_only=args.get("has_coupon", False),
        score_from=args.get("start_dsr", 0) // 100,
        sort=_sort(args.get("sort", "")),
    )


def _sort(text: str) -> str:
    if text and text not in _SORTS:
        raise wrong("sort")
    return _SORTS.get(text, "sales")


def category_of(text: str) -> str:
    """One of our categories, by its number. Raises Refused."""
    found = categories().filter(pk=int(text)).first() if text.isdecimal() else None
    if found is None:
        raise wrong("cat")
    return found.slug


def _minor(major: Decimal | None) -> int | None:
    if major is None:
        return None
    return Money.parse(f"{major:.2f}", settings.ALLIANCE["CURRENCY"]).minor


def _dsr(offer: Offer) -> int | None:
    """The shop's score as the platform counts: 48500 is 4.85."""
    return offer.product.shop.score_centi * 100 or None
