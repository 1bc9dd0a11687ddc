"""From orders to booked commissions: attribute, price, book the difference.

One order and a hundred thousand take the same road, in batches; a single order is a batch of one.
What a commission should be is a pure function of its order's present state; what is booked is the
sum of its lines; only the difference is posted. So late refunds, corrected reports, redelivered
messages and re-runs are one code path (docs/road-of-an-order.md).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max

from affiliates.attribution import attribute
from affiliates.models import Attribution
from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from alliance.kernel.money import Money
from campaigns.subsidies import SubsidyTerms, in_force
from commissions import chart, debts, ledger
from commissions.formulas import Rates, Role, Subsidy, TechFeeBase, Worth, worth
from commissions.ledger import Move
from commissions.models import (
    Commission,
    CommissionLine,
    CommissionState,
    Hold,
    Settlement,
    SettlementState,
)
from commissions.models.commission import COMPONENTS
from commissions.violations import holds_of
from merchants.models import Order, OrderLine, OrderState

BATCH = 500

State = CommissionState


@dataclass(slots=True)
class Step:
    """What happens to one commission in this batch. `before`: where it stood, settled included."""

    commission: Commission
    line: OrderLine
    before: CommissionState
    state: CommissionState
    worth: Worth
    why: str
    covered: bool = True

    @property
    def cost(self) -> int:
        """What the merchant has to pay beyond what is booked, in minor units."""
        return _cost(self.state, self.worth.cost.minor) - _cost(
            self.before, self.commission.cost_minor
        )

    @property
    def changes(self) -> bool:
        commission = self.commission
        return (
            commission.revision == 0
            or self.state != self.before
            or any(_part(self.worth, name) != getattr(commission, name) for name in COMPONENTS)
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
    # Lock order: the settlement (shared), orders, commissions, balances; rows by primary key.
    closed = settled_through(lock=True)
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
    _hold([one for found in commissions.values() for one in found], closed)
    steps = [
        _step(commission, line, orders[line.order_id], closed)
        for line in lines
        for commission in commissions[line.pk]
    ]
    booked = _book([step for step in steps if step.changes], closed)
    _redate(steps, closed)
    waiting = {step.line.order_id for step in steps if not step.covered}
    Order.objects.filter(pk__in=orders.keys() - waiting).update(processed_version=F("version"))
    return booked


def settled_through(*, lock: bool = False) -> dict[str, date]:
    """Per currency the last month that is settled; everything confirmed for it or earlier is, too.

    `lock`: no settlement closes until the caller's transaction ends (one that is being closed is
    waited for). Closing takes the same lock alone.
    """
    if lock:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext('settlement'), 0)")
    closed = Settlement.objects.filter(state=SettlementState.CLOSED).order_by()
    return dict(closed.values_list("currency").annotate(Max("month")))


def _commissions(
    lines: Sequence[OrderLine], decisions: dict[int, Attribution]
) -> Mapping[int, list[Commission]]:
    """By line: each payee's commission, locked; made, with frozen rates, where missing."""
    known = set(Commission.objects.filter(line__in=lines).values_list("line_id", flat=True))
    fresh = [line for line in lines if decisions[line.pk].affiliate_id and line.pk not in known]
    subsidies = in_force(fresh)
    Commission.objects.bulk_create(
        made
        for line in fresh
        for made in _payees(line, decisions[line.pk], subsidies.get(line.pk, []))
    )
    found: dict[int, list[Commission]] = defaultdict(list)
    locked = Commission.objects.select_for_update().filter(line__in=lines).order_by("pk")
    for commission in locked:
        found[commission.line_id].append(commission)
    return found


def _hold(commissions: Sequence[Commission], closed: Mapping[str, date]) -> None:
    """Before their settlement: whether a case holds them back (docs/violations.md)."""
    unsettled = [one for one in commissions if standing_of(one, closed) != State.SETTLED]
    holds = holds_of(unsettled)
    moved = []
    for one in unsettled:
        hold = holds.get(one.pk, Hold.NONE)
        if one.hold != hold:
            one.hold = hold
            moved.append(one)
    update_many(moved, ["hold"])


