"""Dry runs at the desk: on past orders, writing nothing."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.db import connection, transaction
from django.test import Client

from alliance.kernel import clock
from campaigns.models import Grant
from tests.desk.campaigns.world import DESK, NOON, make

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_draft_is_played_on_past_orders_and_nothing_is_written(cast, ops):
    for i in range(3):
        cast.sold(f"T{i}")
    made = make(ops, "super_u", all_products="on", budget_minor="2")
    days = {"since": "2026-06-01", "until": "2026-06-01"}
    report = ops.get(f"{DESK}{made.pk}/dry_run/", days).context["report"]

    assert (report.orders, report.touched) == (3, 2)  # the budget reaches for two of them
    assert (report.budget_minor, report.uncut_minor) == (200, 300)
    page = ops.get(f"{DESK}{made.pk}/dry_run/", days)
    assert [one.delta_minor for one in page.context["winners"]] == [200]
    assert page.context["losers"] == []
    assert not Grant.objects.exists()
    wrong = ops.get(f"{DESK}{made.pk}/dry_run/", {**days, "until": "2026-05-01"})
    assert set(wrong.context["form"].errors) == {"until"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_none_of_ours(cast, ops, day):
    made = make(ops, all_products="on")
    pages = (
        f"{DESK}{made.pk}/dry_run/",
        f"/admin/merchants/plan/{cast.merchant.plans.get().pk}/dry_run/",
    )
    for page in pages:
        answer = ops.get(page, {"since": day, "until": day, "rate": "6"})
        assert set(answer.context["form"].errors) == {"since", "until"}


def test_another_rate_of_a_plan_is_played_with_winners_and_losers(cast, ops):
    cast.sold("T1")
    plan = cast.merchant.plans.get()
    days = {"since": "2026-06-01", "until": "2026-06-01"}
    page = ops.get(f"/admin/merchants/plan/{plan.pk}/dry_run/", {**days, "rate": "6"})

    # 199.00 at 6 % instead of 12 %: the merchant pays 11.94 less.
    assert [one.delta_minor for one in page.context["merchants"]] == [-1_194]
    assert len(page.context["losers"]) == 1
    assert page.context["winners"] == []


def test_a_person_has_one_dry_run_at_a_time(cast, ops, second):
    cast.sold("T1")
    asked = f"/admin/merchants/plan/{cast.merchant.plans.get().pk}/dry_run/"
    days = {"since": "2026-06-01", "until": "2026-06-01", "rate": "6"}

    def play(client: Client) -> tuple[int, bool]:
        with clock.at(NOON):
            answer = client.get(asked, days)
        connection.close()
        return answer.status_code, b"Your last dry run is still at work." in answer.content

    with ThreadPoolExecutor() as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE merchants_orderline")  # a dry run lasts until we let it go
            slow = pool.submit(play, ops)
            _wait_until_stuck(1)
            assert pool.submit(play, ops).result(60) == (429, True)
            others = pool.submit(play, second)
            _wait_until_stuck(2)
        assert (slow.result(60), others.result(60)) == ((200, False), (200, False))
        assert pool.submit(play, ops).result(60) == (200, False)


def _wait_until_stuck(count: int) -> None:
    for _try in range(600):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND relation = 'merchants_orderline'::regclass"
            )
            if cursor.fetchone()[0] == count:
                return
        sleep(0.1)
    raise AssertionError("nobody waits")
