"""The kinds of rows in words, and a statement told in steps: from the estimate to the payout."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money
from commissions.models import Statement, StatementKind
from commissions.statements.canonical import FORMS

KINDS = {
    "settled": _("Settled"),
    "corrected": _("Corrected"),
    "frozen": _("Frozen"),
    "released": pgettext_lazy("money held back", "Released"),
    "invalidated": _("Invalidated"),
    "awarded": _("Campaign reward"),
    "award_revised": _("Campaign reward corrected"),
    "debt_repaid": _("Debt repaid"),
    "debt_taken": _("Became debt"),
    "written_off": _("Written off"),
    "withdrawn": _("Withdrawal"),
    "returned": _("Withdrawal returned"),
    "paid": _("Paid out"),
    "moved": _("Other movement"),
    "top_up": _("Top-up received"),
    "reserved": _("Reserved for paid orders"),
    "charged": _("Charged for received orders"),
    "given_back": _("Given back"),
    "campaign_paid": _("Paid into the budget of a campaign"),
    "campaign_back": _("Left of the budget of a campaign"),
    "coupons": _("Coupons of campaigns that buyers used"),
}
ACCOUNTS = {
    "payable": _("Available"),
    "frozen": _("Frozen"),
    "debt": _("Debt"),
    "wallet": _("Wallet"),
    "reserved": _("Reserved"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the waterfall. `kind`: "" or "result"."""

    label: str
    amount: Money
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    steps: tuple[Step, ...]


def accounts(statement: Statement) -> list[tuple[str, Money, Money]]:
    """Name, opening and closing figure of each account on which there was anything."""
    found = []
    for name in FORMS[statement.kind].accounts:
        opening, closing = statement.opening[name], statement.closing[name]
        if opening or closing or name == statement.main_account:
            before, now = (Money(minor, statement.currency) for minor in (opening, closing))
            found.append((str(ACCOUNTS[name]), before, now))
    return found


def waterfall(statement: Statement) -> list[Block]:
    """What led from one figure to the next, without the steps at which nothing happened."""
    sums = _Sums(statement.sums, statement.currency)
    if statement.kind == StatementKind.MERCHANT:
        return [_wallet(statement, sums)]
    blocks = [_earned(sums), _available(statement, sums), _paid(sums)]
    return [block for block in blocks if block.steps]


class _Sums:
    """Sums by kind of row and column, as Money."""

    def __init__(self, sums: Mapping[str, Mapping[str, int]], currency: str) -> None:
        self._sums, self._currency = sums, currency

    def of(self, kind: str, *columns: str) -> Money:
        found = self._sums.get(kind, {})
        return Money(sum(found.get(name, 0) for name in columns), self._currency)

    def by_kind(self, column: str) -> dict[str, Money]:
        return {kind: self.of(kind, column) for kind in KINDS if kind in self._sums}


def _earned(sums: _Sums) -> Block:
    estimated = sums.of("settled", "estimated")
    confirmed = sums.of("settled", "share", "subsidy")
    settled = sums.of("settled", "net")
    steps = [
        Step(gettext("Estimated when the orders were paid"), estimated),
        Step(gettext("Refunded or corrected before the settlement"), confirmed - estimated),
        Step(gettext("Confirmed"), confirmed, "result"),
        Step(gettext("Technical service fee"), settled - confirmed),
        Step(pgettext("amount", "Settled"), settled, "result"),
    ]
    title = gettext("From the estimate to the settlement")
    return Block(title, _told(steps) if estimated or settled else ())


def _available(statement: Statement, sums: _Sums) -> Block:
    steps = [
        Step(gettext("Available before"), statement.opens_with, "result"),
        *(Step(str(KINDS[kind]), amount) for kind, amount in sums.by_kind("payable").items()),
        Step(gettext("Available now"), statement.closes_with, "result"),
    ]
    return Block(gettext("What can be withdrawn"), _told(steps))


def _paid(sums: _Sums) -> Block:
    paid, tax = sums.of("paid", "paid"), sums.of("paid", "tax")
    steps = [
        Step(gettext("Withdrawals paid"), paid + tax),
        Step(gettext("Tax withheld"), -tax),
        Step(gettext("Arrived on your account"), paid, "result"),
    ]
    return Block(gettext("Paid out"), _told(steps) if paid or tax else ())


def _wallet(statement: Statement, sums: _Sums) -> Block:
    steps = [
        Step(gettext("In the wallet before"), statement.opens_with, "result"),
        *(Step(str(KINDS[kind]), amount) for kind, amount in sums.by_kind("wallet").items()),
        Step(gettext("In the wallet now"), statement.closes_with, "result"),
    ]
    return Block(gettext("What moved the wallet"), _told(steps))


def _told(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.amount or step.kind)
