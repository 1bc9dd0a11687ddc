"""An affiliate's report: grouped, compared, filed, and the same figures as everywhere else."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates.models import AdZone, Relation
from affiliates.services import affiliate_apply, link_create
from affiliates.services.figures import clicks_count
from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.models import Grant
from commissions import queries
from commissions.queries import reports
from commissions.services import settlements
from tests.cast import user_make
from tests.commissions.reports.reading import JUNE_20, MAY, column, context_of, filed, shown

pytestmark = pytest.mark.django_db

IN_MAY = {"start": "2026-05-01", "end": "2026-05-31"}


def below(cast, name="Wei"):
    """A link of an affiliate that has Lin as its partner, at 10 of its 90 %."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name=name)
    Relation.objects.create(affiliate=affiliate, partner=cast.affiliate, share_bps=1_000,
                            starts_at=MAY - timedelta(days=1))  # fmt: skip
    zone = AdZone.objects.get(site__affiliate=affiliate)
    return link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)


def test_figures_agree_with_the_home_page_and_the_books(cast, lin):
    """Orders of two days, one refunded in part before and one after its settlement, one called off,
    one through somebody below: day by day and in all what home and ledger say."""
    cast.sold("T1")
    cast.sold("T2")
    cast.refunded("50.00", "T2", refund="R2")
    cast.sold("T3", click_id=cast.click(link=below(cast)))
    with clock.at(MAY + timedelta(days=2)):
        cast.sold("T4")
        cast.sold("T5")
        cast.refunded("199.00", "T5", refund="R5")
        cast.received("T1", placed_at=MAY, paid_at=MAY)
        cast.received("T2", placed_at=MAY, paid_at=MAY)
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        settled = cast.balance(f"affiliate:{cast.affiliate.pk}:payable")
    with clock.at(JUNE_20 + timedelta(days=1)):
        cast.refunded("100.00", "T1", refund="R1")
        start, end = date(2026, 5, 1), date(2026, 6, 30)
        home = queries.earned_by_day(cast.affiliate, "CNY", start, end)
        rows, _count = reports.report_rows(cast.affiliate, "CNY", "day", start, end)
        total = reports.report_total(cast.affiliate, "CNY", start, end)
        balances = queries.balances_of(cast.affiliate, "CNY")

    said = ("orders", "estimated", "confirmed", "settled")
    assert {row.key: tuple(getattr(row, name) for name in said) for row in rows} == {
        day.isoformat(): (
            earned.orders, earned.estimated_minor, earned.confirmed_minor, earned.settled_minor,
        )
        for day, earned in home.items()
    }  # fmt: skip
    assert total.settled == settled.minor > 0
    assert total.confirmed == balances.payable.minor < settled.minor
    assert total.estimated - total.confirmed == balances.estimated.minor + balances.pending.minor
    assert (total.orders, total.amount, total.refunded) == (4, 4 * 19900, 15000)
    for by in reports.BY:
        rows, _count = reports.report_rows(cast.affiliate, "CNY", by, start, end)
        for name in ("orders", "amount", "refunded", "estimated", "confirmed", "settled"):
            assert sum(getattr(row, name) for row in rows) == getattr(total, name), (by, name)


