"""An order file comes out to the cent: each row has one fate, and the fates add up to the file."""

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Sum

from alliance.kernel.money import Money
from merchants.feeds import FEEDS, orders_csv, run_feed
from merchants.feeds.order_columns import suggest
from merchants.feeds.table import Table
from merchants.models import ImportIssue, Order, OrderLine, Refund
from merchants.services.imports import import_begin, mapping_save
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.orders import OrderReport, RefundReport, orders_record

HERE = Path(__file__).parent
REAL = HERE.parents[2] / "shared/data/orders_uci_online_retail/online_retail_dev.csv.gz"
COLUMNS = {
    "order": "InvoiceNo",
    "product": "StockCode",
    "title": "Description",
    "quantity": "Quantity",
    "placed_at": "InvoiceDate",
    "unit_price": "UnitPrice",
    "customer": "CustomerID",
}
OPTIONS = {
    "zone": "Europe/London",
    "state": "received",
    "refunds": "prefix",
    "refund_prefix": "C",
    "refund_match": "customer",
    "not_products": [
        "POST", "DOT", "D", "M", "S", "B", "PADS", "C2", "AMAZONFEE", "BANK CHARGES", "CRUK",
    ],
}  # fmt: skip


@pytest.fixture
def gift_shop(owner, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    merchant = merchant_apply(
        user=owner, name="Gifts", shop_name="Gifts", domains=["gifts.example"], currency="GBP"
    )
    merchant_approve(merchant=merchant, actor=None)
    return merchant.shops.get()


def bring(shop, content, columns=COLUMNS, options=OPTIONS, on_changed=lambda keys: None):
    mapping = mapping_save(
        merchant=shop.merchant, kind="orders", columns=columns, options=options, actor=None
    )
    run = import_begin(
        shop=shop, kind="orders", filename="orders.csv", file=io.BytesIO(content), actor=None
    )
    return run_feed(FEEDS["orders_csv"], run=run, mapping=mapping, on_changed=on_changed)


def totals_of(content):
    """What the file holds by a plain reading, in cents half up per row: (bought, given back)."""
    plus = minus = 0
    for row in csv.DictReader(io.StringIO(content.decode())):
        try:
            amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
        except ArithmeticError:
            continue
        cents = Money.parse(str(amount), "GBP").minor
        plus, minus = plus + max(cents, 0), minus + max(-cents, 0)
    return plus, minus


def assert_adds_up(run, content):
    with connection.cursor() as cursor:  # nobody else analyses inside our transaction
        cursor.execute("ANALYZE merchants_order, merchants_orderline, merchants_refund")
    counts = run.counts
    fates = ("lines", "refunds", "unmatched", "refused")
    assert sum(counts.get(fate, 0) for fate in fates) == counts["rows"]
    minor = {
        name: counts.get(f"{name}_minor", 0) for name in (*fates, "refused_plus", "refused_minus")
    }
    assert totals_of(content) == (
        minor["lines"] + minor["refused_plus"],
        minor["refunds"] + minor["unmatched"] + minor["refused_minus"],
    )
    assert run.issues.count() == counts.get("refused", 0)
    shop = {"order__shop": run.shop}
    booked = OrderLine.objects.filter(**shop).aggregate(Sum("amount_minor"), Sum("refunded_minor"))
    assert booked == {
        "amount_minor__sum": minor["lines"],
        "refunded_minor__sum": minor["refunds"],
    }
    waiting = Refund.objects.filter(shop=run.shop, state="unmatched").aggregate(Sum("amount_minor"))
    assert (waiting["amount_minor__sum"] or 0) == minor["unmatched"]


def books(shop):
    return (
        list(Order.objects.filter(shop=shop).order_by("pk").values_list("external_id", "version")),
        list(Refund.objects.filter(shop=shop).order_by("pk").values_list("external_id", "line")),
    )


def test_every_kind_of_dirt_has_its_fate(gift_shop):
    content = (HERE / "data/orders_dirty.csv").read_bytes()
    changed = []
    run = bring(gift_shop, content, on_changed=changed.extend)

    assert run.state == "done"
    assert_adds_up(run, content)
    assert list(run.issues.values_list("line_no", "code")) == [
        (5, "not_a_product"),
        (7, "not_a_product"),
        (16, "zero_amount"),
        (17, "negative_price"),
        (18, "bad_amount"),
        (19, "bad_moment"),
        (20, "no_order"),
        (21, "too_many_cells"),
        (22, "not_a_product"),
    ]
    assert "BANK CHARGES" in ImportIssue.objects.get(line_no=22).reason
    assert sorted(changed) == sorted(Order.objects.values_list("pk", flat=True))
    lines = OrderLine.objects.filter(order__external_id="536365").order_by("pk")
    assert list(lines.values_list("external_id", "amount_minor", "refunded_minor")) == [
        ("85123A:1", 1530, 1530),  # 3 of the 6, then the rest with the five below
        ("85123A:2", 510, 510),
        ("71053:1", 2034, 0),
    ]
    # Row 10 stands apart from its order, and three decimals round once per row.
    assert set(OrderLine.objects.filter(order__external_id="536366").values_list(
        "external_id", "amount_minor", "refunded_minor"
    )) == {("22633:1", 1113, 1113), ("22632:1", 1110, 0)}  # fmt: skip
    assert list(Refund.objects.filter(state="unmatched").values_list("external_id", flat=True)) == [
        "C536385:85123A:1",  # all eight have come back
        "C536386:99999:1",  # never bought
        "C536387:84879:1",  # dearer than it was
        "C536388:84879:1",  # nobody's
        "C536391:84879:1",  # more than were bought
    ]


def test_the_same_file_again_changes_nothing(gift_shop):
    content = (HERE / "data/orders_dirty.csv").read_bytes()
    first = bring(gift_shop, content)
    before = books(gift_shop)
    changed = []
    second = bring(gift_shop, content, on_changed=changed.extend)

    assert books(gift_shop) == before
    assert changed == []
    news = ("orders_created", "orders_changed", "refunds_new", "unmatched_new")
    assert [second.counts.get(name, 0) for name in news] == [0, 0, 0, 0]
    same = ("rows", "lines_minor", "refunds_minor", "unmatched_minor", "refused")
    assert [second.counts[name] for name in same] == [first.counts[name] for name in same]


def test_the_buyer_is_not_kept(gift_shop):
    bring(gift_shop, (HERE / "data/orders_dirty.csv").read_bytes())
    assert "17850" not in str(list(Refund.objects.values()) + list(Order.objects.values()))


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_chunks_and_batches_of_any_size_give_the_same_books(gift_shop, monkeypatch, chunk):
    content = (HERE / "data/orders_dirty.csv").read_bytes()
    monkeypatch.setattr(Table.chunks, "__defaults__", (chunk,))
    monkeypatch.setattr(orders_csv, "BATCH_ORDERS", chunk)
    assert_adds_up(bring(gift_shop, content), content)
    assert Refund.objects.filter(state="unmatched").count() == 5


def test_totals_states_zones_and_refunds_that_name_their_order(gift_shop):
    content = (
        "Bestellnummer;Datum;Artikelnummer;Menge;Betrag;Status;Währung;Gutschein\n"
        "A1;18.06.2026 10:00;T1;2;1.234,50;bezahlt;GBP;TEE5\n"
        "A1;18.06.2026 10:00;T2;1;€ 10,00;bezahlt;GBP;\n"
        "A1;19.06.2026 10:00;T1;1;-617,25;bezahlt;GBP;\n"
        "A2;18.06.2026 11:00;T1;1;5,00;unterwegs;GBP;\n"
        "A3;18.06.2026 11:00;T1;1;5,00;storniert;GBP;\n"
        "A4;18.06.2026 11:00;T1;1;5,00;bezahlt;EUR;\n"
        "B9;19.06.2026 11:00;T1;1;-5,00;bezahlt;GBP;\n"
    ).encode("cp1252")
    columns = {
        "order": "Bestellnummer",
        "placed_at": "Datum",
        "product": "Artikelnummer",
        "quantity": "Menge",
        "total": "Betrag",
        "state": "Status",
        "currency": "Währung",
        "coupon": "Gutschein",
    }
    options = {
        "encoding": "cp1252",
        "date_format": "%d.%m.%Y %H:%M",
        "zone": "Europe/Berlin",
        "decimal": ",",
        "states": {"bezahlt": "paid", "storniert": "void"},
        "refunds": "negative",
    }
    run = bring(gift_shop, content, columns, options)

    assert list(run.issues.values_list("line_no", "code")) == [
        (5, "unknown_state"),
        (7, "other_currency"),
    ]
    order = Order.objects.get(external_id="A1")
    assert order.placed_at.isoformat() == "2026-06-18T08:00:00+00:00"
    assert (order.state, order.coupon_code) == ("paid", "TEE5")
    assert Order.objects.get(external_id="A3").state == "void"
    lines = order.lines.order_by("pk").values_list("amount_minor", "refunded_minor")
    assert list(lines) == [(123450, 61725), (1000, 0)]
    assert Refund.objects.get(state="unmatched").facts["order"] == "B9"
    assert run.counts["unmatched"] == 1


def test_a_refund_finds_the_order_of_an_earlier_file(gift_shop):
    columns = {"order": "no", "placed_at": "at", "product": "sku", "total": "sum"}
    options = {"refunds": "negative"}
    head = "no,at,sku,sum\n"
    bring(gift_shop, f"{head}A1,2026-06-01 10:00,T1,10.00\n".encode(), columns, options)
    state = Order.objects.get().placed_at
    run = bring(gift_shop, f"{head}A1,2026-06-03 10:00,T1,-4.00\n".encode(), columns, options)

    assert (run.counts["refunds"], run.counts["refunds_minor"]) == (1, 400)
    assert OrderLine.objects.get().refunded_minor == 400
    assert Order.objects.get().placed_at == state


def test_an_order_that_is_refused_names_all_its_rows(gift_shop):
    rows = "no,at,line,sum\nA1,2026-06-01,1,10.00\nA1,2026-06-01,1,5.00\nA2,2026-06-01,1,1.00\n"
    columns = {"order": "no", "placed_at": "at", "line": "line", "total": "sum"}
    run = bring(gift_shop, rows.encode(), columns, {})

    assert list(run.issues.values_list("line_no", "code")) == [(2, "invalid"), (3, "invalid")]
    assert run.counts["refused_plus_minor"] == 1500
    assert list(Order.objects.values_list("external_id", flat=True)) == ["A2"]


def test_what_was_refunded_elsewhere_is_not_refunded_again(gift_shop):
    content = (HERE / "data/orders_dirty.csv").read_bytes()
    bring(gift_shop, b"".join(row for row in content.splitlines(True) if row[:1] != b"C"))
    order = Order.objects.get(external_id="536365")
    report = OrderReport(
        "536365", "received", "GBP", order.placed_at, order.placed_at,
        refunds=[RefundReport("R1", "85123A:1", 1530, order.placed_at)],
    )  # fmt: skip
    assert orders_record(shop=gift_shop, reports=[report])[0].change == "changed"

    run = bring(gift_shop, content)
    assert run.issues.get(line_no=9).code == "over_refund"
    assert OrderLine.objects.get(order=order, external_id="85123A:1").refunded_minor == 1530


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ({**COLUMNS, "order": "Nowhere"}, OPTIONS),
        ({"order": "InvoiceNo", "placed_at": "InvoiceDate"}, OPTIONS),
        (COLUMNS, {**OPTIONS, "zone": "Mars/Olympus"}),
        (COLUMNS, {**OPTIONS, "encoding": "klingon"}),
        (COLUMNS, {**OPTIONS, "states": {"x": "eaten"}}),
        (COLUMNS, {**OPTIONS, "refund_prefix": ""}),
    ],
)
def test_a_mapping_that_cannot_work_fails_with_a_sentence(gift_shop, columns, options):
    run = bring(gift_shop, (HERE / "data/orders_dirty.csv").read_bytes(), columns, options)

    assert (run.state, Order.objects.count()) == ("failed", 0)
    assert run.failure


