"""Methods that make links, or say what is behind them."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from affiliates.pasted import Kind, Thing, things_in
from affiliates.queries import Missing, Sight, Target, products_known, shops_known, targets_of
from affiliates.services import link_address, links_convert
from alliance.kernel.http import key_in
from alliance.kernel.money import Money
from campaigns.coupon_pages import address_of
from campaigns.sharing import Card, Share, cards_of
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import coupon_words, item_id, key_of, percent
from commissions.gateway.ways import link_in

MOST = 20  # of one kind in one call
DONE, NO_ITEM, REFUSED = 200, -4003, -1
ITEM, SHOP = 1, 2  # material_type


def convert(call: Call) -> dict[str, Any]:
    """Items, shops, addresses and share codes at once. Each answers for itself: `code` 200, or why
    there is no link."""
    args = call.args
    items = [*_ids(args, "item_id_list"), *_within(args, "item_dto", "item_id")]
    shops = [*_ids(args, "seller_id_list"), *_within(args, "shop_dto", "shop_id")]
    materials = [*_ids(args, "material_list"), *_within(args, "material_dto", "material_url")]
    if not (items or shops or materials):
        raise wrong("item_id_list", _("Say what links are wanted for."))
    for name, several in (
        ("item_id_list", items), ("seller_id_list", shops), ("material_list", materials),
    ):  # fmt: skip
        if len(several) > MOST:
            raise wrong(name)
    dx = any(one.get("dx") == "1" for one in args.get("item_dto", []))
    data = {
        "item_url_list": [
            {"input_item_id": text, **_item_told(card)}
            for text, card in zip(items, _cards(call, _of_items(items), dx=dx), strict=True)
        ],
        "shop_url_list": [
            {"input_shop_id": text, **_told(card)}
            for text, card in zip(shops, _cards(call, _of_shops(shops)), strict=True)
        ],
        "material_url_list": [
            {"input_material_url": text, **_told(card)}
            for text in materials
            for card in _cards(call, sights_of(call, text))[:1]
        ],
    }
    return {"data": {name: found for name, found in data.items() if found}, "result_msg": "ok"}


def sights_of(call: Call, text: str) -> list[Sight]:
    """What an address, a share code or a whole message is; of several things the first."""
    if link := link_in(text):
        text = link_address(link)
    things = things_in(text, settings.PUBLIC_URL)[:1]
    if not things:
        return [Missing(Thing(Kind.ADDRESS, text))]
    return targets_of(things, call.affiliate)[:1]


def _ids(args: dict[str, Any], name: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in args.get(name, "").split(",") if one.strip()))


def _within(args: dict[str, Any], name: str, inner: str) -> list[str]:
    several = args.get(name, [])
    return [one[inner] for one in ([several] if isinstance(several, dict) else several)
            if inner in one]  # fmt: skip


def _of_items(ids: Sequence[str]) -> list[Sight]:
    keys = {text: key_of(text) for text in ids}
    known = products_known().in_bulk(keys.values())
    return [
        Target(Thing(Kind.PRODUCT, text), known[key].shop, known[key])
        if key in known
        else Missing(Thing(Kind.PRODUCT, text))
        for text, key in keys.items()
    ]


def _of_shops(ids: Sequence[str]) -> list[Sight]:
    known = shops_known().in_bulk([key_in(text) for text in ids])
    sights: list[Sight] = []
    for text in ids:
        thing, shop = Thing(Kind.ADDRESS, text), known.get(key_in(text))
        home = f"https://{shop.domains[0]}/" if shop else ""
        sights.append(Target(thing, shop, url=home) if shop else Missing(thing))
    return sights


def _cards(call: Call, sights: Sequence[Sight], *, dx: bool = False) -> list[Card]:
    made = links_convert(
        actor=call.user,
        affiliate=call.affiliate,
        zone=call.zone,
        sights=sights,
        subs=call.subs,
        dx=dx,
    )
    return cards_of(made, call.affiliate)


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
