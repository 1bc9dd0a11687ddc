"""What a shop says of its orders, and what follows from it: pure, no database.

The rules (docs/domain.md §4.1, §4.3):

- The latest word wins: a report older than the one we hold changes nothing but may still bring a
  refund, which is an event of its own.
- A state only moves placed → paid → received, or from any of them to void, which is final. A later
  report that names an earlier state keeps the state we have and still brings its other facts.
- A fact that a later report leaves out stays as it was. A line that is left out stays too: what
  came back is said by a refund, not by silence.
- Of a pre-sale line only the deposit counts as paid until the order's balance is paid.
- A report is taken whole or refused whole, with one reason.

What follows from its refunds is in `refund_plans`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, KeyReused
from merchants.models import Order, OrderLine, OrderState, Refund, RefundState

# Names under which shops and other networks' tools hand the click id back (docs/api.md).
CLICK_ID_NAMES = (
    "click_id", "clickid", "transaction_id", "irclickid", "awc", "dub_id", "tid", "subid",
)  # fmt: skip
AHEAD = timedelta(days=1)  # how far a shop's clock may run before ours
LARGEST_MINOR = 10**13
PART = " ·"  # "R1 ·2" is the second part of refund R1 that was spread over lines
_ORDER_OF_STATES = {OrderState.PLACED: 0, OrderState.PAID: 1, OrderState.RECEIVED: 2}
_AMOUNTS = ("amount_minor", "deposit_minor", "total_minor")
_MOMENTS = ("placed_at", "deposit_paid_at", "paid_at", "received_at", "void_at")


class OverRefund(DomainError):
    """More is to be given back than is left of what was paid."""

    code = "over_refund"
    status = 422
    message = _("The refund is larger than what is left of the amount paid.")


class RefundReused(KeyReused):
    """A refund number came back for another order, line or amount."""

    code = "refund_reused"
    message = _("This refund number was reported before with another content.")


@dataclass(frozen=True, slots=True)
class LineReport:
    """One order line: what the buyer pays for it, without freight, after coupons; of a pre-sale
    the deposit, too, which is a part of the amount."""

    external_id: str
    product_external_id: str
    title: str
    quantity: int
    amount_minor: int
    deposit_minor: int | None = None


REFUND_STATES = ("requested", "succeeded", "failed")
SUM = {"by": "export"}  # facts of a refund that is no single one: what an export's sum had more


@dataclass(frozen=True, slots=True)
class RefundReport:
    """Money the buyer got back for a line; without a line for the whole order, in which case it is
    spread over the lines in proportion to what is left of each. `refunded_at` is when it got into
    its state: asked for, paid, or failed.

    `capped`: a shop's system says so by itself, and cannot be told to say it otherwise. A number
    that we know stays what it was; a new one takes at most what is left. `dated`: `refunded_at` is
    really when, and not only when it was told.
    """

    external_id: str
    line_external_id: str
    amount_minor: int
    refunded_at: datetime
    reason: str = ""
    facts: Mapping[str, Any] | None = None
    state: str = "succeeded"
    capped: bool = False
    dated: bool = True


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the shop said of one order at `reported_at`."""

    external_id: str
    state: str
    currency: str
    placed_at: datetime
    reported_at: datetime
    paid_at: datetime | None = None
    received_at: datetime | None = None
    void_at: datetime | None = None
    void_reason: str = ""
    click_id: str = ""
    coupon_code: str = ""
    lines: Sequence[LineReport] = ()
    refunds: Sequence[RefundReport] = ()
    deposit_paid_at: datetime | None = None

    @property
    def balance_open(self) -> bool:
        return self.deposit_paid_at is not None and self.paid_at is None


def as_meant(report: OrderReport) -> OrderReport:
    """A pre-sale whose deposit was paid counts as paid, also for shops that call it placed."""
    if report.balance_open and report.state == OrderState.PLACED:
        return replace(report, state=OrderState.PAID)
    return report


