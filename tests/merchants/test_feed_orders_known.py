"""Exports that need no mapping: Shopify, WooCommerce, Taobao, with all their dirt."""

import io
from datetime import timedelta

import pytest

from alliance.kernel import clock
from commissions.tasks import orders_import
from merchants.feeds import FEEDS, run_feed
from merchants.feeds.layouts import LAYOUTS, layout_of
from merchants.feeds.table import Table
from merchants.models import ImportRun, Order, OrderLine, Refund
from merchants.services.imports import import_begin
from merchants.services.orders import LineReport, OrderReport, RefundReport, orders_record
from tests.merchants import exports
from tests.merchants.conftest import NOON
from tests.merchants.exports import CUP, TEAPOT, shopify_order, taobao_order, woo_order

FILES = {
    "shopify": exports.shopify((shopify_order(), [TEAPOT, CUP])),
    "woocommerce": exports.woo(woo_order()),
    "taobao": exports.taobao(taobao_order()),
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path


def bring(shop, layout, content):
    run = import_begin(
        shop=shop, kind="orders", filename="o.csv", file=io.BytesIO(content), actor=None,
        layout=layout,
    )  # fmt: skip
    return run_feed(FEEDS[layout], run=run)


def lines():
    rows = OrderLine.objects.order_by("external_id")
    return list(rows.values_list("external_id", "product_external_id", "quantity", "amount_minor"))


def test_each_layout_is_recognised_by_its_columns():
    assert set(FILES) == set(LAYOUTS)
    for name, content in FILES.items():
        assert layout_of(Table(io.BytesIO(content)).header) == name
    assert layout_of(["order", "date", "product"]) == ""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_paid_order_is_taken_with_its_click(shop, layout):
    run = bring(shop, layout, FILES[layout])

    assert (run.state, run.failure, run.issues.count()) == ("done", "", 0)
    order = Order.objects.get()
    assert (order.state, order.currency, order.click_id) == ("paid", "CNY", "C1-abc")
    assert order.placed_at.isoformat() == "2026-05-31T02:14:00+00:00"
    assert order.paid_at.isoformat() == "2026-05-31T02:20:00+00:00"
    assert sum(minor for *_rest, minor in lines()) == 9000
    assert run.counts["lines_minor"] == 9000


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_file_again_changes_nothing(shop, layout):
    bring(shop, layout, FILES[layout])
    before = Order.objects.get().version
    with clock.at(NOON + timedelta(hours=1)):
        run = bring(shop, layout, FILES[layout])
    assert run.counts["orders_unchanged"] == 1
    assert (Order.objects.get().version, Refund.objects.count()) == (before, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_of_another_shop_system_is_refused_in_words(shop, layout):
    run = bring(shop, layout, b"a,b\n1,2\n")
    assert run.state == "failed"
    assert "not an export of" in run.failure


# --- Shopify --------------------------------------------------------------------------------------


def test_shopify_spreads_the_subtotal_over_the_lines(shop):
    """80 and 20 by their prices, 90 after a discount on the whole order; freight is no base."""
    bring(shop, "shopify", FILES["shopify"])
    assert lines() == [("C1:1", "C1", 1, 1800), ("T1:1", "T1", 2, 7200)]


def test_shopify_rows_may_repeat_the_order_or_leave_it_out(shop):
    order = shopify_order()
    full = exports.shopify((order, [TEAPOT])).decode()
    again = exports.shopify((order, [CUP])).decode().split("\n", 1)[1]
    nameless = exports.shopify(({**order, "Name": ""}, [CUP])).decode().split("\n", 1)[1]
    bring(shop, "shopify", (full + again + nameless).encode())
    assert [line[0] for line in lines()] == ["C1:1", "C1:2", "T1:1"]
    assert sum(line[3] for line in lines()) == 9000


@pytest.mark.parametrize(
    ("more", "state", "refunded"),
    [
        ({"Financial Status": "pending", "Paid at": ""}, "placed", 0),
        ({"Financial Status": "authorized", "Paid at": ""}, "placed", 0),
        ({"Financial Status": "voided", "Paid at": ""}, "void", 0),
        ({"Cancelled at": "2026-05-31 08:00:00 -0400"}, "void", 0),
        ({"Financial Status": "partially_refunded", "Refunded Amount": "30.00"}, "paid", 3000),
        ({"Financial Status": "refunded", "Refunded Amount": "100.00"}, "paid", 9000),
    ],
)
def test_what_shopify_says_of_money(shop, more, state, refunded):
    bring(shop, "shopify", exports.shopify((shopify_order(**more), [TEAPOT, CUP])))
    assert Order.objects.get().state == state
    assert sum(OrderLine.objects.values_list("refunded_minor", flat=True)) == refunded


def test_what_came_back_grows_from_file_to_file(shop):
    def came_back(text, hours):
        order = shopify_order(**{"Financial Status": "partially_refunded", "Refunded Amount": text})
        with clock.at(NOON + timedelta(hours=hours)):
            bring(shop, "shopify", exports.shopify((order, [TEAPOT, CUP])))
        return sum(OrderLine.objects.values_list("refunded_minor", flat=True))

    assert [came_back("10.00", 0), came_back("10.00", 1), came_back("25.00", 2)] == [
        1000,
        1000,
        2500,
    ]
    assert Order.objects.get().version == 2


def paid_back(shop, text, hours, word="partially_refunded"):
    """An export with this sum; the refunds of the two lines after it."""
    order = shopify_order(**{"Financial Status": word, "Refunded Amount": text})
    with clock.at(NOON + timedelta(hours=hours)):
        bring(shop, "shopify", exports.shopify((order, [TEAPOT, CUP])))
    return by_line()


def told(shop, *refunds, hours=9):
    """The same order's refunds by another door."""
    report = OrderReport(
        external_id="#1001", state="paid", currency="CNY", placed_at=NOON - timedelta(days=2),
        reported_at=NOON - timedelta(days=1), refunds=refunds,
    )  # fmt: skip
    with clock.at(NOON + timedelta(hours=hours)):
        (outcome,) = orders_record(shop=shop, reports=[report])
    assert outcome.error is None
    return by_line()


def by_line():
    rows = OrderLine.objects.order_by("-external_id")
    return list(rows.values_list("refunded_minor", flat=True))


def refund(number, line, minor, hours=-1, **more):
    return RefundReport(number, line, minor, NOON + timedelta(hours=hours), **more)


def test_a_refund_that_the_sum_has_counts_once_and_on_its_own_line(shop):
    """40.00 by the sum, of which 30.00 come under a number; then the rest of it, and a new one."""
    assert paid_back(shop, "40.00", 0) == [3200, 800]
    named = refund("R1", "T1:1", 3000)
    assert told(shop, named) == [3700, 300]  # the other 10.00 by the 42.00 and 18.00 that are left
    assert told(shop, named) == [3700, 300]
    assert told(shop, refund("R2", "C1:1", 1000)) == [3000, 1000]
    assert told(shop, refund("R3", "C1:1", 500, hours=1)) == [3000, 1500]
    assert paid_back(shop, "45.00", 10) == [3000, 1500]
    assert Refund.objects.filter(state="applied").count() == 3


@pytest.mark.parametrize(
    ("first", "sum_of", "after"),
    [
        (refund("R1", "T1:1", 3000, hours=-1), "30.00", 3000),
        (refund("R1", "T1:1", 3000, hours=1), "30.00", 6000),
        (refund("R1", "", 3000, hours=1, dated=False), "30.00", 3000),
        (refund("R1", "T1:1", 3000, state="requested"), "30.00", 3000),
        (refund("R1", "T9:1", 3000), "30.00", 3000),  # of a line that we do not know: it waits
        (refund("R1", "T1:1", 7000), "90.00", 9000),
    ],
)
def test_what_a_refund_with_a_number_adds_to_the_sum(shop, first, sum_of, after):
    paid_back(shop, sum_of, 0)
    assert sum(told(shop, first)) == after


def test_a_refund_that_was_only_asked_for_takes_the_place_of_the_sum_when_it_succeeds(shop):
    paid_back(shop, "30.00", 0)
    told(shop, refund("R1", "C1:1", 1000, state="requested"))
    assert told(shop, refund("R1", "C1:1", 1000)) == [1800, 1200]


def test_a_refund_that_waited_for_the_order_of_the_export_counts_once(shop):
    assert told(shop, refund("R1", "T1:1", 3000), hours=-1) == []
    assert sum(paid_back(shop, "40.00", 0)) == 4000
    assert set(Refund.objects.values_list("external_id", "state")) >= {("R1", "applied")}


def test_lines_that_another_door_named_are_not_counted_twice(shop):
    orders_record(
        shop=shop,
        reports=[
            OrderReport(
                external_id="#1001", state="placed", currency="CNY", reported_at=NOON,
                placed_at=NOON - timedelta(days=2),
                lines=[LineReport("880", "T1", "Teapot", 2, 7200)],
            )
        ],
    )  # fmt: skip
    with clock.at(NOON + timedelta(hours=1)):
        bring(shop, "shopify", FILES["shopify"])
    assert lines() == [("880", "T1", 2, 7200)]
    assert Order.objects.get().state == "paid"


@pytest.mark.parametrize(
    ("said", "minor"), [("72,00", None), ("7,2", None), ("1,072.00", 107200), ("1,072", 107200)]
)
def test_a_decimal_comma_never_makes_an_amount_a_hundred_times_as_large(shop, said, minor):
    run = bring(shop, "shopify", exports.shopify((shopify_order("#1", Subtotal=said), [TEAPOT])))
    assert list(run.issues.values_list("field", "code")) == (
        [] if minor else [("Subtotal", "bad_amount")]
    )
    assert list(OrderLine.objects.values_list("amount_minor", flat=True)) == [minor] * bool(minor)


def test_bad_orders_are_named_and_hurt_no_good_one(shop):
    content = exports.shopify(
        (shopify_order("#1"), [TEAPOT]),
        (shopify_order("#2", **{"Financial Status": "weird"}), [TEAPOT, CUP]),
        (shopify_order("#3", Subtotal="much"), [TEAPOT]),
        (shopify_order("#4", **{"Created at": "yesterday"}), [TEAPOT]),
        (shopify_order("#5", Currency="USD"), [TEAPOT]),
        (shopify_order("#6"), [{**TEAPOT, "quantity": "-1"}]),
        (shopify_order("#1"), [CUP]),
        (shopify_order("#7"), [{}]),
        (shopify_order("#8"), [CUP]),
    )
    run = bring(shop, "shopify", content)
    assert list(Order.objects.order_by("external_id").values_list("external_id", flat=True)) == [
        "#1", "#8",
    ]  # fmt: skip
    assert sorted(run.issues.values_list("line_no", "external_id", "field", "code")) == [
        (3, "#2", "Financial Status", "unknown_state"),
        (4, "#2", "Financial Status", "unknown_state"),
        (5, "#3", "Subtotal", "bad_amount"),
        (6, "#4", "Created at", "bad_moment"),
        (7, "#5", "currency", "invalid"),
        (8, "#6", "Lineitem quantity", "bad_quantity"),
        (9, "#1", "order", "order_again"),
        (10, "#7", "order", "no_lines"),
    ]
    assert (run.counts["rows"], run.counts["refused"]) == (10, 8)


# --- WooCommerce ----------------------------------------------------------------------------------


def test_woocommerce_unpacks_its_items(shop):
    bring(shop, "woocommerce", FILES["woocommerce"])
    assert lines() == [("12:1", "12", 1, 1800), ("T1:1", "T1", 2, 7200)]
    titles = OrderLine.objects.order_by("external_id").values_list("title", flat=True)
    assert list(titles) == ["Cup: small", "Teapot | blue"]
    assert Order.objects.get().coupon_code == "TEA10"


@pytest.mark.parametrize(
    ("more", "state", "refunded"),
    [
        ({"status": "on-hold", "paid_date": ""}, "placed", 0),
        ({"status": "wc-completed"}, "paid", 0),
        ({"status": "cancelled"}, "void", 0),
        ({"status": "failed", "paid_date": ""}, "void", 0),
        ({"status": "refunded"}, "paid", 9000),
        ({"refund_items": "id:9|amount:-5.00|reason:;id:10|amount:2.50"}, "paid", 750),
    ],
)
def test_what_woocommerce_says_of_money(shop, more, state, refunded):
    bring(shop, "woocommerce", exports.woo(woo_order(**more)))
    assert Order.objects.get().state == state
    assert sum(OrderLine.objects.values_list("refunded_minor", flat=True)) == refunded


def test_woocommerce_items_without_a_total_are_named(shop):
    bad = woo_order("2", line_item_2="name:Cup|quantity:1")
    run = bring(shop, "woocommerce", exports.woo(woo_order("1"), bad, woo_order("3", status="?")))
    assert list(run.issues.values_list("line_no", "external_id", "field", "code")) == [
        (3, "2", "line_item_2", "bad_amount"),
        (4, "3", "status", "unknown_state"),
    ]


# --- Taobao ---------------------------------------------------------------------------------------


def test_taobao_numbers_keep_their_digits(shop):
    bring(shop, "taobao", FILES["taobao"])
    assert Order.objects.get().external_id == "3300000000000000018"
    assert lines() == [("1", "", 2, 9000)]
    assert OrderLine.objects.get().title == "西湖龙井，明前特级"


@pytest.mark.parametrize(
    ("words", "more", "state"),
    [
        ("等待买家付款", {"订单付款时间": "", "买家实际支付金额": "0.00"}, "placed"),
        ("买家已付款，等待卖家发货", {}, "paid"),
        ("卖家已发货，等待买家确认", {}, "paid"),
        ("交易成功", {}, "received"),
        ("交易关闭", {"订单关闭原因": "买家未付款"}, "void"),
        ("付款以后用户退款成功，交易自动关闭", {}, "void"),
    ],
)
def test_taobao_states_in_their_words(shop, words, more, state):
    run = bring(shop, "taobao", exports.taobao(taobao_order(订单状态=words, **more)))
    order = Order.objects.get()
    assert (order.state, run.issues.count(), lines()[0][3]) == (state, 0, 9000)
    assert order.void_reason == more.get("订单关闭原因", "")


def test_goods_arrived_when_we_first_heard_of_it(shop):
    content = exports.taobao(taobao_order(订单状态="交易成功"))
    for hours in (0, 9):
        with clock.at(NOON + timedelta(hours=hours)):
            bring(shop, "taobao", content)
    assert Order.objects.get().received_at == NOON


def test_an_unknown_state_is_named(shop):
    run = bring(shop, "taobao", exports.taobao(taobao_order(订单状态="某种状态")))
    assert list(run.issues.values_list("line_no", "field", "code")) == [
        (2, "订单状态", "unknown_state")
    ]


def test_the_worker_reads_by_the_layout_of_the_run(shop):
    run = import_begin(
        shop=shop, kind="orders", filename="o.csv", file=io.BytesIO(FILES["taobao"]), actor=None,
        layout="taobao",
    )  # fmt: skip
    orders_import(run.pk)
    orders_import(run.pk)  # the broker delivers it again
    assert ImportRun.objects.get().state == "done"
    assert Order.objects.count() == 1
