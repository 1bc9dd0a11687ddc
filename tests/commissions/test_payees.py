"""Several payees and funders of one order: each gets a row, a receipt and money of their own."""

from datetime import datetime, timedelta

import pytest

from affiliates.models import AffiliateKind
from affiliates.services import affiliate_apply, affiliate_approve
from affiliates.services.parts import (
    intermediation_open,
    relation_open,
    site_special_fee_set,
)
from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.services.subsidies import subsidy_open
from commissions import chart, pipeline
from commissions.models import Commission, SettlementLine
from commissions.services import settlements
from commissions.verify import verify
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)


def settle(moment):
    with clock.at(moment):
        month = clock.previous_month(clock.business_day())
        return settlements.settlement_run(month=month, currency="CNY")


@pytest.fixture
def cast():
    """Lin shares with Wang; Zhou looks after the plan; a subsidy and a special fee are in force.

    199.00 at 12 %, of which 2 % are the special fee; share 90 %, 30 % of it Wang's; 5 % to Zhou;
    a subsidy of 3 %, at most 5.00, a quarter of it the merchant's.
    """
    with clock.at(MAY - timedelta(days=2)):
        made = cast_make()
        ops = staff_make(email="ops2@test.example")
        made.wang = affiliate_apply(user=user_make(), kind="channel", name="Wang's channel")
        made.zhou = affiliate_apply(user=user_make(), kind=AffiliateKind.TUANZHANG, name="Zhou")
        for one in (made.wang, made.zhou):
            affiliate_approve(actor=ops, affiliate=one)
        relation_open(actor=ops, affiliate=made.affiliate, partner=made.wang, share_bps=3000)
        plan = made.merchant.plans.get()
        intermediation_open(actor=made.chen, affiliate=made.zhou, plan=plan, service_bps=500)
        site_special_fee_set(actor=ops, site=made.zone.site, special_bps=200)
        subsidy_open(
            actor=made.chen,
            name="618",
            rate_bps=300,
            cap=cny("5.00"),
            merchant=made.merchant,
            merchant_bps=2500,
        )
    with clock.at(MAY):
        yield made
    assert verify() == []


def nets(number="T1"):
    rows = Commission.objects.filter(line__order__external_id=number)
    return {row.role: row.net_minor for row in rows}


def test_each_payee_gets_a_row_and_the_merchant_reserves_for_all_of_them(cast):
    due = cast.sold()

    # 199.00 × 10 % = 19.90; × 90 % = 17.91, of it 11.94 Lin's and 5.97 Wang's; fee a tenth each.
    assert (due.rate_bps, due.special_bps, due.partner_bps) == (1000, 200, 3000)
    assert nets() == {
        "affiliate": 1194 - 119 + 500,
        "partner": 597 - 60,
        "intermediary": 995 - 100,
    }
    # 19.90 commission, 3.98 special fee, 9.95 service fee, 1.25 of the subsidy.
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("35.08")


def test_with_the_receipt_everybody_has_theirs(cast):
    cast.sold()
    cast.received()

    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("15.75")
    assert cast.balance(chart.pending(cast.wang.pk)) == cny("5.37")
    assert cast.balance(chart.pending(cast.zhou.pk)) == cny("8.95")
    assert cast.balance(chart.SPECIAL_FEE) == cny("3.98")
    assert cast.balance(chart.SHARE) == cny("1.99")
    assert cast.balance(chart.TECH_FEE) == cny("2.79")
    assert cast.balance(chart.SUBSIDY) == cny("-3.75")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9964.92")


def test_a_refund_in_parts_leaves_nothing_with_anybody(cast):
    cast.sold()
    cast.received()
    for n, part in enumerate(("50.00", "33.33", "115.67")):
        cast.refunded(part, refund=f"R{n}")

    assert nets() == {"affiliate": 0, "partner": 0, "intermediary": 0}
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")
    assert cast.balance(chart.SUBSIDY) == cny("0.00")


