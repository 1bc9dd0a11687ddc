"""A merchant's report: what affiliates brought, what it cost, and who bought."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from affiliates.models import AdZone, Intermediation, Relation
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import queries
from commissions.queries import reports_merchant
from tests.cast import user_make
from tests.commissions.reports.reading import MAY, column, context_of, filed, shown

pytestmark = pytest.mark.django_db

SUMMED = ("orders", "amount", "refunded", "commission", "service", "subsidy", "new", "returning")


def another(cast, name="Rival"):
    """A link of another affiliate, who has Lin as its partner."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name=name)
    Relation.objects.create(affiliate=affiliate, partner=cast.affiliate, share_bps=1_000,
                            starts_at=MAY - timedelta(days=1))  # fmt: skip
    zone = AdZone.objects.get(site__affiliate=affiliate)
    return link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)


def total_of(context):
    return {column.name: text for column, text in context["total"]}


def test_figures_agree_with_the_home_page_and_the_wallet(cast):
    """Two affiliates, a partner, refunds of a part and of the whole, an order by itself."""
    before = cast.balance(f"merchant:{cast.merchant.pk}:wallet")
    cast.sold("T1")
    cast.refunded("50.00", "T1", refund="R1")
    cast.sold("T2", click_id=cast.click(link=another(cast)))
    cast.record(cast.report("T3"))
    with clock.at(MAY + timedelta(days=2)):
        cast.sold("T4")
        cast.refunded("199.00", "T4", refund="R4")
        cast.sold("T5")
        cast.received("T1", placed_at=MAY, paid_at=MAY)
        start, end = date(2026, 5, 1), clock.business_day()
        home = queries.sold_by_day(cast.merchant, start, end)
        rows, _count = reports_merchant.report_rows(cast.merchant, "day", start, end)
        total = reports_merchant.report_total(cast.merchant, start, end)

    assert {row.key: (row.orders, row.amount - row.refunded, row.cost) for row in rows} == {
        day.isoformat(): (sold.orders, sold.sales_minor, sold.cost_minor)
        for day, sold in home.items()
    }
    assert total.cost == (before - cast.balance(f"merchant:{cast.merchant.pk}:wallet")).minor
    assert (total.orders, total.amount, total.refunded) == (3, 3 * 19900, 5000)
    for by in reports_merchant.BY:
        rows, _count = reports_merchant.report_rows(cast.merchant, by, start, end)
        for name in SUMMED:
            assert sum(getattr(row, name) for row in rows) == getattr(total, name), (by, name)


def test_an_affiliates_row_has_all_that_its_orders_cost(cast, chen):
    """What its partner gets of them, too; the return is of what buyers kept."""
    cast.sold("T1", click_id=cast.click(link=another(cast)))
    cast.refunded("50.00", "T1")
    row = shown(chen, "merchant", by="affiliate", period="7")["Rival"]

    assert (row["commission"], row["refunded"], row["roi"]) == (
        cny("17.88").localized(), cny("50.00").localized(), "8.33",
    )  # fmt: skip


def test_what_an_intermediary_gets_is_a_service_fee(cast, chen):
    tuan = affiliate_apply(user=user_make(), kind="tuanzhang", name="Tuan")
    Intermediation.objects.create(
        plan=cast.merchant.plans.get(), affiliate=tuan, service_bps=200,
        offered_at=MAY - timedelta(days=1), starts_at=MAY - timedelta(days=1),
    )  # fmt: skip
    cast.sold("T1")
    row = shown(chen, "merchant", by="affiliate", period="7")["Lin's picks"]

    assert (row["commission"], row["service"]) == (
        cny("23.88").localized(), cny("3.98").localized(),
    )  # fmt: skip


def test_buyers_are_new_once_and_returning_after(cast, chen):
    """By the visitor key of the click that won the order; of who has none nothing is said."""
    with clock.at(MAY - timedelta(hours=20)):
        cast.sold("T1", click_id=cast.click(visitor_key="anna"))
    cast.sold("T2", click_id=cast.click(visitor_key="anna"))
    cast.sold("T3", click_id=cast.click(visitor_key="bert"))
    cast.sold("T4")
    week = context_of(chen, "merchant", period="7", by="product")
    today = context_of(chen, "merchant", period="today", by="plan")

    assert [total_of(week)[name] for name in ("orders", "new", "returning")] == ["4", "2", "1"]
    assert [total_of(today)[name] for name in ("orders", "new", "returning")] == ["3", "1", "1"]
    assert "3 of 4 orders came from buyers whom we can know again" in week["note"]


def test_each_row_leads_to_the_orders_behind_it(cast, chen):
    cast.sold("T1")
    cast.sold("T2", click_id=cast.click(link=another(cast)))
    cast.record(cast.report("T3"))
    for by in ("affiliate", "product", "plan"):
        for words, url, cells in context_of(chen, "merchant", by=by, period="7")["rows"]:
            orders = {column.name: text for column, text in cells}["orders"]
            numbers = {line.order_id for line in chen.get(url).context["page"]}
            assert str(len(numbers)) == orders, (by, words)
    response = chen.get(url)
    assert "Plan: <strong>General plan</strong>" in response.content.decode()


def test_the_file_has_the_rows_and_columns_of_the_page(cast, chen):
    cast.sold("T1", click_id=cast.click(visitor_key="anna"))
    assert filed(chen, "merchant", by="affiliate", period="7") == {
        "Lin's picks": {
            "Currency": "CNY",
            "Orders": "1",
            "Paid by buyers": "199.00",
            "Refunded": "0.00",
            "Commission": "23.88",
            "Service fees": "0.00",
            "Subsidies": "0.00",
            "Return": "8.33",
            "From new buyers": "1",
            "From returning buyers": "0",
        }
    }
    days = filed(chen, "merchant", by="day", period="7")
    assert column(days, "Orders") == {"2026-05-10": "1"}
    assert len(days) == 7


def test_an_affiliate_has_no_report_of_a_merchant(cast, lin):
    assert lin.get(reverse("commissions:merchant_report")).status_code == 302
