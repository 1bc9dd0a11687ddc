"""Who may not decide about money: whoever asked, whoever released, and whoever it belongs to."""

from datetime import datetime, timedelta

import pytest

from affiliates.models import AffiliateMember
from affiliates.services import affiliate_close, affiliate_freeze, affiliate_unfreeze
from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed, WrongState
from alliance.kernel.models import MemberRole, StaffRole
from alliance.kernel.money import cny
from commissions import chart, tasks
from commissions.models import Payout
from commissions.services import payouts, settlements, wallets
from merchants.models import MerchantMember
from tests.cast import cast_make, staff_make

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    """An affiliate with 19.34 payable, on 22 June."""
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
        made.received()
    with clock.at(JUNE_22):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payouts.payee_set(
            actor=made.lin,
            affiliate=made.affiliate,
            holder="Lin",
            institution="ICBC",
            number="6222",
        )
        yield made


@pytest.fixture
def both(cast):
    """Finance staff who promote and sell themselves."""
    person = staff_make(StaffRole.FINANCE)
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=person, role=MemberRole.VIEWER)
    MerchantMember.objects.create(merchant=cast.merchant, user=person, role=MemberRole.VIEWER)
    return person


def requested(cast):
    return payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))


def released(cast):
    payout = requested(cast)
    payouts.payout_release(actor=cast.finance, payout=payout)
    payout.refresh_from_db()
    return payout


def sending(cast):
    payout = released(cast)
    tasks.payout_send(payout.pk)
    payout.refresh_from_db()
    return payout


def test_staff_do_not_decide_about_their_own_wallet(cast, both):
    top_up = wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny("5.00"))
    with pytest.raises(NotAllowed):
        wallets.top_up_receive(actor=both, top_up=top_up)
    with pytest.raises(NotAllowed):
        wallets.credit_limit_set(actor=both, merchant=cast.merchant, limit=cny("5.00"))

    wallets.top_up_receive(actor=cast.finance, top_up=top_up)


def test_staff_do_not_decide_about_their_own_payout(cast, both):
    payout = requested(cast)
    with pytest.raises(NotAllowed):
        payouts.payout_release(actor=both, payout=payout)
    payouts.payout_release(actor=cast.finance, payout=payout)
    tasks.payout_send(payout.pk)
    payout.refresh_from_db()
    with pytest.raises(NotAllowed):
        payouts.payout_mark_paid(actor=both, payout=payout, rail_ref="1")


def test_who_released_a_transfer_does_not_call_it_failed(cast):
    """The money would be in the bank of the affiliate, and payable once more."""
    payout = sending(cast)
    with pytest.raises(NotAllowed):
        payouts.payout_fail(actor=cast.finance, payout=payout, reason="oh")

    payouts.payout_fail(actor=cast.finance2, payout=payout, reason="oh")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_what_is_sent_meanwhile_is_not_called_off(cast):
    before = released(cast)
    tasks.payout_send(before.pk)
    with pytest.raises(WrongState):
        payouts.payout_fail(actor=cast.finance2, payout=before, reason="too late")

    assert Payout.objects.get().state == "sending"


def test_a_freeze_holds_what_was_released_and_not_sent(cast):
    payout = released(cast)
    affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="fraud")
    tasks.payouts_reconcile()
    payout.refresh_from_db()
    assert payout.state == "ready"

    affiliate_unfreeze(actor=cast.finance, affiliate=cast.affiliate)
    tasks.payouts_reconcile()
    payout.refresh_from_db()
    assert payout.state == "sending"


def test_what_was_released_for_somebody_who_is_closed_can_be_called_off(cast):
    payout = released(cast)
    affiliate_close(actor=cast.finance, affiliate=cast.affiliate, reason="fraud")
    payouts.payout_fail(actor=cast.finance2, payout=payout, reason="closed")

    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")