def _payees(
    line: OrderLine, decision: Attribution, subsidies: Sequence[SubsidyTerms]
) -> Iterator[Commission]:
    """Who gets something of an order line, with the rates promised at the touch (§4.2)."""

    def payee(role: Role, affiliate_id: Any, **rates: Any) -> Commission:
        return Commission(
            line=line,
            role=role.value,
            affiliate_id=affiliate_id,
            merchant_id=line.order.merchant_id,
            currency=line.currency,
            state=State.PLACED,
            tech_fee_bps=settings.ALLIANCE["TECH_FEE_BPS"],
            tech_fee_base=settings.ALLIANCE["TECH_FEE_BASE"],
            placed_at=line.order.placed_at,
            **rates,
        )

    shared = {
        "rate_bps": decision.rate_bps,
        "share_bps": decision.share_bps + decision.partner_share_bps,
        "partner_bps": decision.partner_share_bps,
    }
    yield payee(
        Role.AFFILIATE,
        decision.affiliate_id,
        attribution=decision,
        special_bps=decision.special_bps,
        subsidies=[terms.as_json() for terms in subsidies],
        **shared,
    )
    if decision.partner_id:
        yield payee(Role.PARTNER, decision.partner_id, **shared)
    if decision.intermediary_id:
        yield payee(
            Role.INTERMEDIARY,
            decision.intermediary_id,
            rate_bps=decision.service_bps,
            share_bps=10_000,
        )


def rates_of(commission: Commission) -> Rates:
    """The rates that were promised, as the formulas want them."""
    return Rates(
        commission_bps=commission.rate_bps,
        share_bps=commission.share_bps,
        partner_bps=commission.partner_bps,
        tech_fee_bps=commission.tech_fee_bps,
        tech_fee_base=TechFeeBase(commission.tech_fee_base),
        special_bps=commission.special_bps,
        subsidies=tuple(
            Subsidy(
                terms.rate_bps,
                Money(terms.cap_minor, commission.currency),
                terms.share_bps,
                terms.merchant_bps,
            )
            for terms in map(SubsidyTerms.from_json, commission.subsidies)
        ),
    )


def worth_of(commission: Commission, base: Money) -> Worth:
    """What the commission is worth on `base`, at its frozen rates."""
    return worth(base, rates_of(commission), Role(commission.role))


def standing_of(commission: Commission, closed: Mapping[str, date]) -> CommissionState:
    """Where it stands, settled included. `closed`: see `settled_through`."""
    last = closed.get(commission.currency)
    if last and commission.settles_in and commission.settles_in <= last:
        return State.SETTLED
    return State(commission.state)


def target_of(
    commission: Commission, line: OrderLine, order: Order, before: CommissionState
) -> tuple[CommissionState, Worth]:
    """What the commission should be, given what is known of the order now. Pure."""
    settled = before == State.SETTLED
    invalid = commission.hold == Hold.BARRED and not settled  # docs/domain.md §7
    nothing = order.state in (OrderState.PLACED, OrderState.VOID) or invalid
    due = worth_of(commission, Money(0, line.currency) if nothing else line.base)
    if settled:
        return State.SETTLED, due
    if order.state == OrderState.VOID or invalid:
        return State.VOID, due
    if order.state == OrderState.PLACED:
        return State.PLACED, due
    # docs/domain.md §4.1: below one minor unit it is void; after receipt it stays, at zero.
    if not due.commission and before not in (State.CONFIRMED, State.FROZEN):
        return State.VOID, due
    if order.state == OrderState.PAID:
        return State.ESTIMATED, due
    return (State.FROZEN if commission.hold == Hold.FROZEN else State.CONFIRMED), due


def _step(
    commission: Commission, line: OrderLine, order: Order, closed: Mapping[str, date]
) -> Step:
    before = standing_of(commission, closed)
    state, due = target_of(commission, line, order, before)
    if commission.revision == 0:
        why = order.state
    elif before == State.UNFUNDED and state != State.UNFUNDED:
        why = "funded"
    elif state == State.VOID and commission.hold == Hold.BARRED and before != State.VOID:
        why = "barred"
    elif before == State.FROZEN and state == State.CONFIRMED:
        why = "released"
    elif state != before:
        why = state.value
    elif due.base.minor < commission.base_minor:
        why = "refund" if line.refunded_minor else "corrected"
    elif line.amount_minor == line.total_minor and due.base.minor > commission.base_minor:
        why = "balance"
    else:
        why = "corrected"
    return Step(commission, line, before, state, due, why)


