"""From orders to booked commissions: attribute, price, book the difference.

One order and a hundred thousand take the same road, in batches; a single order is a batch of one.
What a commission should be is a pure function of its order's present state; what is booked is the
sum of its lines; only the difference is posted. So late refunds, corrected reports, redelivered
messages and re-runs are one code path (docs/road-of-an-order.md).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from affiliates.attribution import attribute
from affiliates.models import Attribution
from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from alliance.kernel.money import Money
from commissions import chart, debts, ledger
from commissions.formulas import Rates, TechFeeBase, Worth, worth
from commissions.ledger import Move
from commissions.models import Commission, CommissionLine, CommissionState
from commissions.models.commission import COMPONENTS
from merchants.models import Order, OrderLine, OrderState

BATCH = 500

State = CommissionState


@dataclass(slots=True)
class Step:
    """What happens to one commission in this batch."""

    commission: Commission
    line: OrderLine
    state: CommissionState
    worth: Worth
    why: str
    covered: bool = True

    @property
    def cost(self) -> int:
        """What the merchant has to pay beyond what is booked, in minor units."""
        return _cost(self.state, self.worth.commission.minor) - _cost(
            self.commission.state, self.commission.commission_minor
        )


def orders_process(order_pks: Iterable[int]) -> int:
    """Bring the commissions of these orders up to date with what is known of them.

    Safe to call at any time, any number of times, from any number of processes. Returns how many
    commissions changed. Each batch of orders is one transaction and at most one ledger entry.
    """
    pks = sorted(set(order_pks))
    return sum(_process(pks[i : i + BATCH]) for i in range(0, len(pks), BATCH))


@transaction.atomic
def _process(pks: Sequence[int]) -> int:
    # Lock order: orders, commissions, balances; several of a kind by primary key.
    orders = {
        order.pk: order
        for order in Order.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    }
    lines = list(
        OrderLine.objects.filter(order__in=orders)
        .select_related("order__merchant", "product")
        .order_by("order_id", "pk")
    )
    commissions = _commissions(lines, attribute(lines))
    steps = [
        _step(commissions[line.pk], line, orders[line.order_id])
        for line in lines
        if line.pk in commissions
    ]
    booked = _book([step for step in steps if _changes(step)])
    _date(steps)
    waiting = {step.line.order_id for step in steps if not step.covered}
    Order.objects.filter(pk__in=orders.keys() - waiting).update(processed_version=F("version"))
    return booked


def _commissions(
    lines: Sequence[OrderLine], decisions: dict[int, Attribution]
) -> dict[int, Commission]:
    """The commission of each attributed line, locked; made, with frozen rates, where missing."""
    known = set(Commission.objects.filter(line__in=lines).values_list("line_id", flat=True))
    fresh = [
        Commission(
            line=line,
            attribution=decision,
            affiliate_id=decision.affiliate_id,
            merchant_id=line.order.merchant_id,
            currency=line.currency,
            state=State.PLACED,
            rate_bps=decision.rate_bps,
            share_bps=decision.share_bps,
            tech_fee_bps=settings.ALLIANCE["TECH_FEE_BPS"],
            tech_fee_base=settings.ALLIANCE["TECH_FEE_BASE"],
            placed_at=line.order.placed_at,
        )
        for line in lines
        if (decision := decisions[line.pk]).affiliate_id and line.pk not in known
    ]
    Commission.objects.bulk_create(fresh)
    locked = Commission.objects.select_for_update().filter(line__in=lines).order_by("pk")
    return {commission.line_id: commission for commission in locked}


def rates_of(commission: Commission) -> Rates:
    """The rates that were promised, as the formulas want them."""
    return Rates(
        commission_bps=commission.rate_bps,
        share_bps=commission.share_bps,
        tech_fee_bps=commission.tech_fee_bps,
        tech_fee_base=TechFeeBase(commission.tech_fee_base),
    )


def target_of(
    commission: Commission, line: OrderLine, order: Order
) -> tuple[CommissionState, Worth]:
    """What the commission should be, given what is known of the order now. Pure."""
    rates, nothing = rates_of(commission), Money(0, line.currency)
    if order.state in (OrderState.PLACED, OrderState.VOID):
        due = worth(nothing, rates)
    else:
        due = worth(line.base, rates)
    if commission.settlement_id:
        return State.SETTLED, due
    if order.state == OrderState.VOID:
        return State.VOID, due
    if order.state == OrderState.PLACED:
        return State.PLACED, due
    # docs/domain.md §4.1: below one minor unit it is void; after receipt it stays, at zero.
    if not due.commission and commission.state != State.CONFIRMED:
        return State.VOID, due
    return (State.ESTIMATED if order.state == OrderState.PAID else State.CONFIRMED), due


def _step(commission: Commission, line: OrderLine, order: Order) -> Step:
    state, due = target_of(commission, line, order)
    if commission.revision == 0:
        why = order.state
    elif commission.state == State.UNFUNDED and state != State.UNFUNDED:
        why = "funded"
    elif state != commission.state:
        why = state.value
    elif due.base.minor < commission.base_minor:
        why = "refund" if line.refunded_minor else "corrected"
    else:
        why = "corrected"
    return Step(commission, line, state, due, why)


def _changes(step: Step) -> bool:
    commission = step.commission
    return (
        commission.revision == 0
        or step.state != commission.state
        or any(_part(step.worth, name) != getattr(commission, name) for name in COMPONENTS)
    )


def _book(steps: Sequence[Step]) -> int:
    if not steps:
        return 0
    accounts = {
        (code, step.line.currency)
        for step in steps
        for code in _guarded(step.commission.merchant_id, step.commission.affiliate_id)
    }
    balances = ledger.lock(accounts)
    _cover(steps, balances)
    steps = [step for step in steps if _changes(step)]  # what is still uncovered has not moved
    moves = [move for step in steps for move in _moves(step)]
    moves = ledger.net(debts.through_debt(ledger.net(moves), balances))
    entry_id = None
    if moves:
        facts = ",".join(f"{s.commission.pk}.{s.commission.revision + 1}" for s in steps)
        digest = hashlib.sha256(facts.encode()).hexdigest()[:32]
        entry_id = ledger.post(key=f"commissions:{digest}:booked", moves=moves).entry_id
    CommissionLine.objects.bulk_create(_line(step, entry_id) for step in steps)
    for step in steps:
        commission = step.commission
        commission.state = step.state
        commission.revision += 1
        for name in COMPONENTS:
            setattr(commission, name, _part(step.worth, name))
    update_many([step.commission for step in steps], ["state", "revision", *COMPONENTS])
    return len(steps)


def _date(steps: Sequence[Step]) -> None:
    """A commission settles with the month of the receipt, also where that alone is corrected."""
    moved = []
    for step in steps:
        commission, received_at = step.commission, step.line.order.received_at
        if commission.state == State.CONFIRMED and commission.confirmed_at != received_at:
            commission.confirmed_at = received_at
            moved.append(commission)
    update_many(moved, ["confirmed_at"])


def _cover(steps: Sequence[Step], balances: dict[tuple[str, str], int]) -> None:
    """Let the merchant's wallet say how far it reaches, in the order of the steps.

    What frees money goes first. A new commission that is not covered waits, unfunded, until the
    next top-up; a rise of a booked one keeps the booked figure and stays in the queue.
    """
    wallets = {
        (chart.wallet(step.commission.merchant_id), step.line.currency): (
            step.line.order.merchant.credit_limit_minor
        )
        for step in steps
    }
    left = {wallet: balances[wallet] + credit for wallet, credit in wallets.items()}
    for step in sorted(steps, key=lambda s: s.cost > 0):
        wallet = (chart.wallet(step.commission.merchant_id), step.line.currency)
        cost = step.cost
        if cost > max(left[wallet], 0) and cost > 0:
            commission = step.commission
            if commission.state in (State.PLACED, State.UNFUNDED, State.VOID):
                step.state, step.why = State.UNFUNDED, State.UNFUNDED.value
                step.worth = worth(Money(0, step.line.currency), rates_of(commission))
            else:
                step.covered, step.why = False, "rise_unfunded"
                step.worth = worth(
                    Money(commission.base_minor, step.line.currency), rates_of(commission)
                )
            cost = step.cost
        left[wallet] -= cost


def _cost(state: str, commission_minor: int) -> int:
    return commission_minor if state in (State.ESTIMATED, State.CONFIRMED, State.SETTLED) else 0


def _guarded(merchant_id: int, affiliate_id: int) -> tuple[str, ...]:
    return (
        chart.wallet(merchant_id),
        chart.reserved(merchant_id),
        chart.pending(affiliate_id),
        chart.payable(affiliate_id),
        chart.debt(affiliate_id),
    )


def position(commission: Commission, state: str, parts: dict[str, int]) -> dict[str, int]:
    """On which accounts the merchant's money for a commission lies in a state (minor units)."""
    if state == State.ESTIMATED:
        held = {chart.reserved(commission.merchant_id): parts["commission_minor"]}
    elif state in (State.CONFIRMED, State.SETTLED):
        place = chart.pending if state == State.CONFIRMED else chart.payable
        held = {
            place(commission.affiliate_id): parts["net_minor"],
            chart.TECH_FEE: parts["tech_fee_minor"],
            chart.SHARE: parts["platform_minor"],
        }
    else:
        held = {}
    return {chart.wallet(commission.merchant_id): -sum(held.values()), **held}


