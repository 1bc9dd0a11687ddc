"""Postbacks: the address of a tracker, with places for the figures (docs/postbacks.md)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel import outbound
from alliance.kernel.errors import Invalid
from alliance.kernel.hashing import keyed
from alliance.kernel.money import Money

Told = Mapping[str, Any]  # a message
_MACRO = re.compile(r"\{([^{}]*)\}")
# As trackers say it: in words, and by the numbers that some of them have instead.
_STATUSES = {
    "estimated": ("pending", "2"),
    "confirmed": ("approved", "1"),
    "settled": ("paid", "1"),
    "void": ("rejected", "3"),
}
_HOLD = ("hold", "5")


def _amount(name: str) -> Callable[[Told], str]:
    return lambda told: Money(told["data"][name], told["data"]["currency"]).plain


def _given(name: str) -> Callable[[Told], str]:
    return lambda told: str(told["data"][name] or "")


def _sub(number: int) -> Callable[[Told], str]:
    return lambda told: ([*told["data"]["subs"], *[""] * 5])[number - 1]


def _order(told: Told) -> str:
    """The same for each line and event of an order, and nobody's to read: a hash of its number."""
    data = told["data"]
    return keyed("postback.order", f"{data['shop']}:{data['order']}").hex()[:24]


def _status(told: Told) -> tuple[str, str]:
    return _STATUSES.get(told["data"]["state"], _HOLD)


def _seconds(told: Told) -> str:
    return str(int(datetime.fromisoformat(told["timestamp"]).timestamp()))


MACROS: dict[str, tuple[str | Promise, Callable[[Told], str]]] = {
    "click_id": (_("Click id; empty where a coupon or code decided"), _given("click_id")),
    "transaction_id": (_("The same, as some trackers call it"), _given("click_id")),
    **{f"sub{n}": (_("Sub-id of the link or click"), _sub(n)) for n in range(1, 6)},
    "payout": (_("What you earn, as 12.34"), _amount("net_minor")),
    "payout_minor": (_("The same in whole minor units"), _given("net_minor")),
    "sale_amount": (_("What the buyer paid, less refunds"), _amount("sale_minor")),
    "currency": (_("Currency, as CNY"), _given("currency")),
    "status": (_("pending, approved, paid, rejected or hold"), lambda told: _status(told)[0]),
    "status_code": (_("2, 1, 1, 3 or 5 for these"), lambda told: _status(told)[1]),
    "event": (_("The event, as commission.confirmed"), lambda told: str(told["type"])),
    "conversion_id": (_("Number of the commission, the same through its life"),
                      _given("commission")),
    "order_id": (_("Hash of the order number, the same for all its lines"), _order),
    "product_id": (_("Number of the product"), _given("product")),
    "offer_id": (_("The same, as some trackers call it"), _given("product")),
    "site_id": (_("Number of the site"), _given("site")),
    "zone_id": (_("Number of the ad zone"), _given("zone")),
    "timestamp": (_("Moment of the event in seconds since 1970"), _seconds),
}  # fmt: skip


def checked(url: str) -> str:
    """An address that can be filled in later. Raises Invalid with what is wrong with it."""
    url = url.strip()
    before, _mark, query = url.partition("?")
    unknown = [name for name in _MACRO.findall(query) if name not in MACROS]
    if unknown:
        raise Invalid(_("There is no macro {%(name)s}.") % {"name": unknown[0]}, field="url")
    if re.search(r"[{}]", before + _MACRO.sub("", query)) or "#" in url:
        raise Invalid(_("Macros stand behind the “?”, each in braces."), field="url")
    outbound.check(_MACRO.sub("1", url))
    return url


def filled(url: str, told: Told) -> str:
    """The address for an event, each value encoded so that it stays the value it is."""
    before, mark, query = url.partition("?")

    def value(found: re.Match[str]) -> str:
        return quote(MACROS[found[1]][1](told), safe="")

    return before + mark + _MACRO.sub(value, query)


def as_form(url: str) -> tuple[str, bytes]:
    """For POST: the address without its query, and the query as the form that is posted."""
    parts = urlsplit(url)
    return parts._replace(query="").geturl(), parts.query.encode()
