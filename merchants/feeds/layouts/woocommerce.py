"""WooCommerce's order export (Order/Customer CSV): a row per order, items packed in columns."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from alliance.kernel import clock
from merchants.feeds.layouts.sale import (
    Item,
    Sale,
    SourceRow,
    amount,
    click_id_in,
    lines_of,
    moment,
    needed,
    whole,
)
from merchants.feeds.runs import RowFault
from merchants.models import OrderState

LABEL = "WooCommerce"
ORDER: tuple[str, ...] = ("order_number", "order_id")
_KNOWN_BY = {"order_id", "order_date", "status", "order_total"}
_ITEM = re.compile(r"line_item_(\d+)")
_NAMES = re.compile(r"(?:^|\|)(id|name|product_id|variation_id|sku|quantity|total|subtotal|tax"
                    r"|total_tax|subtotal_tax|refunded|meta|code|amount|description|reason|date"
                    r"|tax_class|taxes|_[\w-]+):")  # fmt: skip
STATES = {
    "pending": OrderState.PLACED,
    "on-hold": OrderState.PLACED,
    "checkout-draft": OrderState.PLACED,
    "processing": OrderState.PAID,
    "completed": OrderState.PAID,
    "refunded": OrderState.PAID,
    "cancelled": OrderState.VOID,
    "failed": OrderState.VOID,
    "trash": OrderState.VOID,
}


def recognises(header: set[str]) -> bool:
    return header >= _KNOWN_BY and any(_ITEM.fullmatch(name) for name in header)


def sale(rows: Sequence[SourceRow], currency: str) -> Sale:
    """A packed total is what was paid for the line, after discounts. Moments are the shop's, which
    is taken to lie in the alliance's zone."""
    row = rows[0]
    word = row["status"].casefold().removeprefix("wc-")
    if word not in STATES:
        raise RowFault("unknown_state", _("The state “%s” is not known.") % word, field="status")
    lines = lines_of([_item(name, text, currency) for name, text in _items(row)])
    refunds = (unpacked(part) for part in row["refund_items"].split(";"))
    refunded = sum(
        abs(amount(parts.get("amount", "").lstrip("-"), currency, "refund_items"))
        for parts in refunds
    )
    coupon = unpacked(row["coupon_items"].partition(";")[0])
    placed_at = needed(row["order_date"], "order_date", clock.ZONE)
    return Sale(
        state=STATES[word],
        placed_at=placed_at,
        paid_at=moment(row["paid_date"], "paid_date", clock.ZONE),
        currency=row["order_currency"],
        lines=lines,
        click_id=click_id_in(_meta(row)),
        coupon=coupon.get("code", ""),
        refunded_minor=sum(line.amount_minor for line in lines) if word == "refunded" else refunded,
    )


def _items(row: SourceRow) -> list[tuple[str, str]]:
    found = [
        (int(number[1]), name, text)
        for name, text in row.cells.items()
        if text and (number := _ITEM.fullmatch(name))
    ]
    return [(name, text) for _number, name, text in sorted(found)]


def _item(name: str, text: str, currency: str) -> Item:
    parts = unpacked(text)
    if "total" not in parts:
        raise RowFault("bad_amount", _("The item has no total."), field=name)
    return Item(
        product=parts.get("sku") or parts.get("product_id", ""),
        title=parts.get("name", ""),
        quantity=whole(parts.get("quantity", ""), name),
        minor=amount(parts["total"], currency, name),
    )


def unpacked(text: str) -> dict[str, str]:
    """ "name:Tea | green|sku:T1|total:9.00" by its names; a bar within a title is no end of it."""
    marks = list(_NAMES.finditer(text))
    if not marks:
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def _meta(row: SourceRow) -> Iterator[tuple[str, str]]:
    for name, text in row.cells.items():
        if name.startswith("meta:"):
            yield name.removeprefix("meta:"), text
