"""What an affiliate reads on the pages of the money: exact, explained, and nobody else's."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates.models import AdZone, AffiliateMember
from affiliates.services import affiliate_apply, affiliate_freeze, link_create
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from alliance.kernel.money import cny
from commissions import chart, lookup
from commissions.models import Payout
from commissions.services import payouts, settlements
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def lin(cast):
    client = Client()
    client.force_login(cast.lin)
    return client


def read(client, name, *args, **query):
    response = client.get(reverse(f"commissions:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def rows_of(client, name, **query):
    response = client.get(reverse(f"commissions:{name}"), query)
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")  # by this Excel knows that it is UTF-8
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def settled(cast, number="T1"):
    """An order of May, received, settled on June 20."""
    commission = cast.sold(number)
    with clock.at(MAY + timedelta(days=3)):
        cast.received(number, placed_at=commission.placed_at, paid_at=commission.placed_at)
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")


def payee(cast):
    return payouts.payee_set(
        actor=cast.lin,
        affiliate=cast.affiliate,
        holder="Lin Xiaomei",
        institution="ICBC",
        number="6222 0231 0004 5678 912",
    )


# --- Home ----------------------------------------------------------------------------------------


def test_a_fresh_account_is_shown_the_first_steps(cast):
    fresh = user_make()
    affiliate_apply(user=fresh, kind="small", name="Fresh")
    client = Client()
    client.force_login(fresh)

    page = read(client, "affiliate_home")

    assert "Three steps to your first commission" in page
    assert reverse("affiliates:products") in page
    assert "<canvas" not in page


def test_today_and_this_month_stand_beside_yesterday_and_last_month(cast, lin):
    with clock.at(MAY - timedelta(hours=20)):  # after the terms were announced
        cast.sold("Y1")
    cast.sold("T1")
    cast.sold("T2")

    response = lin.get(reverse("commissions:affiliate_home"))
    today, month = response.context["figures"]

    assert [card[2:] for card in today["cards"][:3]] == [
        (cny("38.68").localized(), cny("19.34").localized()),
        (2, 1),
        (2, 1),
    ]
    assert month["cards"][0][2] == cny("58.02").localized()
    assert month["cards"][1][2:] == (3, 0)
    assert response.context["chart"]["data"]["datasets"][0]["data"][-2:] == [1934, 3868]


def test_the_chart_switches_its_metric_without_the_rest_of_the_page(cast, lin):
    cast.sold()
    response = lin.get(
        reverse("commissions:affiliate_home"), {"metric": "orders"}, headers={"HX-Request": "true"}
    )

    assert "<html" not in response.content.decode()
    assert '"label": "Orders"' in response.content.decode()
    assert "0, 0, 0, 1]" in response.content.decode()


def test_home_names_the_next_settlement_and_what_stands_in_its_way(cast, lin):
    cast.sold("T1")
    with clock.at(MAY + timedelta(days=3)):
        cast.received("T1", placed_at=MAY, paid_at=MAY)
        cast.sold("T2")
    with clock.at(datetime(2026, 6, 1, 9, tzinfo=clock.ZONE)):
        response = lin.get(reverse("commissions:affiliate_home"))

    assert str(response.context["settles_on"]) == "2026-06-20"
    assert response.context["to_settle"] == cny("19.34")
    assert response.context["balances"].pending == cny("19.34")
    assert response.context["balances"].estimated == cny("19.34")
    assert response.context["obstacles"] == [
        "1 order line is paid, but the buyer has not received the goods yet.",
        "You have not told us yet where to send the money.",
    ]


# --- Orders --------------------------------------------------------------------------------------


def test_each_order_says_why_it_stands_where_it_stands(cast, lin):
    cast.sold("P1", state="placed", paid_at=None)
    cast.sold("V1")
    cast.record(cast.report("V1", state="void", void_at=MAY, void_reason="out of stock", lines=()))
    cast.sold("R1")
    with clock.at(MAY + timedelta(days=3)):
        cast.received("R1", placed_at=MAY, paid_at=MAY)
        cast.refunded("50.00", "R1")
        page = read(lin, "affiliate_orders")

    assert "Placed, not paid yet." in page
    assert "Void: out of stock" in page
    assert "Goods received on May 13, 2026. Settles on Jun 20, 2026." in page
    assert f"{cny('50.00').localized()} was refunded to the buyer." in page


def test_an_order_that_waits_for_funds_says_so():
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make(wallet="0")
    with clock.at(MAY):
        cast.sold()
        client = Client()
        client.force_login(cast.lin)
        page = read(client, "affiliate_orders", state="unfunded")

    assert "Waiting for the merchant&#x27;s funds" in page


def test_the_filter_narrows_screen_and_file_alike(cast, lin):
    other = link_create(
        actor=cast.lin,
        affiliate=cast.affiliate,
        zone=cast.zone,
        product=cast.product,
        subs={"sub2": "wechat"},
    )
    cast.sold("A1", click_id=cast.click(link=other))
    cast.sold("A2")
    cast.sold("B1", placed_at=MAY - timedelta(minutes=30), state="placed", paid_at=None)
    for query, numbers in (
        ({}, {"A1", "A2", "B1"}),
        ({"sub": "wechat"}, {"A1"}),
        ({"number": "a"}, {"A1", "A2"}),
        ({"state": "placed"}, {"B1"}),
        ({"start": "2026-05-11"}, set()),
        ({"start": "2026-05-10", "end": "2026-05-10"}, {"A1", "A2", "B1"}),
        ({"state": "nonsense"}, {"A1", "A2", "B1"}),
    ):
        page = lin.get(reverse("commissions:affiliate_orders"), query).context["page"]
        assert {row.line.order.external_id for row in page} == numbers, query
        assert {row[0] for row in rows_of(lin, "affiliate_orders_csv", **query)[1:]} == numbers


def test_the_file_has_exact_figures_zoned_moments_and_no_formulas(cast, lin):
    cast.sold("=1+1")
    header, row = rows_of(lin, "affiliate_orders_csv")
    named = dict(zip(header, row, strict=True))

    assert named["Order number"] == "'=1+1"
    assert named["Placed at"] == "2026-05-10T12:00:00+08:00"
    assert (named["Paid"], named["Commission"], named["Your share"]) == ("199.00", "23.88", "21.49")
    assert (named["Service fee"], named["Yours"], named["Currency"]) == ("2.15", "19.34", "CNY")
    assert named["Rate in %"] == "12.00"


def test_htmx_gets_the_rows_alone(cast, lin):
    cast.sold()
    response = lin.get(reverse("commissions:affiliate_orders"), headers={"HX-Request": "true"})

    assert "HX-Request" in response["Vary"]
    assert response.content.decode().lstrip().startswith('<section class="card" id="rows">')


# --- The receipt ---------------------------------------------------------------------------------


def test_the_receipt_shows_every_figure_with_its_arithmetic(cast, lin):
    commission = cast.sold()
    page = read(lin, "receipt", commission.pk)

    for sentence in (
        "CN¥199.00 × 12% = CN¥23.88",
        "CN¥23.88 × 90% = 21.492, rounded half up to CN¥21.49",
        "CN¥21.49 × 10% = 2.149, rounded half up to CN¥2.15",
        "CN¥21.49 − CN¥2.15 = CN¥19.34",
        "It was the last click on this product before the order.",
        "General plan",
        "The shop reported that the order was paid.",
        commission.lines.get().entry.key,
    ):
        assert sentence in page, sentence


def test_the_receipt_tells_a_refund_after_settlement(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        commission = cast.refunded("50.00")
        response = lin.get(reverse("commissions:receipt", args=[commission.pk]))

    assert [(step.state, step.net) for step in response.context["revisions"]] == [
        ("estimated", cny("19.34")),
        ("confirmed", cny("0.00")),
        ("settled", cny("0.00")),
        ("settled", cny("-4.86")),
    ]
    assert "CN¥199.00 paid − CN¥50.00 refunded = CN¥149.00" in response.content.decode()
    assert response.context["waterfall"].net == cny("14.48")


def test_a_placed_order_shows_what_it_will_be_worth(cast, lin):
    commission = cast.sold(state="placed", paid_at=None)
    response = lin.get(reverse("commissions:receipt", args=[commission.pk]))

    assert response.context["waterfall"].expected
    assert response.context["waterfall"].net == cny("19.34")


def test_strangers_find_nothing(cast):
    commission = cast.sold()
    other = user_make()
    affiliate_apply(user=other, kind="small", name="Other")
    client = Client()
    client.force_login(other)

    assert client.get(reverse("commissions:receipt", args=[commission.pk])).status_code == 404
    assert len(rows_of(client, "affiliate_orders_csv")) == 1
    assert not client.get(reverse("commissions:affiliate_orders")).context["rows"]


# --- Where is my order? --------------------------------------------------------------------------


def rival_of(cast):
    """Another affiliate, its client, and a link of theirs to the same product."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name="Rival")
    zone = AdZone.objects.get(site__affiliate=affiliate)
    link = link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)
    client = Client()
    client.force_login(user)
    return client, link


