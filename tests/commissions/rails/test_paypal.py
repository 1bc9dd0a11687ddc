"""PayPal: a number of its own, a pass before each payout, a report when the number was lost."""

import pytest

from commissions import tasks
from commissions.models import Transfer
from tests.commissions.rails.conftest import released_by

pytestmark = pytest.mark.django_db(transaction=True)
only_paypal = pytest.mark.parametrize("far", ["paypal"], indirect=True)


@only_paypal
def test_paypals_number_is_what_it_is_asked_by(cast, far):
    payout = released_by(cast, far)
    far.send(payout)
    far.tell()

    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref) == ("paid", "TXBATCH00000000")
    assert far.end.asked.count("POST /v1/payments/payouts") == 1
    assert far.end.asked[-1] == "GET /v1/payments/payouts/BATCH00000000"


@only_paypal
def test_without_a_pass_nothing_is_sent_and_it_is_tried_again(cast, far):
    payout = released_by(cast, far)
    far.end.closed = True
    far.send(payout)
    payout.refresh_from_db()
    assert payout.state == "ready"
    assert "POST /v1/payments/payouts" not in far.end.asked

    far.end.closed = False
    tasks.payouts_reconcile()
    far.tell()
    payout.refresh_from_db()
    assert payout.state == "paid"


@only_paypal
def test_a_lost_number_is_never_made_up_for_by_sending_again(cast, far):
    payout = released_by(cast, far)
    far.set("after")
    far.send(payout)
    for _ask in range(3):
        tasks.payouts_reconcile()
    assert far.end.asked.count("POST /v1/payments/payouts") == 1

    far.tell()  # the report
    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref) == ("paid", "TXBATCH00000000")


@only_paypal
@pytest.mark.parametrize("name", ["USER_BUSINESS_ERROR", "VALIDATION_ERROR"])
def test_what_paypal_has_already_is_no_refusal_whatever_it_calls_it(cast, far, name):
    payout = released_by(cast, far)
    far.end.known_as = name
    far.end.batches["BATCH00000000"] = {
        "key": f"payout-{payout.pk}",
        "item": {"amount": {"value": "60.00", "currency": "EUR"}},
        "status": "PENDING",
    }
    far.send(payout)

    payout.refresh_from_db()
    assert (payout.state, Transfer.objects.get(payout=payout).handle) == (
        "sending",
        "BATCH00000000",
    )


@only_paypal
@pytest.mark.parametrize("status", ["FAILED", "RETURNED", "BLOCKED"])
def test_an_item_that_did_not_arrive_gives_the_money_back(cast, far, status):
    payout = released_by(cast, far)
    far.set("pending")
    far.send(payout)
    far.end.batches["BATCH00000000"]["status"] = status
    far.tell()

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("failed", f"PayPal: {status}")


@only_paypal
def test_an_unclaimed_payout_is_still_on_its_way(cast, far):
    payout = released_by(cast, far)
    far.set("pending")
    far.send(payout)
    far.end.batches["BATCH00000000"]["status"] = "UNCLAIMED"
    far.tell()

    payout.refresh_from_db()
    assert payout.state == "sending"
