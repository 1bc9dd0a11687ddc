"""Share codes (淘口令): made of links, and read out of messages."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from affiliates.models import Link
from affiliates.queries import Missing, Target
from affiliates.services import link_address
from campaigns.sharing import Card, shares_of
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.methods.links import MISSING, cards_for, origin_pid, sights_of

ITEM, SHOP = "1", "2"  # url_type


def create(call: Call) -> dict[str, Any]:
    """The code of one of the affiliate's own links, by whichever of its addresses."""
    link = own_link(call, call.args["url"])
    if link is None:
        raise wrong("url", _("Give the address of one of your links."))
    (share,) = shares_of([link])
    return {"data": {"password_simple": share.token, "model": share.words_with_token}}


def parse(call: Call) -> dict[str, Any]:
    """What a message leads to, whoever shared it."""
    (sight,) = sights_of(call, [call.args["password_content"]])
    if isinstance(sight, Missing):
        return {"data": {"suc": False, "error_msg": str(MISSING)}}
    product = sight.product
    told = {
        "title": product.title if product else sight.shop.name,
        "price": product.price.plain if product else None,
        "pic_url": (product.image_url or None) if product else None,
        "url": _page(sight),
        "native_url": _page(sight),
    }
    return {"data": {"suc": True, "content": call.args["password_content"], **told}}


def convert(call: Call) -> dict[str, Any]:
    """The caller's own link to what a message leads to."""
    card, sight = _converted(call)
    share = card.share
    if share is None:
        raise wrong("password_content", card.made.why_not)
    told = {
        "num_iid": card.made.product.pk if card.made.product else None,
        "click_url": link_address(share.link),
        "seller_id": share.link.shop_id,
        "origin_url": _page(sight),
        "origin_pid": origin_pid(call, sight),
        "model": share.token,
        "password": share.words_with_token,
        "url_type": ITEM if card.made.product else SHOP,
    }
    return {"data": told}


def convert_for(call: Call) -> dict[str, Any]:
    """The same for whoever gave the session; it says the short address as well."""
    told = convert(call)
    told["data"]["short_url"] = told["data"]["click_url"]
    return told


def _converted(call: Call) -> tuple[Card, Target]:
    (sight,) = sights_of(call, [call.args["password_content"]])
    if isinstance(sight, Missing):
        raise wrong("password_content", MISSING)
    (card,) = cards_for(call, [sight], dx=call.args.get("dx") == "1")
    return card, sight


def own_link(call: Call, text: str) -> Link | None:
    """The affiliate's link that an address or a message stands for."""
    (sight,) = sights_of(call, [text])
    link = None if isinstance(sight, Missing) else sight.link
    return link if link and link.affiliate_id == call.affiliate.pk else None


def _page(sight: Target) -> str:
    return sight.url or (sight.product.url if sight.product else "")
