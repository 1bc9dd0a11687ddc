"""Dry runs at the desk: on past orders, writing nothing."""

import pytest

from campaigns.models import Grant
from tests.desk.campaigns.world import DESK, make

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


def test_another_rate_of_a_plan_is_played_with_winners_and_losers(cast, ops):
    cast.sold("T1")
    plan = cast.merchant.plans.get()
    days = {"since": "2026-06-01", "until": "2026-06-01"}
    page = ops.get(f"/admin/merchants/plan/{plan.pk}/dry_run/", {**days, "rate": "6"})

    # 199.00 at 6 % instead of 12 %: the merchant pays 11.94 less.
    assert [one.delta_minor for one in page.context["merchants"]] == [-1_194]
    assert len(page.context["losers"]) == 1
    assert page.context["winners"] == []
