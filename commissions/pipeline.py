"""From orders to booked commissions: attribute, price, book the difference.

One order and a hundred thousand take the same road, in batches; a single order is a batch of one.
What a commission should be is a pure function of its order's present state; what is booked is the
sum of its lines; only the difference is posted. So late refunds, corrected reports, redelivered
messages and re-runs are one code path (docs/road-of-an-order.md).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F

from affiliates.attribution import attribute
from affiliates.buyers import claim_code
from affiliates.drain import drain
from affiliates.models import Attribution
from alliance.kernel import clock
from alliance.kernel.bulk import insert_many, update_many
from alliance.kernel.money import Money
from campaigns.engine import Rewards, rewards_for
from campaigns.limits import Limits
from campaigns.models import Grant
from campaigns.redemption import coupons_use
from campaigns.subsidies import in_force
from commissions import chart, debts, grants, ledger
from commissions.formulas import Role, Worth
from commissions.happenings import commissions_tell
from commissions.ledger import Move
from commissions.models import Commission, CommissionLine, CommissionState, Hold
from commissions.models.commission import COMPONENTS
from commissions.parties import payees_of
from commissions.positions import BOOKED, guarded_accounts, moves_between, position
from commissions.services.coupons import coupons_settle
from commissions.targets import (
    parts_booked,
    parts_of,
    rates_of,
    settled_through,
    standing_of,
    target_of,
    worth_of,
)
from commissions.violations import holds_of
from merchants.models import Merchant, Order, OrderLine, OrderState, Product
from merchants.services.top_ns import pieces_give_back

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
    grants: list[Grant] = field(default_factory=list)  # what campaigns add, to the affiliate's own
    covered: bool = True
    cut: bool = False

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
            or parts_of(self.worth) != parts_booked(commission)
        )


def orders_process(order_pks: Iterable[int]) -> int:
    """Bring the commissions of these orders up to date with what is known of them.

    Safe to call at any time, any number of times, from any number of processes. Returns how many
    commissions changed. Each batch of orders is one transaction and at most one ledger entry.
    """
    drain()  # no order is looked at before its click is
    pks = sorted(set(order_pks))
    changed = 0
    for i in range(0, len(pks), BATCH):
        booked, with_coupons = _process(pks[i : i + BATCH])
        changed += booked
        if with_coupons:
            coupons_settle(with_coupons)
    return changed


@transaction.atomic
def _process(pks: Sequence[int]) -> tuple[int, list[int]]:
    """How many commissions changed, and the orders that name a claimed coupon."""
    # Lock order: the settlement (shared), orders, claims, first pieces, campaigns, commissions,
    # balances; by primary key.
    closed = settled_through(lock=True)
    orders = {
        order.pk: order
        for order in Order.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    }
    lines = _lines(orders)
    coupons_use(orders.values(), lines)
    pieces_give_back(lines)
    decisions = attribute(lines)
    if void := [line for line in lines if line.order.state == OrderState.VOID]:
        pieces_give_back(void)  # of orders that were void before anybody decided on them
    commissions, rewards = _commissions(lines, decisions)
    _hold([one for found in commissions.values() for one in found], closed)
    steps = [
        _step(commission, line, orders[line.order_id], closed, rewards)
        for line in lines
        for commission in commissions[line.pk]
    ]
    booked = _book([step for step in steps if step.changes], closed, rewards.limits)
    _redate(steps, closed)
    waiting = {step.line.order_id for step in steps if not step.covered}
    Order.objects.filter(pk__in=orders.keys() - waiting).update(processed_version=F("version"))
    return booked, [order.pk for order in orders.values() if claim_code(order.coupon_code)]


def _lines(orders: Mapping[int, Order]) -> list[OrderLine]:
    """The orders' lines with order, merchant, product and category: each of these read once."""
    lines = list(OrderLine.objects.filter(order__in=orders).order_by("order_id", "pk"))
    merchants = Merchant.objects.in_bulk({order.merchant_id for order in orders.values()})
    products = Product.objects.select_related("category").in_bulk(
        {line.product_id for line in lines if line.product_id}
    )
    for order in orders.values():
        order.merchant = merchants[order.merchant_id]
    for line in lines:
        line.order = orders[line.order_id]
        line.product = products[line.product_id] if line.product_id else None
    return lines


def _commissions(
    lines: Sequence[OrderLine], decisions: dict[int, Attribution]
) -> tuple[Mapping[int, list[Commission]], Rewards]:
    """By line: each payee's commission, locked; made, with frozen rates, where missing.

    And what campaigns have granted to the lines.
    """
    known = set(Commission.objects.filter(line__in=lines).values_list("line_id", flat=True))
    fresh = [line for line in lines if decisions[line.pk].affiliate_id and line.pk not in known]
    subsidies = in_force(fresh)
    rewards = rewards_for(lines, decisions, fresh)
    made = insert_many(
        commission
        for line in fresh
        for commission in payees_of(
            line, decisions[line.pk], subsidies.get(line.pk, []), rewards.fresh.get(line.pk, [])
        )
    )
    insert_many(one for granted in rewards.fresh.values() for one in granted)
    found: dict[int, list[Commission]] = defaultdict(list)
    locked = Commission.objects.select_for_update().filter(line__in=known).order_by("pk")
    for commission in (*locked, *made):  # what was made is locked, too: nobody else sees it yet
        found[commission.line_id].append(commission)
    return found, rewards


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


