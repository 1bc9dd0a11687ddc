"""What every rail promises, asked of each of them against a far end that misbehaves."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import chart, rails, tasks
from tests.commissions.rails.conftest import FARS, released_by

pytestmark = pytest.mark.django_db(transaction=True)
every_rail = pytest.mark.parametrize("far", sorted(rails.RAILS), indirect=True)


def test_every_rail_has_a_far_end_here():
    assert FARS.keys() == rails.RAILS.keys() == rails.OFFERS.keys()


def state_of(payout) -> str:
    payout.refresh_from_db()
    return payout.state


@every_rail
def test_a_payout_arrives_once_however_often_its_key_is_sent(cast, far):
    payout = released_by(cast, far)
    assert payout.rail == far.name
    far.send(payout)
    tasks.payout_send(payout.pk)  # a redelivered message
    far.tell()

    assert state_of(payout) == "paid"
    far.again(payout)
    far.tell()
    assert far.paid == {rails.key_of(payout.pk): [1934]}
    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")


@every_rail
def test_a_definite_no_gives_the_money_back_at_once(cast, far):
    payout = released_by(cast, far)
    far.set("refuse")
    far.send(payout)

    assert state_of(payout) == "failed"
    assert payout.reason
    assert far.paid == {}
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


@every_rail
def test_silence_before_anything_happened_stays_unclear(cast, far):
    payout = released_by(cast, far)
    far.set("before")
    far.send(payout)
    assert state_of(payout) == "sending"
    far.tell()

    assert state_of(payout) == "sending"  # "unknown" right after a time-out is no proof
    assert cast.balance(chart.IN_FLIGHT) == cny("19.34")


@every_rail
def test_silence_after_the_money_left_is_found_out(cast, far):
    payout = released_by(cast, far)
    far.set("after")
    far.send(payout)
    assert state_of(payout) == "sending"
    far.tell()

    assert state_of(payout) == "paid"
    assert far.paid == {rails.key_of(payout.pk): [1934]}


@every_rail
def test_a_transfer_under_way_is_waited_for(cast, far):
    payout = released_by(cast, far)
    far.set("pending")
    far.send(payout)
    far.tell()
    assert state_of(payout) == "sending"

    far.finish()
    far.tell()
    assert state_of(payout) == "paid"


@every_rail
def test_noise_for_an_answer_decides_nothing(cast, far):
    payout = released_by(cast, far)
    far.set("garbage")
    far.send(payout)
    assert state_of(payout) == "sending"

    far.tell()
    assert state_of(payout) == "paid"
    assert far.paid == {rails.key_of(payout.pk): [1934]}


@every_rail
def test_a_forged_answer_decides_nothing(cast, far):
    payout = released_by(cast, far)
    far.set("forged")
    far.send(payout)
    far.tell()

    assert state_of(payout) == "sending"
    with clock.at(clock.now() + timedelta(hours=2)):
        far.tell()
        assert state_of(payout) == "sending"
