"""The affiliate's first page."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.services import affiliate_apply
from affiliates.services.figures import clicks_count
from alliance.kernel import clock
from alliance.kernel.money import cny
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import MAY, read, rows_of

pytestmark = pytest.mark.django_db


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

    clicks_count()
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


def test_clicks_and_visitors_are_the_same_on_page_chart_and_file(cast, lin):
    for key in ("a", "a", "b"):
        cast.click(visitor_key=key)
    cast.click(visitor="bot")
    cast.click(visitor="preview")
    cast.click()  # of nobody known
    clicks_count()
    page = lin.get(reverse("commissions:affiliate_home"))
    header, *rows = rows_of(lin, "affiliate_days_csv")

    today = dict(zip(header, rows[-1], strict=True))
    assert len(rows) == 30
    assert today["Day"] == "2026-05-10"
    assert [today[name] for name in ("Clicks", "Visitors", "Bots", "Link previews")] == [
        "4", "3", "1", "1",
    ]  # fmt: skip
    assert page.context["figures"][0]["cards"][2][2:] == (4, 0)
    assert "by 3 visitors" in page.content.decode()
    for metric, value in (("clicks", 4), ("visitors", 3)):
        query = {"metric": metric}
        chart = lin.get(reverse("commissions:affiliate_home"), query).context["chart"]
        assert chart["data"]["datasets"][0]["data"] == [0] * 29 + [value]


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
