"""Methods about shops, and the places that they are promoted from."""

from typing import Any

from affiliates.queries import shops_known, shops_like, shops_selling
from affiliates.services import link_address, zone_create
from alliance.kernel.http import key_in
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import ids_in, only
from commissions.gateway.methods.links import cards_for, shop_sights
from merchants.models import Shop

_RECOMMENDED, _RECOMMENDED_MOST = 20, 40


def search(call: Call) -> dict[str, Any]:
    """Shops of active merchants by a part of their name, the best scored first."""
    number, size = call.page
    found = shops_selling().filter(name__icontains=call.args["q"])
    page = found.order_by("-score_centi", "pk")[(number - 1) * size : number * size]
    return {"results": [_told(shop, call) for shop in page], "total_results": found.count()}


def recommended(call: Call) -> dict[str, Any]:
    """Shops that sell in the same categories as this one."""
    shop = shops_known().filter(pk=call.args["user_id"]).first()
    if shop is None:
        raise wrong("user_id")
    count = call.args.get("count", _RECOMMENDED)
    if not 1 <= count <= _RECOMMENDED_MOST:
        raise wrong("count")
    return {"results": [_told(one, call) for one in shops_like(shop)[:count]]}


def convert(call: Call) -> dict[str, Any]:
    """A link to the front page of each shop, up to ten."""
    ids = ids_in(call.args["user_ids"], "user_ids", 10)
    made = zip(ids, cards_for(call, shop_sights(ids)), strict=True)
    return {
        "results": [
            {"user_id": key_in(text), "click_url": link_address(card.share.link)}
            for text, card in made
            if card.share
        ]
    }


def adzone_create(call: Call) -> dict[str, Any]:
    """An ad zone on one of the affiliate's sites; the answer is its PID."""
    zone = zone_create(actor=call.user, site=call.site, name=call.args["adzone_name"])
    return {"data": {"model": zone.pid}}


def _told(shop: Shop, call: Call) -> dict[str, Any]:
    """Of these facts those that `fields` asks for."""
    facts = {
        "user_id": shop.pk,
        "shop_title": shop.name,
        "seller_nick": shop.merchant.name,
        "shop_url": f"https://{shop.domains[0]}/",
    }
    return only(facts, *(name.strip() for name in call.args["fields"].split(",")))
