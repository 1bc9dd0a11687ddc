"""A pre-sale: the deposit counts until the balance is paid (docs/domain.md §4.1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import chart, receipts
from commissions.models import Commission, CommissionState
from commissions.pipeline import orders_process
from commissions.verify import verify
from tests.cast import Cast, cast_make

pytestmark = pytest.mark.django_db(transaction=True)


def deposit(cast: Cast, number: str = "T1", **changes) -> Commission:
    """20.00 of 199.00 are paid."""
    report = cast.report(number, click_id=cast.click())
    line = replace(report.lines[0], deposit_minor=2000)
    now = clock.now()
    facts = {"lines": (line,), "paid_at": None, "deposit_paid_at": now, "state": "placed"}
    cast.record(replace(report, **{**facts, **changes}))
    return cast.commission(number)


def balance(cast: Cast, number: str = "T1") -> Commission:
    cast.record(replace(cast.report(number), lines=()))
    return cast.commission(number)


def words(commission: Commission) -> str:
    row = Commission.objects.standing().get(pk=commission.pk)
    return receipts.reason(row) + " " + receipts.waterfall(row).steps[0].how


def test_the_deposit_counts_then_the_whole_price(make_cast):
    cast = make_cast()
    commission = deposit(cast)
    assert (commission.state, commission.base_minor) == (CommissionState.ESTIMATED, 2000)
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("2.40")  # 12 % of 20.00
    assert "¥199.00" in words(commission)

    commission = balance(cast)
    assert (commission.state, commission.base_minor) == (CommissionState.ESTIMATED, 19900)
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("23.88")
    assert commission.lines.last().receipt["why"] == "balance"
    assert cast.received().net_minor == 1934
    assert verify() == []


def test_a_deposit_given_back_before_the_receipt_voids_it(make_cast):
    cast = make_cast()
    deposit(cast)
    commission = cast.refunded("20.00", paid_at=None)
    assert (commission.state, commission.net_minor) == (CommissionState.VOID, 0)
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("0.00")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")
    assert verify() == []


def test_a_balance_that_is_not_paid_voids_it_and_says_so(make_cast):
    cast = make_cast()
    deposit(cast)
    commission = deposit(cast, state="void", lines=())
    assert commission.state == CommissionState.VOID
    assert words(commission).startswith("Void: the balance of the pre-sale was never paid.")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")
    assert verify() == []


def test_a_rise_beyond_the_wallet_waits_with_the_deposit_booked(make_cast):
    cast = make_cast(wallet="10.00")
    deposit(cast)
    commission = balance(cast)
    assert commission.base_minor == 2000
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("7.60")
    assert verify() == []

    cast.top_up("100.00")
    orders_process([commission.line.order_id])
    commission.refresh_from_db()
    assert commission.base_minor == 19900
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("86.12")
    assert verify() == []


@pytest.fixture
def make_cast():
    """The cast, a day ago."""
    start = clock.now()
    with clock.at(start):

        def make(**facts) -> Cast:
            with clock.at(start - timedelta(days=1)):
                return cast_make(**facts)

        yield make
