"""A dry run says to the fen what a campaign or a rate makes of orders, and writes nothing."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import AdZone, Affiliate
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from campaigns.models import Grant, SlateItem
from commissions import chart
from commissions.dryrun import RateChange, dry_run
from commissions.models import Commission
from commissions.verify import verify
from merchants.services.orders import LineReport
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def cast():
    with clock.at(MAY - DAY):
        made = cast_make()
        made.wang = affiliate_apply(user=user_make("wang@test.example"), kind="small", name="Wang")
        zone = AdZone.objects.get(site__affiliate=made.wang)
        made.wangs = link_create(
            actor=made.wang.members.get().user, affiliate=made.wang, zone=zone, product=made.product
        )
        return made


def sales(cast, prefix, day):
    """Six orders of a day: Lin's are 199.00, 50.00 and 199.00; Wang's 199.00, 10.00, and one that
    is refunded in part."""
    amounts = [("lin", 199_00), ("wang", 199_00), ("lin", 50_00), ("wang", 10_00), ("lin", 199_00),
               ("wang", 199_00)]  # fmt: skip
    for number, (who, minor) in enumerate(amounts):
        with clock.at(day + number * MINUTE):
            link = cast.link if who == "lin" else cast.wangs
            cast.sold(
                f"{prefix}{number}",
                click_id=cast.click(link=link, at=clock.now() - MINUTE),
                amount_minor=minor,
            )
    with clock.at(day + 10 * MINUTE):
        cast.refunded("99.00", f"{prefix}5", refund=f"R{prefix}")


def money(day):
    """Net by affiliate, and what the merchant pays, for the orders of a day."""
    rows = Commission.objects.filter(placed_at__gte=day, placed_at__lt=day + DAY)
    net = dict.fromkeys(("Lin's picks", "Wang"), 0)
    for row in rows.select_related("affiliate"):
        net[row.affiliate.name] += row.net_minor
    return net, sum(row.cost_minor for row in rows)


LIMITS = {"per_affiliate_minor": 25_00, "budget_minor": 60_00, "orders_per_affiliate": 3}


def test_a_campaign_of_tomorrow_gives_to_the_fen_what_its_dry_run_said(cast):
    sales(cast, "A", MAY)
    with clock.at(MAY + DAY):
        campaign = cast.campaign(ends_at=MAY + 3 * DAY, confirm_until=MAY + 9 * DAY, **LIMITS)
        before, cost = money(MAY)
        said = dry_run(campaign, MAY, MAY + DAY)

        cast.enrol(campaign)
        cast.enrol(campaign, cast.wang)
        cast.publish(campaign)
    sales(cast, "B", MAY + DAY)
    after, cost_now = money(MAY + DAY)

    assert {one.name: one.delta_minor for one in said.affiliates} == {
        name: after[name] - before[name] for name in after
    }
    assert said.budget_minor == sum(Grant.objects.values_list("amount_minor", flat=True))
    assert said.merchants_minor == cost_now - cost == 0
    # Lin: 20.00, then 5.00 of 6.00, then nothing. Wang: 20.00, 1.20, and 3.80 of 12.00.
    assert [(one.name, one.delta_minor) for one in said.winners] == [
        ("Lin's picks", 25_00),
        ("Wang", 25_00),
    ]
    assert (said.orders, said.lines, said.touched) == (6, 6, 5)
    assert (said.budget_minor, said.uncut_minor, said.platform_minor) == (50_00, 79_20, -50_00)
    assert said.cut == {"affiliate": 3}
    assert verify() == []


def test_nothing_is_written_and_the_statements_do_not_grow_with_the_orders(cast):
    sales(cast, "A", MAY)
    with clock.at(MAY + DAY):
        campaign = cast.campaign(**LIMITS)
    grants, rows = Grant.objects.count(), list(Commission.objects.order_by("pk").values())

    def statements():
        with CaptureQueriesContext(connection) as captured:
            dry_run(campaign, MAY, MAY + 2 * DAY)
        assert not [q for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        return len(captured)

    few = statements()
    assert list(Commission.objects.order_by("pk").values()) == rows
    assert Grant.objects.count() == grants
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    sales(cast, "B", MAY + DAY)
    assert statements() == few


def test_a_raised_rate_of_a_slate_costs_the_merchant_and_the_share_is_everybodys(cast):
    sales(cast, "A", MAY)
    with clock.at(MAY + DAY):
        campaign = cast.campaign("crazy_four_hours", budget_minor=0, all_products=False)
        SlateItem.objects.create(campaign=campaign, product=cast.product, rate_bps=2000)
        said = dry_run(campaign, MAY, MAY + DAY)

    # 199.00 four times, 50.00 and 10.00, less 99.00: 757.00 at 8 % more.
    assert said.merchants_minor == 60_56
    assert said.budget_minor == 0
    assert said.affiliates_minor + said.platform_minor == 60_56


def test_a_lower_rate_of_the_plan_has_losers_and_a_merchant_who_saves(cast):
    sales(cast, "A", MAY)
    plan = cast.merchant.plans.get()
    said = dry_run(RateChange(plan, 600), MAY, MAY + DAY)

    # Lin's 448.00 and Wang's 309.00 earn half: 27 less a tenth, rounded line by line.
    assert said.winners == []
    assert [(one.name, one.before_minor, one.after_minor) for one in said.losers] == [
        ("Lin's picks", 43_54, 21_77),
        ("Wang", 30_03, 15_02),
    ]
    assert [(one.before_minor, one.after_minor) for one in said.merchants] == [(90_84, 45_42)]
    assert said.affiliates_minor + said.platform_minor == said.merchants_minor


def test_a_rate_of_zero_takes_a_product_out_and_its_orders_earn_nothing(cast):
    sales(cast, "A", MAY)
    change = RateChange(cast.merchant.plans.get(), 0, product_id=cast.product.pk)
    said = dry_run(change, MAY, MAY + DAY)

    assert [one.after_minor for one in said.merchants] == [0]
    assert {one.after_minor for one in said.losers} == {0}


def test_half_the_budget_is_the_merchants_cost_where_it_pays_half(cast):
    sales(cast, "A", MAY)
    with clock.at(MAY + DAY):
        campaign = cast.campaign(
            sponsor="joint", merchant=cast.merchant, merchant_bps=5000, per_affiliate_minor=25_01
        )
    said = dry_run(campaign, MAY, MAY + DAY)

    assert said.budget_minor == 50_02
    assert (said.merchants_minor, said.platform_minor) == (25_01, -25_01)
    assert cast.balance(chart.CAMPAIGNS).minor == 0


def test_what_a_running_campaign_has_given_is_seen_as_if_it_had_not(cast):
    with clock.at(MAY - DAY):
        campaign = cast.campaign(**LIMITS)
        cast.enrol(campaign)
        cast.enrol(campaign, cast.wang)
        cast.publish(campaign)
    sales(cast, "A", MAY)
    said = dry_run(campaign, MAY, MAY + DAY)

    assert said.budget_minor == sum(Grant.objects.values_list("amount_minor", flat=True)) == 50_00
    assert said.affiliates_minor == 50_00


def test_a_better_one_of_the_same_group_takes_the_place_of_what_was_given(cast):
    with clock.at(MAY - DAY):
        old = cast.campaign(stacking_group="double", rules={"multiple_bps": 15_000})
        cast.enrol(old)
        cast.publish(old)
    with clock.at(MAY):
        one = LineReport("A-1", cast.product.external_id, "", 1, 100_00)
        cast.sold("A", lines=(one,))
    with clock.at(MAY + DAY):
        better = cast.campaign(stacking_group="double", name="better")
        worse = cast.campaign(stacking_group="double", rules={"multiple_bps": 12_000})

    # 12.00 in place of 6.00; 2.40 would be less than that.
    assert dry_run(better, MAY, MAY + DAY).affiliates_minor == 6_00
    assert dry_run(worse, MAY, MAY + DAY).touched == 0


def test_a_board_pays_its_prizes_for_what_was_sold(cast):
    sales(cast, "A", MAY)
    prizes = [{"prize_minor": 30_00, "least_minor": 400_00}, {"prize_minor": 10_00}]
    with clock.at(MAY + DAY):
        board = cast.campaign("leaderboard", rules={"prizes": prizes})
        said = dry_run(board, MAY, MAY + DAY)

    # Lin sold for 448.00, Wang for 309.00.
    assert [(one.name, one.delta_minor) for one in said.winners] == [
        ("Lin's picks", 30_00),
        ("Wang", 10_00),
    ]
    assert (said.awards_minor, said.budget_minor, said.platform_minor) == (40_00, 40_00, -40_00)


def test_a_pot_is_shared_by_what_was_sold(cast):
    sales(cast, "A", MAY)
    cast.product.brand = "Longjing"
    cast.product.save()
    pot = [{"gmv_minor": 700_00, "pot_minor": 100_00}]
    with clock.at(MAY + DAY):
        brand_day = cast.campaign("super_brand_day", rules={"brand": "Longjing", "pot": pot})
        said = dry_run(brand_day, MAY, MAY + DAY)

    # Of 757.00 Lin sold 448.00, Wang 309.00.
    assert [(one.name, one.delta_minor) for one in said.winners] == [
        ("Lin's picks", 59_18),
        ("Wang", 40_82),
    ]
    assert (said.awards_minor, said.budget_minor, said.platform_minor) == (100_00, 100_00, -100_00)


def test_of_guaranteed_tasks_as_many_pay_as_the_budget_holds_the_greatest_reward_of(cast):
    sales(cast, "A", MAY)
    with clock.at(MAY + DAY):
        task = cast.campaign("guaranteed_task", budget_minor=100_00)
        said = dry_run(task, MAY, MAY + DAY)
        twice = cast.campaign("guaranteed_task", budget_minor=120_00)

    # Three orders each earn 2.00, of at most 60.00; Lin's third came first.
    assert [(one.name, one.delta_minor) for one in said.winners] == [("Lin's picks", 2_00)]
    assert dry_run(twice, MAY, MAY + DAY).awards_minor == 4_00


def test_a_super_coupon_is_played_as_if_each_order_had_used_one(cast):
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(share_bps=5500, tier=3)
    sales(cast, "A", MAY)
    rules = {"faces": [{"face_minor": 5_00, "weight": 3}, {"face_minor": 9_00, "weight": 1}]}
    with clock.at(MAY + DAY):
        campaign = cast.campaign("super_coupon", rules=rules)
        said = dry_run(campaign, MAY, MAY + DAY)

    # Lin's 55 % become 75 %: 4.30, 1.08 and 4.30 more; Wang has 90 % already.
    assert [(one.name, one.delta_minor) for one in said.winners] == [("Lin's picks", 9_68)]
    assert (said.coupons_minor, said.budget_minor) == (36_00, 36_00)
    assert said.platform_minor == -36_00 - 9_68
