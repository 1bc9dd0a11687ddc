"""Methods that make links, or say what is behind an address."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from affiliates.pasted import Kind, Thing, things_in
from affiliates.queries import (
    Missing,
    Sight,
    Target,
    events_shown,
    offers_of,
    products_known,
    shops_known,
    targets_apart,
)
from affiliates.services import SUB_LENGTH, Made, link_address, links_convert
from alliance.kernel.http import key_in
from alliance.kernel.money import Money
from campaigns.coupon_pages import address_of
from campaigns.sharing import Card, Share, cards_of
from commissions.gateway.call import Call
from commissions.gateway.errors import missing, wrong
from commissions.gateway.items import (
    EVENT_NUMBERS,
    coupon_words,
    ids_in,
    item_id,
    key_of,
    only,
    percent,
)
from commissions.gateway.topn import topn_in_force
from commissions.gateway.ways import event_way, link_in
from merchants.models import Event, Product

MOST = 20  # of one kind in one call
DONE, NO_ITEM, REFUSED = 200, -4003, -1
ITEM, SHOP, EVENT = 1, 2, 3  # material_type
MISSING = _("There is nothing of ours in it.")


def convert(call: Call) -> dict[str, Any]:
    """Items, shops, addresses and share codes at once. Each answers for itself: `code` 200, or why
    there is no link."""
    if "adzone_id" not in call.args:
        raise missing("adzone_id")
    args = call.args
    asked = {
        "item_id_list": [*_ids(args, "item_id_list"), *_within(args, "item_dto", "item_id")],
        "seller_id_list": [*_ids(args, "seller_id_list"), *_within(args, "shop_dto", "shop_id")],
        "page_id_list": [*_ids(args, "page_id_list"), *_within(args, "page_dto", "page_id")],
        "material_list": [
            *_ids(args, "material_list"),
            *_within(args, "material_dto", "material_url"),
        ],
    }
    for name, several in asked.items():
        asked[name] = list(dict.fromkeys(several))
        if len(several) > MOST:
            raise wrong(name)
    if not any(asked.values()):
        raise wrong("item_id_list", _("Say what links are wanted for."))
    data = {
        "item_url_list": _items_told(call, asked["item_id_list"]),
        "shop_url_list": _shops_told(call, asked["seller_id_list"]),
        "event_url_list": _events_told(call, asked["page_id_list"]),
        "material_url_list": _materials_told(call, asked["material_list"]),
    }
    return {"data": {name: told for name, told in data.items() if told}, "result_msg": "ok"}


def _items_told(call: Call, ids: Sequence[str]) -> list[dict[str, Any]]:
    """An item may come with a mark of its own, and ask for the general plan (dx)."""
    own = {one["item_id"]: one for one in call.args.get("item_dto", []) if "item_id" in one}
    alike: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for text in ids:
        said = own.get(text, {})
        alike[said.get("external_id", ""), said.get("dx") == "1"].append(text)
    told = {}
    for (mark, dx), some in alike.items():
        for text, card in zip(some, cards_for(call, item_sights(some), mark, dx=dx), strict=True):
            told[text] = {"input_item_id": text, **_item_told(card)}
    return [told[text] for text in ids]


def _shops_told(call: Call, ids: Sequence[str]) -> list[dict[str, Any]]:
    made = zip(ids, cards_for(call, shop_sights(ids)), strict=True)
    return [{"input_shop_id": text, **_told(card)} for text, card in made]


def _materials_told(call: Call, texts: Sequence[str]) -> list[dict[str, Any]]:
    made = zip(texts, cards_for(call, sights_of(call, texts)), strict=True)
    return [{"input_material_url": text, **_told(card)} for text, card in made]


def parse(call: Call) -> dict[str, Any]:
    """What is behind addresses and share codes. No link is made."""
    texts = _within(call.args, "material_dto", "material_url")
    if not 1 <= len(texts) <= MOST:
        raise wrong("material_dto")
    sights = sights_of(call, texts)
    products = {one.product for one in sights if isinstance(one, Target) and one.product}
    rates = {
        offer.product: offer.rate_bps for offer in offers_of(products, affiliate=call.affiliate)
    }
    told = [
        {"input_material_url": text, **_parsed(call, sight, rates)}
        for text, sight in zip(texts, sights, strict=True)
    ]
    return {"data": {"material_url_list": told}, "result_msg": "ok"}


def _parsed(call: Call, sight: Sight, rates: Mapping[Product, int]) -> dict[str, Any]:
    if isinstance(sight, Missing):
        return {"code": NO_ITEM, "msg": MISSING}
    product, link = sight.product, sight.link
    told: dict[str, Any] = {
        "code": DONE,
        "msg": "ok",
        "link_info_dto": {
            "material_type": ITEM if product else SHOP,
            "material_id": item_id(product) if product else sight.shop.pk,
            "seller_id": sight.shop.pk,
            "tpwd_origin_url": sight.url or (product.url if product else None),
            "origin_pid": origin_pid(call, sight) if link else None,
        },
    }
    if product and product in rates:
        told["promotion_info_dto"] = {"commission_rate": percent(rates[product])}
    return told


def origin_pid(call: Call, sight: Target) -> str:
    """Whose link it was; "0" for another's, or none."""
    link = sight.link
    return link.zone.pid if link and link.affiliate_id == call.affiliate.pk else "0"


