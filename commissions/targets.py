"""What a commission should be: a function of its order, its frozen rates and the settled months."""

from collections.abc import Mapping
from datetime import date

from django.db import connection
from django.db.models import Max

from alliance.kernel.money import Money
from campaigns.subsidies import SubsidyTerms
from commissions.formulas import Rates, Role, Subsidy, TechFeeBase, Worth, worth
from commissions.models import Commission, CommissionState, Hold, Settlement, SettlementState
from commissions.models.commission import COMPONENTS
from merchants.models import Order, OrderLine, OrderState

State = CommissionState


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


def rates_of(commission: Commission) -> Rates:
    """The rates that were promised, as the formulas want them."""
    return Rates(
        commission_bps=commission.rate_bps,
        share_bps=commission.share_bps,
        partner_bps=commission.partner_bps,
        second_bps=commission.second_bps,
        tech_fee_bps=commission.tech_fee_bps,
        tech_fee_base=TechFeeBase(commission.tech_fee_base),
        special_bps=commission.special_bps,
        subsidies=tuple(subsidy for _terms, subsidy in subsidies_of(commission)),
    )


def subsidies_of(commission: Commission) -> list[tuple[SubsidyTerms, Subsidy]]:
    """What was promised on top: whose it is, and as the formulas want it."""
    return [
        (
            terms,
            Subsidy(
                terms.rate_bps,
                Money(terms.cap_minor, commission.currency),
                terms.share_bps,
                terms.merchant_bps,
            ),
        )
        for terms in map(SubsidyTerms.from_json, commission.subsidies)
    ]


def given_of(commission: Commission, base: Money) -> dict[int, int]:
    """By campaign: what it pays of the commission on `base` (minor units)."""
    return {
        terms.campaign_id: subsidy.on(base).minor
        for terms, subsidy in subsidies_of(commission)
        if terms.campaign_id is not None
    }


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


def parts_of(due: Worth) -> dict[str, int]:
    """The worth under the names of the commission's columns (minor units)."""
    return {name: getattr(due, name.removesuffix("_minor")).minor for name in COMPONENTS}


def parts_booked(commission: Commission) -> dict[str, int]:
    """What is booked of it so far (minor units)."""
    return {name: getattr(commission, name) for name in COMPONENTS}
