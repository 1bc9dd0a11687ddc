"""A closed merchant's wallet goes back to it: all of it, once, seen by four eyes."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.money import cny
from commissions import chart
from commissions.models import WalletRefund
from commissions.services import wallet_refunds
from commissions.verify import verify
from merchants.models import MerchantMember
from merchants.services.merchants import merchant_close
from tests.cast import cast_make

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    """A merchant with 100.00 in the wallet, of which 23.88 are reserved for an order; closed."""
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make(wallet="100.00")
    with clock.at(MAY):
        made.sold()
    merchant_close(merchant=made.merchant, reason="gave up", actor=made.finance)
    yield made
    assert verify() == []


def wallet(cast):
    return cast.balance(chart.wallet(cast.merchant.pk))


def asked(cast, actor=None):
    return wallet_refunds.wallet_refund_request(actor=actor or cast.finance, merchant=cast.merchant)


def test_what_is_left_goes_back_and_what_is_reserved_stays(cast):
    cash = cast.balance(chart.CASH)
    refund = asked(cast)
    assert (refund.amount, wallet(cast)) == (cny("76.12"), cny("0.00"))
    assert cast.balance(chart.IN_FLIGHT) == cny("76.12")
    with pytest.raises(NotAllowed):
        wallet_refunds.wallet_refund_pay(actor=cast.finance, refund=refund, reference="B-1")

    wallet_refunds.wallet_refund_pay(actor=cast.finance2, refund=refund, reference="B-1")
    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")
    assert cast.balance(chart.CASH) == cash + cny("76.12")
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("23.88")
    with pytest.raises(WrongState):
        wallet_refunds.wallet_refund_pay(actor=cast.finance2, refund=refund, reference="B-1")


def test_what_comes_back_later_can_be_refunded_too(cast):
    wallet_refunds.wallet_refund_pay(actor=cast.finance2, refund=asked(cast), reference="B-1")
    with pytest.raises(WrongState, match="Nothing is left"):
        asked(cast)
    with clock.at(MAY):
        cast.record(cast.report("T1", state="void", lines=()))

    assert asked(cast).amount == cny("23.88")


def test_a_refused_one_puts_the_money_back(cast):
    refund = asked(cast)
    with pytest.raises(WrongState, match="Nothing is left"):
        asked(cast)
    with pytest.raises(Invalid, match="Say why"):
        wallet_refunds.wallet_refund_refuse(actor=cast.finance2, refund=refund, reason="")
    wallet_refunds.wallet_refund_refuse(actor=cast.finance2, refund=refund, reason="not theirs")

    assert wallet(cast) == cny("76.12")
    assert asked(cast).state == "requested"


def test_only_the_closed_get_it_back_and_nobody_by_themselves(cast):
    with pytest.raises(NotAllowed):
        asked(cast, actor=cast.chen)
    MerchantMember.objects.create(merchant=cast.merchant, user=cast.finance2, role="viewer")
    refund = asked(cast)
    with pytest.raises(NotAllowed):
        wallet_refunds.wallet_refund_pay(actor=cast.finance2, refund=refund, reference="B-1")
    type(cast.merchant).objects.filter(pk=cast.merchant.pk).update(state="active")
    with pytest.raises(WrongState, match="closed"):
        asked(cast)

    assert WalletRefund.objects.count() == 1