def item_convert(call: Call) -> dict[str, Any]:
    """A link to each item, up to forty, as tools of the oldest generation ask for it."""
    ids = ids_in(call.args["num_iids"], "num_iids", 40)
    made = zip(ids, made_for(call, item_sights(ids), dx=call.args.get("dx") == "1"), strict=True)
    return {
        "results": [
            {"num_iid": text, "click_url": link_address(one.link)} for text, one in made if one.link
        ]
    }


def privilege(call: Call) -> dict[str, Any]:
    """One item's link, coupon and rate, as tools of service providers ask for it."""
    (card,) = cards_for(call, item_sights([call.args.get("item_id", "")]))
    return {"result": {"data": _privileged(call, card)}}


def coupon_convert(call: Call) -> dict[str, Any]:
    """The same, as the affiliate's own tools ask for it."""
    (card,) = cards_for(call, item_sights([call.args.get("item_id", "")]))
    return {"result": {"results": _privileged(call, card), "result_code": DONE, "result_msg": "ok"}}


def _privileged(call: Call, card: Card) -> dict[str, Any]:
    share, product = card.share, card.made.product
    if share is None or product is None:
        raise wrong("item_id", card.made.why_not)
    told = _told(card).get("coupon_info_dto", {})
    address = share.address if told else link_address(share.link)
    return {
        "item_id": item_id(product),
        "item_url": link_address(share.link),
        "category_id": product.category_id,
        "coupon_click_url": address,
        "max_commission_rate": percent(card.rate_bps),
        "min_commission_rate": percent(product.rate_bps),
        "coupon_info": told.get("coupon_desc"),
        "topn_info": topn_in_force(call, product, card.rate_bps),
        **only(told, "coupon_start_time", "coupon_end_time", "coupon_remain_count"),
    }


def spread(call: Call) -> dict[str, Any]:
    """The short address of each of our own; `err_msg` is OK, or says why there is none."""
    told = []
    for sight in sights_of(call, [asked["url"] for asked in call.args["requests"]]):
        link = None if isinstance(sight, Missing) else sight.link
        if link is None:
            told.append({"content": "", "err_msg": str(MISSING)})
        else:
            told.append({"content": link_address(link), "err_msg": "OK"})
    return {"results": told, "total_results": len(told)}


def activity(call: Call) -> dict[str, Any]:
    """An event's page, whose products lead on by links of the ad zone."""
    said = call.args["activity_material_id"]
    event = _events([said]).get(said)
    if event is None:
        raise wrong("activity_material_id")
    address = event_way(event, call.zone, call.subs)
    told = {
        "page_name": event.name,
        "page_start_time": event.starts_at,
        "page_end_time": event.ends_at,
        "click_url": address,
        "short_click_url": address,
    }
    return {"data": told}


def _events(texts: Sequence[str]) -> dict[str, Event]:
    """By our number of it, or that of its material."""
    keys = {text: key_in(text) % EVENT_NUMBERS for text in texts}
    known = events_shown().in_bulk(keys.values())
    return {text: known[key] for text, key in keys.items() if key in known}


def _events_told(call: Call, texts: Sequence[str]) -> list[dict[str, Any]]:
    known = _events(texts)
    return [{"input_page_id": text, **_event_told(call, known.get(text))} for text in texts]


def _event_told(call: Call, event: Event | None) -> dict[str, Any]:
    if event is None:
        return {"code": NO_ITEM, "msg": MISSING}
    address = event_way(event, call.zone, call.subs)
    words = {"cps_long_url": address, "cps_short_url": address, "page_id": event.pk}
    return {"code": DONE, "msg": "ok", "link_info_dto": {**words, "material_type": EVENT}}