def _book(steps: Sequence[Step], closed: Mapping[str, date]) -> int:
    if not steps:
        return 0
    accounts = {
        (code, step.line.currency)
        for step in steps
        for code in _guarded(step.commission.merchant_id, step.commission.affiliate_id)
    }
    balances = ledger.lock(accounts)
    _cover(steps, balances)
    steps = [step for step in steps if step.changes]  # what is still uncovered has not moved
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
        if step.state != State.SETTLED:
            commission.state = step.state
        commission.revision += 1
        for name in COMPONENTS:
            setattr(commission, name, _part(step.worth, name))
        _date(step, closed)
    update_many(
        [step.commission for step in steps],
        ["state", "revision", "confirmed_at", "settles_in", *COMPONENTS],
    )
    return len(steps)


def _date(step: Step, closed: Mapping[str, date]) -> bool:
    """A commission settles with the month of the receipt, or the first that is still open."""
    commission = step.commission
    if step.state == State.SETTLED:
        return False
    confirmed_at, settles_in = commission.confirmed_at, None
    if commission.state in (State.CONFIRMED, State.FROZEN):
        confirmed_at = step.line.order.received_at
    if commission.state == State.CONFIRMED:
        last = closed.get(commission.currency)
        month = clock.month_start(clock.business_day(confirmed_at))
        settles_in = max(month, clock.next_month(last)) if last else month
    if (commission.confirmed_at, commission.settles_in) == (confirmed_at, settles_in):
        return False
    commission.confirmed_at, commission.settles_in = confirmed_at, settles_in
    return True


def _redate(steps: Sequence[Step], closed: Mapping[str, date]) -> None:
    """Also where nothing but the day of the receipt was corrected."""
    moved = [step.commission for step in steps if _date(step, closed)]
    update_many(moved, ["confirmed_at", "settles_in"])


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
            commission, currency = step.commission, step.line.currency
            if step.before in (State.PLACED, State.UNFUNDED, State.VOID):
                step.state, step.why = State.UNFUNDED, State.UNFUNDED.value
                step.worth = worth_of(commission, Money(0, currency))
            else:
                step.covered, step.why = False, "rise_unfunded"
                step.worth = worth_of(commission, Money(commission.base_minor, currency))
            cost = step.cost
        left[wallet] -= cost


def _cost(state: str, minor: int) -> int:
    return minor if state in BOOKED else 0


def _guarded(merchant_id: int, affiliate_id: int) -> tuple[str, ...]:
    return (
        chart.wallet(merchant_id),
        chart.reserved(merchant_id),
        chart.pending(affiliate_id),
        chart.frozen(affiliate_id),
        chart.payable(affiliate_id),
        chart.debt(affiliate_id),
    )


PLACES = {
    State.CONFIRMED: chart.pending,
    State.FROZEN: chart.frozen,
    State.SETTLED: chart.payable,
}
BOOKED = (State.ESTIMATED, *PLACES)


def position(commission: Commission, state: str, parts: dict[str, int]) -> dict[str, int]:
    """On which accounts the money for a commission lies in a state (minor units).

    What the merchant pays is reserved first and goes to everybody with the receipt; the platform's
    part of a subsidy is its own expense.
    """
    cost = parts["commission_minor"] + parts["special_fee_minor"] + parts["merchant_subsidy_minor"]
    wallet = chart.wallet(commission.merchant_id)
    if state == State.ESTIMATED:
        return {wallet: -cost, chart.reserved(commission.merchant_id): cost}
    if state not in PLACES:
        return {}
    return {
        wallet: -cost,
        PLACES[State(state)](commission.affiliate_id): parts["net_minor"],
        chart.TECH_FEE: parts["tech_fee_minor"],
        chart.SHARE: parts["platform_minor"],
        chart.SPECIAL_FEE: parts["special_fee_minor"],
        chart.SUBSIDY: parts["merchant_subsidy_minor"] - parts["subsidy_minor"],
    }


def _moves(step: Step) -> list[Move]:
    """From where the money lies to where it should lie."""
    commission, currency = step.commission, step.line.currency
    delta = position(commission, step.state, {n: _part(step.worth, n) for n in COMPONENTS})
    for code, minor in position(
        commission, step.before, {n: getattr(commission, n) for n in COMPONENTS}
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