def test_headers_are_recognised():
    header = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
              "CustomerID", "Country"]  # fmt: skip
    assert suggest(header) == COLUMNS
    taobao = ["订单编号", "买家会员名", "买家实际支付金额", "订单状态", "订单创建时间",
              "订单付款时间", "宝贝标题", "宝贝总数量"]  # fmt: skip
    assert suggest(taobao) == {
        "order": "订单编号",
        "customer": "买家会员名",
        "total": "买家实际支付金额",
        "state": "订单状态",
        "placed_at": "订单创建时间",
        "paid_at": "订单付款时间",
        "title": "宝贝标题",
        "quantity": "宝贝总数量",
    }
    german = {
        "order": "Bestell-Nr.", "placed_at": "Datum", "product": "Artikel-Nr.", "title": "Artikel",
        "quantity": "Stück", "unit_price": "Preis", "total": "Gesamtpreis", "state": "Status",
        "paid_at": "Bezahlt am", "coupon": "Gutscheincode", "customer": "Kunde",
    }  # fmt: skip
    assert suggest(list(german.values())) == german


@pytest.mark.skipif(
    not REAL.exists(),
    reason=f"THE REAL ORDERS WERE NOT TRIED: {REAL} is not here (UCI Online Retail, 245,903 rows)",
)
def test_half_a_year_of_a_real_shop_comes_out_to_the_cent(gift_shop):
    content = gzip.decompress(REAL.read_bytes())
    run = bring(gift_shop, content)

    assert run.counts["rows"] == 245_903
    assert_adds_up(run, content)
    assert run.counts["lines_minor"] + run.counts["refused_plus_minor"] == 482_646_649
    before = books(gift_shop)
    again = bring(gift_shop, content)
    assert books(gift_shop) == before
    assert "orders_created" not in again.counts
    assert (again.counts["refunds_new"], again.counts["unmatched_new"]) == (0, 0)