def test_ones_own_order_leads_to_its_receipt(cast, lin):
    commission = cast.sold()

    assert reverse("commissions:receipt", args=[commission.pk]) in read(
        lin, "order_find", number="T1"
    )


def test_somebody_elses_order_says_only_that_the_last_click_was_not_yours(cast, lin):
    _client, link = rival_of(cast)
    cast.sold("T9", click_id=cast.click(link=link))
    page = read(lin, "order_find", number="T9")

    assert "This order was brought by another affiliate." in page
    assert "click through another affiliate. It counts." in page
    for secret in ("Rival", cny("199.00").localized(), "保温杯", "Vacuum flask"):
        assert secret not in page


def test_an_order_without_a_click_id_says_so(cast, lin):
    cast.record(cast.report("T3"))

    assert "without a click id" in read(lin, "order_find", number="T3")


def test_only_the_exact_number_is_found(cast, lin):
    cast.sold("T1234")

    assert "No shop has reported this order" in read(lin, "order_find", number="T123")


def test_guessing_numbers_ends(cast, lin, monkeypatch):
    monkeypatch.setattr(lookup, "QUESTIONS_PER_HOUR", 2)
    url = reverse("commissions:order_find")

    assert [lin.get(url, {"number": str(i)}).status_code for i in range(3)] == [200, 200, 429]


