"""Which orders a campaign counts, what it gives them, and where it ends: exact cents.

An order of 199.00 earns 23.88 of commission, of it 21.49, and 19.34 without the fee of 2.15;
doubled 20.00 more, which is the most of an order line.
"""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.models import Grant, SlateItem
from commissions import chart
from commissions.models import Commission
from commissions.services.campaigns import campaign_close, campaign_pause, campaign_resume
from commissions.verify import verify
from merchants.models import MerchantMember
from merchants.services.orders import LineReport
from tests.cast import cast_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
HOUR = timedelta(hours=1)


@pytest.fixture
def cast():
    with clock.at(MAY - HOUR):
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


def doubled(cast, *, enrol=True, **changes):
    """A doubling that is published, in which Lin takes part."""
    made = cast.campaign(**changes)
    if enrol:
        cast.enrol(made)
    return cast.publish(made)


def extra(cast, number, **changes):
    """What campaigns add to an order of 199.00."""
    return str(cast.sold(number, **changes).subsidy_minor / 100)


# --- Which orders --------------------------------------------------------------------------------


def test_only_orders_of_its_time_count_and_none_from_before_it_was_published(cast):
    doubled(cast, starts_at=MAY - 5 * HOUR, ends_at=MAY + 2 * HOUR, confirm_until=MAY + 3 * HOUR)
    early = extra(cast, "A", placed_at=MAY - timedelta(seconds=1))
    with clock.at(MAY + 4 * HOUR):  # reported late
        in_time = extra(cast, "B", placed_at=MAY + HOUR, click_id=cast.click(at=MAY))
        late = extra(cast, "C", placed_at=MAY + 2 * HOUR, click_id=cast.click(at=MAY))

    assert (early, in_time, late) == ("0.0", "20.0", "0.0")


def test_orders_of_a_pause_earn_nothing_and_those_after_it_do(cast):
    campaign = doubled(cast)
    with clock.at(MAY + HOUR):
        campaign_pause(actor=cast.finance, campaign=campaign, reason="too many orders")
    with clock.at(MAY + 2 * HOUR):
        campaign_resume(actor=cast.finance, campaign=campaign)
    with clock.at(MAY + 3 * HOUR):
        click = cast.click(at=MAY)
        before = extra(cast, "A", placed_at=MAY + HOUR / 2, click_id=click)
        within = extra(cast, "B", placed_at=MAY + HOUR, click_id=click)
        after = extra(cast, "C", placed_at=MAY + 2 * HOUR, click_id=click)

    assert (before, within, after) == ("20.0", "0.0", "20.0")


def test_the_kill_switch_ends_it_now_and_leaves_what_was_granted(cast):
    campaign = doubled(cast)
    kept = cast.sold("A")
    with clock.at(MAY + HOUR):
        campaign_close(actor=cast.finance, campaign=campaign, reason="the price was wrong")
    with clock.at(MAY + 2 * HOUR):
        click = cast.click(at=MAY)
        late = extra(cast, "B", placed_at=MAY + HOUR, click_id=click)
        reported_late = extra(cast, "C", placed_at=MAY + HOUR / 2, click_id=click)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.ends_at) == ("closed", MAY + HOUR)
    assert (kept.subsidy_minor, late, reported_late) == (20_00, "0.0", "20.0")


def test_only_who_takes_part_and_is_meant_gets_it(cast):
    doubled(cast, enrol=False, name="nobody enrolled")
    doubled(cast, name="for key accounts", kinds=["ka"])
    doubled(cast, name="for a tier", least_tier=1)
    doubled(cast, name="in euros", currency="EUR")
    barred = cast.campaign(name="without Lin")
    barred.barred.add(cast.affiliate)
    cast.enrol(barred)
    cast.publish(barred)
    late = cast.publish(cast.campaign(name="enrolled too late"))
    with clock.at(MAY + HOUR):
        cast.enrol(late)

    assert extra(cast, "A") == "0.0"
    assert Grant.objects.count() == 0


def test_of_a_slate_only_its_products_count(cast):
    campaign = cast.campaign(all_products=False)
    cast.enrol(campaign)
    SlateItem.objects.create(campaign=campaign, product=cast.product)
    cast.publish(campaign)
    other = LineReport("B-1", "P9", "something else", 1, 199_00)

    assert extra(cast, "A") == "20.0"
    assert extra(cast, "B", lines=(other,)) == "0.0"


