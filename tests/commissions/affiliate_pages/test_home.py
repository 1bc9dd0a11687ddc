"""The affiliate's first page."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from affiliates.services import link_create
from affiliates.services.codes import code_bind
from affiliates.services.figures import clicks_count
from affiliates.services.places import applications_reject, plan_apply
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from alliance.kernel.money import cny
from campaigns.models import Season
from merchants.models import Coupon
from merchants.services.plans import plan_open
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import (
    JUNE_20,
    JUNE_22,
    MAY,
    payee,
    read,
    rows_of,
    settled,
)

pytestmark = pytest.mark.django_db
HOME = "/affiliate/"


def at_home(client):
    """What the page is made of."""
    return client.get(HOME).context


def test_the_road_to_the_first_order_is_ticked_off_by_what_there_is(cast, lin):
    def road():
        return [(one.name, one.done) for one in at_home(lin)["steps"]]

    cast.link.delete()
    page = read(lin, "affiliate_home")
    assert "Four steps to your first commission" in page
    assert "<canvas" not in page
    assert "chart.umd" not in page
    assert f'name="zone" value="{cast.zone.pk}"' in page
    assert road() == [("zone", True), ("link", False), ("click", False), ("order", False)]

    link = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product
    )
    assert f"{reverse('campaigns:convert')}?link={link.pk}" in read(lin, "affiliate_home")
    assert dict(road())["link"]
    cast.click(link=link, visitor="bot")
    clicks_count()
    assert not dict(road())["click"]
    cast.click(link=link)
    clicks_count()
    assert dict(road())["click"]
    assert "<canvas" in lin.get(HOME, {"metric": "clicks"}).content.decode()  # to look back on

    cast.sold(click_id=cast.click(link=link))
    assert road() == []


def test_what_is_pasted_at_home_becomes_a_link(cast, lin):
    said = {"zone": cast.zone.pk, "text": f"Look! {cast.product.url}"}
    answer = lin.post(reverse("campaigns:convert"), said)

    assert cast.link.code in answer.content.decode()


def test_today_yesterday_and_this_month_with_what_a_click_earns(cast, lin):
    with clock.at(MAY - timedelta(hours=20)):  # after the terms were announced
        cast.sold("Y1")
    cast.sold("T1")
    cast.sold("T2")
    cast.click()

    clicks_count()
    context = at_home(lin)
    today, yesterday, month = context["periods"]

    assert today.estimated == cny("38.68").localized()
    assert [words for _label, words in today.figures] == [
        "CN¥0.00", "2", "3", "CN¥12.89",
    ]  # fmt: skip
    assert (yesterday.estimated, yesterday.delta) == (cny("19.34").localized(), None)
    assert month.estimated == cny("58.02").localized()
    assert dict(month.figures)["Orders"] == "3"
    (now,) = context["chart"]["data"]["datasets"]  # there is nothing to compare with
    assert now["data"][-2:] == [1934, 3868]
    assert [row[1:] for row in context["table"][:2]] == [
        ("CN¥38.68", "CN¥0.00"), ("CN¥19.34", "CN¥0.00"),
    ]  # fmt: skip


def test_the_month_is_compared_with_as_many_days_of_the_last(cast, lin):
    for number, days in (("A1", 0), ("A2", 0), ("A3", 5)):
        with clock.at(MAY + timedelta(days=days)):
            cast.sold(number)
    with clock.at(MAY + timedelta(days=31)):  # June 10: A3 was placed on May 15
        cast.sold("B1")
        context = at_home(lin)

    month = context["periods"][2]
    assert (month.estimated, month.delta) == ("CN¥19.34", -50)
    now, before = context["chart"]["data"]["datasets"]
    assert now["data"][-1] == 1934  # of June 10
    assert (sum(now["data"]), sum(before["data"])) == (1934 * 2, 1934 * 2)


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
    today = page.context["periods"][0]
    assert (dict(today.figures)["Clicks"], today.visitors) == ("4", 3)
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
    found = response.context["obstacles"]
    assert [(one.words, one.url) for one in found] == [
        (
            "The smallest withdrawal is CN¥1.00: CN¥1.00 more has to be settled.",
            reverse("affiliates:products"),
        ),
        (
            "You have not told us yet where to send the money.",
            reverse("commissions:payee"),
        ),
        (
            "1 order line is paid, but the buyer has not received the goods yet.",
            reverse("commissions:affiliate_orders") + "?state=estimated",
        ),
    ]
    assert not response.context["ready"]


def test_money_that_can_leave_is_offered_first(cast, lin, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "PAYEE_HOLD_HOURS": 72}
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)
        context = at_home(lin)
        assert context["ready"]
        assert [one.words[:20] for one in context["obstacles"]] == ["Your account is new:"]
        page = read(lin, "affiliate_home")
    assert "You can withdraw now" in page
    with clock.at(JUNE_20):
        assert "Today is settlement day" in read(lin, "affiliate_home")


def test_a_viewer_is_led_to_no_form(cast):
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    client = Client()
    client.force_login(viewer)

    page = read(client, "affiliate_home")
    assert "You have not told us yet" in page
    assert "Add your account" not in page
    assert 'class="card quick-link"' not in page


def test_a_season_is_announced_and_a_task_says_how_far_its_next_reward_is(cast, lin):
    june = datetime(2026, 6, 1, tzinfo=clock.ZONE)
    season = Season.objects.create(
        name="618 2026",
        warm_up_from=june - timedelta(days=8),
        opening_from=june,
        main_from=june + timedelta(days=14),
        closing_from=june + timedelta(days=18),
        ends_at=june + timedelta(days=20),
    )
    tiers = [{"orders": 3, "reward_minor": 88_00}, {"orders": 10, "reward_minor": 388_00}]
    rules = {"mode": "ladder", "metric": "orders", "tiers": tiers}
    task = cast.campaign("guaranteed_task", name="Task 88", season=season, rules=rules)
    cast.publish(task)
    page = read(lin, "affiliate_home")
    assert "14 days to the warm-up" in page
    assert "You can join" in page

    cast.enrol(task)
    page = read(lin, "affiliate_home")
    assert "3 more orders to CN¥88.00" in page
    with clock.at(june + timedelta(days=14, hours=1)):
        assert "6 days left" in read(lin, "affiliate_home")
    with clock.at(june + timedelta(days=20)):
        assert "season-banner" not in read(lin, "affiliate_home")


def test_codes_that_end_and_applications_that_were_decided_wait_at_home(cast, lin):
    coupon = Coupon.objects.create(
        merchant=cast.merchant,
        shop=cast.shop,
        code="LIN88",
        face_minor=5_00,
        currency="CNY",
        starts_at=MAY - timedelta(days=1),
        ends_at=MAY + timedelta(days=3),
    )
    code_bind(actor=cast.chen, coupon=coupon, affiliate=cast.affiliate)
    words = [todo.words for todo in at_home(lin)["todos"]]
    assert words == ["Your code LIN88 at Chen's shop ends May 13, 2026 12:00."]
    with clock.at(MAY + timedelta(days=4)):
        assert at_home(lin)["todos"] == []

    plan = plan_open(
        merchant=cast.merchant, name="Friends", kind="SP", rate_bps=2_500, actor=cast.chen
    )
    place = plan_apply(actor=cast.lin, affiliate=cast.affiliate, plan=plan, words="Please")
    applications_reject(actor=cast.chen, places=[place], reason="Too small yet.")
    with clock.at(MAY + timedelta(days=4)):
        (todo,) = at_home(lin)["todos"]
    assert todo.words.endswith("declined your application for “Friends”: Too small yet.")
    with clock.at(MAY + timedelta(days=8)):
        assert at_home(lin)["todos"] == []