# --- Earnings ------------------------------------------------------------------------------------


def test_earnings_show_closed_months_and_never_a_preview(cast, lin):
    settled(cast)
    with clock.at(MAY.replace(month=6)):
        second = cast.sold("T2")
        cast.received("T2", placed_at=second.placed_at, paid_at=second.placed_at)
    with clock.at(JUNE_20.replace(month=7)):
        settlements.settlement_build(
            settlement=settlements.settlement_open(
                month=JUNE_20.date().replace(day=1), currency="CNY"
            )
        )
        response = lin.get(reverse("commissions:earnings"))
        rows = rows_of(lin, "earnings_csv")

    assert [month for _share, month in response.context["months"]] == ["May 2026"]
    assert rows[1][:1] + rows[1][2:] == [
        "2026-05", "1", "CNY", "21.49", "2.15", "19.34", "0.00", "19.34",
    ]  # fmt: skip


def test_a_debt_is_explained_by_the_orders_it_comes_from(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))
        cast.refunded("50.00")
        response = lin.get(reverse("commissions:earnings"))

    assert response.context["balances"].debt == cny("4.86")
    assert [step.net_minor for step in response.context["clawbacks"]] == [-486]
    assert "Owed" in response.content.decode()


# --- Withdrawals ---------------------------------------------------------------------------------


def test_a_withdrawal_by_post_takes_the_money_out_of_what_is_available(cast, lin):
    settled(cast)
    url = reverse("commissions:withdrawals")
    with clock.at(JUNE_22):
        payee(cast)
        response = lin.post(url, {"amount": "19.34"}, follow=True)

    payout = Payout.objects.get()
    assert (payout.amount, payout.state) == (cny("19.34"), "requested")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert "Waits for somebody of the alliance to release it." in response.content.decode()
    assert "6222023" not in response.content.decode()
    assert "…8912" in response.content.decode()


def test_more_than_is_available_is_refused_in_words_and_nothing_moves(cast, lin):
    settled(cast)
    url = reverse("commissions:withdrawals")
    with clock.at(JUNE_22):
        payee(cast)
        response = lin.post(
            url, {"amount": "19.35"}, follow=True, headers={"referer": f"http://testserver{url}"}
        )

    assert "That is more than you can withdraw now." in response.content.decode()
    assert not Payout.objects.exists()
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_the_page_says_why_nothing_can_be_withdrawn(cast, lin):
    settled(cast)
    payee(cast)
    with clock.at(JUNE_20):
        assert "Today is settlement day" in read(lin, "withdrawals")
    with clock.at(JUNE_22):
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("5.00"))
        assert "A withdrawal is under way." in read(lin, "withdrawals")
        affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="odd clicks")
        assert "your account is not active" in read(lin, "withdrawals")


def test_a_viewer_looks_but_takes_nothing(cast):
    settled(cast)
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    client = Client()
    client.force_login(viewer)
    with clock.at(JUNE_22):
        payee(cast)
        page = read(client, "withdrawals")
        response = client.post(reverse("commissions:withdrawals"), {"amount": "5.00"})

    assert "19.34" in page
    assert '<form method="post"' not in page.partition("<main")[2].partition("</main")[0]
    assert response.status_code == 403
    assert not Payout.objects.exists()
    assert client.get(reverse("commissions:payee")).status_code == 403


def test_the_account_is_kept_and_masked(cast, lin):
    response = lin.post(
        reverse("commissions:payee"),
        {"holder": "Lin", "institution": "Alipay", "number": "13800138000"},
        follow=True,
    )

    assert "…8000" in response.content.decode()
    assert "13800138000" not in response.content.decode()


# --- Lists ask the same number of questions, however long they are --------------------------------


def questions(client, name):
    url = reverse(f"commissions:{name}")
    client.get(url)  # caches of content types, sites
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    return len(asked)


@pytest.mark.parametrize("name", ["affiliate_home", "affiliate_orders", "affiliate_orders_csv"])
def test_orders_take_as_many_queries_with_30_rows_as_with_one(cast, lin, name):
    cast.sold("T0")
    one = questions(lin, name)
    for i in range(1, 30):
        cast.sold(f"T{i}")

    assert questions(lin, name) == one


def test_earnings_take_as_many_queries_with_30_rows_as_with_one(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        cast.refunded("1.00", refund="R0")
        one = questions(lin, "earnings")
        for i in range(1, 30):
            cast.refunded("1.00", refund=f"R{i}")

        assert questions(lin, "earnings") == one


def test_withdrawals_take_as_many_queries_with_30_rows_as_with_one(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)

        def failed():
            payout = payouts.payout_request(
                actor=cast.lin, affiliate=cast.affiliate, amount=cny("1.00")
            )
            payouts.payout_fail(payout=payout, reason="wrong number", actor=cast.finance)

        failed()
        one = questions(lin, "withdrawals")
        for _i in range(29):
            failed()

        assert questions(lin, "withdrawals") == one
