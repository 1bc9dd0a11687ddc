"""What WooCommerce's webhooks say: order.created, updated, deleted, restored."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from alliance.kernel.errors import Invalid
from merchants.feeds.layouts.sale import Sale, click_id_in
from merchants.feeds.layouts.woocommerce import STATES
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

LABEL = "WooCommerce"
SIGNATURE, TOPIC = "X-WC-Webhook-Signature", "X-WC-Webhook-Topic"
DELIVERY = "X-WC-Webhook-Delivery-ID"


def hear(topic: str, payload: dict[str, Any], currency: str) -> Heard | None:
    """Raises Invalid for what cannot be read."""
    if topic in {"order.created", "order.updated", "order.restored"}:
        return _order(payload, currency)
    # The topic is not signed: a whole order sent again under this one is no deletion.
    if topic == "order.deleted" and "line_items" not in payload:
        return Heard(text(payload.get("id")), gone=True)
    return None


def _order(payload: dict[str, Any], currency: str) -> Heard:
    word = text(payload.get("status")).removeprefix("wc-")
    if word not in STATES:
        raise Invalid(_("The state “%s” is not known.") % word, field="status")
    state = STATES[word]
    placed_at = needed(payload.get("date_created_gmt"))
    updated_at = moment(payload.get("date_modified_gmt")) or placed_at
    paid_at = moment(payload.get("date_paid_gmt"))
    gross = payload.get("prices_include_tax") is True
    items = objects(payload.get("line_items"))
    coupons = objects(payload.get("coupon_lines"))
    sale = Sale(
        state=state,
        placed_at=placed_at,
        paid_at=None if state == OrderState.PLACED else paid_at,
        currency=text(payload.get("currency")),
        lines=[_line(item, currency, gross=gross) for item in items],
        click_id=click_id_in(_marks(payload)),
        coupon=text(coupons[0].get("code")) if coupons else "",
    )
    return Heard(
        object_id=text(payload.get("id")),
        number=text(payload.get("number")) or text(payload.get("id")),
        updated_at=updated_at,
        sale=sale,
        products={text(item.get("id")): list(_products(item)) for item in items},
        refunds=list(_refunds(payload, updated_at, currency)),
    )


def _line(item: dict[str, Any], currency: str, *, gross: bool) -> LineReport:
    """`total` is without tax, also where buyers see prices with it."""
    amount = minor(item.get("total"), currency)
    if gross:
        amount += minor(item.get("total_tax"), currency)
    title = text(item.get("name"))[:200]
    return LineReport(text(item.get("id")), "", title, count(item.get("quantity")), amount)


def _products(item: dict[str, Any]) -> Iterator[str]:
    variation = text(item.get("variation_id"))
    yield from (text(item.get("sku")), "" if variation == "0" else variation)
    yield text(item.get("product_id"))


def _marks(payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Order fields; WooCommerce's own attribution keeps the address that the visit began with."""
    for pair in objects(payload.get("meta_data")):
        yield text(pair.get("key")), text(pair.get("value"))


def _refunds(payload: dict[str, Any], at: datetime, currency: str) -> Iterator[RefundReport]:
    """Each of the order as a whole, freight with it, which is why it is capped. The list begins
    with the newest; numbers grow. Nobody says when they were made."""
    found = [(text(one.get("id")), one) for one in paid_back(payload.get("refunds"))]
    for number, refund in sorted(found, key=lambda pair: (len(pair[0]), pair[0])):
        if not number or not text(refund.get("total")):
            raise Invalid(_("A refund has no number or no amount."), field="refunds")
        amount = abs(minor(text(refund.get("total")).lstrip("-"), currency))
        if amount:
            reason = text(refund.get("reason"))[:200]
            yield RefundReport(number, "", amount, at, reason=reason, capped=True, dated=False)
