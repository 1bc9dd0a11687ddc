"""What a merchant reads of orders, affiliates and the wallet, and what they do there."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from affiliates.services.figures import clicks_count
from affiliates.services.places import place_give
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from alliance.kernel.money import Money, cny
from commissions import chart, pipeline, tasks
from commissions.models import TopUp
from commissions.queries import imports_stalled
from merchants.models import ImportRun, MerchantMember, Order, Refund
from merchants.services.merchants import merchant_apply
from merchants.services.orders import RefundReport, refunds_keep
from merchants.services.plans import plan_open
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def chen(cast):
    client = Client()
    client.force_login(cast.chen)
    return client


def read(client, name, *args, **query):
    response = client.get(reverse(f"commissions:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response


def rows_of(client, name, **query):
    response = client.get(reverse(f"commissions:{name}"), query)
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def another(cast, name="Rival"):
    """A link of another affiliate to the same product."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name=name)
    zone = AdZone.objects.get(site__affiliate=affiliate)
    return link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)


# --- Home ----------------------------------------------------------------------------------------


def test_home_names_who_brought_the_most(cast, chen):
    cast.sold("T1")
    response = read(chen, "merchant_home")
    assert [(row.name, percent) for row, percent in response.context["top"]] == [
        ("Lin's picks", 100)
    ]


def test_home_draws_the_clicks_into_the_shops(cast, chen):
    for key in ("a", "a", "b"):
        cast.click(visitor_key=key)
    clicks_count()
    for metric, value in (("clicks", 3), ("visitors", 2)):
        chart = read(chen, "merchant_home", metric=metric).context["chart"]
        assert chart["data"]["datasets"][0]["data"] == [0] * 29 + [value]


def test_a_low_wallet_is_said_before_it_is_empty():
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make(wallet="60.00")
    client = Client()
    client.force_login(cast.chen)
    with clock.at(MAY):
        cast.sold("T1")
        cast.sold("T2")
        assert "the last seven days cost" in read(client, "merchant_home").content.decode()
        cast.sold("T3")
        page = read(client, "merchant_home").content.decode()

    assert "1 order line waits for money in your wallet." in page


# --- Orders --------------------------------------------------------------------------------------


def test_orders_name_who_brought_them_and_what_they_cost(cast, chen):
    cast.sold("T1")
    cast.record(cast.report("T2"))
    cast.sold("T3", click_id=cast.click(link=another(cast)))
    for query, numbers in (
        ({}, ["T3", "T2", "T1"]),
        ({"brought": "no"}, ["T2"]),
        ({"affiliate": cast.affiliate.pk}, ["T1"]),
        ({"number": "T3"}, ["T3"]),
        ({"state": "void"}, []),
        ({"end": "2026-05-09"}, []),
    ):
        page = read(chen, "merchant_orders", **query).context["page"]
        assert [line.order.external_id for line in page] == numbers, query
        assert [row[0] for row in rows_of(chen, "merchant_orders_csv", **query)[1:]] == numbers
    row = dict(zip(*rows_of(chen, "merchant_orders_csv", number="T1"), strict=True))
    assert (row["Affiliate"], row["Commission"], row["Paid"]) == ("Lin's picks", "23.88", "199.00")


def test_an_order_tells_whose_it_is_and_why(cast, chen):
    order = cast.sold().line.order
    page = read(chen, "merchant_order", order.pk).content.decode()

    assert "It was the last click on this product before the order." in page
    assert cny("23.88").localized() in page


def test_strangers_find_nothing(cast):
    order = cast.sold().line.order
    other = user_make()
    merchant_apply(user=other, name="Other", shop_name="Other", domains=["other.example"])
    client = Client()
    client.force_login(other)
    refund = waiting_refund(cast)

    for name, pk in (("merchant_order", order.pk), ("merchant_refund", refund.pk)):
        assert client.get(reverse(f"commissions:{name}", args=[pk])).status_code == 404
    assert rows_of(client, "merchant_orders_csv")[1:] == []
    assert rows_of(client, "wallet_csv")[1:] == []


