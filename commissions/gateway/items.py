"""Item ids in both of their forms, and what the platform's fields mean of a product here."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from affiliates.models import Affiliate
from affiliates.queries import Offer, offers_of, products_offered_among
from alliance.kernel.money import Money
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.ways import coupon_way, way_to
from merchants.models import Coupon, Event, Product

EVENT_NUMBERS = 20_000_000  # before the number of an event, where it is that of a material
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def item_id(product: Product) -> str:
    """The id in letters, as methods of the present generation give it: always the same. The part
    behind the dash is a checksum, so that a mistyped one is nobody's."""
    body = base64.b32encode(product.pk.to_bytes(8).lstrip(b"\x00")).decode().rstrip("=")
    return f"{body}-{hashlib.sha256(f'item:{body}'.encode()).hexdigest()[:8]}"


def key_of(text: str) -> int:
    """The product's key in either form of its id; 0, nobody's, if it is none."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return int(text)
    body, _dash, _sum = text.partition("-")
    try:
        found = int.from_bytes(base64.b32decode(body + "=" * (-len(body) % 8)))
    except ValueError:
        return 0
    known = 0 < found < 10**18 and item_id(Product(pk=found)) == text
    return found if known else 0


def ids_in(text: str, name: str, most: int) -> list[str]:
    """Ids with commas between them, each once. Raises Refused for too many, or none."""
    found = list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    if not 1 <= len(found) <= most:
        raise wrong(name)
    return found


def offers_by_id(ids: Iterable[str], affiliate: Affiliate) -> dict[str, Offer]:
    """By the id as it was given, in that order: what the affiliate can promote now. A few
    statements, however many."""
    keys = {text: key_of(text) for text in ids}
    products = products_offered_among(keys.values())
    offers = {one.product.pk: one for one in offers_of(products, affiliate=affiliate)}
    return {text: offers[key] for text, key in keys.items() if key in offers}


# --- Words of the wire ----------------------------------------------------------------------------


def percent(bps: int) -> str:
    """1234 → "12.34"."""
    return f"{Decimal(bps) / 100:.2f}"


def coupon_words(coupon: Coupon | None) -> str | None:
    """As tools read it: 满199元减20元; one without a threshold: 20元无条件券."""
    if coupon is None:
        return None
    face = _short(coupon.face)
    if not coupon.threshold_minor:
        return f"{face}元无条件券"
    return f"满{_short(Money(coupon.threshold_minor, coupon.currency))}元减{face}元"


def _short(amount: Money) -> str:
    return amount.plain.rstrip("0").rstrip(".") if "." in amount.plain else amount.plain


def coupon_fields(coupon: Coupon | None) -> dict[str, Any]:
    """Of the best coupon for one piece, as methods of the older generation give it. Coupons here
    have no stock that could be counted."""
    if coupon is None:
        return {}
    return {
        "coupon_id": coupon.pk,
        "coupon_info": coupon_words(coupon),
        "coupon_amount": coupon.face.plain,
        "coupon_start_fee": Money(coupon.threshold_minor, coupon.currency).plain,
        "coupon_start_time": coupon.starts_at,
        "coupon_end_time": coupon.ends_at,
    }


def basic(product: Product) -> dict[str, Any]:
    """What every method says of a product in the same names."""
    return {
        "title": product.title,
        "short_title": product.title[:30],
        "pict_url": product.image_url or None,
        "category_id": product.category_id,
        "category_name": product.category.name_zh if product.category else None,
        "level_one_category_id": product.category_id,
        "level_one_category_name": product.category.name_zh if product.category else None,
        "seller_id": product.shop_id,
        "shop_title": product.shop.name,
        "volume": product.sales_count,
    }


def only(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: said[name] for name in names if name in said}


def upgraded(
    offer: Offer, call: Call, subs: Mapping[str, str], *, event: Event | None = None
) -> dict[str, Any]:
    """An item as the present generation nests it. Its links are made when somebody follows them."""
    product = offer.product
    facts = basic(product)
    commission = offer.price.share(offer.rate_bps)
    return {
        "item_id": item_id(product),
        "item_basic_info": {**facts, "brand_name": product.brand or None},
        "price_promotion_info": {
            "reserve_price": product.price.plain,
            "zk_final_price": product.price.plain,
            "final_promotion_price": offer.price.plain,
            "final_promotion_path_list": [_path(offer.coupon)] if offer.coupon else None,
        },
        "publish_info": {
            "income_rate": percent(offer.rate_bps),
            **_ways(offer, call, subs, event),
            "income_info": {
                "commission_rate": percent(offer.rate_bps),
                "commission_amount": commission.plain,
            },
        },
    }


def _ways(offer: Offer, call: Call, subs: Mapping[str, str], event: Event | None) -> dict[str, Any]:
    """Addresses to share, where the call says from which ad zone."""
    if "adzone_id" not in call.args:
        return {}
    found = {"click_url": way_to(offer.product, call.zone, subs, event=event)}
    if offer.coupon:
        found["coupon_share_url"] = coupon_way(offer.product, call.zone, subs, event=event)
    return found


def _path(coupon: Coupon) -> dict[str, Any]:
    return {
        "promotion_title": "商品券" if coupon.product_id else "店铺券",
        "promotion_desc": coupon_words(coupon),
        "promotion_fee": coupon.face.plain,
        "promotion_start_time": coupon.starts_at,
        "promotion_end_time": coupon.ends_at,
        "promotion_id": coupon.pk,
    }
