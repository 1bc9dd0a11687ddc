"""What each refund cost whom (docs/domain.md §4.3), worked out anew each time it is asked.

Nothing of it is stored: the refunds of an order line are replayed in the order in which they were
taken off, and the difference that one makes is what its base was worth before and after, by the
function that books (`commissions.formulas.worth`). So the differences add up to what was booked.
A refund of an order that was called off costs nothing by itself: there is nothing due any more.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel.money import Money
from commissions import chart, ledger
from commissions.formulas import Role, worth
from commissions.models import (
    Commission,
    CommissionState,
    DebtWriteOff,
    Hold,
    WriteOffState,
)
from commissions.queries.refunds import (
    commissions_of_lines,
    refunds_after_settlement,
    refunds_of_lines,
    write_offs_borne,
)
from commissions.targets import rates_of, worth_of
from merchants.models import OrderLine, OrderState, Refund, RefundState


class RefundStatus(IntEnum):
    """The wire codes."""

    SUCCEEDED = 2
    FAILED = 3
    CREATED = 4
    SEVERAL_PENDING = 11
    TO_DEDUCT = 12
    DEDUCTED = 13
    TO_CHARGE_MERCHANT = 14
    MERCHANT_CHARGED = 15

    @property
    def label(self) -> Any:
        return _LABELS[self]

    @property
    def colour(self) -> str:
        """The state of another thing that has the same colour."""
        if self in (RefundStatus.TO_DEDUCT, RefundStatus.TO_CHARGE_MERCHANT):
            return "unfunded"
        pending = self in (RefundStatus.CREATED, RefundStatus.SEVERAL_PENDING)
        return "requested" if pending else "ended"


_LABELS = {
    RefundStatus.SUCCEEDED: _("Taken off before the settlement"),
    RefundStatus.FAILED: _("Failed or withdrawn"),
    RefundStatus.CREATED: _("Requested"),
    RefundStatus.SEVERAL_PENDING: _("Several requested"),
    RefundStatus.TO_DEDUCT: _("To be repaid"),
    RefundStatus.DEDUCTED: _("Repaid"),
    RefundStatus.TO_CHARGE_MERCHANT: _("To be borne by the merchant"),
    RefundStatus.MERCHANT_CHARGED: _("Borne by the merchant"),
}


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """One refund of an order line, and what it takes from one payee.

    `commission` is net of the technical service fee, which is given back beside it.
    """

    refund: Refund
    payee: Commission
    status: RefundStatus
    commission: Money
    tech_fee: Money
    subsidy: Money
    agent: Money  # what it takes from the partner

    @property
    def net(self) -> Money:
        """What the payee loses."""
        return self.commission + self.subsidy

    @property
    def whole(self) -> Money:
        """Payee and fee together: what is to be given back."""
        return self.net + self.tech_fee

    def wire(self) -> dict[str, Any]:
        """As the trade's refund report says it: amounts in major units. `tb_trade_id` is our number
        of the line, as in its report of orders."""
        line, order = self.payee.line, self.payee.line.order
        nothing = Money(0, self.refund.currency).plain
        return {
            "refund_suit_id": self.refund.external_id,
            "tb_trade_parent_id": order.external_id,
            "tb_trade_id": line.pk,
            "item_title": line.title,
            "refund_status": int(self.status),
            "refund_fee": Money(self.refund.amount_minor, self.refund.currency).plain,
            "tb_trade_finish_price": Money(line.amount_minor, line.currency).plain,
            "pub_share_fee": Money(
                self.payee.publisher_minor + self.payee.subsidy_minor, line.currency
            ).plain,
            "tk_commission_fee_refund": self.commission.plain,
            "tk_subsidy_fee_refund": self.subsidy.plain,
            "tk_commission_alimm_refund_fee": self.tech_fee.plain,
            "tk_subsidy_alimm_refund_fee": nothing,
            "tk_commission_agent_refund_fee": self.agent.plain,
            "tk_subsidy_agent_refund_fee": nothing,
            "show_return_fee": self.whole.plain,
            "tb_trade_create_time": self.payee.placed_at,
            "earning_time": self.payee.settled_at,
            "tk_refund_time": self.refund.requested_at or self.refund.created_at,
            "tk_refund_suit_time": self.refund.applied_at,
            "modified_time": max(
                moment
                for moment in (
                    self.refund.created_at,
                    self.refund.requested_at,
                    self.refund.applied_at,
                    self.refund.failed_at,
                )
                if moment
            ),
        }


def records_of(affiliate: Affiliate, refunds: Sequence[Refund]) -> list[RefundRecord]:
    """The affiliate's record of each of these refunds, in their order. A handful of statements.

    An affiliate that has several parts in an order line has a record for each.
    """
    lines = {refund.line_id for refund in refunds if refund.line_id}
    payees: dict[int, list[Commission]] = defaultdict(list)
    for payee in commissions_of_lines(lines, affiliate):
        payees[payee.line_id].append(payee)
    steps = _replay(lines, {pk: rows[0].line for pk, rows in payees.items()})
    statuses = _statuses(affiliate, {payee.currency for rows in payees.values() for payee in rows})
    pending: dict[int, int] = defaultdict(int)
    for row in refunds_of_lines(lines, RefundState.REQUESTED):
        pending[row.line_id or 0] += 1
    return [
        _record(refund, payee, steps, statuses, pending[payee.line_id])
        for refund in refunds
        for payee in payees[refund.line_id or 0]
    ]


def came_back(line: OrderLine, payees: Iterable[Commission]) -> dict[int, Money]:
    """By refund: what it brought back to the merchant's wallet, of the commissions of a line."""
    steps = _replay({line.pk}, {line.pk: line})
    payees = list(payees)
    back = {}
    for pk, (before, after) in steps.items():
        total = Money(0, line.currency)
        for payee in payees:
            if _counts(payee, line):
                total += worth_of(payee, before).cost - worth_of(payee, after).cost
        back[pk] = total
    return back