def test_who_sells_what_is_their_own_earns_no_extra_unless_the_campaign_says_so(cast):
    MerchantMember.objects.create(merchant=cast.merchant, user=cast.lin)
    doubled(cast, name="others only")
    assert extra(cast, "A") == "0.0"

    doubled(cast, name="everybody", self_buying=True)
    assert extra(cast, "B") == "20.0"


def test_a_merchants_campaign_is_for_its_own_orders(cast):
    campaign = cast.campaign(
        sponsor="merchant", merchant=cast.merchant, merchant_bps=10_000, agreed_at=MAY
    )
    cast.enrol(campaign)
    cast.publish(campaign)

    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9000.00")
    assert extra(cast, "A") == "20.0"
    # The commission leaves the wallet; what the campaign adds has left it already.
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("8976.12")


# --- What adds up --------------------------------------------------------------------------------


def test_of_a_group_the_best_counts_and_outside_of_it_all(cast):
    doubled(cast, name="double", stacking_group="double")
    half = doubled(cast, name="half", stacking_group="double", rules={"multiple_bps": 15_000})
    doubled(cast, name="besides", rules={"multiple_bps": 15_000})

    # 199.00 × 12 % at most 20.00, and 199.00 × 6 %; the half of the group is the lesser.
    assert extra(cast, "A") == "31.94"
    assert not Grant.objects.filter(campaign=half).exists()
    names = [terms["name"] for terms in Commission.objects.get().subsidies]
    assert names == ["double", "besides"]


def test_the_highest_rate_wins_and_the_merchant_pays_it_as_any_commission(cast):
    for name, rate in (("low", 1900), ("high", 2400), ("middle", 2000)):
        campaign = cast.campaign(
            "crazy_four_hours",
            name=name,
            budget_minor=0,
            all_products=False,
            starts_at=MAY,
            ends_at=MAY + 4 * HOUR,
        )
        SlateItem.objects.create(
            campaign=campaign, product=cast.product, rate_bps=rate, agreed_at=MAY
        )
        cast.publish(campaign)
    raised = cast.sold("A")

    assert (raised.rate_bps, raised.subsidies) == (2400, [])
    # 47.76, of it 90 % 42.98, less 4.30.
    assert (raised.commission_minor, raised.net) == (47_76, cny("38.68"))
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9952.24")


def test_the_host_of_an_event_gets_its_service_fee(cast):
    host = affiliate_apply(user=cast.finance, kind="small", name="Zhou brings together")
    campaign = cast.campaign(
        "tuanzhang_event", name="event", budget_minor=0, all_products=False, host=host
    )
    SlateItem.objects.create(
        campaign=campaign, product=cast.product, rate_bps=1500, service_bps=500, agreed_at=MAY
    )
    cast.publish(campaign)
    cast.sold("A")

    fee = Commission.objects.get(role="intermediary")
    # 5 % of 199.00, less a tenth of it.
    assert (fee.affiliate_id, fee.commission_minor, fee.net_minor) == (host.pk, 9_95, 8_95)


# --- Where it ends -------------------------------------------------------------------------------


def test_a_budget_is_given_to_the_last_fen_and_not_beyond(cast):
    campaign = doubled(cast, budget_minor=50_00)
    given = [extra(cast, number) for number in "ABCD"]

    assert given == ["20.0", "20.0", "10.0", "0.0"]
    assert cast.balance(chart.budget(campaign.pk)) == cny("0.00")
    cut = Grant.objects.get(line__order__external_id="C")
    assert (cut.cap_minor, cut.why["cut"]) == (10_00, {"by": "budget", "from_minor": 20_00})


def test_what_a_refund_frees_goes_to_the_next_order_and_a_cut_one_stays_cut(cast):
    doubled(cast, budget_minor=25_00)
    given = [extra(cast, number) for number in "AB"]
    cast.received("A", state="void", received_at=None, void_at=clock.now())
    given += [extra(cast, "C")]

    assert given == ["20.0", "5.0", "20.0"]
    assert cast.commission("B").subsidy_minor == 5_00