def _step(
    commission: Commission,
    line: OrderLine,
    order: Order,
    closed: Mapping[str, date],
    rewards: Rewards,
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
    extras = rewards.of(line.pk) if commission.role == Role.AFFILIATE else []
    return Step(commission, line, before, state, due, why, extras)


def _book(steps: Sequence[Step], closed: Mapping[str, date], limits: Limits) -> int:
    if not steps:
        return 0
    accounts = {
        (code, step.line.currency)
        for step in steps
        for code in guarded_accounts(
            step.commission.merchant_id,
            step.commission.affiliate_id,
            [grant.campaign_id for grant in step.grants],
        )
    }
    balances = ledger.lock(accounts)
    before = {step.commission.pk: grants.booked(step.grants) for step in steps}
    _cover(steps, balances, limits)
    steps = [step for step in steps if step.changes]  # what is still uncovered has not moved
    moves = [move for step in steps for move in _moves(step, before[step.commission.pk])]
    moves = ledger.net(debts.through_debt(ledger.net(moves), balances))
    entry_id = None
    if moves:
        facts = ",".join(f"{s.commission.pk}.{s.commission.revision + 1}" for s in steps)
        digest = hashlib.sha256(facts.encode()).hexdigest()[:32]
        entry_id = ledger.post(key=f"commissions:{digest}:booked", moves=moves).entry_id
    insert_many(_line(step, entry_id) for step in steps)
    for step in steps:
        commission = step.commission
        if step.state != State.SETTLED:
            commission.state = step.state
        commission.revision += 1
        for name, minor in parts_of(step.worth).items():
            setattr(commission, name, minor)
        _date(step, closed)
    update_many(
        [step.commission for step in steps],
        ["state", "revision", "confirmed_at", "settles_in", *COMPONENTS],
    )
    update_many([step.commission for step in steps if step.cut], ["subsidies"])
    update_many(
        [grant for step in steps for grant in step.grants],
        ["amount_minor", "cap_minor", "active", "why"],
    )
    commissions_tell((step.commission, step.before, step.state, step.why) for step in steps)
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


def _cover(steps: Sequence[Step], balances: Mapping[tuple[str, str], int], limits: Limits) -> None:
    """Let the merchant's wallet say how far it reaches, in the order of the steps; then campaigns.

    What frees money goes first. A new commission that is not covered waits, unfunded, until the
    next top-up; a rise of a booked one keeps the booked figure and stays in the queue. Where a
    campaign does not reach, the commission is booked with less of it.
    """
    for step in steps:
        for grant in step.grants:
            code = (chart.budget(grant.campaign_id), step.line.currency)
            limits.budget[grant.campaign_id] = balances[code]
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
        if step.grants:
            _fit(step, limits)


def _fit(step: Step, limits: Limits) -> None:
    commission, base = step.commission, step.worth.base
    step.cut = grants.fit(commission, step.grants, step.line, step.state, base, limits)
    if step.cut:
        step.worth = worth_of(commission, base)


def _cost(state: str, minor: int) -> int:
    return minor if state in BOOKED else 0


def _moves(step: Step, given: Mapping[int, int]) -> list[Move]:
    """From where the money lies to where it should lie; `given`: by campaigns, up to now."""
    commission = step.commission
    return moves_between(
        position(commission, step.before, parts_booked(commission), given),
        position(commission, step.state, parts_of(step.worth), grants.booked(step.grants)),
        step.line.currency,
    )


def _line(step: Step, entry_id: int | None) -> CommissionLine:
    commission = step.commission
    before = parts_booked(commission)
    return CommissionLine(
        commission=commission,
        revision=commission.revision + 1,
        affiliate_id=commission.affiliate_id,
        state=step.state,
        entry_id=entry_id,
        receipt=_receipt(step),
        at=clock.now(),
        **{name: minor - before[name] for name, minor in parts_of(step.worth).items()},
    )


def _receipt(step: Step) -> dict[str, Any]:
    """How the figures came about: inputs, rates, rounded results, and what was booked before."""
    order = step.line.order
    campaigns = [
        {"id": grant.campaign_id, "amount_minor": grant.amount_minor, **grant.why}
        for grant in step.grants
    ]
    return {
        "why": step.why,
        "order": {
            "state": order.state,
            "version": order.version,
            "amount_minor": step.line.amount_minor,
            "refunded_minor": step.line.refunded_minor,
        },
        "rates": rates_of(step.commission).as_json(),
        "worth": parts_of(step.worth),
        "booked_before": parts_booked(step.commission),
        "rounding": "half_up",
        **({"campaigns": campaigns} if campaigns else {}),
    }