def sights_of(call: Call, texts: Sequence[str]) -> list[Sight]:
    """What each address, share code or whole message is; of several things in one the first. As
    many statements for all as for one, but for addresses of links that are still to be made."""
    things: list[Thing | None] = []
    for text in texts:
        link = link_in(text)
        held = things_in(link_address(link) if link else text, settings.PUBLIC_URL)
        things.append(held[0] if held else None)
    found = iter(targets_apart([thing for thing in things if thing], call.affiliate))
    return [
        next(found) if thing else Missing(Thing(Kind.ADDRESS, text))
        for text, thing in zip(texts, things, strict=True)
    ]


def _ids(args: dict[str, Any], name: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in args.get(name, "").split(",") if one.strip()))


def _within(args: dict[str, Any], name: str, inner: str) -> list[str]:
    """What is named in each of the objects of an argument, which may also be only one."""
    said = args.get(name, [])
    several = [said] if isinstance(said, dict) else said
    return [one[inner] for one in several if inner in one]


def item_sights(ids: Sequence[str]) -> list[Sight]:
    keys = {text: key_of(text) for text in ids}
    known = products_known().in_bulk(keys.values())
    return [
        Target(Thing(Kind.PRODUCT, text), known[key].shop, known[key])
        if key in known
        else Missing(Thing(Kind.PRODUCT, text))
        for text, key in keys.items()
    ]


def shop_sights(ids: Sequence[str]) -> list[Sight]:
    known = shops_known().in_bulk([key_in(text) for text in ids])
    sights: list[Sight] = []
    for text in ids:
        thing, shop = Thing(Kind.ADDRESS, text), known.get(key_in(text))
        home = f"https://{shop.domains[0]}/" if shop else ""
        sights.append(Target(thing, shop, url=home) if shop else Missing(thing))
    return sights


def cards_for(
    call: Call, sights: Sequence[Sight], mark: str = "", *, dx: bool = False
) -> list[Card]:
    """What becomes of these things on the call's ad zone, one for each. `mark`: their sub-id 1."""
    return cards_of(made_for(call, sights, mark, dx=dx), call.affiliate)


def made_for(
    call: Call, sights: Sequence[Sight], mark: str = "", *, dx: bool = False
) -> list[Made]:
    """The same as links only, without what is told with them."""
    if len(mark) > SUB_LENGTH:
        raise wrong("external_id")
    return links_convert(
        actor=call.user,
        affiliate=call.affiliate,
        zone=call.zone,
        sights=sights,
        subs={**call.subs, "sub1": mark} if mark else call.subs,
        dx=dx,
    )


def _item_told(card: Card) -> dict[str, Any]:
    told = _told(card)
    if "link_info_dto" in told and card.made.product:
        words = told["link_info_dto"]
        words["item_id"] = words.pop("material_id")
        words.pop("seller_id")
        price = card.share and (card.share.after or card.share.price)
        told["promotion_info_dto"]["promotion_price"] = price.minor if price else None
    return told


def _told(card: Card) -> dict[str, Any]:
    """What became of one thing, as every list of the answer says it."""
    share, product = card.share, card.made.product
    if share is None:
        code = NO_ITEM if card.made.state == "missing" else REFUSED
        return {"code": code, "msg": card.made.why_not}
    told: dict[str, Any] = {"code": DONE, "msg": "ok", "link_info_dto": _addresses(share)}
    if product and card.made.found:
        told["promotion_info_dto"] = {
            "commission_rate": percent(card.rate_bps),
            "commission_type": card.made.found.kind.upper(),
        }
    if coupon := share.coupon:
        told["coupon_info_dto"] = {
            "activity_id": coupon.pk,
            "coupon_amount": coupon.face.plain,
            "coupon_desc": coupon_words(coupon),
            "coupon_start_time": coupon.starts_at,
            "coupon_end_time": coupon.ends_at,
        }
    elif (offer := share.offer) and share.face:
        told["coupon_info_dto"] = {
            "activity_id": offer.stock_id,
            "coupon_amount": Money(offer.most_face_minor, offer.currency).plain,
            "coupon_start_time": offer.opens_at,
            "coupon_end_time": offer.closes_at,
            "coupon_remain_count": offer.left,
        }
    return told


def _addresses(share: Share) -> dict[str, Any]:
    """The link is short by itself, so the long and the short address are the same."""
    link = share.link
    words = {
        "cps_long_url": link_address(link),
        "cps_short_url": link_address(link),
        "cps_short_tpwd": share.token,
        "cps_full_tpwd": share.words_with_token,
        "material_type": ITEM if link.product else SHOP,
        "material_id": item_id(link.product) if link.product else link.shop_id,
        "seller_id": link.shop_id,
    }
    if share.coupon or share.offer:
        words |= {
            "coupon_long_url": address_of(link),
            "coupon_short_url": address_of(link),
            "coupon_short_tpwd": share.token,
            "coupon_full_tpwd": share.words_with_token,
        }
    return words