def _replay(
    line_pks: Iterable[int], lines: Mapping[int, OrderLine]
) -> dict[int, tuple[Money, Money]]:
    """By refund: what was left of its line before and after it, in the order of taking off."""
    left = {pk: Money(line.amount_minor, line.currency) for pk, line in lines.items()}
    steps = {}
    for refund in refunds_of_lines(line_pks, RefundState.APPLIED):
        if refund.line_id in left:
            before = left[refund.line_id]
            after = before - Money(refund.amount_minor, refund.currency)
            steps[refund.pk], left[refund.line_id] = (before, after), after
    return steps


def _counts(payee: Commission, line: OrderLine) -> bool:
    """Whether anything is booked, or was until the refund took all of it."""
    if line.order.state == OrderState.VOID or payee.hold == Hold.BARRED:
        return False
    return payee.state not in (CommissionState.PLACED, CommissionState.UNFUNDED)


def _record(
    refund: Refund,
    payee: Commission,
    steps: Mapping[int, tuple[Money, Money]],
    statuses: Mapping[int, RefundStatus],
    pending: int,
) -> RefundRecord:
    nothing = Money(0, refund.currency)
    before, after = steps.get(refund.pk, (nothing, nothing))
    if not _counts(payee, payee.line):
        before = after
    was, now = worth_of(payee, before), worth_of(payee, after)
    agent = nothing
    if payee.role == Role.AFFILIATE and payee.partner_bps:
        agent = _partners(payee, before) - _partners(payee, after)
    return RefundRecord(
        refund=refund,
        payee=payee,
        status=_status(refund, statuses, pending),
        commission=(was.publisher - was.tech_fee) - (now.publisher - now.tech_fee),
        tech_fee=was.tech_fee - now.tech_fee,
        subsidy=was.subsidy - now.subsidy,
        agent=agent,
    )


def _partners(payee: Commission, base: Money) -> Money:
    """What the partners of the affiliate have of it."""
    nothing = Money(0, payee.currency)
    dues = (worth(base, rates_of(payee), role) for role in (Role.PARTNER, Role.SECOND))
    return sum((due.publisher - due.tech_fee for due in dues), nothing)


# --- Where it stands ------------------------------------------------------------------------------


def _status(refund: Refund, statuses: Mapping[int, RefundStatus], pending: int) -> RefundStatus:
    if refund.state == RefundState.FAILED:
        return RefundStatus.FAILED
    if refund.state == RefundState.APPLIED:
        return statuses.get(refund.pk, RefundStatus.SUCCEEDED)
    return RefundStatus.SEVERAL_PENDING if pending > 1 else RefundStatus.CREATED


def _statuses(affiliate: Affiliate, currencies: Iterable[str]) -> dict[int, RefundStatus]:
    """Of the refunds after settlement, by key: what of them is still owed, repaid, or borne by
    somebody else. A debt is repaid in the order in which it arose, so the newest are still owed."""
    found: dict[int, RefundStatus] = {}
    for currency in sorted(currencies):
        rows = refunds_after_settlement(affiliate, currency)
        cost = _costs(rows)
        found |= dict.fromkeys((row.pk for row in rows), RefundStatus.DEDUCTED)
        borne: list[int] = []
        for write_off in write_offs_borne(affiliate, currency):
            mine = [row for row in rows if row.pk not in borne and _theirs(row, write_off)]
            taken = _newest(mine, cost, write_off.amount_minor)
            borne += taken
            found |= dict.fromkeys(taken, _BORNE[write_off.state == WriteOffState.DONE])
        owed = -ledger.balance(chart.debt(affiliate.pk), currency).minor
        rest = [row for row in rows if row.pk not in borne]
        found |= dict.fromkeys(_newest(rest, cost, owed), RefundStatus.TO_DEDUCT)
    return found


_BORNE = {False: RefundStatus.TO_CHARGE_MERCHANT, True: RefundStatus.MERCHANT_CHARGED}


def _theirs(row: Refund, write_off: DebtWriteOff) -> bool:
    """A refund of the merchant that bears it, and that was there when it was asked for."""
    line, at = row.line, row.applied_at
    return bool(
        line
        and at
        and line.order.merchant_id == write_off.merchant_id
        and at <= write_off.created_at
    )


def _newest(rows: Sequence[Refund], cost: Mapping[int, int], minor: int) -> list[int]:
    """The newest of the rows (newest first) that together make up the amount."""
    taken = []
    for row in rows:
        if minor <= 0:
            break
        if cost.get(row.pk):
            taken.append(row.pk)
            minor -= cost[row.pk]
    return taken


def _costs(rows: Sequence[Refund]) -> dict[int, int]:
    """By refund: what it took from the payee whose settled commissions are attached to the row."""
    lines = {row.line_id: row.line for row in rows if row.line_id and row.line}
    steps = _replay(lines.keys(), lines)
    costs: dict[int, int] = defaultdict(int)
    for row in rows:
        before, after = steps[row.pk]
        for payee in row.settled_payees:  # type: ignore[attr-defined]
            if _counts(payee, row.line):  # type: ignore[arg-type]
                costs[row.pk] += (worth_of(payee, before).net - worth_of(payee, after).net).minor
    return costs
