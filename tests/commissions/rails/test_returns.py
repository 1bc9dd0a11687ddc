"""Money that comes back after it was paid."""

import pytest

from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.money import cny
from commissions import chart
from commissions.models import Entry
from commissions.services import payouts, returns
from commissions.verify import verify
from tests.commissions.rails.conftest import released_by

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("far", ["manual"], indirect=True),
]


def paid(cast, far):
    payout = released_by(cast, far)
    far.send(payout)
    far.tell()
    return payout


def test_a_bounce_is_a_new_fact_and_the_money_is_the_affiliates_again(cast, far):
    payout = paid(cast, far)
    assert cast.balance(chart.CASH) == cny("-9980.66")
    returns.payout_return(payout=payout, reason="AC04 Account closed", actor=cast.finance2)

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("returned", "AC04 Account closed")
    assert payout.rail_ref == "SLIP-1"
    assert cast.balance(chart.CASH) == cny("-10000.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    assert Entry.objects.filter(key=f"payout:{payout.pk}:returned").count() == 1
    assert verify() == []


def test_what_comes_back_repays_a_debt_first(cast, far):
    payout = paid(cast, far)
    cast.refunded("50.00")
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-4.86")
    returns.payout_return(payout=payout, reason="Account closed")

    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("14.48")


def test_money_comes_back_once_and_only_after_it_was_paid(cast, far):
    payout = released_by(cast, far)
    with pytest.raises(WrongState):
        returns.payout_return(payout=payout, reason="Too early")
    far.send(payout)
    far.tell()
    with pytest.raises(Invalid):
        returns.payout_return(payout=payout, reason=" ")
    returns.payout_return(payout=payout, reason="Account closed")
    with pytest.raises(WrongState):
        returns.payout_return(payout=payout, reason="Again")

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_after_a_bounce_the_affiliate_may_ask_again(cast, far):
    payout = paid(cast, far)
    returns.payout_return(payout=payout, reason="Account closed")
    again = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))
    assert again.pk != payout.pk
