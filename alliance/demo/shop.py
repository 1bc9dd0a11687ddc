"""The demo's shops: what a buyer does there is reported to the alliance as a real shop would."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from alliance.demo.load.stage import CURRENCY
from alliance.kernel import clock
from campaigns.models import Claim, ClaimState
from commissions import tasks
from commissions.queries import due_of, dues
from merchants.models import Order, OrderLine, OrderState, Product, ProductState
from merchants.services.orders import LineReport, OrderReport, RefundReport, orders_record

MOST = 3  # pieces in one order
# The checkout is a button here. A real one takes longer than the stand-down of the attribution.
CHECKOUT = timedelta(seconds=10)
_CLICK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"TRY-[A-Z2-7]{12}")  # only what was bought here can be changed here
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Bought:
    """An order as its buyer and its shop see it, and what the alliance has made of it so far."""

    order: Order
    line: OrderLine
    product: Product
    pending: bool
    attribution: Any
    commission: Any

    @property
    def left_minor(self) -> int:
        return self.line.amount_minor - self.line.refunded_minor

    @property
    def may_receive(self) -> bool:
        return self.order.state == OrderState.PAID and self.left_minor > 0

    @property
    def may_return(self) -> bool:
        return self.left_minor > 0


def product_on_sale(code: str) -> Product | None:
    """A product of a demo shop: one whose page is on this machine."""
    found = Product.objects.filter(
        external_id=code, state=ProductState.ON_SALE, url__contains=".localhost"
    )
    return found.select_related("shop__merchant").order_by("pk").first()


def click_id_clean(text: str) -> str:
    """The click id out of an address, or "" for what cannot be one."""
    return text if _CLICK_ID.fullmatch(text) else ""


def coupon_of(product: Product, code: str) -> Claim | None:
    """The coupon that this code is, if it can be used for the product now."""
    whole = Q(stock__product=None)
    return Claim.objects.filter(
        whole | Q(stock__product=product),
        code=click_id_clean(code),
        shop=product.shop,
        state=ClaimState.HELD,
        expires_at__gt=clock.now(),
    ).first()


def order_place(*, product: Product, quantity: int, click_id: str, coupon: str = "") -> str:
    """Buy and pay: the shop takes the coupon off and reports the order at once. Returns its
    number."""
    now, quantity = clock.now(), min(max(quantity, 1), MOST)
    placed = now + CHECKOUT
    claim = coupon_of(product, coupon)
    whole = product.price_minor * quantity
    number = "TRY-" + "".join(secrets.choice(_LETTERS) for _letter in range(12))
    line = LineReport(
        external_id=f"{number}-1",
        product_external_id=product.external_id,
        title=product.title,
        quantity=quantity,
        amount_minor=max(whole - claim.face_minor, 0) if claim else whole,
    )
    _report(
        product,
        OrderReport(
            external_id=number,
            state=OrderState.PAID,
            currency=CURRENCY,
            placed_at=placed,
            paid_at=placed,
            reported_at=now,
            click_id=click_id_clean(click_id),
            coupon_code=claim.code if claim else "",
            lines=[line],
        ),
    )
    return number


def bought(number: str) -> Bought | None:
    """The order of that number, if it was placed here by hand."""
    if not _NUMBER.fullmatch(number):
        return None
    line = (
        OrderLine.objects.select_related("order", "product__shop__merchant", "attribution")
        .prefetch_related(dues())
        .filter(order__external_id=number)
        .first()
    )
    if line is None or line.product is None:
        return None
    order = line.order
    return Bought(
        order=order,
        line=line,
        product=line.product,
        pending=order.processed_version != order.version,
        attribution=getattr(line, "attribution", None),
        commission=due_of(line),
    )


def goods_arrive(found: Bought) -> None:
    """The buyer has the goods."""
    received = max(clock.now(), found.order.placed_at)
    _report_again(found, state=OrderState.RECEIVED, received_at=received)


def goods_return(found: Bought) -> None:
    """The buyer sends everything back and gets the money; a second time changes nothing."""
    order, line = found.order, found.line
    refund = RefundReport(
        external_id=f"{order.external_id}-R",
        line_external_id=line.external_id,
        amount_minor=line.amount_minor,
        refunded_at=clock.now(),
        reason="七天无理由退货",
    )
    _report_again(found, state=order.state, received_at=order.received_at, refunds=[refund])


def _report_again(found: Bought, *, state: str, received_at: datetime | None, **more: Any) -> None:
    order = found.order
    report = OrderReport(
        external_id=order.external_id,
        state=state,
        currency=order.currency,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        received_at=received_at,
        reported_at=clock.now(),
        **more,
    )
    _report(found.product, report)


def _report(product: Product, report: OrderReport) -> None:
    """Through the service behind the REST door, and on to the pipeline."""
    (outcome,) = orders_record(shop=product.shop, reports=[report])
    if outcome.error:
        raise outcome.error
    if outcome.order_pk and outcome.change in ("created", "changed"):
        tasks.orders_process.delay_on_commit([outcome.order_pk])  # type: ignore[attr-defined]