def test_limits_of_a_day_and_of_an_affiliate_hold_by_themselves(cast):
    doubled(cast, name="day", daily_minor=30_00, stacking_group="1")
    today = [extra(cast, number) for number in "AB"]
    with clock.at(MAY + timedelta(days=1)):
        tomorrow = extra(cast, "C")
    assert (today, tomorrow) == (["20.0", "10.0"], "20.0")

    assert [grant.why["cut"]["by"] for grant in Grant.objects.filter(cap_minor=10_00)] == ["day"]


def test_an_affiliate_gets_so_much_a_day_and_so_much_in_all(cast):
    doubled(cast, per_affiliate_day_minor=30_00, per_affiliate_minor=45_00)
    today = [extra(cast, number) for number in "ABC"]
    with clock.at(MAY + timedelta(days=1)):
        tomorrow = extra(cast, "D")
    why = Grant.objects.order_by("pk").values_list("why__cut__by", flat=True)

    assert (today, tomorrow) == (["20.0", "10.0", "0.0"], "15.0")
    assert list(why) == [None, "affiliate_day", "affiliate_day", "affiliate"]


def test_the_first_orders_of_each_affiliate_count_and_a_void_one_gives_its_place_back(cast):
    doubled(cast, orders_per_affiliate=2)
    two = LineReport("B-1", "P1", "", 1, 199_00), LineReport("B-2", "P1", "", 1, 199_00)
    extra(cast, "A")
    cast.record(cast.report("B", lines=two, click_id=cast.click()))
    lines = Grant.objects.values_list("line__external_id", "amount_minor")
    assert sorted(lines) == [("A-1", 20_00), ("B-1", 20_00), ("B-2", 20_00)]

    assert extra(cast, "C") == "0.0"
    cast.received("A", state="void", received_at=None, void_at=clock.now())
    assert extra(cast, "D") == "20.0"


def test_a_line_that_comes_back_to_a_campaign_without_a_place_gets_nothing_of_it(cast):
    doubled(cast, orders_per_affiliate=1)
    nothing = cast.sold("A", amount_minor=4)  # half a fen of commission
    assert extra(cast, "B") == "20.0"
    with clock.at(MAY + HOUR):
        back = cast.sold("A")

    assert (nothing.state, back.state, back.subsidy_minor) == ("void", "estimated", 0)
    grant = Grant.objects.get(line__external_id="A-1")
    assert (grant.active, grant.why["cut"]) == (False, {"by": "place", "from_minor": 20_00})


def test_the_first_pieces_count_as_a_whole(cast):
    doubled(cast, pieces=3)
    two = LineReport("A-1", "P1", "", 2, 199_00)
    assert extra(cast, "A", lines=(two,)) == "20.0"
    assert extra(cast, "B", lines=(two.__class__("B-1", "P1", "", 2, 199_00),)) == "0.0"
    assert extra(cast, "C") == "20.0"


def test_a_limit_of_the_line_goes_before_the_cap_of_the_rules(cast):
    doubled(cast, per_order_minor=7_50)
    assert extra(cast, "A") == "7.5"
    assert Grant.objects.get().why["line_cap_minor"] == 7_50


def test_money_is_taken_by_who_pays_first_not_by_who_orders_first(cast):
    doubled(cast, budget_minor=30_00)
    waiting = cast.sold("A", state="placed", paid_at=None)
    assert extra(cast, "B") == "20.0"
    cast.record(cast.report("A", lines=()))

    assert waiting.subsidies[0]["cap_minor"] == 20_00
    assert cast.commission("A").subsidy_minor == 10_00


def test_without_a_campaign_it_costs_one_statement_and_with_some_a_constant_number(cast):
    def statements(*numbers):
        reports = [cast.report(n, click_id=cast.click()) for n in numbers]
        with CaptureQueriesContext(connection) as captured:
            cast.record(*reports)
        about = (q["sql"] for q in captured if "campaigns_" in q["sql"])
        return [sql for sql in about if "campaigns_subsidy" not in sql]

    assert len(statements("A")) == 1
    limits = {"daily_minor": 500_00, "per_affiliate_minor": 500_00, "orders_per_affiliate": 50}
    doubled(cast, pieces=50, **limits)
    few = statements("B")
    many = statements(*(f"C{n}" for n in range(20)))
    assert len(many) == len(few) <= 16
