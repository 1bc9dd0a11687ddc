"""Orders become booked commissions: exact figures at each turn of the road, books that verify."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import chart, pipeline, tasks
from commissions.models import CommissionLine, Entry
from commissions.services import payouts, settlements, wallets
from commissions.verify import verify
from merchants.services.orders import orders_record
from tests.cast import cast_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):  # a click earns by the terms that stand already
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


def later(**delta):
    return clock.at(clock.now() + timedelta(**delta))


def settle():
    with clock.at(JUNE_20):
        return settlements.settlement_run(month=MAY.date(), currency="CNY")


def withdraw_all(cast):
    with clock.at(JUNE_22):
        payouts.payee_set(
            actor=cast.lin,
            affiliate=cast.affiliate,
            holder="Lin",
            institution="Alipay",
            number="lin@alipay",
        )
        payout = payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(chart.payable(cast.affiliate.pk)),
        )
        payouts.payout_release(actor=cast.finance, payout=payout)
        tasks.payout_send(payout.pk)
        payout.refresh_from_db()
        payouts.payout_mark_paid(payout=payout, rail_ref="BANK-1", actor=cast.finance2)
        return payout


def test_a_paid_order_reserves_the_commission(cast):
    commission = cast.sold()

    assert commission.state == "estimated"
    assert (commission.commission_minor, commission.publisher_minor) == (2388, 2149)
    assert (commission.tech_fee_minor, commission.net_minor) == (215, 1934)
    assert commission.platform_minor == 239
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9976.12")
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("23.88")


def test_goods_received_move_the_reserve_to_its_owners(cast):
    cast.sold()
    with later(days=5):
        commission = cast.received()

    assert commission.state == "confirmed"
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("0.00")
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("19.34")
    assert cast.balance(chart.TECH_FEE) == cny("2.15")
    assert cast.balance(chart.SHARE) == cny("2.39")


def test_processing_again_changes_nothing(cast):
    cast.sold()
    before = CommissionLine.objects.count(), Entry.objects.count()
    order = cast.shop.orders.get()

    assert pipeline.orders_process([order.pk, order.pk]) == 0
    assert (CommissionLine.objects.count(), Entry.objects.count()) == before


def test_an_order_without_a_click_earns_nobody_anything_and_says_why(cast):
    cast.record(cast.report("T1"))

    line = cast.shop.orders.get().lines.get()
    assert line.attribution.rule == "none"
    assert line.attribution.receipt["why"] == "no_click_id"
    assert not CommissionLine.objects.exists()


def test_a_void_gives_the_reserve_back(cast):
    cast.sold()
    with later(hours=2):
        cast.record(
            cast.report(
                "T1", state="void", placed_at=MAY, paid_at=MAY, void_at=clock.now(), lines=()
            )
        )

    assert cast.commission().state == "void"
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("0.00")


def test_a_partial_refund_before_receipt_is_priced_on_what_remains(cast):
    cast.sold()
    with later(hours=2):
        commission = cast.refunded("50.00")

    assert commission.commission_minor == 1788
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("17.88")


def test_a_full_refund_before_receipt_is_void(cast):
    cast.sold()
    with later(hours=2):
        commission = cast.refunded("199.00")

    assert (commission.state, commission.net_minor) == ("void", 0)
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")


def test_a_refund_after_receipt_takes_the_difference_from_everybody(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    with later(days=6):
        commission = cast.refunded("50.00")

    assert commission.state == "confirmed"
    assert (commission.publisher_minor, commission.tech_fee_minor) == (1609, 161)
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("14.48")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9982.12")


def test_three_partial_refunds_end_where_one_full_refund_ends(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    for n, amount in enumerate(("33.33", "66.67", "99.00")):
        with later(days=6 + n):
            commission = cast.refunded(amount, refund=f"R{n}")

    assert (commission.state, commission.net_minor) == ("confirmed", 0)
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")


def test_settlement_makes_the_pending_payable(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    settlement = settle()

    share = settlement.shares.get()
    assert (share.commissions, share.net_minor, share.tech_fee_minor) == (1, 1934, 215)
    assert cast.commission().standing == "settled"
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_goods_received_in_june_wait_for_the_next_settlement(cast):
    cast.sold()
    with clock.at(datetime(2026, 6, 1, 0, 0, 1, tzinfo=clock.ZONE)):
        cast.received()
    settlement = settle()

    assert not settlement.shares.exists()
    assert cast.commission().state == "confirmed"


def test_the_last_second_of_may_in_shanghai_belongs_to_may(cast):
    cast.sold()
    with clock.at(datetime(2026, 5, 31, 23, 59, 59, tzinfo=clock.ZONE)):
        cast.received()

    assert settle().shares.get().net_minor == 1934


def test_a_refund_after_settlement_is_taken_from_what_is_payable(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    settle()
    with clock.at(JUNE_22):
        commission = cast.refunded("50.00")

    assert commission.standing == "settled"
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("14.48")


def test_a_void_after_settlement_takes_all_of_it_back(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    settle()
    with clock.at(JUNE_22):
        cast.record(cast.report("T1", state="void", lines=(), placed_at=MAY, paid_at=MAY))

    commission = cast.commission()
    assert (commission.standing, commission.net_minor) == ("settled", 0)
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")


def test_a_refund_after_the_payout_is_a_debt_that_later_earnings_repay(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    settle()
    payout = withdraw_all(cast)
    assert (payout.amount, cast.balance(chart.IN_FLIGHT)) == (cny("19.34"), cny("0.00"))

    with clock.at(JUNE_22 + timedelta(days=1)):
        cast.refunded("50.00")
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-4.86")
    assert verify() == []

    with clock.at(JUNE_22 + timedelta(days=2)):
        cast.sold("T2")
    with clock.at(JUNE_22 + timedelta(days=5)):
        cast.received("T2")
    with clock.at(datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)):
        settlement = settlements.settlement_run(month=JUNE_22.date(), currency="CNY")

    assert settlement.shares.get().debt_repaid_minor == 486
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("14.48")


def test_without_funds_a_commission_waits_and_the_others_go_on(cast):
    for number in range(1, 4):
        cast.sold(f"BIG{number}", amount_minor=3_500_000)  # 4,200.00 of commission each

    states = [cast.commission(f"BIG{n}").state for n in (1, 2, 3)]
    assert states == ["estimated", "estimated", "unfunded"]
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("1600.00")
    assert verify() == []

    with later(days=1):
        pipeline.orders_process(o.pk for o in cast.shop.orders.all())
        assert cast.commission("BIG3").revision == 1  # asked again, nothing new to say
        cast.top_up("2600.00")
        tasks.merchant_funded(cast.merchant.pk)

    assert cast.commission("BIG3").state == "estimated"
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("0.00")


def test_a_batch_may_spend_what_it_frees(cast):
    """BIG2 is void and BIG1, the elder, is paid: in one batch, and there is money for one."""
    cast.sold("BIG1", amount_minor=7_000_000, state="placed", paid_at=None)
    cast.sold("BIG2", amount_minor=7_000_000)  # 8,400.00 of commission, of 10,000.00
    with later(days=1):
        paid = cast.report("BIG1", lines=(), placed_at=MAY)
        cast.record(paid, cast.report("BIG2", state="void", lines=(), placed_at=MAY, paid_at=MAY))

    assert [cast.commission(f"BIG{n}").state for n in (1, 2)] == ["estimated", "void"]
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("1600.00")


def test_a_credit_limit_lets_the_wallet_go_below_zero(cast):
    wallets.credit_limit_set(actor=cast.finance, merchant=cast.merchant, limit=cny("500.00"))
    cast.sold("BIG", amount_minor=8_700_000)  # 10,440.00 of commission

    assert cast.commission("BIG").state == "estimated"
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("-440.00")


def test_a_rise_that_the_wallet_cannot_cover_keeps_the_booked_figure_and_waits(cast):
    cast.sold("BIG", amount_minor=8_000_000)  # 9,600.00 of commission
    with later(hours=1):
        dearer = cast.report("BIG", amount_minor=9_000_000, click_id="")  # 10,800.00
        cast.record(dearer)
    commission, order = cast.commission("BIG"), cast.shop.orders.get()

    assert commission.commission_minor == 960_000
    assert order.processed_version < order.version
    with later(hours=2):
        cast.top_up("1000.00")
        tasks.orders_sweep()
    assert cast.commission("BIG").commission_minor == 1_080_000


def test_fees_of_today_do_not_change_an_order_of_yesterday(cast, settings):
    cast.sold()
    settings.ALLIANCE = {**settings.ALLIANCE, "TECH_FEE_BPS": 2000, "SHARE_BPS": 5000}
    with later(days=5):
        commission = cast.received()

    assert (commission.publisher_minor, commission.tech_fee_minor) == (2149, 215)


def test_the_sweep_finds_an_order_whose_message_was_lost(cast):
    orders_record(shop=cast.shop, reports=[cast.report("T1", click_id=cast.click())])
    tasks.orders_sweep()

    assert cast.commission().state == "estimated"


def test_goods_count_as_received_after_the_merchants_days(cast):
    cast.sold()
    with later(days=14, hours=23):
        tasks.orders_sweep()
        assert cast.commission().state == "estimated"
    with later(days=15, hours=1):
        tasks.orders_sweep()

    assert cast.commission().state == "confirmed"
    assert cast.commission().confirmed_at == MAY + timedelta(days=15)


def test_one_sweep_receives_however_many_goods_are_due(cast):
    many = [cast.report(f"M{number}") for number in range(1002)]
    cast.record(*many)
    with later(days=15, hours=1):
        tasks.orders_sweep()

    assert not cast.shop.orders.exclude(state="received").exists()


def test_an_order_at_fault_does_not_hold_up_the_others(cast, sql):
    cast.sold("T1")
    # The void of T1 cannot be booked; T2 can, but not in one batch with it.
    sql("UPDATE commissions_balance SET balance_minor = 0 WHERE balance_minor = 2388")
    void = cast.report("T1", state="void", lines=())
    fresh = cast.report("T2", amount_minor=9900, click_id=cast.click())
    orders_record(shop=cast.shop, reports=[void, fresh])
    tasks.orders_sweep()

    assert cast.commission("T2").state == "estimated"
    assert cast.commission("T1").state == "estimated"
    sql("UPDATE commissions_balance SET balance_minor = 3576 WHERE balance_minor = 1188")
    tasks.orders_sweep()
    assert cast.commission("T1").state == "void"


def test_a_corrected_receipt_alone_moves_the_commission_to_its_month(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    with later(days=25):
        received_at = clock.now()  # 4 June
        cast.received(placed_at=MAY, paid_at=MAY)
    settle()

    assert cast.commission().confirmed_at == received_at
    assert cast.commission().state == "confirmed"
    assert CommissionLine.objects.count() == 2


def test_each_line_keeps_its_receipt(cast):
    cast.sold()
    with later(days=5):
        cast.received()
    with later(days=6):
        cast.refunded("50.00")

    lines = list(CommissionLine.objects.order_by("revision"))
    assert [line.receipt["why"] for line in lines] == ["paid", "confirmed", "refund"]
    assert [line.net_minor for line in lines] == [1934, 0, -486]
    assert lines[0].receipt["rates"]["commission_bps"] == 1200
    assert all(line.entry_id for line in lines)


def test_the_sweep_funds_what_a_void_made_room_for(cast):
    for number in range(1, 4):
        cast.sold(f"BIG{number}", amount_minor=3_500_000)  # 4,200.00 each; the third must wait
    with later(hours=1):
        void = cast.report("BIG1", state="void", placed_at=MAY, paid_at=MAY, lines=())
        cast.record(replace(void, void_at=clock.now()))
    assert cast.commission("BIG3").state == "unfunded"

    tasks.unfunded_sweep()

    assert cast.commission("BIG3").state == "estimated"
