"""Shopify's order export: a row per line item; what is the order's stands in its first row."""

from collections.abc import Sequence

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

LABEL = "Shopify"
ORDER: tuple[str, ...] = ("name",)
_KNOWN_BY = {"name", "financial status", "created at", "lineitem quantity", "lineitem price"}
STATES = {
    "pending": OrderState.PLACED,
    "authorized": OrderState.PLACED,
    "partially_paid": OrderState.PLACED,
    "expired": OrderState.VOID,
    "voided": OrderState.VOID,
    "paid": OrderState.PAID,
    "partially_refunded": OrderState.PAID,
    "refunded": OrderState.PAID,
}


def recognises(header: set[str]) -> bool:
    return header >= _KNOWN_BY


def sale(rows: Sequence[SourceRow], currency: str) -> Sale:
    """Amounts are the subtotal (after discounts, without freight), spread over the lines."""
    head = rows[0]
    word = head["financial status"].casefold() or "pending"
    if word not in STATES:
        raise RowFault(
            "unknown_state", _("The state “%s” is not known.") % word, field="Financial Status"
        )
    items = [_item(row, currency) for row in rows if row["lineitem name"] or row["lineitem sku"]]
    subtotal = amount(head["subtotal"], currency, "Subtotal") if head["subtotal"] else None
    lines = lines_of(items, subtotal)
    cancelled = moment(head["cancelled at"], "Cancelled at", clock.ZONE)
    refunded = amount(head["refunded amount"], currency, "Refunded Amount")
    whole_sum = sum(line.amount_minor for line in lines)
    return Sale(
        state=OrderState.VOID if cancelled else STATES[word],
        placed_at=needed(head["created at"], "Created at", clock.ZONE),
        paid_at=moment(head["paid at"], "Paid at", clock.ZONE),
        void_at=cancelled,
        currency=head["currency"],
        lines=lines,
        click_id=click_id_in(_notes(head["note attributes"])),
        coupon=head["discount code"].partition(",")[0].strip(),
        refunded_minor=whole_sum if word == "refunded" else refunded,
    )


def _item(row: SourceRow, currency: str) -> Item:
    quantity = whole(row["lineitem quantity"], "Lineitem quantity")
    price = amount(row["lineitem price"], currency, "Lineitem price") * quantity
    discount = amount(row["lineitem discount"], currency, "Lineitem discount")
    return Item(row["lineitem sku"], row["lineitem name"], quantity, max(price - discount, 0))


def _notes(text: str) -> list[tuple[str, str]]:
    """Lines of "name: value"."""
    pairs = (line.partition(":") for line in text.splitlines())
    return [(name, value) for name, _colon, value in pairs]
