"""Debts that are let go: who decides, who bears the loss, and what the system lets go by itself."""

from datetime import datetime, timedelta

import pytest

from affiliates.models import AffiliateMember
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import MemberRole
from alliance.kernel.money import cny
from commissions import chart, ledger, queries, tasks
from commissions.ledger import InsufficientFunds
from commissions.models import DebtWriteOff
from commissions.services import payouts, settlements, write_offs
from commissions.verify import verify
from tests.cast import cast_make
from tests.rows import once

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 12, tzinfo=clock.ZONE)
AUGUST_21 = datetime(2026, 8, 21, 12, tzinfo=clock.ZONE)


@pytest.fixture
def limits(settings):
    def choose(**changes):
        settings.ALLIANCE = {**settings.ALLIANCE, **changes}

    return choose


def paid_and_refunded():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
        made.received()
    with clock.at(JUNE_22):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payouts.payee_set(
            actor=made.lin, affiliate=made.affiliate, holder="L", institution="B", number="12345"
        )
        payout = payouts.payout_request(
            actor=made.lin, affiliate=made.affiliate, amount=cny("19.34")
        )
        payouts.payout_release(actor=made.finance, payout=payout)
        tasks.payout_send(payout.pk)
        payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=made.finance2)
        made.refunded("199.00")
    return made


@pytest.fixture
def cast():
    """An affiliate that was paid 19.34 and owes it since 22 June: the buyer got everything back."""
    made = once(paid_and_refunded)
    with clock.at(JUNE_22):
        yield made
    assert verify() == []


def owed(cast):
    return -cast.balance(chart.debt(cast.affiliate.pk))


def ask(cast, amount="19.34", **changes):
    said = {"actor": cast.finance, "reason": "gone for good", **changes}
    return write_offs.write_off_request(affiliate=cast.affiliate, amount=cny(amount), **said)


def test_two_people_let_a_debt_go_and_the_alliance_bears_it(cast):
    assert owed(cast) == cny("19.34")
    write_off = ask(cast)
    assert (owed(cast), write_off.state) == (cny("19.34"), "requested")
    with pytest.raises(NotAllowed):
        write_offs.write_off_approve(actor=cast.finance, write_off=write_off)

    write_offs.write_off_approve(actor=cast.finance2, write_off=write_off)
    write_off.refresh_from_db()
    assert (owed(cast), write_off.state) == (cny("0.00"), "done")
    assert cast.balance(chart.WRITE_OFF) == cny("-19.34")
    with pytest.raises(WrongState):
        write_offs.write_off_approve(actor=cast.finance2, write_off=write_off)


def test_a_small_one_is_let_go_by_one_person(cast, limits):
    limits(WRITE_OFF_LIMIT_MINOR=500)
    assert ask(cast, "5.00").state == "done"
    assert ask(cast, "5.01").state == "requested"

    assert owed(cast) == cny("14.34")


def test_the_merchant_may_bear_it(cast):
    wallet = cast.balance(chart.wallet(cast.merchant.pk))
    write_offs.write_off_approve(
        actor=cast.finance2, write_off=ask(cast, "9.34", merchant=cast.merchant)
    )

    assert owed(cast) == cny("10.00")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == wallet - cny("9.34")
    assert cast.balance(chart.WRITE_OFF) == cny("0.00")


def test_a_wallet_that_does_not_reach_bears_nothing(cast):
    left = cast.balance(chart.wallet(cast.merchant.pk))
    with clock.at(JUNE_22):
        ledger.floor_set(
            code=chart.wallet(cast.merchant.pk), currency="CNY", floor=left - cny("1.00")
        )
    write_off = ask(cast, merchant=cast.merchant)
    with pytest.raises(InsufficientFunds, match="wallet"):
        write_offs.write_off_approve(actor=cast.finance2, write_off=write_off)

    write_off.refresh_from_db()
    assert (owed(cast), write_off.state) == (cny("19.34"), "requested")