Change = Literal["created", "changed", "unchanged", "stale", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a report. `unmatched`: numbers of refunds that now wait for a person."""

    external_id: str
    order_pk: int | None
    change: Change
    error: DomainError | None = None
    unmatched: tuple[str, ...] = ()


@dataclass(slots=True)
class RefundStep:
    """A refund to be written in a state: new, or one that we hold already (`held`).

    `line` is the number of its line in the report's order; None: none, or the one it has.
    """

    state: RefundState
    external_id: str
    line: str | None
    amount_minor: int
    report: RefundReport
    facts: dict[str, Any]
    held: Refund | None = None

    @property
    def applied_before(self) -> bool:
        return self.held is not None and self.held.state == RefundState.APPLIED

    @property
    def moves_money(self) -> bool:
        return (self.state == RefundState.APPLIED) != self.applied_before


@dataclass(slots=True)
class Plan:
    """What a report changes, worked out before anything is touched."""

    order: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)  # by line number
    refunds: list[RefundStep] = field(default_factory=list)
    stale: bool = False

    @property
    def matters(self) -> bool:
        return bool(
            self.order.keys() - {"reported_at"}
            or self.lines
            or any(step.moves_money for step in self.refunds)
        )


# --- Is it well formed? ---------------------------------------------------------------------------


def check_report(report: OrderReport, *, currency: str, now: datetime) -> None:
    """Raise Invalid for what is wrong in the report by itself."""
    _text(report.external_id, "external_id", 64, required=True)
    _text(report.click_id, "click_id", 64)
    _text(report.coupon_code, "coupon_code", 40)
    _text(report.void_reason, "void_reason", 120)
    if report.state not in OrderState.values:
        raise Invalid(_("The state is none of placed, paid, received, void."), field="state")
    if report.currency != currency:
        raise Invalid(
            _("The currency is not the one this merchant trades in."),
            field="currency",
            currency=report.currency,
            expected=currency,
        )
    for name in ("reported_at", *_MOMENTS):
        _moment(getattr(report, name), name, now)
    # A clock that was never set, or no value; a refund of an order that is known names no moment.
    if report.lines and report.placed_at.year <= clock.FIRST_DAY.year:
        raise Invalid(_("This moment lies too far back."), field="placed_at")
    _check_order_of_moments(
        report.placed_at, report.deposit_paid_at, report.paid_at, report.received_at
    )
    for line in report.lines:
        _check_line(line)
    _check_unique((line.external_id for line in report.lines), "lines")
    for refund in report.refunds:
        check_refund(refund, now=now)
    _check_unique((refund.external_id for refund in report.refunds), "refunds")


def check_creation(report: OrderReport) -> None:
    """Raise Invalid if the report is not enough to begin an order with."""
    if not report.lines:
        raise Invalid(_("A new order needs at least one line."), field="lines")
    _check_state_has_moments(
        report.state, report.deposit_paid_at, report.paid_at, report.received_at
    )


def check_refund(refund: RefundReport, *, now: datetime) -> None:
    _text(refund.external_id, "refunds.external_id", 100, required=True)
    _text(refund.line_external_id, "refunds.line_external_id", 96)
    _moment(refund.refunded_at, "refunds.refunded_at", now)
    if PART in refund.external_id:
        raise Invalid(_("A refund number may not contain “ ·”."), field="refunds.external_id")
    if not 0 < refund.amount_minor <= LARGEST_MINOR:
        raise Invalid(_("A refund is an amount above zero."), field="refunds.amount_minor")
    if refund.state not in REFUND_STATES:
        raise Invalid(
            _("The state of a refund is none of requested, succeeded, failed."),
            field="refunds.state",
        )


def _check_line(line: LineReport) -> None:
    _text(line.external_id, "lines.external_id", 96, required=True)
    _text(line.product_external_id, "lines.product_external_id", 64)
    if not 0 <= line.amount_minor <= LARGEST_MINOR:
        raise Invalid(_("An amount is zero or more."), field="lines.amount_minor")
    if not 1 <= line.quantity <= 1_000_000:
        raise Invalid(_("A quantity is at least one."), field="lines.quantity")
    if line.deposit_minor is not None and not 0 <= line.deposit_minor <= line.amount_minor:
        raise Invalid(_("A deposit is a part of the amount."), field="lines.deposit_minor")


def _check_unique(ids: Iterable[str], name: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise Invalid(_("The same number comes twice."), field=name, external_id=one)
        seen.add(one)


def _check_order_of_moments(*moments: datetime | None) -> None:
    known = [moment for moment in moments if moment is not None]
    if known != sorted(known):
        raise Invalid(_("An order is placed, then paid, then received."), field="paid_at")


def _check_state_has_moments(
    state: str,
    deposit_paid_at: datetime | None,
    paid_at: datetime | None,
    received_at: datetime | None,
) -> None:
    paid = paid_at or (deposit_paid_at if state == OrderState.PAID else None)
    if state in {OrderState.PAID, OrderState.RECEIVED} and paid is None:
        raise Invalid(_("Say when the order was paid."), field="paid_at")
    if state == OrderState.RECEIVED and received_at is None:
        raise Invalid(_("Say when the goods were received."), field="received_at")


def _moment(moment: datetime | None, name: str, now: datetime) -> None:
    if moment is None:
        return
    if moment.tzinfo is None:
        raise Invalid(_("A moment needs its time zone."), field=name)
    if moment < clock.day_start(clock.FIRST_DAY):
        raise Invalid(_("This moment lies too far back."), field=name)
    if moment > now + AHEAD:
        raise Invalid(_("This moment lies in the future."), field=name)


def _text(text: str, name: str, longest: int, *, required: bool = False) -> None:
    if required and not text.strip():
        raise Invalid(_("This may not be empty."), field=name)
    if len(text) > longest or "\x00" in text:
        raise Invalid(_("This text is too long or not readable."), field=name)


# --- What does it change? -------------------------------------------------------------------------


def plan_report(
    report: OrderReport,
    order: Order | None,
    lines: Mapping[str, OrderLine],
    products: Mapping[str, int],
) -> Plan:
    """What the report changes of an order (None: not known) and its lines.

    Raises a DomainError if any part of it cannot be; then none of it is taken.
    """
    plan = Plan()
    if order is not None:
        plan.stale = report.reported_at < order.reported_at
        if not plan.stale:
            plan.order = _order_changes(order, report)
            deposit_paid_at, paid_at = (
                plan.order.get(name, getattr(order, name))
                for name in ("deposit_paid_at", "paid_at")
            )
            open_balance = deposit_paid_at is not None and paid_at is None
            plan.lines = _line_changes(lines, report.lines, products, open_balance)
    return plan


def _order_changes(order: Order, report: OrderReport) -> dict[str, Any]:
    fresh: dict[str, Any] = {"state": _next_state(order.state, report.state)}
    for name in (*_MOMENTS, "void_reason", "click_id", "coupon_code", "reported_at"):
        fresh[name] = getattr(report, name) or getattr(order, name)
    if fresh["state"] == OrderState.VOID:
        fresh["void_at"] = fresh["void_at"] or report.reported_at
    else:
        fresh["void_at"], fresh["void_reason"] = None, ""
    course = [fresh[name] for name in ("deposit_paid_at", "paid_at", "received_at")]
    _check_order_of_moments(fresh["placed_at"], *course)
    _check_state_has_moments(fresh["state"], *course)
    return {name: value for name, value in fresh.items() if value != getattr(order, name)}


def _next_state(held: str, said: str) -> str:
    if OrderState.VOID in (held, said):
        return OrderState.VOID
    return max(held, said, key=lambda state: _ORDER_OF_STATES[OrderState(state)])


def _line_changes(
    lines: Mapping[str, OrderLine],
    reports: Sequence[LineReport],
    products: Mapping[str, int],
    open_balance: bool,
) -> dict[str, dict[str, Any]]:
    said = {report.external_id: report for report in reports}
    changes = {}
    for number in [*said, *(lines.keys() - said.keys())]:
        report, held = said.get(number), lines.get(number)
        amounts = _amounts(report, held, open_balance)
        fresh: dict[str, Any] = dict(zip(_AMOUNTS, amounts, strict=True))
        if report is not None:
            fresh |= {
                "product_id": products.get(report.product_external_id),
                "product_external_id": report.product_external_id,
                "title": report.title.replace("\x00", "")[:200],
                "quantity": report.quantity,
            }
        if held is not None:
            _check_refunded(held, amounts[0])
            fresh["title"] = fresh.get("title") or held.title
            fresh = {name: value for name, value in fresh.items() if value != getattr(held, name)}
        if fresh:
            changes[number] = fresh
    return changes


def _amounts(
    report: LineReport | None, held: OrderLine | None, open_balance: bool
) -> tuple[int, int | None, int | None]:
    """What was paid of a line, its deposit and its total. Of a pre-sale only the deposit counts as
    paid until the balance is paid as well."""
    total, deposit = 0, None
    if held is not None:
        total = held.amount_minor if held.total_minor is None else held.total_minor
        deposit = held.deposit_minor
    if report is not None:
        total = report.amount_minor
        deposit = deposit if report.deposit_minor is None else report.deposit_minor
    if deposit is None:
        if open_balance and total:
            raise Invalid(_("Say the deposit of each line."), field="lines.deposit_minor")
        return total, None, None
    if deposit > total:
        raise Invalid(_("A deposit is a part of the amount."), field="lines.deposit_minor")
    return (deposit if open_balance else total), deposit, total


def _check_refunded(held: OrderLine, amount_minor: int) -> None:
    if held.refunded_minor > amount_minor:
        raise OverRefund(
            _("The line's amount is now less than what was already refunded of it."),
            field="lines.amount_minor",
            line=held.external_id,
            refunded_minor=held.refunded_minor,
        )
