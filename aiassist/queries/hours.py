"""What came in an hour, and whose it was: each source by an index, never a whole table.

Orders count by the hour in which they were placed, as far as they were reported within ten minutes
of its end: an hour that is looked at again says the same, and files of old orders change nothing.
"""

# ruff: noqa: S608 - our own words only

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from affiliates.models import ClickDay
from aiassist.models import HOUR, Source
from alliance.kernel import clock

LATE = "70 minutes"  # from the beginning of an hour until nothing more is waited for
PAID_WITHIN = "3 days"  # of an order that is paid in the hour
RUNS_WITHIN = "1 day"

# Rows of at, campaign, merchant, affiliate, count, amount. Orders are read along the merchants,
# steps of commissions along the affiliates: that is how they are indexed.
_ORDER = """
    SELECT o.{moment}, NULL::bigint, m.id, o.affiliate_id, 1, o.amount
    FROM merchants_merchant m CROSS JOIN LATERAL (
        SELECT r.{moment}, min(a.affiliate_id) AS affiliate_id, sum(l.amount_minor) AS amount
        FROM merchants_order r
        JOIN merchants_orderline l ON l.order_id = r.id
        LEFT JOIN affiliates_attribution a ON a.line_id = l.id
        WHERE r.merchant_id = m.id AND r.currency = %(currency)s
          AND r.placed_at >= {first} AND r.placed_at < %(until)s
          AND r.{moment} >= %(since)s AND r.{moment} < %(until)s
          AND r.created_at < date_trunc('hour', r.{moment}, %(zone)s) + interval '{late}'
        GROUP BY r.id
    ) o
"""
_STEP = """
    SELECT t.at, NULL::bigint, c.merchant_id, f.id, 1, {amount}
    FROM affiliates_affiliate f
    JOIN commissions_commissionline t
      ON t.affiliate_id = f.id AND t.at >= %(since)s AND t.at < %(until)s
    JOIN commissions_commission c ON c.id = t.commission_id AND c.role = 'affiliate'
    WHERE c.currency = %(currency)s AND {amount} > 0
"""
ROWS = {
    Source.CLAIMS: """
        SELECT c.claimed_at, c.campaign_id, s.merchant_id, c.affiliate_id, 1, c.face_minor
        FROM campaigns_claim c JOIN merchants_shop s ON s.id = c.shop_id
        WHERE c.claimed_at >= %(since)s AND c.claimed_at < %(until)s
    """,
    Source.ORDERS: _ORDER.format(moment="placed_at", first="%(since)s", late=LATE),
    Source.VALID: _ORDER.format(
        moment="paid_at",
        first=f"%(since)s - interval '{PAID_WITHIN}'",
        late=LATE,
    ),
    Source.COMMISSION: _STEP.format(amount="t.commission_minor"),
    Source.RETURNS: _STEP.format(amount="-t.base_minor"),
    Source.GRANTED: """
        SELECT g.granted_at, g.campaign_id, o.merchant_id, g.affiliate_id, 1, g.cap_minor
        FROM campaigns_campaign k
        JOIN campaigns_grant g ON g.campaign_id = k.id
          AND g.granted_at >= %(since)s AND g.granted_at < %(until)s
        JOIN merchants_orderline l ON l.id = g.line_id
        JOIN merchants_order o ON o.id = l.order_id
        WHERE k.published_at < %(until)s AND k.confirm_until >= %(since)s
    """,
    Source.REFUSALS: """
        SELECT r.minute, k.id, NULL::bigint, NULL::bigint, r.count, 0
        FROM campaigns_campaign k
        JOIN campaigns_refusal r ON r.campaign_id = k.id
          AND r.minute >= %(since)s AND r.minute < %(until)s
        WHERE k.published_at < %(until)s AND k.confirm_until >= %(since)s
    """,
    Source.PAYOUTS: """
        SELECT p.finished_at, NULL::bigint, NULL::bigint, p.affiliate_id, 1, p.amount_minor
        FROM commissions_payout p
        WHERE p.state IN ('failed', 'returned')
          AND p.finished_at >= %(since)s AND p.finished_at < %(until)s
    """,
    Source.INTAKE: """
        SELECT i.created_at, NULL::bigint, r.merchant_id, NULL::bigint, 1, 0
        FROM merchants_importissue i JOIN merchants_importrun r ON r.id = i.run_id
        WHERE i.created_at >= %(since)s AND i.created_at < %(until)s
        UNION ALL
        SELECT d.created_at, NULL::bigint, s.merchant_id, NULL::bigint, 1, 0
        FROM merchants_hookdelivery d
        JOIN merchants_shophook h ON h.id = d.hook_id JOIN merchants_shop s ON s.id = h.shop_id
        WHERE d.result = 'refused' AND d.created_at >= %(since)s AND d.created_at < %(until)s
    """,
}
BY_CAMPAIGN = (Source.CLAIMS, Source.GRANTED, Source.REFUSALS)
# Of everything too, where that can be told; a campaign's orders are among the others anyway.
_SETS = {
    source: "(hour), (hour, campaign)" if source in BY_CAMPAIGN else "(hour)" for source in ROWS
}
_SETS[Source.GRANTED] = "(hour, campaign)"
COUNTED = {
    source: f"""
        SELECT hour, {"campaign" if source in BY_CAMPAIGN else "NULL"}, sum(n), sum(amount)
        FROM (
            SELECT date_trunc('hour', w.at, %(zone)s) AS hour, w.campaign, w.n, w.amount
            FROM ({rows}) w (at, campaign, merchant, affiliate, n, amount)
        ) came
        GROUP BY GROUPING SETS ({_SETS[source]})
    """
    for source, rows in ROWS.items()
}
_WHOSE = """
    SELECT w.{who}, sum(w.n), sum(w.amount) FROM ({rows}) w
        (at, campaign, merchant, affiliate, n, amount)
    WHERE w.{who} IS NOT NULL AND (%(campaign)s::bigint IS NULL OR w.campaign = %(campaign)s)
    GROUP BY 1
"""


