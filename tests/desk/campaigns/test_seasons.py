"""Seasons at the desk."""

import pytest

from campaigns.models import Season
from tests.desk.campaigns.world import DESK, make

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


def test_dates_out_of_order_are_refused_at_their_field(cast, ops):
    page = ops.post(f"{SEASONS}make/", {**DATES, "main_from": "2026-05-01T00:00"})

    assert set(page.context["form"].errors) == {"main_from"}
    assert not Season.objects.exists()