def test_a_wallet_that_reaches_for_some_lets_the_others_wait(cast):
    cast.record(cast.report("BIG", amount_minor=cny("28000.00").minor, click_id=cast.click()))

    # 4,761.25 are gone. Lin's and Wang's 4,201.25 still fit, Zhou's 1,750.00 do not.
    cast.record(cast.report("BIG2", amount_minor=cny("35000.00").minor, click_id=cast.click()))
    waiting = Commission.objects.filter(state="unfunded").values_list("role", flat=True)
    assert set(waiting) == {"intermediary"}
    cast.top_up("10000.00")
    pipeline.orders_process([cast.commission("BIG2").line.order_id])
    assert not Commission.objects.filter(state="unfunded").exists()


def test_settlement_tells_each_payee_and_a_correction_with_the_next(cast):
    cast.sold()
    with clock.at(MAY + timedelta(days=5)):
        cast.received()
    first = settle(JUNE_20)
    with clock.at(JUNE_20 + timedelta(days=3)):
        cast.refunded("50.00")
    with clock.at(JUNE_20 + timedelta(days=4)):
        cast.sold("T2")
        cast.received("T2")
    second = settle(JULY_20)

    told = {
        (line.settlement_id, line.affiliate_id, line.correction): line.net_minor
        for line in SettlementLine.objects.all()
    }
    lin, wang, zhou = cast.affiliate.pk, cast.wang.pk, cast.zhou.pk
    assert told == {
        (first.pk, lin, False): 1575,
        (first.pk, wang, False): 537,
        (first.pk, zhou, False): 895,
        # 149.00: 14.90, 13.41 = 8.94 + 4.47; subsidy 4.47.
        (second.pk, lin, True): 894 - 89 + 447 - 1575,
        (second.pk, wang, True): 447 - 45 - 537,
        (second.pk, zhou, True): 745 - 75 - 895,
        (second.pk, lin, False): 1575,
        (second.pk, wang, False): 537,
        (second.pk, zhou, False): 895,
    }
    share = second.shares.get(affiliate=lin)
    assert (share.commissions, share.corrections, share.corrected_minor) == (1, 1, -323)
    assert len(share.digest) == 64


def test_a_correction_is_told_once(cast):
    cast.sold()
    with clock.at(MAY + timedelta(days=5)):
        cast.received()
    settle(JUNE_20)
    for number, moment in (("T2", JUNE_20), ("T3", JULY_20)):
        with clock.at(moment + timedelta(days=3)):
            if number == "T2":
                cast.refunded("50.00")
            cast.sold(number)
            cast.received(number)
    second, third = settle(JULY_20), settle(JULY_20 + timedelta(days=31))

    told = [one.shares.get(affiliate=cast.affiliate.pk).corrections for one in (second, third)]
    assert told == [1, 0]


def test_two_levels_are_paid_out_of_the_affiliates_share_to_the_last_fen(cast):
    ops = staff_make(email="ops3@test.example")
    top = affiliate_apply(user=user_make(), kind="small", name="Top")
    top.refresh_from_db()
    relation_open(actor=ops, affiliate=cast.wang, partner=top, share_bps=500, below_bps=1000)
    with clock.at(MAY + timedelta(hours=2)):
        cast.sold()
        cast.received()
        # Of the 17.91 that are shared: Lin 11.94 as ever, of Wang's 5.97 a third to the top.
        assert nets() == {
            "affiliate": 1194 - 119 + 500,
            "partner": 398 - 40,
            "second": 199 - 20,
            "intermediary": 995 - 100,
        }
        rows = Commission.objects.exclude(role="intermediary")
        assert sum(row.publisher_minor for row in rows) == 17_91
        assert sum(row.commission_minor for row in rows) == 19_90
        assert cast.balance(chart.pending(top.pk)) == cny("1.79")
    with clock.at(MAY + timedelta(days=5)):
        for n, part in enumerate(("50.00", "33.33", "115.67")):
            cast.refunded(part, refund=f"R{n}")
    assert set(nets().values()) == {0}
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")