def hours_counted(
    source: Source, since: datetime, until: datetime
) -> Iterator[tuple[datetime, int | None, int, int]]:
    """Hour, campaign (None: everything), count and amount of each hour in which something came."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED[source], _asked(since, until))
        for hour, campaign, count, amount in cursor.fetchall():
            yield hour, campaign, int(count), int(amount)


def whose(
    source: Source, who: str, hour: datetime, campaign: int | None
) -> dict[int, tuple[int, int]]:
    """Count and amount in the hour of each `who`: "merchant", "affiliate" or "campaign"."""
    statement = _WHOSE.format(who=who, rows=ROWS[source])
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_asked(hour, hour + HOUR), "campaign": campaign})
        return {key: (int(count), int(amount)) for key, count, amount in cursor.fetchall()}


def clicks_by_hour(first: date, last: date) -> dict[date, list[int]]:
    """Everybody's, as they were counted by day."""
    rows = ClickDay.objects.filter(affiliate=None, merchant=None, day__range=(first, last))
    return {day: hours for day, hours in rows.values_list("day", "hours") if hours}


def clicks_whose(who: str, hour: datetime) -> dict[int, tuple[int, int]]:
    """The clicks in the hour of each merchant or affiliate."""
    other = {"merchant": "affiliate", "affiliate": "merchant"}[who]
    rows = ClickDay.objects.filter(
        day=clock.business_day(hour), zone=None, **{other: None, f"{who}__isnull": False}
    )
    place = hour.astimezone(clock.ZONE).hour
    found: dict[int, int] = defaultdict(int)
    for key, hours in rows.values_list(who, "hours"):
        if hours:
            found[key] += hours[place]
    return {key: (count, 0) for key, count in found.items()}


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour in the alliance's zone."""
    local = moment.astimezone(clock.ZONE).replace(minute=0, second=0, microsecond=0)
    return local.astimezone(moment.tzinfo)


def hours_between(since: datetime, until: datetime) -> list[datetime]:
    return [since + timedelta(hours=n) for n in range(round((until - since) / HOUR))]


def _asked(since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "since": since,
        "until": until,
        "zone": clock.ZONE.key,
        "currency": settings.ALLIANCE["CURRENCY"],
    }