def test_more_than_is_owed_without_reason_or_twice_is_refused(cast):
    with pytest.raises(InsufficientFunds, match="more than is owed"):
        ask(cast, "19.35")
    with pytest.raises(Invalid, match="above zero"):
        ask(cast, "0.00")
    with pytest.raises(Invalid, match="Say why"):
        ask(cast, reason=" ")
    ask(cast)
    with pytest.raises(WrongState, match="waits already"):
        ask(cast)

    assert DebtWriteOff.objects.count() == 1


def test_what_is_repaid_meanwhile_is_not_let_go_as_well(cast):
    write_off = ask(cast)
    with clock.at(JUNE_22 + timedelta(days=1)):
        cast.sold("T2")
        cast.received("T2")
    with clock.at(JULY_20):
        settlements.settlement_run(month=JUNE_22.date(), currency="CNY")
        assert owed(cast) == cny("0.00")
        with pytest.raises(InsufficientFunds, match="Less is owed"):
            write_offs.write_off_approve(actor=cast.finance2, write_off=write_off)
        write_offs.write_off_refuse(actor=cast.finance2, write_off=write_off)

    assert cast.balance(chart.WRITE_OFF) == cny("0.00")


def test_nobody_lets_their_own_debt_go(cast):
    AffiliateMember.objects.create(
        affiliate=cast.affiliate, user=cast.finance, role=MemberRole.VIEWER
    )
    with pytest.raises(NotAllowed):
        ask(cast)
    write_off = ask(cast, actor=cast.finance2)
    for decide in (write_offs.write_off_approve, write_offs.write_off_refuse):
        with pytest.raises(NotAllowed):
            decide(actor=cast.finance, write_off=write_off)


# --- Old debts ------------------------------------------------------------------------------------


def open_debts():
    return [(d.affiliate_name, d.owed_minor, d.since) for d in queries.debts_open()]


def old_on(day):
    with clock.at(day):
        return [debt.owed_minor for debt in queries.debts_old()]


def test_a_debt_is_listed_since_it_began(cast):
    assert open_debts() == [("Lin's picks", 1934, JUNE_22)]


def test_a_debt_that_was_repaid_and_begins_again_is_as_old_as_its_second_beginning(cast):
    with clock.at(JUNE_22 + timedelta(days=1)):
        cast.sold("T2")
        cast.received("T2")
    with clock.at(JULY_20):
        settlements.settlement_run(month=JUNE_22.date(), currency="CNY")
        assert open_debts() == []
    with clock.at(JULY_20 + timedelta(days=1)):
        cast.refunded("50.00", "T2", refund="R2")
        cast.refunded("50.00", "T2", refund="R3")

        assert open_debts() == [("Lin's picks", 972, clock.now())]


def test_a_debt_is_old_when_two_settlement_days_have_passed(cast):
    assert old_on(AUGUST_21 - timedelta(days=1)) == []
    assert old_on(AUGUST_21) == [1934]


def test_dust_is_let_go_by_the_system_once_it_is_old(cast, limits):
    limits(WRITE_OFF_AUTO_MINOR=1935)
    with clock.at(AUGUST_21 - timedelta(days=1)):
        tasks.debts_write_off()
    assert owed(cast) == cny("19.34")

    with clock.at(AUGUST_21):
        tasks.debts_write_off()
        tasks.debts_write_off()
    write_off = DebtWriteOff.objects.get()
    assert (owed(cast), write_off.state, write_off.requested_by) == (cny("0.00"), "done", None)


@pytest.mark.parametrize("limit", [0, 1934])
def test_what_is_not_below_the_limit_stays(cast, limits, limit):
    limits(WRITE_OFF_AUTO_MINOR=limit)
    with clock.at(AUGUST_21):
        tasks.debts_write_off()

    assert owed(cast) == cny("19.34")


def test_the_system_lets_go_nothing_that_has_changed_since_it_looked(cast):
    stale = write_offs.write_off_dust(affiliate_pk=cast.affiliate.pk, amount=cny("19.33"))

    assert stale is None
    assert owed(cast) == cny("19.34")
