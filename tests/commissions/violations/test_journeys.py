"""A case from its opening to its end, with every fen on the way."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from commissions import tasks
from commissions.ledger import InsufficientFunds
from commissions.models import Commission, ViolationEvent
from commissions.services import payouts, settlements
from commissions.services.violations import violation_release
from commissions.verify import verify
from tests.commissions.violations.conftest import MAY

JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)

# 199.00 at 12 %: 23.88 of the merchant, 19.34 to the affiliate.
PENDING = ("0.00", "19.34", "0.00", "9976.12")
FROZEN = ("19.34", "0.00", "0.00", "9976.12")
GIVEN_BACK = ("0.00", "0.00", "0.00", "10000.00")


def settle(moment):
    with clock.at(moment):
        month = clock.previous_month(clock.business_day())
        return settlements.settlement_run(month=month, currency="CNY")


def test_what_is_released_in_the_second_instance_settles_with_the_next_month(court):
    commission = court.order()
    assert court.balances() == PENDING

    case = court.open(commission)
    assert court.balances() == FROZEN
    with court.after(days=14):
        first = court.appeal(case)
    with court.after(days=20):
        court.answer(first, court.ben, grant=False)
        second = court.appeal(case, "Ask the buyer.")
    settle(JUNE_20)
    assert court.balances() == FROZEN  # May is settled without it
    assert verify() == []

    with clock.at(JUNE_20 + timedelta(days=1)):
        court.answer(second, court.cora, grant=True)
        assert court.balances() == PENDING
    settle(JULY_20)

    assert court.balances() == ("0.00", "0.00", "19.34", "9976.12")
    facts = list(ViolationEvent.objects.values_list("fact", flat=True).order_by("pk"))
    assert facts == ["opened", "appealed", "dismissed", "appealed", "released"]


def test_what_is_upheld_in_the_second_instance_goes_back_to_the_merchant(court):
    case = court.open(court.order())
    court.answer(court.appeal(case), court.ben, grant=False)
    assert court.balances() == FROZEN  # nothing is final yet
    court.answer(court.appeal(case), court.cora, grant=False)

    case.refresh_from_db()
    assert (case.state, case.decided_by) == ("upheld", court.cora)
    assert court.balances() == GIVEN_BACK
    assert Commission.objects.get().state == "void"


def test_without_an_appeal_a_case_is_upheld_when_the_deadline_has_passed(court):
    case = court.open(court.order())
    with court.after(days=14, hours=23):
        tasks.violations_sweep()
        assert court.balances() == FROZEN
    with court.after(days=15):
        tasks.violations_sweep()
        tasks.violations_sweep()

    case.refresh_from_db()
    assert (case.state, case.decided_by) == ("upheld", None)
    assert court.balances() == GIVEN_BACK
    assert list(ViolationEvent.objects.values_list("fact", flat=True)) == ["opened", "expired"]


def test_an_appeal_stops_the_clock(court):
    case = court.open(court.order())
    court.appeal(case)
    with court.after(days=60):
        tasks.violations_sweep()

    case.refresh_from_db()
    assert case.state == "open"
    assert court.balances() == FROZEN


def test_what_was_upheld_by_the_clock_can_be_undone_and_the_merchant_pays_again(court):
    case = court.open(court.order())
    with court.after(days=15):
        tasks.violations_sweep()
    with court.after(days=29):
        violation_release(actor=court.ben, violation=case, words="The log was of another day.")
        tasks.violation_apply(case.pk)

    assert court.balances() == PENDING


def test_a_refund_while_frozen_takes_from_what_is_frozen(court):
    case = court.open(court.order())
    court.cast.refunded("50.00")
    assert court.balances() == ("14.48", "0.00", "0.00", "9982.12")
    assert verify() == []

    court.answer(court.appeal(case), court.ben, grant=True)
    assert court.balances() == ("0.00", "14.48", "0.00", "9982.12")


def test_what_is_only_paid_is_marked_and_lands_frozen_on_receipt(court):
    court.order(received=False)
    commission = Commission.objects.get()
    court.open(commission)
    commission.refresh_from_db()
    assert (commission.state, commission.hold) == ("estimated", "frozen")
    assert verify() == []

    with clock.at(MAY + timedelta(days=9)):
        court.cast.received("T1", placed_at=commission.placed_at, paid_at=commission.placed_at)
    assert court.balances() == FROZEN


def test_settled_money_is_left_alone(court):
    court.order("T1")
    court.order("T2", received=False)
    settle(JUNE_20)
    with clock.at(JUNE_20 + timedelta(days=1)):
        court.open(court.cast.affiliate)
        assert [c.hold for c in Commission.objects.order_by("pk")] == ["", "frozen"]
        assert court.balances() == ("0.00", "0.00", "19.34", "9952.24")


def test_an_account_case_freezes_everything_and_what_comes_in_meanwhile(court):
    court.order("T1")
    court.order("T2")
    click = court.cast.click()
    case = court.open(court.cast.affiliate)
    assert court.balances() == ("38.68", "0.00", "0.00", "9952.24")

    court.order("T3", at=clock.now() + timedelta(hours=1), click_id=click)  # clicked before
    assert court.balances() == ("58.02", "0.00", "0.00", "9928.36")
    court.cast.affiliate.refresh_from_db()
    assert court.cast.affiliate.state == "frozen"

    court.answer(court.appeal(case), court.ben, grant=True)
    court.cast.affiliate.refresh_from_db()
    assert court.cast.affiliate.state == "active"
    assert court.balances() == ("0.00", "58.02", "0.00", "9928.36")


def test_where_the_consequence_is_a_freeze_the_money_goes_on_at_its_end(court):
    case = court.open(court.order(), consequence="freeze", days=40)
    with court.after(days=15):
        tasks.violations_sweep()
        assert court.balances() == FROZEN
    with court.after(days=40):
        tasks.violations_sweep()

    case.refresh_from_db()
    assert (case.state, case.hold) == ("upheld", "")
    assert court.balances() == PENDING


def test_where_the_consequence_is_points_the_money_goes_on_with_the_decision(court):
    court.open(court.order(), consequence="points", severity="general", points=6)
    with court.after(days=15):
        tasks.violations_sweep()

    assert court.balances() == PENDING


def test_frozen_money_cannot_be_withdrawn(court):
    court.order()
    court.open(court.order("T2"))
    settle(JUNE_20)
    with clock.at(JUNE_20 + timedelta(days=2)):
        payouts.payee_set(
            actor=court.cast.lin,
            affiliate=court.cast.affiliate,
            holder="Lin",
            institution="ICBC",
            number="12345678",
        )
        with pytest.raises(InsufficientFunds):
            payouts.payout_request(
                actor=court.cast.lin,
                affiliate=court.cast.affiliate,
                amount=court.cast.balance(f"affiliate:{court.cast.affiliate.pk}:payable") * 2,
            )
    assert court.balances() == ("19.34", "0.00", "19.34", "9952.24")


def test_the_monthly_settlement_first_lets_the_money_follow_its_cases(court):
    case = court.open(court.order(), follow=False)  # the worker's message was lost
    court.appeal(case)
    with clock.at(JUNE_20):
        tasks.settlement_monthly()

    assert court.balances() == FROZEN
