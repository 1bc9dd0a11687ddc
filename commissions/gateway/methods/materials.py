"""Materials: lists of products under a number, and methods that show what is in one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from affiliates.models import Basket
from affiliates.queries import (
    Offer,
    Wish,
    baskets_of,
    categories,
    events_shown,
    offers_of,
    products_in,
    products_offered_among,
)
from alliance.kernel.http import key_in
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import (
    EVENT_NUMBERS,
    basic,
    coupon_fields,
    item_id,
    key_of,
    percent,
    upgraded,
)
from commissions.gateway.pages import offered
from commissions.gateway.topn import topn_told
from commissions.gateway.ways import coupon_way, offers_in, way_to
from merchants.models import Event

# Numbers that tools have written down for lists of every kind, and what each is here.
BEST_SOLD, WITH_COUPON, BEST_PAID, SIMILAR, FAVOURITES = 28026, 3756, 13366, 13256, 31519
SEARCHES = {80309, 2836, 17004, 6268}  # of all, as the search methods have it by default
LISTS = {
    BEST_SOLD: ("热销榜", Wish()),
    WITH_COUPON: ("好券精选", Wish(coupon_only=True)),
    BEST_PAID: ("高佣榜", Wish(sort="rate")),
    **dict.fromkeys(SEARCHES, ("全部商品", Wish())),
}
CATEGORY, EVENT = 10_000_000, EVENT_NUMBERS  # before our own numbers of them
_GOODS = 1  # material_type
_SALE, _RANKING, _CHANNEL = 1, 3, 4  # subject


@dataclass(frozen=True, slots=True)
class Material:
    number: int
    name: str
    subject: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def material_ids(call: Call) -> dict[str, Any]:
    """The lists that there are: rankings, categories, and events that run or are to come."""
    asked = call.args["material_query"]
    number, size = call.page_in(asked)
    kind = asked.get("material_type", _GOODS)
    known = [one for one in _known() if asked.get("subject", one.subject) == one.subject]
    page = known[(number - 1) * size : number * size] if kind == _GOODS else []
    return {
        "result_list": [
            {
                "material_id": one.number,
                "material_name": one.name,
                "material_type": _GOODS,
                "subject": one.subject,
                "start_time": int(one.starts_at.timestamp()) if one.starts_at else None,
                "end_time": int(one.ends_at.timestamp()) if one.ends_at else None,
            }
            for one in page
        ]
    }


def _known() -> Iterator[Material]:
    for number in (BEST_SOLD, WITH_COUPON, BEST_PAID):
        yield Material(number, LISTS[number][0], _RANKING)
    for category in categories():
        yield Material(CATEGORY + category.pk, category.name_zh, _CHANNEL)
    for event in events_shown():
        yield Material(EVENT + event.pk, event.name, _SALE, event.starts_at, event.ends_at)


def recommend(call: Call) -> dict[str, Any]:
    """What is in a material, in the present nesting."""
    offers, total, event = _inside(call, call.args.get("material_id", BEST_SOLD))
    found = [upgraded(offer, call, call.subs, event=event) for offer in offers]
    found = topn_told(offers, found)
    if call.args.get("material_id") == FAVOURITES and "favorites_id" not in call.args:
        found = [_favourites(call)]
    return {"result_list": found, "total_count": total, "is_default": "false"}


def optimus(call: Call) -> dict[str, Any]:
    """The same, flat. Unlike the flat search it says `commission_rate` in percent."""
    offers, total, event = _inside(call, call.args["material_id"])
    zone, subs = call.zone, call.subs
    found = [
        {
            **basic(offer.product),
            **{k: v for k, v in coupon_fields(offer.coupon).items() if k != "coupon_id"},
            "coupon_amount": _whole(offer),
            "item_id": item_id(offer.product),
            "nick": offer.product.shop.name,
            "item_description": offer.product.description[:200] or None,
            "reserve_price": offer.product.price.plain,
            "zk_final_price": offer.product.price.plain,
            "commission_rate": percent(offer.rate_bps),
            "click_url": way_to(offer.product, zone, subs, event=event),
            "coupon_click_url": coupon_way(offer.product, zone, subs, event=event)
            if offer.coupon
            else None,
        }
        for offer in offers
    ]
    found = topn_told(offers, found)
    if call.args["material_id"] == FAVOURITES and "favorites_id" not in call.args:
        found = [_favourites(call)]
    return {"result_list": found, "total_count": total, "is_default": "false"}


def optimus_for(call: Call) -> dict[str, Any]:
    """The same for whoever gave the session; it says no total."""
    told = optimus(call)
    del told["total_count"]
    return told


def _whole(offer: Offer) -> int | None:
    """The platform counts a coupon in whole units here, and rounds down."""
    return int(offer.coupon.face.decimal) if offer.coupon else None


def _inside(call: Call, number: int) -> tuple[list[Offer], int, Event | None]:
    """The products of a page; how many there are in all, or about; whose event they are of."""
    place, size = call.page
    if number == FAVOURITES:
        return _put_aside(call, place, size)
    if number > EVENT:
        event = events_shown().filter(pk=number - EVENT).first()
        if event is None:
            raise wrong("material_id")
        every = offers_in(event, call.zone)
        return every[(place - 1) * size : place * size], len(every), event
    products, total = offered(_wish(call, number), place, size)
    return offers_of(products, affiliate=call.affiliate), total, None


def _wish(call: Call, number: int) -> Wish:
    if number in LISTS:
        return LISTS[number][1]
    if number == SIMILAR:
        like = products_offered_among([key_of(call.args.get("item_id", ""))]).first()
        if like is None:
            raise wrong("item_id")
        return Wish(category=like.category.slug if like.category else "")
    category = categories().filter(pk=number - CATEGORY).first()
    if category is None:
        raise wrong("material_id")
    return Wish(category=category.slug)


# --- Favourites: our baskets -------------------------------------------------------------------


def _put_aside(call: Call, place: int, size: int) -> tuple[list[Offer], int, None]:
    """What is in a basket. Without one there are only the baskets themselves."""
    if "favorites_id" not in call.args:
        return [], 0, None
    baskets = baskets_of(call.affiliate)
    basket: Basket | None = baskets.filter(pk=key_in(call.args["favorites_id"])).first()
    if basket is None:
        raise wrong("favorites_id")
    keys = [product.pk for product in products_in(basket)]
    known = products_offered_among(keys).in_bulk()
    page = [known[key] for key in keys if key in known][(place - 1) * size : place * size]
    return offers_of(page, affiliate=call.affiliate), len(known), None


def _favourites(call: Call) -> dict[str, Any]:
    several = list(baskets_of(call.affiliate)[:100])
    named = [{"favorites_id": basket.pk, "favorites_title": basket.name} for basket in several]
    return {"favorites_info": {"total_count": len(several), "favorites_list": named}}