# --- Refunds that wait ---------------------------------------------------------------------------


def waiting_refund(cast, number="UM-1", minor=5000):
    facts = {"product": cast.product.external_id, "title": "Vacuum flask"}
    refunds_keep(shop=cast.shop, refunds=[RefundReport(number, "", minor, clock.now(), "", facts)])
    return Refund.objects.get(external_id=number)


def test_a_waiting_refund_is_matched_by_hand_and_the_commission_follows(
    cast, chen, django_capture_on_commit_callbacks
):
    commission = cast.sold()
    refund = waiting_refund(cast)
    url = reverse("commissions:merchant_refund", args=[refund.pk])

    assert "1 refund fits no order." in read(chen, "merchant_orders").content.decode()
    assert [line.pk for line in chen.get(url).context["lines"]] == [commission.line_id]
    assert not chen.get(url, {"number": "T2"}).context["lines"]
    chen.post(url, {"line": commission.line_id})
    pipeline.orders_process([commission.line.order_id])

    assert cast.commission().base_minor == 14900
    assert chen.get(url).status_code == 404  # it waits no longer


def test_a_line_with_too_little_left_is_not_offered_nor_taken(cast, chen):
    commission = cast.sold()
    refund = waiting_refund(cast, minor=19901)
    url = reverse("commissions:merchant_refund", args=[refund.pk])

    assert not chen.get(url, {"number": "T1"}).context["lines"]
    assert chen.post(url, {"line": commission.line_id}).status_code == 404
    assert cast.commission().base_minor == 19900


# --- Wallet --------------------------------------------------------------------------------------


def test_the_wallet_tells_what_moved_and_what_was_left(cast, chen):
    cast.sold()
    with clock.at(MAY + timedelta(days=3)):
        cast.received("T1", placed_at=MAY, paid_at=MAY)
        cast.refunded("50.00")
        response = read(chen, "wallet")
        rows = rows_of(chen, "wallet_csv")

    told = [
        (words, Money(line.delta_minor, "CNY"), Money(line.balance_minor, "CNY"))
        for line, words in response.context["rows"]
    ]
    assert {(words, delta) for words, delta, _left in told[:-2]} == {
        ("Given back after a refund: service fee", cny("0.54")),
        ("Given back after a refund: the affiliate's part", cny("4.86")),
        ("Given back after a refund: the alliance's share", cny("0.60")),
    }
    assert told[0][2] == cast.balance(chart.wallet(cast.merchant.pk))
    assert told[-2:] == [
        ("Reserved for the commission of paid orders", cny("-23.88"), cny("9976.12")),
        ("Top-up received", cny("10000.00"), cny("10000.00")),
    ]
    assert sum(delta.minor for _words, delta, _left in told) == told[0][2].minor
    assert len(rows) == len(told) + 1


def test_announcing_a_top_up_gives_the_reference_for_the_transfer(cast, chen):
    page = chen.post(reverse("commissions:wallet"), {"amount": "500.00"}, follow=True)
    top_up = TopUp.objects.get(state="announced")

    assert top_up.amount == cny("500.00")
    assert page.content.decode().count(top_up.reference) >= 2
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("10000.00")


def test_a_viewer_announces_nothing(cast):
    viewer = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)
    client = Client()
    client.force_login(viewer)

    assert client.post(reverse("commissions:wallet"), {"amount": "5"}).status_code == 403
    assert client.get(reverse("commissions:order_import")).status_code == 403
    assert "Announce a top-up" not in read(client, "wallet").content.decode()


# --- Affiliates ----------------------------------------------------------------------------------


