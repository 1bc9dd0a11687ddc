"""The clicks that a week plan rests on, of an affiliate with a million of them in 28 days: as they
were counted by day, beside counting the touches when somebody asks.
"""

import time
from datetime import timedelta
from statistics import median

from django.db import connection

from affiliates.models import ClickNews
from affiliates.services.figures import clicks_count
from affiliates.services.months import months_turn
from aiassist.queries.planner import LOOKED_BACK, clicks_by_hour
from alliance.kernel import clock
from bench.world import world_make

ROUNDS = 5
_FILL = """
    INSERT INTO affiliates_touch (click_id, kind, link_id, affiliate_id, zone_id, shop_id,
        touched_at, visitor_key, ip_key, visitor, sub1, sub2, sub3, sub4, sub5)
    SELECT md5(n::text), 'click', %(link)s, %(affiliate)s, %(zone)s, %(shop)s,
        now() - (n %% 27) * interval '1 day' - random() * interval '23 hours',
        md5((n / 3)::text), '', 'human', '', '', '', '', ''
    FROM generate_series(1, %(clicks)s) n
"""
_LIVE = """
    SELECT zone_id, extract(hour FROM touched_at AT TIME ZONE 'Asia/Shanghai')::int, count(*)
    FROM affiliates_touch
    WHERE affiliate_id = %s AND kind = 'click' AND visitor = 'human' AND touched_at >= %s
    GROUP BY 1, 2
"""


def run(small: bool = False) -> None:
    clicks = 2_000 if small else 1_000_000
    link = world_make(products=5, affiliates=1).links[0]
    months_turn()
    with connection.cursor() as cursor:
        facts = {"link": link.pk, "affiliate": link.affiliate_id, "zone": link.zone_id}
        cursor.execute(_FILL, {**facts, "shop": link.shop_id, "clicks": clicks})
        cursor.execute("ANALYZE")
    today = clock.business_day()
    ClickNews.objects.bulk_create(ClickNews(day=today - timedelta(days=n)) for n in range(30))
    began = time.perf_counter()
    clicks_count()
    counting = time.perf_counter() - began
    live, counted = [], []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(_LIVE, [link.affiliate_id, clock.now() - LOOKED_BACK])
            there = sum(count for _zone, _hour, count in cursor.fetchall())
        live.append(time.perf_counter() - began)
        began = time.perf_counter()
        found = clicks_by_hour(link.affiliate)
        counted.append(time.perf_counter() - began)
        assert sum(map(sum, found.values())) == there == clicks
    print(
        f"  {clicks:,} clicks in 28 days: {median(counted) * 1e3:.1f} ms as counted, "
        f"{median(live) * 1e3:.0f} ms from the touches: ratio {median(live) / median(counted):.0f}"
    )
    print(f"  counting all 30 days anew: {counting:.1f} s")
