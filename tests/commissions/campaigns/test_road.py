"""A doubled commission from the published campaign to the payout: exact cents, books that verify.

199.00 at 12 %: 23.88, of it 90 % 21.49, less a tenth 2.15: 19.34. Doubled, capped at 20.00: 39.34.
"""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.models import Grant
from commissions import chart, tasks
from commissions.models import Payout
from commissions.services import payouts, settlements
from commissions.verify import verify
from tests.cast import cast_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        return cast_make()


@pytest.fixture
def campaign(cast):
    with clock.at(MAY - timedelta(days=1)):
        made = cast.campaign()
        cast.enrol(made)
        return cast.publish(made)


def budget(cast, campaign):
    """What may still be promised, what is promised, and what the alliance has put in."""
    codes = (chart.budget(campaign.pk), chart.promised(campaign.pk), chart.CAMPAIGNS)
    return tuple(str(cast.balance(code).decimal) for code in codes)


def test_doubled_commission_goes_from_the_budget_to_the_payout_and_the_rest_goes_back(
    cast, campaign
):
    assert budget(cast, campaign) == ("1000.00", "0.00", "-1000.00")
    with clock.at(MAY):
        paid = cast.sold()
        assert (paid.net, paid.subsidy_minor) == (cny("39.34"), 20_00)
        assert budget(cast, campaign) == ("980.00", "20.00", "-1000.00")
        assert verify() == []
        cast.received()
    assert budget(cast, campaign) == ("980.00", "0.00", "-1000.00")
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("39.34")
    assert cast.balance(chart.SUBSIDY) == cny("0.00")
    grant = Grant.objects.get()
    assert (grant.amount_minor, grant.rate_bps, grant.day) == (20_00, 1200, MAY.date())
    assert verify() == []

    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        tasks.campaigns_turn()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.returned_minor) == ("settled", 980_00)
    assert budget(cast, campaign) == ("0.00", "0.00", "-20.00")
    assert verify() == []

    with clock.at(datetime(2026, 6, 21, 9, tzinfo=clock.ZONE)):
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("39.34"))
        payouts.payout_release(actor=cast.finance, payout=Payout.objects.get())
        tasks.payout_send(Payout.objects.get().pk)
        payouts.payout_mark_paid(payout=Payout.objects.get(), rail_ref="B1", actor=cast.finance2)
    assert Payout.objects.get().state == "paid"
    assert verify() == []

    # Half comes back after all: 99.50 earns 11.94, 10.75, 1.08 and 11.94 on top, which is 21.61.
    with clock.at(datetime(2026, 6, 25, 9, tzinfo=clock.ZONE)):
        left = cast.refunded("99.50", refund="R1")
        assert (left.net, left.subsidy_minor) == (cny("21.61"), 11_94)
        assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-17.73")
        assert budget(cast, campaign) == ("8.06", "0.00", "-20.00")
        tasks.campaigns_turn()
    campaign.refresh_from_db()
    assert campaign.returned_minor == 988_06
    assert budget(cast, campaign) == ("0.00", "0.00", "-11.94")
    assert verify() == []


def test_a_voided_order_gives_its_money_back_to_the_budget(cast, campaign):
    with clock.at(MAY):
        cast.sold()
        gone = cast.received(state="void", received_at=None, void_at=clock.now())
    assert (gone.state, gone.net) == ("void", cny("0.00"))
    assert budget(cast, campaign) == ("1000.00", "0.00", "-1000.00")
    grant = Grant.objects.get()
    assert (grant.amount_minor, grant.active) == (0, False)
    assert verify() == []


def test_an_order_that_is_only_placed_takes_nothing(cast, campaign):
    with clock.at(MAY):
        placed = cast.sold(state="placed", paid_at=None)
    assert placed.subsidies[0]["campaign_id"] == campaign.pk
    assert budget(cast, campaign) == ("1000.00", "0.00", "-1000.00")
    assert Grant.objects.get().amount_minor == 0
    assert verify() == []
