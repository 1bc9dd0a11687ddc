"""Clicks become figures: a day is counted anew when clicks came in since, and kept for ever."""

# ruff: noqa: S608 - our own words only

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from affiliates.queries import VISITOR
from alliance.kernel import clock

# Days of which touches were dropped are not counted again.
_TAKE = """
    WITH news AS (DELETE FROM affiliates_clicknews RETURNING day)
    SELECT DISTINCT n.day FROM news n
    WHERE n.day::timestamp AT TIME ZONE %s >= touches_kept_since()
       OR NOT EXISTS (SELECT FROM affiliates_clickday d WHERE d.day = n.day)
    ORDER BY 1
"""
_HOURS = ", ".join(
    f"coalesce(sum(n) FILTER (WHERE visitor = 'human' AND hour = {hour}), 0)" for hour in range(24)
)
_COUNT = f"""
    DELETE FROM affiliates_clickday WHERE day = ANY(%(days)s);
    INSERT INTO affiliates_clickday (
        day, affiliate_id, merchant_id, zone_id, link_id, clicks, visitors, bots, previews,
        hours
    )
    WITH came AS (
        SELECT (t.touched_at AT TIME ZONE %(zone)s)::date AS day, t.affiliate_id, s.merchant_id,
               t.zone_id, t.link_id, t.visitor,
               extract(hour FROM t.touched_at AT TIME ZONE %(zone)s)::int AS hour,
               CASE t.visitor WHEN 'human' THEN {VISITOR.format("t")} END AS who, count(*) AS n
        FROM affiliates_touch t JOIN merchants_shop s ON s.id = t.shop_id
        WHERE t.kind = 'click' AND t.link_id IS NOT NULL
          AND t.touched_at >= %(start)s AND t.touched_at < %(end)s
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    )
    SELECT day, affiliate_id, merchant_id, zone_id, link_id,
           coalesce(sum(n) FILTER (WHERE visitor = 'human'), 0), count(DISTINCT who),
           coalesce(sum(n) FILTER (WHERE visitor = 'bot'), 0),
           coalesce(sum(n) FILTER (WHERE visitor = 'preview'), 0),
           CASE WHEN GROUPING(link_id) = 1 THEN ARRAY[{_HOURS}] END
    FROM came WHERE day = ANY(%(days)s)
    GROUP BY GROUPING SETS (
        (day), (day, affiliate_id), (day, affiliate_id, zone_id),
        (day, affiliate_id, zone_id, link_id), (day, merchant_id), (day, merchant_id, affiliate_id)
    )
"""


@transaction.atomic
def clicks_count() -> int:
    """Count every day that has news; returns how many. Once more changes nothing.

    One at a time: while somebody counts, the others leave it to the next time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('clicks_count'))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE, [clock.ZONE.key])
        days = [row[0] for row in cursor.fetchall()]
        for _month, of_month in groupby(days, clock.month_start):
            _count(cursor, list(of_month))
    return len(days)


def _count(cursor: CursorWrapper, days: list[date]) -> None:
    facts: dict[str, Any] = {
        "days": days,
        "zone": clock.ZONE.key,
        "start": clock.day_start(days[0]),
        "end": clock.day_start(days[-1] + timedelta(days=1)),
    }
    cursor.execute(_COUNT, facts)
