"""Where the money of a commission lies, and how it gets from one place to another."""

from collections.abc import Iterable, Mapping

from alliance.kernel.money import Money
from commissions import chart
from commissions.ledger import Move
from commissions.models import Commission, CommissionState

State = CommissionState

PLACES = {
    State.CONFIRMED: chart.pending,
    State.FROZEN: chart.frozen,
    State.SETTLED: chart.payable,
}
BOOKED = (State.ESTIMATED, *PLACES)


def guarded_accounts(
    merchant_id: int, affiliate_id: int, campaign_ids: Iterable[int] = ()
) -> tuple[str, ...]:
    """What has to be locked before a commission of these moves."""
    return (
        *(code for pk in campaign_ids for code in (chart.budget(pk), chart.promised(pk))),
        chart.wallet(merchant_id),
        chart.reserved(merchant_id),
        chart.pending(affiliate_id),
        chart.frozen(affiliate_id),
        chart.payable(affiliate_id),
        chart.debt(affiliate_id),
    )


def position(
    commission: Commission, state: str, parts: Mapping[str, int], given: Mapping[int, int]
) -> dict[str, int]:
    """On which accounts the money for a commission lies in a state (minor units).

    What the merchant pays is reserved first and goes to everybody with the receipt; so does what
    campaigns give (by campaign), out of their budgets; the platform's part of a subsidy is its own
    expense.
    """
    cost = parts["commission_minor"] + parts["special_fee_minor"] + parts["merchant_subsidy_minor"]
    wallet = chart.wallet(commission.merchant_id)
    budgets = {chart.budget(pk): -minor for pk, minor in given.items()}
    if state == State.ESTIMATED:
        promised = {chart.promised(pk): minor for pk, minor in given.items()}
        return {wallet: -cost, chart.reserved(commission.merchant_id): cost, **budgets, **promised}
    if state not in PLACES:
        return {}
    return {
        **budgets,
        wallet: -cost,
        PLACES[State(state)](commission.affiliate_id): parts["net_minor"],
        chart.TECH_FEE: parts["tech_fee_minor"],
        chart.SHARE: parts["platform_minor"],
        chart.SPECIAL_FEE: parts["special_fee_minor"],
        chart.SUBSIDY: (
            parts["merchant_subsidy_minor"] + sum(given.values()) - parts["subsidy_minor"]
        ),
    }


def moves_between(before: Mapping[str, int], after: Mapping[str, int], currency: str) -> list[Move]:
    """The moves that lead from one position to the other."""
    delta = dict(after)
    for code, minor in before.items():
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
