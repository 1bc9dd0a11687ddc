"""Seasons at the desk."""

from datetime import datetime

import pytest

from alliance.kernel import clock
from campaigns.models import Season
from tests.desk.campaigns.world import DESK, make, typed

pytestmark = pytest.mark.django_db(transaction=True)


SEASONS = "/admin/campaigns/season/"


DATES = {
    "name": "618",
    "warm_up_from": "2026-05-25T00:00",
    "opening_from": "2026-06-01T00:00",
    "main_from": "2026-06-15T00:00",
    "closing_from": "2026-06-19T00:00",
    "ends_at": "2026-06-21T00:00",
}


def test_a_season_is_planned_and_its_calendar_shows_its_campaigns(cast, ops):
    ops.post(f"{SEASONS}make/", DATES)
    season = Season.objects.get()
    made = make(ops, season=season.pk, starts_at="2026-06-15T00:00", ends_at="2026-06-19T00:00")
    page = ops.get(f"{SEASONS}{season.pk}/change/")

    (bar,) = page.context["calendar"].rows
    assert (bar.subject, bar.key) == (made, "main")
    assert f"{DESK}{made.pk}/change/" in page.content.decode()
    ops.post(f"{SEASONS}{season.pk}/edit/", {**DATES, "name": "6·18"})
    season.refresh_from_db()
    assert season.name == "6·18"


def test_the_dates_of_the_next_618_make_a_season_at_once(cast, ops):
    form = ops.get(f"{SEASONS}make/").context["form"]
    answer = ops.post(f"{SEASONS}make/", typed(form))

    assert answer.status_code == 302, answer.context["form"].errors
    season = Season.objects.get()
    assert season.name == "618 2026"
    assert season.main_from == datetime(2026, 6, 15, 20, tzinfo=clock.ZONE)


def test_a_campaign_is_suggested_inside_its_season(cast, ops):
    ops.post(f"{SEASONS}make/", {**DATES, "main_from": "2026-06-16T00:00"})
    season = Season.objects.get()
    for kind in ("double_commission", "crazy_four_hours", "super_brand_day"):
        page = ops.get(f"{DESK}make/?kind={kind}&season={season.pk}")
        said = page.context["form"].initial
        assert season.main_from == said["starts_at"], kind
        assert said["starts_at"] < said["ends_at"] <= season.ends_at, kind
    whole = ops.get(f"{DESK}make/?kind=double_commission&season={season.pk}").context["form"]
    assert whole.initial["ends_at"] == season.ends_at


def test_the_way_above_a_page_says_each_step_once(cast, ops):
    made = make(ops)
    for url in (DESK, f"{DESK}{made.pk}/change/"):
        head = ops.get(url).content.decode().partition("<h1")[2].partition("</h1>")[0]
        assert head.count(">Campaigns<") == 1, url


def test_dates_out_of_order_are_refused_at_their_field(cast, ops):
    page = ops.post(f"{SEASONS}make/", {**DATES, "main_from": "2026-05-01T00:00"})

    assert set(page.context["form"].errors) == {"main_from"}
    assert not Season.objects.exists()