def test_affiliates_are_told_by_what_they_brought_and_cost(cast, chen):
    cast.sold("T1")
    cast.sold("T2")
    cast.refunded("99.50", "T2")
    cast.sold("T3", click_id=cast.click(link=another(cast)))
    clicks_count()
    with clock.at(MAY + timedelta(hours=1)):
        rows = read(chen, "merchant_affiliates").context["page"].object_list
        by_name = read(chen, "merchant_affiliates", sort="-name").context["page"].object_list
        file = rows_of(chen, "merchant_affiliates_csv", sort="cost")
    with clock.at(MAY + timedelta(days=60)):
        later = read(chen, "merchant_affiliates").context["page"].object_list
        ever = read(chen, "merchant_affiliates", period="all").context["page"].object_list

    assert [(r.name, r.orders, r.sales_minor, r.cost_minor, r.refunded_bps) for r in rows] == [
        ("Lin's picks", 2, 29850, 3582, 2500),
        ("Rival", 1, 19900, 2388, 0),
    ]
    assert [row.roi_centi for row in rows] == [833, 833]
    assert [row.name for row in by_name] == ["Rival", "Lin's picks"]
    assert [(row.clicks, row.visitors) for row in rows] == [(3, 3), (1, 1)]
    assert [row[3:5] for row in file] == [["Clicks", "Visitors"], ["1", "1"], ["3", "3"]]
    assert [row[1] for row in file] == ["Affiliate", "Rival", "Lin's picks"]
    assert (later, len(ever)) == ([], 2)


# --- Import --------------------------------------------------------------------------------------

FILE = """Order,Date,SKU,Name,Qty,Amount,Click,What
A1,2026-05-10 10:00,P1,Flask,1,199.00,{click},paid
A2,2026-05-10 10:05,P1,Flask,2,398.00,,paid
A3,yesterday,P1,Flask,1,199.00,,paid
"""
ANSWERS = {
    "column_order": "Order",
    "column_placed_at": "Date",
    "column_product": "SKU",
    "column_title": "Name",
    "column_quantity": "Qty",
    "column_total": "Amount",
    "column_click_id": "Click",
    "column_state": "What",
    "encoding": "",
    "date_format": "",
    "zone": "Asia/Shanghai",
    "decimal": ".",
    "state": "paid",
    "refunds": "none",
    "refund_match": "order",
}


def test_a_file_is_mapped_looked_at_and_imported(cast, chen):
    text = FILE.format(click=cast.click(at=MAY - timedelta(hours=4)))
    file = SimpleUploadedFile("may.csv", text.encode(), "text/csv")
    chen.post(reverse("commissions:order_import"), {"shop": cast.shop.pk, "file": file})
    run = ImportRun.objects.get()
    url = reverse("commissions:order_mapping", args=[run.pk])

    looked = chen.post(url, ANSWERS)
    assert [(row.order, row.minor, bool(row.fault)) for row in looked.context["rows"]] == [
        ("A1", 19900, False), ("A2", 39800, False), ("A3", 19900, True),
    ]  # fmt: skip
    assert Order.objects.count() == 0
    started = chen.post(url, {**ANSWERS, "run": "1"})
    assert started["Location"] == reverse("merchants:import_run", args=[run.pk])
    assert chen.post(url, {**ANSWERS, "run": "1"}).status_code == 404  # only once

    tasks.orders_import(run.pk)
    pipeline.orders_process(Order.objects.values_list("pk", flat=True))
    run.refresh_from_db()
    assert (run.state, run.counts["lines"], run.counts["refused"]) == ("done", 2, 1)
    assert run.issues.get().line_no == 4
    assert cast.commission("A1").net_minor == 1934
    tasks.orders_import(run.pk)  # the broker delivers it again
    assert Order.objects.count() == 2

    again = SimpleUploadedFile("june.csv", text.encode(), "text/csv")
    chen.post(reverse("commissions:order_import"), {"shop": cast.shop.pk, "file": again})
    page = chen.get(reverse("commissions:order_mapping", args=[run.pk + 1]))
    assert len(page.context["rows"]) == 3  # the mapping was kept: the preview stands at once


def test_what_is_no_table_is_refused_at_the_door(cast, chen):
    url = reverse("commissions:order_import")
    empty = SimpleUploadedFile("empty.csv", b"\n\n", "text/csv")
    response = chen.post(
        url, {"shop": cast.shop.pk, "file": empty}, follow=True, headers={"referer": url}
    )

    assert "This file is empty." in response.content.decode()
    assert not ImportRun.objects.exists()


