"""What Shopify's webhooks say: orders/*, refunds/create."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from alliance.kernel.errors import Invalid
from alliance.kernel.money import apportion
from merchants.feeds.layouts.sale import Sale, click_id_in
from merchants.feeds.layouts.shopify import STATES
from merchants.feeds.webhooks.heard import (
    Heard,
    count,
    minor,
    moment,
    needed,
    objects,
    paid_back,
    text,
)
from merchants.models import OrderState
from merchants.services.orders import LineReport, RefundReport

LABEL = "Shopify"
SIGNATURE, TOPIC, DELIVERY = "X-Shopify-Hmac-Sha256", "X-Shopify-Topic", "X-Shopify-Webhook-Id"
_ORDERS = {  # orders/edited tells of an edit and not of its order: orders/updated comes beside it
    "orders/create", "orders/updated", "orders/paid", "orders/cancelled",
    "orders/fulfilled", "orders/partially_fulfilled",
}  # fmt: skip


def hear(topic: str, payload: dict[str, Any], currency: str) -> Heard | None:
    """Raises Invalid for what cannot be read."""
    if topic in _ORDERS:
        return _order(topic, payload, currency)
    if topic == "refunds/create":
        number = text(payload.get("order_id"))
        return Heard(number, refunds=list(_refund(payload, currency)))
    # The topic is not signed: a whole order sent again under this one is no deletion.
    if topic == "orders/delete" and "line_items" not in payload:
        return Heard(text(payload.get("id")), gone=True)
    return None


def _order(topic: str, payload: dict[str, Any], currency: str) -> Heard:
    word = text(payload.get("financial_status")) or "pending"
    if word not in STATES:
        raise Invalid(_("The state “%s” is not known.") % word, field="financial_status")
    updated_at = needed(payload.get("updated_at"))
    placed_at = needed(payload.get("created_at"))
    processed_at = moment(payload.get("processed_at")) or placed_at
    cancelled_at = moment(payload.get("cancelled_at"))
    items = objects(payload.get("line_items"))
    codes = objects(payload.get("discount_codes"))
    sale = Sale(
        state=OrderState.VOID if cancelled_at else STATES[word],
        placed_at=placed_at,
        paid_at=max(updated_at if topic == "orders/paid" else processed_at, placed_at),
        void_at=cancelled_at,
        void_reason=text(payload.get("cancel_reason"))[:120],
        currency=text(payload.get("currency")),
        lines=[_line(item, currency) for item in items],
        click_id=click_id_in(_marks(payload, items)),
        coupon=text(codes[0].get("code")) if codes else "",
    )
    if sale.state in {OrderState.PLACED, OrderState.VOID}:
        sale.paid_at = None
    return Heard(
        object_id=text(payload.get("id")),
        number=text(payload.get("name")),
        updated_at=updated_at,
        sale=sale,
        products={text(item.get("id")): list(_products(item)) for item in items},
        refunds=[
            report
            for refund in paid_back(payload.get("refunds"))
            for report in _refund(refund, currency)
        ],
    )


def _line(item: dict[str, Any], currency: str) -> LineReport:
    quantity = count(item.get("quantity"))
    off = sum(
        minor(part.get("amount"), currency) for part in objects(item.get("discount_allocations"))
    )
    price = minor(item.get("price"), currency)
    amount = price * quantity - off
    if price >= 0:  # a discount may be a cent too large; such a price is refused with its line
        amount = max(amount, 0)
    title = text(item.get("name") or item.get("title"))
    return LineReport(text(item.get("id")), "", title[:200], quantity, amount)


def _products(item: dict[str, Any]) -> Iterator[str]:
    for name in ("sku", "variant_id", "product_id"):
        yield text(item.get(name))


def _marks(payload: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Where a theme may have put the click id, the surest first."""
    for pairs in (payload.get("note_attributes"), *(item.get("properties") for item in items)):
        for pair in objects(pairs):
            yield text(pair.get("name")), text(pair.get("value"))
    yield "landing site", text(payload.get("landing_site"))


def _refund(refund: dict[str, Any], currency: str) -> Iterator[RefundReport]:
    """What really went back, line by line; freight and what else is not ours is left out. Nothing
    while money of it is under way: how much that is, the order says again when it has arrived."""
    number, at = text(refund.get("id")), needed(refund.get("created_at"))
    payments = [one for one in objects(refund.get("transactions")) if one.get("kind") == "refund"]
    if any(one.get("status") == "pending" for one in payments):
        return
    paid_back = sum(
        minor(one.get("amount"), currency) for one in payments if one.get("status") == "success"
    )
    items = objects(refund.get("refund_line_items"))
    subtotals = [minor(item.get("subtotal"), currency) for item in items]
    if sum(subtotals) > paid_back:
        subtotals = list(apportion(paid_back, subtotals))
    for item, amount in zip(items, subtotals, strict=True):
        if amount > 0:
            line = text(item.get("line_item_id"))
            yield RefundReport(f"{number}:{line}", line, amount, at, capped=True)
    if not items:
        freight = sum(
            abs(minor(one.get("amount"), currency))
            for one in objects(refund.get("order_adjustments"))
            if one.get("kind") == "shipping_refund"
        )
        if paid_back > freight:
            yield RefundReport(number, "", paid_back - freight, at, capped=True)