def test_clicks_and_orders_give_what_a_click_earns(cast, lin):
    for key in ("a", "a", "b"):
        cast.click(visitor_key=key)
    cast.sold("T1")
    clicks_count()
    row = shown(lin, "affiliate", by="day", period="today")["May 10, 2026"]

    assert (row["clicks"], row["visitors"], row["orders"]) == ("4", "3", "1")
    assert (row["estimated"], row["epc"], row["conversion"]) == (
        cny("19.34").localized(), "CN¥4.84", "25%",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("by", "clicks", "orders"),
    [
        ("week", {"May 4, 2026 – May 10": "4"}, {"May 4, 2026 – May 10": "2"}),
        ("month", {"May 2026": "4"}, {"May 2026": "2"}),
        ("zone", {"Default": "4"}, {"Default": "1", "As partner or intermediary": "1"}),
        ("relation", {"Brought by yourself": "4"}, {"Brought by yourself": "1", "Wei": "1"}),
        ("product", {"Vacuum flask 500 ml": "4"}, {"Vacuum flask 500 ml": "2"}),
        ("shop", {"Chen's shop": "4"}, {"Chen's shop": "2"}),
        ("campaign", {}, {"Without a campaign": "2"}),
        (
            "sub1",
            {"spring": "1", "Without a sub-id": "3"},
            {"spring": "1", "As partner or intermediary": "1"},
        ),
    ],
)
def test_groups_part_clicks_and_orders(cast, lin, by, clicks, orders):
    AdZone.objects.update(name="Default")
    cast.click()
    cast.sold("T1", click_id=cast.click(sub1="spring"))
    cast.sold("T2", click_id=cast.click(link=below(cast), sub1="autumn"))
    clicks_count()
    rows = shown(lin, "affiliate", by=by, **IN_MAY)

    assert column(rows, "clicks") == clicks
    assert column(rows, "orders") == orders


def test_an_order_in_two_campaigns_counts_once_in_the_total(cast, lin):
    line = cast.sold("T1").line
    for name in ("618", "Spring"):
        campaign = cast.campaign(name=name)
        Grant.objects.create(campaign=campaign, line=line, affiliate=cast.affiliate, day=MAY.date())
    context = context_of(lin, "affiliate", by="campaign")

    assert {words for words, _url, _cells in context["rows"]} == {"618", "Spring"}
    assert {c.name: text for c, text in context["total"]}["orders"] == "1"


def test_each_row_leads_to_the_orders_behind_it(cast, lin):
    link = below(cast)
    cast.sold("T1", click_id=cast.click(sub1="spring"))
    cast.sold("T2", click_id=cast.click(sub1="a+b &c"))
    cast.sold("T3", click_id=cast.click(link=link))
    for by in ("day", "week", "month", "zone", "relation", "product", "shop", "sub1"):
        for words, url, cells in context_of(lin, "affiliate", by=by, period="7")["rows"]:
            orders = {column.name: text for column, text in cells}["orders"]
            if orders != "0":
                page = lin.get(url).context["page"]
                assert str(page.paginator.count) == orders, (by, words)
    narrow = lin.get(reverse("commissions:affiliate_orders"), {"through": link.affiliate_id})
    assert "Partner relation: <strong>Wei</strong>" in narrow.content.decode()


def test_a_typed_number_tells_nobody_what_it_stands_for(cast, lin):
    """Neither the name of another's ad zone nor its orders."""
    link = below(cast)
    cast.sold("T1", click_id=cast.click(link=link))
    AdZone.objects.filter(pk=link.zone_id).update(name="Secret place")
    page = lin.get(reverse("commissions:affiliate_orders"), {"zone": link.zone_id})

    assert page.context["page"].paginator.count == 0
    assert "Secret place" not in page.content.decode()
    assert (
        "Secret place"
        not in lin.get(reverse("commissions:affiliate_report"), {"by": "zone"}).content.decode()
    )


def test_the_file_has_the_rows_and_columns_of_the_page(cast, lin):
    for at in range(3):
        with clock.at(MAY - timedelta(hours=at)):
            cast.sold(f"T{at}", amount_minor=10_000 + at)
    clicks_count()
    query = {"by": "product", "sort": "-amount", **IN_MAY}
    page = context_of(lin, "affiliate", **query)
    rows = filed(lin, "affiliate", **query)

    assert list(rows) == [words for words, _url, _cells in page["rows"]]
    assert rows["Vacuum flask 500 ml"] == {
        "Currency": "CNY",
        "Clicks": "3",
        "Visitors": "3",
        "Orders": "3",
        "Paid by buyers": "300.03",
        "Estimated": "29.16",
        "Confirmed": "0.00",
        "Settled": "0.00",
        "Refunded": "0.00",
        "Per click": "9.7200",
        "Conversion (%)": "100.00",
    }
    assert [str(heading["label"]) for heading in page["headings"]] == [
        "Product",
        *(name.removesuffix(" (%)") for name in rows["Vacuum flask 500 ml"] if name != "Currency"),
    ]


