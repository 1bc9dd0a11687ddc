"""Every lock of the books, held by us while somebody else has to wait for it. Without the lock
nobody waits, or what they find afterwards is wrong (tests/mutants/bugs/locks.py)."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.money import cny
from commissions import chart, ledger, pipeline
from commissions.ledger import Move, PeriodClosed
from commissions.models import Entry
from commissions.services import payouts, periods, settlements
from commissions.verify import verify
from tests.cast import Cast, cast_make
from tests.commissions.test_races import waits_for_us

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)


def held(service, **facts):
    """The service inside our transaction, so that its locks stay until we let go."""
    return service.__wrapped__(**facts)


@pytest.fixture
def cast() -> Cast:
    """T1, received in May, is worth 19.34 to the affiliate."""
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    with clock.at(MAY):
        cast.sold("T1")
        cast.received("T1")
    return cast


def post_a_fen(number: int = 1) -> None:
    with clock.at(MAY):
        move = Move(cny("0.01"), debit=chart.SHARE, credit=chart.CASH)
        ledger.post(key=f"test:{number}:posted", moves=[move])


def close_may() -> None:
    with clock.at(JUNE_20):
        periods.period_close(month=MAY.date())


def test_a_month_is_not_closed_while_an_entry_is_posted_into_it(cast):
    with transaction.atomic():
        post_a_fen()
        closing = waits_for_us(close_may)
    closing.result()

    with pytest.raises(PeriodClosed):
        post_a_fen(2)


def test_an_entry_waits_for_a_month_that_is_being_closed_and_is_refused(cast):
    with clock.at(JUNE_20), transaction.atomic():
        held(periods.period_close, month=MAY.date())
        posting = waits_for_us(post_a_fen)
    with pytest.raises(PeriodClosed):
        posting.result()
    assert not Entry.objects.filter(key="test:1:posted").exists()
    assert verify() == []


def settle_may() -> None:
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")


def test_a_settlement_waits_for_orders_that_are_being_priced(cast):
    """Also for those that change nothing: who knows that before they are done."""
    pks = list(cast.shop.orders.values_list("pk", flat=True))
    with transaction.atomic():
        pipeline.orders_process(pks)
        settlement = waits_for_us(settle_may)
    settlement.result()
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    assert verify() == []


def test_orders_wait_for_a_settlement_that_is_being_closed(cast):
    pks = list(cast.shop.orders.values_list("pk", flat=True))
    with clock.at(JUNE_20), transaction.atomic():
        may = settlements.settlement_open(month=MAY.date(), currency="CNY")
        held(settlements.settlement_close, settlement=settlements.settlement_build(settlement=may))
        pricing = waits_for_us(lambda: pipeline.orders_process(pks))
    assert pricing.result() == 0
    assert verify() == []


def test_of_two_withdrawals_at_once_the_second_is_told_of_the_first(cast):
    settle_may()

    def withdraw():
        with clock.at(JUNE_20 + timedelta(days=1)):
            payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("1.00"))

    with clock.at(JUNE_20 + timedelta(days=1)), transaction.atomic():
        held(payouts.payout_request, actor=cast.lin, affiliate=cast.affiliate, amount=cny("18.34"))
        second = waits_for_us(withdraw)
    with pytest.raises(WrongState):
        second.result()
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("1.00")
    assert verify() == []


def test_what_comes_back_repays_the_first_debt_that_began_while_it_waited(cast):
    """The account of the debt is made while the lock is waited for: it takes a second look."""
    settle_may()
    june_21 = JUNE_20 + timedelta(days=1)
    with clock.at(june_21):
        payout = payouts.payout_request(
            actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34")
        )

    def fail():
        with clock.at(june_21):
            payouts.payout_fail(payout=payout, reason="no", actor=cast.finance)

    with clock.at(june_21), transaction.atomic():
        cast.refunded("199.00", "T1")
        failing = waits_for_us(fail)
    failing.result()

    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert verify() == []


def test_a_settlement_repays_what_is_owed_when_it_gets_the_lock(cast):
    """A debt of 19.34, of which somebody lets 10.00 go at that very moment."""
    settle_may()
    with clock.at(JUNE_20 + timedelta(days=1)):
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))
        cast.refunded("199.00", "T1")
        cast.sold("T2")
        cast.received("T2")
    debt = chart.debt(cast.affiliate.pk)
    assert cast.balance(debt) == cny("-19.34")

    def settle():
        with clock.at(JULY_20):
            settlements.settlement_run(month=date(2026, 6, 1), currency="CNY")

    with clock.at(JULY_20), transaction.atomic():
        move = Move(cny("10.00"), debit=chart.WRITE_OFF, credit=debt)
        ledger.post(key="test:1:let_go", moves=[move])
        settlement = waits_for_us(settle)
    settlement.result()

    assert cast.balance(debt) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("10.00")