def _moves(step: Step) -> list[Move]:
    """From where the money lies to where it should lie."""
    commission, currency = step.commission, step.line.currency
    delta = position(commission, step.state, {n: _part(step.worth, n) for n in COMPONENTS})
    for code, minor in position(
        commission, commission.state, {n: getattr(commission, n) for n in COMPONENTS}
    ).items():
        delta[code] = delta.get(code, 0) - minor
    givers = [(code, -minor) for code, minor in delta.items() if minor < 0]
    takers = [(code, minor) for code, minor in delta.items() if minor > 0]
    moves = []
    while givers and takers:  # both sides hold the same sum, so they empty together
        (debit, gives), (credit, takes) = givers.pop(0), takers.pop(0)
        amount = min(gives, takes)
        moves.append(Move(Money(amount, currency), debit=debit, credit=credit))
        if gives > amount:
            givers.insert(0, (debit, gives - amount))
        if takes > amount:
            takers.insert(0, (credit, takes - amount))
    return moves


def _part(due: Worth, name: str) -> int:
    return getattr(due, name.removesuffix("_minor")).minor


def _line(step: Step, entry_id: int | None) -> CommissionLine:
    commission = step.commission
    return CommissionLine(
        commission=commission,
        revision=commission.revision + 1,
        affiliate_id=commission.affiliate_id,
        state=step.state,
        entry_id=entry_id,
        receipt=_receipt(step),
        at=clock.now(),
        **{name: _part(step.worth, name) - getattr(commission, name) for name in COMPONENTS},
    )


def _receipt(step: Step) -> dict[str, Any]:
    """How the figures came about: inputs, rates, rounded results, and what was booked before."""
    order = step.line.order
    return {
        "why": step.why,
        "order": {
            "state": order.state,
            "version": order.version,
            "amount_minor": step.line.amount_minor,
            "refunded_minor": step.line.refunded_minor,
        },
        "rates": rates_of(step.commission).as_json(),
        "worth": {name: _part(step.worth, name) for name in COMPONENTS},
        "booked_before": {name: getattr(step.commission, name) for name in COMPONENTS},
        "rounding": "half_up",
    }
