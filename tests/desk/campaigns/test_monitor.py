"""The monitor: what it shows, and what it costs."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alliance.kernel.money import cny
from campaigns.models import Grant
from tests.desk.campaigns.world import DESK, NOON, published

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_monitor_shows_this_minute_and_refreshes_itself(cast, ops, second):
    made = published(ops, second, kind="super_u", budget_minor="100")
    for i in range(3):
        cast.sold(f"T{i}")
    cache.clear()
    live = ops.get(f"{DESK}{made.pk}/monitor/").context["live"]

    assert (live.orders, live.worth, live.left) == (3, cny("3.00"), cny("97.00"))
    assert (live.used_percent, live.share_bps) == (3, 9_000)
    assert live.minutes[-1].orders == 3
    trail = ops.get(f"{DESK}{made.pk}/monitor/").content.decode()
    assert "<b>budget</b> CN¥100.00" in trail
    assert [(one.pk, orders, amount) for one, orders, amount in live.top] == [
        (cast.affiliate.pk, 3, cny("3.00"))
    ]
    part = ops.get(f"{DESK}{made.pk}/monitor/", headers={"hx-request": "true"})
    assert part.content.decode().lstrip().startswith('<div class="desk" id="live" hx-get=')


def test_what_only_raises_a_share_is_told_by_its_sales(cast, ops, second):
    """A super coupon pays nothing of an order itself: columns of zeros would say nothing."""
    made = published(ops, second, kind="double_commission", budget_minor="0")
    line = cast.sold("T1").line
    Grant.objects.create(
        campaign=made, line=line, affiliate=cast.affiliate, day=NOON.date(), share_bps=9_000
    )
    cache.clear()
    page = ops.get(f"{DESK}{made.pk}/monitor/")

    live = page.context["live"]
    assert (live.by_sales, live.worth) == (True, cny("199.00"))
    assert [(one.pk, amount) for one, _orders, amount in live.top] == [
        (cast.affiliate.pk, cny("199.00"))
    ]
    assert "Sold with it" in page.content.decode()


def test_the_monitor_asks_as_often_for_many_orders_as_for_one(cast, ops, second):
    made = published(ops, second, kind="super_u", budget_minor="100")
    first = cast.sold("T1")
    url = f"{DESK}{made.pk}/monitor/"

    def count() -> int:
        cache.clear()
        ops.get("/admin/")  # the menu's own figures
        with CaptureQueriesContext(connection) as queries:
            assert ops.get(url).status_code == 200
        return len(queries)

    count()
    few = count()
    cast.record(*(cast.report(f"N{i}", click_id=cast.click()) for i in range(30)))
    assert Grant.objects.filter(campaign=made).count() == 31
    assert count() <= few < 25
    with CaptureQueriesContext(connection) as queries:  # the next screen costs nothing more
        ops.get(url)
    assert not [one for one in queries.captured_queries if "campaigns_grant" in one["sql"]]
    assert first.line_id
