"""Withdrawals: who may, when, how much; money leaves at most once and is seen by four eyes."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from affiliates.services import affiliate_freeze
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions import chart, rails, tasks
from commissions.ledger import InsufficientFunds
from commissions.models import Payout
from commissions.services import payouts, settlements
from commissions.verify import verify
from tests.cast import cast_make
from tests.rows import once

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


def settled():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
    with clock.at(MAY + timedelta(days=5)):
        made.received()
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    with clock.at(JUNE_22):
        payouts.payee_set(
            actor=made.lin,
            affiliate=made.affiliate,
            holder="Lin",
            institution="Alipay",
            number="6222 0000 1234",
        )
    return made


@pytest.fixture
def cast():
    """An affiliate with 19.34 payable, on 22 June."""
    made = once(settled)
    with clock.at(JUNE_22):
        yield made
    assert verify() == []


def request(cast, amount="19.34"):
    return payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount))


def released(cast):
    payout = request(cast)
    payouts.payout_release(actor=cast.finance, payout=payout)
    return payout


def sending(cast):
    payout = released(cast)
    tasks.payout_send(payout.pk)
    payout.refresh_from_db()
    assert payout.state == "sending"
    return payout


def test_a_request_takes_the_money_out_of_what_is_payable(cast):
    request(cast, "10.00")

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("9.34")
    assert cast.balance(chart.IN_FLIGHT) == cny("10.00")


def test_more_than_payable_is_refused_and_nothing_moves(cast):
    with pytest.raises(InsufficientFunds, match="more than you can withdraw"):
        request(cast, "19.35")

    assert not Payout.objects.exists()
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_below_the_minimum_is_refused(cast):
    with pytest.raises(Invalid, match=r"smallest withdrawal is .*1\.00"):
        request(cast, "0.99")


def test_one_withdrawal_at_a_time(cast):
    request(cast, "5.00")
    with pytest.raises(WrongState, match="under way"):
        request(cast, "5.00")


def test_the_settlement_day_is_for_reconciliation(cast):
    with clock.at(JUNE_20), pytest.raises(WrongState, match="settlement day"):
        request(cast)


def test_a_frozen_affiliate_withdraws_nothing(cast):
    affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="Under review")
    with pytest.raises(WrongState, match="not active"):
        request(cast)


def test_a_freeze_after_the_request_holds_the_money(cast):
    payout = request(cast)
    affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="Under review")
    with pytest.raises(WrongState, match="held"):
        payouts.payout_release(actor=cast.finance, payout=payout)

    payout.refresh_from_db()
    assert payout.state == "requested"


def test_without_a_payee_account_there_is_nowhere_to_send_it(cast, sql):
    sql("DELETE FROM commissions_payeeaccount")
    with pytest.raises(Invalid, match="where to send"):
        request(cast)


def test_nobody_releases_their_own_withdrawal(cast):
    payout = request(cast)
    with pytest.raises(NotAllowed):
        payouts.payout_release(actor=cast.lin, payout=payout)
    with pytest.raises(IntegrityError, match="payout_release_four_eyes"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(released_by=cast.lin)


def test_nobody_confirms_what_they_released(cast):
    payout = sending(cast)
    with pytest.raises(NotAllowed):
        payouts.payout_mark_paid(payout=payout, rail_ref="BANK-1", actor=cast.finance)

    payout.refresh_from_db()
    assert payout.state == "sending"


def test_a_confirmed_payout_is_money_gone(cast):
    payout = sending(cast)
    payouts.payout_mark_paid(payout=payout, rail_ref="BANK-1", actor=cast.finance2)

    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref) == ("paid", "BANK-1")
    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")
    assert cast.balance(chart.CASH) == cny("-9980.66")
    assert set(
        AuditEvent.objects.filter(object_type="commissions.payout").values_list("verb", flat=True)
    ) == {"payout.requested", "payout.released", "payout.sending", "payout.paid"}


def test_a_failed_payout_gives_the_money_back_and_can_be_asked_for_again(cast):
    payout = sending(cast)
    payouts.payout_fail(payout=payout, reason="Account closed", actor=cast.finance2)

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    assert request(cast).pk != payout.pk


def test_a_request_can_be_refused_before_release(cast):
    payout = request(cast)
    payouts.payout_fail(payout=payout, reason="Name and account differ", actor=cast.finance)

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_a_finished_payout_stays_finished(cast):
    payout = sending(cast)
    payouts.payout_mark_paid(payout=payout, rail_ref="BANK-1", actor=cast.finance2)
    with pytest.raises(WrongState):
        payouts.payout_mark_paid(payout=payout, rail_ref="BANK-2", actor=cast.finance2)
    with pytest.raises(WrongState):
        payouts.payout_fail(payout=payout, reason="Too late", actor=cast.finance2)

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")


def test_a_debt_made_while_the_payout_was_under_way_is_repaid_when_it_fails(cast):
    payout = sending(cast)
    cast.refunded("50.00")
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-4.86")

    payouts.payout_fail(payout=payout, reason="Account closed", actor=cast.finance2)

    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("14.48")


def test_an_open_debt_comes_before_any_withdrawal(cast):
    payout = sending(cast)
    payouts.payout_mark_paid(payout=payout, rail_ref="BANK-1", actor=cast.finance2)
    cast.refunded("50.00")
    with pytest.raises(InsufficientFunds, match="debt"):
        request(cast, "1.00")


class RecordingRail:
    """A rail that can be told what to answer, and keeps what it was asked to send."""

    def __init__(self, answer):
        self.answer, self.sent, self.asked = answer, [], []

    def send(self, payout, *, key):
        self.sent.append((key, payout.amount))
        return self._say()

    def lookup(self, *, key):
        self.asked.append(key)
        return self._say()

    def _say(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def rail(monkeypatch):
    made = RecordingRail("REF-1")
    monkeypatch.setitem(rails.RAILS, "manual", made)
    return made


def test_a_redelivered_task_sends_once(cast, rail):
    payout = released(cast)
    tasks.payout_send(payout.pk)
    tasks.payout_send(payout.pk)

    assert rail.sent == [(f"payout-{payout.pk}", cny("19.34"))]
    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")


def test_a_definite_no_gives_the_money_back(cast, rail):
    rail.answer = rails.Refused("no such account")
    payout = released(cast)
    tasks.payout_send(payout.pk)

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("failed", "no such account")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_an_unclear_answer_is_looked_up_and_never_sent_again(cast, rail):
    rail.answer = rails.Unclear("time-out")
    payout = released(cast)
    tasks.payout_send(payout.pk)
    tasks.payouts_reconcile()
    assert rail.asked == []  # it may be under way still, and unknown to the rail
    with clock.at(clock.now() + timedelta(minutes=11)):
        tasks.payouts_reconcile()
        assert cast.balance(chart.IN_FLIGHT) == cny("19.34")

        rail.answer = "REF-7"
        tasks.payouts_reconcile()

    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref) == ("paid", "REF-7")
    assert len(rail.sent) == 1
    assert rail.asked == [f"payout-{payout.pk}"] * 2


def test_a_released_payout_whose_message_was_lost_is_found(cast, rail):
    payout = released(cast)
    tasks.payouts_reconcile()

    payout.refresh_from_db()
    assert payout.state == "paid"


def test_eight_requests_at_once_withdraw_once(cast):
    barrier, outcomes = threading.Barrier(8), []

    def ask():
        try:
            with clock.at(JUNE_22):
                barrier.wait()
                outcomes.append(request(cast, "12.00").pk)
        except DomainError as exc:
            outcomes.append(exc.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert outcomes.count("wrong_state") == 7
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("7.34")
