"""What a refund costs whom: replayed, never stored, and always what was booked."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from affiliates.models import Affiliate
from affiliates.services import affiliate_apply, relation_open
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from campaigns.services.subsidies import subsidy_open
from commissions import chart, tasks
from commissions.models import CommissionLine
from commissions.refunds import RefundRecord, RefundStatus, came_back, records_of
from commissions.services import payouts, write_offs
from commissions.services.settlements import settlement_run
from commissions.verify import verify
from merchants.models import Refund
from merchants.services.orders import RefundReport
from tests.cast import Cast, cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
LATER = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
Status = RefundStatus


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


def records(cast: Cast, affiliate: Affiliate | None = None) -> list[RefundRecord]:
    return records_of(affiliate or cast.affiliate, list(Refund.objects.order_by("pk")))


def say(cast: Cast, refund: str, amount: str, state: str) -> None:
    """What the shop says of a refund of order T1."""
    order = cast.shop.orders.get(external_id="T1")
    moments = {name: getattr(order, name) for name in ("placed_at", "paid_at", "received_at")}
    report = RefundReport(refund, "T1-1", cny(amount).minor, clock.now(), state=state)
    cast.record(cast.report("T1", state=order.state, lines=(), refunds=(report,), **moments))


def paid_out(cast: Cast) -> None:
    """The 19.34 of T1, received in May, are settled in June and withdrawn."""
    sold = cast.sold()
    cast.received(placed_at=sold.placed_at, paid_at=sold.placed_at)
    with clock.at(LATER):
        settlement_run(month=NOON.date(), currency="CNY")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
        payout = payouts.payout_request(
            actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34")
        )
        payouts.payout_release(actor=cast.finance, payout=payout)
        tasks.payout_send(payout.pk)
        payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=cast.finance2)


def test_case_c_comes_out_to_the_fen(cast):
    """docs/domain.md §4.2: 50.00 of 199.00 came back, with a subsidy of 3 % up to 5.00."""
    ops = staff_make(StaffRole.OPS)
    subsidy_open(actor=ops, name="Summer", rate_bps=300, cap=cny("5.00"))
    cast.sold()
    cast.refunded("50.00")
    (record,) = records(cast)
    said = record.wire()
    assert {name: said[name] for name in said if name.endswith(("fee", "refund"))} == {
        "refund_fee": "50.00",
        "pub_share_fee": "20.56",
        "tk_commission_fee_refund": "4.86",
        "tk_commission_alimm_refund_fee": "0.54",
        "tk_subsidy_fee_refund": "0.53",
        "tk_subsidy_alimm_refund_fee": "0.00",
        "tk_commission_agent_refund_fee": "0.00",
        "tk_subsidy_agent_refund_fee": "0.00",
        "show_return_fee": "5.93",
    }
    assert (said["refund_suit_id"], said["tb_trade_parent_id"], said["refund_status"]) == (
        "R1", "T1", 2,
    )  # fmt: skip
    assert verify() == []


def test_requested_several_succeeded_failed(cast):
    cast.sold()
    say(cast, "R1", "10.00", "requested")
    assert [record.status for record in records(cast)] == [Status.CREATED]
    say(cast, "R2", "20.00", "requested")
    assert [record.status for record in records(cast)] == [Status.SEVERAL_PENDING] * 2
    say(cast, "R1", "10.00", "succeeded")
    say(cast, "R2", "20.00", "failed")
    first, second = records(cast)
    assert (first.status, first.whole) == (Status.SUCCEEDED, cny("1.08"))
    assert (second.status, second.whole) == (Status.FAILED, cny("0.00"))


def test_a_withdrawn_refund_gives_the_commission_back(cast):
    net = cast.sold().net_minor
    assert cast.refunded("50.00").net_minor == 1448
    say(cast, "R1", "50.00", "failed")
    assert cast.commission().net_minor == net == 1934
    assert cast.balance(chart.reserved(cast.merchant.pk)) == cny("23.88")
    assert verify() == []


def test_a_refund_after_the_payout_is_to_be_repaid_and_then_repaid(cast):
    paid_out(cast)
    with clock.at(LATER):
        cast.refunded("50.00", refund="R1")
        cast.refunded("50.00", refund="R2")
        assert [record.status for record in records(cast)] == [Status.TO_DEDUCT] * 2
        assert sum(record.net.minor for record in records(cast)) == 972
        assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-9.72")
        assert records(cast)[0].wire()["earning_time"] is not None
        sold = cast.sold("T2", amount_minor=5_000)  # 4.86 of it repay the older of the two
        cast.received("T2", placed_at=sold.placed_at, paid_at=sold.placed_at)
    with clock.at(LATER + 29 * DAY):
        settlement_run(month=LATER.date(), currency="CNY")
        assert [r.status for r in records(cast)] == [Status.DEDUCTED, Status.TO_DEDUCT]
    assert verify() == []


def test_what_the_merchant_bears_is_said_so(cast):
    paid_out(cast)
    with clock.at(LATER):
        cast.refunded("199.00")
        write_off = write_offs.write_off_request(
            actor=cast.finance,
            affiliate=cast.affiliate,
            amount=cny("19.34"),
            reason="gone for good",
            merchant=cast.merchant,
        )
        assert [record.status for record in records(cast)] == [Status.TO_CHARGE_MERCHANT]
        write_offs.write_off_approve(actor=cast.finance2, write_off=write_off)
        assert [record.status for record in records(cast)] == [Status.MERCHANT_CHARGED]
    assert verify() == []


def test_what_came_back_to_the_wallet_is_what_the_merchant_paid_less(cast):
    cast.sold()
    before = cast.balance(chart.wallet(cast.merchant.pk))
    commission = cast.refunded("50.00")
    line = commission.line
    back = came_back(line, line.commissions.all())
    assert back == {Refund.objects.get().pk: cny("6.00")}
    assert cast.balance(chart.wallet(cast.merchant.pk)) - before == cny("6.00")


def test_a_partner_has_a_record_of_its_own(cast):
    partner = affiliate_apply(user=user_make(), kind="small", name="Partner")
    with clock.at(NOON - DAY):
        relation_open(
            actor=staff_make(StaffRole.OPS),
            affiliate=cast.affiliate,
            partner=partner,
            share_bps=2_000,
        )
    cast.record(cast.report("T1", click_id=cast.click()))
    say(cast, "R1", "50.00", "succeeded")
    (mine,), (theirs,) = records(cast), records(cast, partner)
    assert mine.agent == theirs.net == cny("1.08")
    assert mine.net == cny("3.78")
    assert verify() == []


def test_a_called_off_order_costs_no_more_by_its_refund(cast):
    sold = cast.sold()
    cast.refunded("50.00", state="void", void_at=sold.placed_at)
    assert [record.whole for record in records(cast)] == [cny("0.00")]


@given(amounts=st.lists(st.integers(1, 6000), min_size=1, max_size=5), late=st.booleans())
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_records_add_up_to_what_was_booked(cast, amounts, late):
    number = f"P{Refund.objects.count()}-{len(amounts)}"
    sold = cast.sold(number)
    if late:
        cast.received(number, placed_at=sold.placed_at, paid_at=sold.placed_at)
    refunds = [f"{number}R{i}" for i in range(len(amounts))]
    left = 19_900
    for refund, minor in zip(refunds, amounts, strict=True):
        minor = min(minor, left - 1)
        left -= minor
        cast.refunded(f"{minor / 100:.2f}", number, refund)
    rows = list(Refund.objects.filter(external_id__in=refunds))
    found = records_of(cast.affiliate, rows)
    lines = CommissionLine.objects.filter(commission=sold)
    booked = [line for line in lines if line.receipt["why"] == "refund"]
    assert sum(record.net.minor for record in found) == -sum(line.net_minor for line in booked)
    assert sum(record.tech_fee.minor for record in found) == -sum(
        line.tech_fee_minor for line in booked
    )
    back = came_back(sold.line, sold.line.commissions.all())
    assert sum(money.minor for money in back.values()) == -sum(
        line.commission_minor for line in booked
    )


# --- Pages ---


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_affiliate_sees_each_refund_and_what_it_cost(cast):
    cast.sold()
    cast.refunded("50.00")
    page = client_of(cast.lin).get("/affiliate/orders/refunds/").content.decode()
    for words in ("T1", "¥50.00", "¥4.86", "Taken off before the settlement"):
        assert words in page
    answer = client_of(cast.lin).get("/affiliate/orders/refunds.csv")
    csv = answer.getvalue().decode("utf-8-sig")
    assert "4.86,0.54,0.00,5.40" in csv
    receipt = client_of(cast.lin).get(f"/affiliate/orders/{cast.commission().pk}/")
    assert "¥4.86" in receipt.content.decode()


def test_a_stranger_sees_no_refund(cast):
    cast.sold()
    cast.refunded("50.00")
    stranger = user_make()
    affiliate_apply(user=stranger, kind="small", name="Other")
    assert "¥50.00" not in client_of(stranger).get("/affiliate/orders/refunds/").content.decode()


def test_the_merchant_sees_what_came_back_to_the_wallet(cast):
    cast.sold()
    commission = cast.refunded("50.00")
    page = client_of(cast.chen).get(f"/merchant/orders/{commission.line.order_id}/")
    assert "¥6.00" in page.content.decode()