def test_a_file_waits_for_its_columns_as_long_as_it_takes(cast, chen):
    file = SimpleUploadedFile("may.csv", FILE.encode(), "text/csv")
    chen.post(reverse("commissions:order_import"), {"shop": cast.shop.pk, "file": file})
    run = ImportRun.objects.get()
    with clock.at(MAY + timedelta(hours=2)):
        assert imports_stalled() == []
        chen.post(reverse("commissions:order_mapping", args=[run.pk]), {**ANSWERS, "run": "1"})
    with clock.at(MAY + timedelta(hours=3)):  # the message was lost
        assert imports_stalled() == [(run.pk, "orders")]


def test_a_file_can_be_given_up(cast, chen):
    file = SimpleUploadedFile("may.csv", FILE.encode(), "text/csv")
    chen.post(reverse("commissions:order_import"), {"shop": cast.shop.pk, "file": file})
    run = ImportRun.objects.get()
    chen.post(reverse("commissions:order_import_give_up", args=[run.pk]))
    run.refresh_from_db()

    assert (run.state, Order.objects.count()) == ("failed", 0)


# --- Lists ask the same number of questions, however long they are --------------------------------


def questions(client, name):
    url = reverse(f"commissions:{name}")
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    return len(asked)


LISTS = ["merchant_home", "merchant_orders", "merchant_orders_csv", "merchant_affiliates", "wallet"]


def test_lists_take_as_many_queries_with_30_rows_as_with_one(cast, chen):
    cast.sold("T0")
    one = {name: questions(chen, name) for name in LISTS}
    links = [another(cast, f"Affiliate {i}") for i in range(3)]
    clicks = [cast.click(link=links[i % 3]) for i in range(1, 30)]
    cast.record(*(cast.report(f"T{i}", click_id=key) for i, key in enumerate(clicks, 1)))

    assert {name: questions(chen, name) for name in LISTS} == one


def test_waiting_refunds_take_as_many_queries_with_30_rows_as_with_one(cast, chen):
    waiting_refund(cast, "R0")
    one = questions(chen, "merchant_refunds")
    for i in range(1, 30):
        waiting_refund(cast, f"R{i}")

    assert questions(chen, "merchant_refunds") == one


def test_affiliates_are_told_apart_by_new_and_returning_buyers_and_the_plans_they_are_in(
    cast, chen
):
    link = another(cast)
    cast.sold("T1", click_id=cast.click(visitor_key="anna"))
    with clock.at(MAY + timedelta(minutes=1)):
        cast.sold("T2", click_id=cast.click(link=link, visitor_key="anna"))
        cast.sold("T3", click_id=cast.click(link=link, visitor_key="bert"))
        plan = plan_open(merchant=cast.merchant, name="VIP", kind="ZX", rate_bps=2000, actor=None)
        place_give(actor=cast.chen, plan=plan, affiliate=link.affiliate)
    with clock.at(MAY + timedelta(minutes=2)):
        page = read(chen, "merchant_affiliates", sort="-new")
        rows = {row.name: row for row in page.context["page"]}
        assert (rows["Lin's picks"].new, rows["Lin's picks"].returning) == (1, 0)
        assert (rows["Rival"].new, rows["Rival"].returning) == (1, 1)
        assert [plan.name for plan in rows["Rival"].plans] == ["VIP"]
        assert reverse("places:members", args=[plan.pk]) in page.content.decode()
        by_returning = read(chen, "merchant_affiliates", sort="-returning").context["page"]
        assert [row.name for row in by_returning] == ["Rival", "Lin's picks"]
        csv_rows = rows_of(chen, "merchant_affiliates_csv", sort="-returning")
    told = dict(zip(csv_rows[0], csv_rows[1], strict=True))
    assert (told["Affiliate"], told["New buyers"], told["Returning"]) == ("Rival", "1", "1")
