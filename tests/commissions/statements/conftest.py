"""Two settled months of the cast, with a refund, a withdrawal and a statement for each."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions.services import payouts, settlements
from commissions.services.statements import statements_issue
from commissions.verify import verify
from tests.cast import Cast, cast_make
from tests.rows import once

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)


def settle(moment: datetime):
    """Settle the month before, and issue its statements."""
    with clock.at(moment):
        month = clock.previous_month(clock.business_day())
        settlement = settlements.settlement_run(month=month, currency="CNY")
        statements_issue(settlement)
    return settlement


def sell(cast: Cast, number: str, moment: datetime) -> None:
    """Sold, and five days later received."""
    with clock.at(moment):
        cast.sold(number)
    with clock.at(moment + timedelta(days=5)):
        cast.received(number)


def pay_out(cast: Cast, amount: str, moment: datetime) -> None:
    with clock.at(moment):
        if not cast.affiliate.payee_accounts.exists():
            payouts.payee_set(
                actor=cast.lin,
                affiliate=cast.affiliate,
                holder="Lin Xiaomei",
                institution="ICBC",
                number="6222 0231 0004 5678 912",
            )
        payout = payouts.payout_request(
            actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount)
        )
        payouts.payout_release(actor=cast.finance, payout=payout)
        payout = payouts.payout_claim(payout_pk=payout.pk)
        payouts.payout_mark_paid(payout=payout, rail_ref="BANK-77", actor=cast.finance2)


def begun() -> Cast:
    with clock.at(MAY - timedelta(days=1)):
        return cast_make()


def two_months() -> Cast:
    cast = begun()
    sell(cast, "T1", MAY)
    sell(cast, "T2", MAY + timedelta(hours=1))
    settle(JUNE_20)
    pay_out(cast, "19.00", JUNE_20 + timedelta(days=2))
    sell(cast, "T3", JUNE)
    with clock.at(JUNE_20 + timedelta(days=3)):
        cast.refunded("50.00", "T1", "R7")
    settle(JULY_20)
    return cast


@pytest.fixture
def proved():
    """The books verify at the end."""
    yield
    with clock.at(JULY_20 + timedelta(days=1)):
        assert verify() == []


@pytest.fixture
def cast(proved):
    """Before anything was sold."""
    return begun()


@pytest.fixture
def told(proved):
    """May: T1 and T2 are settled. Then 19.00 are paid out, T1 is refunded in part, T3 sold."""
    return once(two_months)