def test_a_presale_file_brings_deposits_and_later_the_balance(shop, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    header = "订单编号,订单创建时间,买家实际支付金额,定金,定金付款时间,订单付款时间\n"
    columns = suggest(header.strip().split(","))
    assert (columns["deposit"], columns["deposit_paid_at"]) == ("定金", "定金付款时间")
    row = "P1,2026-05-20 20:00,199.00,20.00,2026-05-20 20:01,{}\n"
    plain = "P2,2026-05-20 20:00,50.00,,,\n"
    wrong = "P3,2026-05-20 20:00,50.00,51.00,2026-05-20 20:01,\n"
    options = {"zone": "Asia/Shanghai", "state": "paid"}

    def amounts() -> list[tuple[int, int | None]]:
        lines = OrderLine.objects.order_by("order__external_id")
        return list(lines.values_list("amount_minor", "deposit_minor"))

    content = (header + row.format("") + plain + wrong).encode()
    bring(shop, content, columns=columns, options=options)
    assert amounts() == [(2000, 2000), (5000, None)]
    assert [issue.code for issue in ImportIssue.objects.all()] == ["bad_deposit"]
    later = header + row.format("2026-06-18 00:10")
    bring(shop, later.encode(), columns=columns, options=options)
    assert amounts() == [(19900, 2000), (5000, None)]


@pytest.mark.parametrize("name", ["Click ID", "click_id", "irclickid", "awc", "dub_id"])
def test_the_click_id_is_found_under_the_names_of_other_networks(name):
    assert suggest(["Order ID", name])["click_id"] == name


def test_the_transaction_of_an_export_is_a_payment_and_no_click():
    assert "click_id" not in suggest(["Order ID", "Transaction ID"])