def test_the_time_before_stands_below_and_beside(cast, lin):
    with clock.at(MAY + timedelta(days=6)):
        cast.sold("T1")
    with clock.at(MAY + timedelta(days=9)):
        for number in ("T2", "T3", "T4"):
            cast.sold(number)
        context = context_of(lin, "affiliate", period="7", by="zone")
        week = context_of(lin, "affiliate", start="2026-05-18", end="2026-05-20")

    assert {c.name: text for c, text in context["total"]}["orders"] == "4"
    assert {c.name: text for c, text in week["before"]}["orders"] == "1"
    assert [card["delta"] for card in week["cards"] if card["label"] == "Orders"] == [200]


def test_rows_are_sorted_and_paged_by_the_database(cast, lin, monkeypatch):
    monkeypatch.setattr("commissions.views.reports.PER_PAGE", 2)
    cast.click()
    for number, sub in enumerate(("a", "b", "b", "c", "c", "c")):
        cast.sold(f"T{number}", click_id=cast.click(sub2=sub))
    asked = {"by": "sub2", "period": "7"}

    def names(**more):
        return list(shown(lin, "affiliate", **asked, **more))

    without = "Without a sub-id"  # clicks only
    assert names(sort="-orders") == ["c", "b"]
    assert names(sort="-orders", page="2") == ["a", without]
    assert names(sort="orders", page="99") == [without, "a"]
    assert names(sort="key") == [without, "a"]
    assert list(filed(lin, "affiliate", **asked, sort="orders")) == [without, "a", "b", "c"]


@pytest.mark.parametrize(
    "query",
    [
        {"by": "nonsense", "sort": "nonsense", "period": "x", "page": "-1", "metric": "?"},
        {"start": "0001-01-01", "end": "9999-12-31"},
        {"start": "2026-05-31", "end": "2026-05-01"},
        {"start": "yesterday", "currency": "XXX"},
    ],
)
def test_what_is_not_understood_in_the_address_is_left_out(cast, lin, query):
    assert context_of(lin, "affiliate", **query)["page"].paginator.count > 0


def test_a_report_goes_over_400_days_and_says_so(cast, lin):
    context = context_of(lin, "affiliate", start="2024-01-01", end="2026-05-10", by="month")

    assert context["report"].span.days == 400
    assert context["report"].span.start == date(2025, 4, 6)
    assert (
        "400 days at most"
        in lin.get(
            reverse("commissions:affiliate_report"), {"start": "2024-01-01", "end": "2026-05-10"}
        ).content.decode()
    )


def test_only_times_are_drawn_and_only_then_the_chart_is_loaded(cast, lin):
    cast.sold()
    url = reverse("commissions:affiliate_report")
    drawn = lin.get(url, {"by": "day", "metric": "orders"})
    listed = lin.get(url, {"by": "zone"})

    assert drawn.context["chart"]["data"]["datasets"][0]["data"] == [0] * 29 + [1]
    assert "chart.umd" in drawn.content.decode()
    assert "chart.umd" not in listed.content.decode()


def test_a_report_asks_as_much_for_one_row_as_for_thirty(cast, lin):
    def asked():
        with CaptureQueriesContext(connection) as queries_made:
            lin.get(reverse("commissions:affiliate_report"), {"by": "sub1", "period": "7"})
        return len(queries_made)

    cast.sold("T0", click_id=cast.click(sub1="s0"))
    asked()
    one = asked()
    for number in range(1, 30):
        cast.click(sub1=f"s{number}")
    assert asked() == one


def test_nobody_reads_anothers(cast):
    cast.sold()
    user = user_make()
    affiliate_apply(user=user, kind="small", name="Other")
    client = Client()
    client.force_login(user)

    assert shown(client, "affiliate", by="zone", **IN_MAY) == {}
