"""Which orders count in a campaign, and whose: the statement that standings are counted with.

Which they are: docs/domain.md §5.1 and docs/campaign-tasks.md. An order, however many lines it has,
counts once.
"""

# ruff: noqa: S608 - our own words only

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from affiliates.models import Affiliate
from alliance.kernel import clock
from campaigns.mechanics import MECHANICS
from campaigns.models import TAKING_PART, Campaign
from campaigns.validity import Validity

# No shop keeps an unpaid order longer: what was placed earlier was not paid in the time.
LONGEST_UNPAID = "31 days"
BASELINE_DAYS = 14

ENROLLED = """
    SELECT e.affiliate_id, e.accepted_at FROM campaigns_enrolment e
    WHERE e.campaign_id = %(campaign)s AND e.accepted_at IS NOT NULL AND e.state = ANY(%(states)s)
"""
AUDIENCE = """
    SELECT f.id AS affiliate_id, NULL::timestamptz AS accepted_at FROM affiliates_affiliate f
    WHERE f.tier >= %(least_tier)s AND (%(kinds)s::text[] = '{}' OR f.kind = ANY(%(kinds)s))
      AND NOT EXISTS (
        SELECT FROM campaigns_campaign_barred b
        WHERE b.campaign_id = %(campaign)s AND b.affiliate_id = f.id
      )
"""
# Each line of an order that was paid in the time, and why it does not count, if so.
_LINES = """
    SELECT p.affiliate_id, o.id AS order_id, o.shop_id, paid.at, l.quantity,
           l.amount_minor AS gross, c.confirmed_at IS NOT NULL AS received,
           l.amount_minor - l.refunded_minor AS base, c.publisher_minor - c.tech_fee_minor AS net,
           coalesce(nullif(t.visitor_key, ''), t.click_id, 'order:' || o.id) AS buyer,
           a.zone_id, a.subs[2] AS channel,
           CASE
             WHEN c.state IN ('void', 'placed') THEN 'void'
             WHEN c.hold <> '' OR c.state = 'frozen' THEN 'held'
             WHEN coalesce(a.touched_at, o.placed_at) < p.accepted_at THEN 'before'
             WHEN EXISTS (
                SELECT FROM campaigns_campaignpause s WHERE s.campaign_id = %(campaign)s
                AND s.from_at <= paid.at AND (s.until_at IS NULL OR paid.at < s.until_at)
             ) THEN 'paused'
             WHEN NOT %(self_buying)s AND EXISTS (
                SELECT FROM affiliates_affiliatemember m JOIN merchants_merchantmember s
                ON s.user_id = m.user_id
                WHERE m.affiliate_id = p.affiliate_id AND s.merchant_id = o.merchant_id
             ) THEN 'own'
             WHEN c.state = 'unfunded' THEN 'unfunded'
             WHEN c.confirmed_at > %(confirm_until)s THEN 'late'
             WHEN %(final)s AND c.state <> 'confirmed' THEN 'late'
           END AS fault
    FROM takes_part p
    JOIN commissions_commission c ON c.affiliate_id = p.affiliate_id AND c.role = 'affiliate'
         AND c.currency = %(currency)s AND c.placed_at < %(ends_at)s
         AND c.placed_at >= %(starts_at)s::timestamptz - interval '{longest_unpaid}'
    JOIN merchants_orderline l ON l.id = c.line_id
    JOIN merchants_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (SELECT coalesce(o.deposit_paid_at, o.paid_at) AS at) paid
    JOIN affiliates_attribution a ON a.id = c.attribution_id
    LEFT JOIN affiliates_touch t ON t.id = a.touch_id AND t.touched_at = a.touched_at
    WHERE paid.at >= %(starts_at)s AND paid.at < %(ends_at)s
      AND (%(all_products)s OR EXISTS (
        SELECT FROM campaigns_slateitem i WHERE i.campaign_id = %(campaign)s
        AND i.product_id = l.product_id AND i.state = 'approved'
      ))
"""
# And each order: `refused` says why it does not count.
_JUDGED = """
    takes_part AS MATERIALIZED ({takes_part}), lines AS ({lines}),
    orders AS (
        SELECT affiliate_id, order_id, min(shop_id) AS shop_id, min(at) AS at, min(buyer) AS buyer,
               min(zone_id) AS zone_id, min(channel) AS channel,
               coalesce(sum(quantity) FILTER (WHERE fault IS NULL), 0) AS pieces,
               coalesce(sum(base) FILTER (WHERE fault IS NULL), 0) AS base,
               coalesce(sum(net) FILTER (WHERE fault IS NULL), 0) AS net,
               sum(gross) AS gross, bool_and(received) AS received,
               CASE WHEN bool_and(fault IS NOT NULL) THEN min(fault) END AS fault
        FROM lines GROUP BY affiliate_id, order_id
    ),
    large AS (
        SELECT *, coalesce(fault, CASE WHEN base < %(least_base)s THEN 'small' END) AS why
        FROM orders
    ),
    of_day AS (
        SELECT *, CASE WHEN why IS NOT NULL THEN why
            WHEN %(buyer_day)s > 0 AND row_number() OVER (
                PARTITION BY affiliate_id, why IS NULL, buyer,
                             (at AT TIME ZONE %(zone)s)::date ORDER BY at, order_id
            ) > %(buyer_day)s THEN 'same_buyer' END AS why_of_day
        FROM large
    ),
    judged AS (
        SELECT *, CASE WHEN why_of_day IS NOT NULL THEN why_of_day
            WHEN %(buyer_all)s > 0 AND row_number() OVER (
                PARTITION BY affiliate_id, why_of_day IS NULL, buyer ORDER BY at, order_id
            ) > %(buyer_all)s THEN 'same_buyer' END AS refused
        FROM of_day
    )
"""


def judged(takes_part: str) -> str:
    """The tables of the statement, up to `judged`, for those whom `takes_part` selects."""
    lines = _LINES.format(longest_unpaid=LONGEST_UNPAID)
    return _JUDGED.format(takes_part=takes_part, lines=lines)


def facts(campaign: Campaign, *, final: bool) -> dict[str, Any]:
    """What the statement is told of the campaign."""
    mechanic = MECHANICS[campaign.kind]
    rules = mechanic.parse(campaign.rules)
    valid = Validity.of(rules)
    return {
        "campaign": campaign.pk,
        "currency": campaign.currency,
        # Nothing counts before it was published, nor from the moment in which somebody closed it.
        "starts_at": max(campaign.starts_at, campaign.published_at or campaign.starts_at),
        "ends_at": min(campaign.ends_at, campaign.closed_at or campaign.ends_at),
        "confirm_until": campaign.confirm_until,
        "final": final,
        "all_products": campaign.all_products,
        "self_buying": campaign.self_buying,
        "least_tier": campaign.least_tier,
        "kinds": list(campaign.kinds),
        "states": list(TAKING_PART),
        "enrols": mechanic.enrols,
        "least_base": max(valid.least_base_minor, 1),
        "buyer_day": valid.buyer_day_orders,
        "buyer_all": valid.buyer_orders,
        "baseline_days": getattr(rules, "baseline_days", BASELINE_DAYS),
        "zone": settings.TIME_ZONE,
        "now": clock.now(),
    }


def everybody(campaign: Campaign) -> str:
    """Who takes part, and since when."""
    return ENROLLED if MECHANICS[campaign.kind].enrols else AUDIENCE


def of_one(campaign: Campaign) -> str:
    """The part of one of them, %(affiliate)s."""
    return f"SELECT * FROM ({everybody(campaign)}) everybody WHERE affiliate_id = %(affiliate)s"


# --- One affiliate's orders, as its tools ask for them ------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Which of an affiliate's orders in a campaign are meant: valid ones that were paid before
    `until`, for the final figure or for the estimate; of one ad zone or channel (sub-id 2)."""

    campaign: Campaign
    affiliate: Affiliate
    until: datetime
    final: bool = False
    zone_id: int | None = None
    channel: str | None = None


class Part(NamedTuple):
    """Valid orders and their buyers; and of how many orders in all they are a part."""

    orders: int
    buyers: int
    of: int


class CountedOrder(NamedTuple):
    order_id: int
    external_id: str
    paid_at: datetime
    pieces: int
    base_minor: int
    zone_id: int | None
    channel: str | None


_PART = """
    (%(of_zone)s::bigint IS NULL OR zone_id = %(of_zone)s)
    AND (%(of_channel)s::text IS NULL OR channel = %(of_channel)s)
"""


def part_counted(counting: Counting) -> Part:
    """How many of the orders of all ad zones and channels are of that one."""
    tail = f"""
        SELECT count(*) FILTER (WHERE {_PART}), count(DISTINCT buyer) FILTER (WHERE {_PART}),
               count(*)
        FROM judged WHERE refused IS NULL
    """
    ((orders, buyers, of),) = _asked(counting, tail)
    return Part(orders, buyers, of)


def orders_counted(
    counting: Counting, *, behind: int = 0, skip: int = 0, most: int
) -> list[CountedOrder]:
    """The orders themselves, by their number, those with a greater one than `behind`."""
    tail = f"""
        SELECT j.order_id, o.external_id, j.at, j.pieces, j.base, j.zone_id, j.channel
        FROM judged j JOIN merchants_order o ON o.id = j.order_id
        WHERE refused IS NULL AND j.order_id > %(behind)s AND {_PART}
        ORDER BY j.order_id LIMIT %(most)s OFFSET %(skip)s
    """
    rows = _asked(counting, tail, behind=behind, skip=skip, most=most)
    return [
        CountedOrder(row[0], row[1], row[2], int(row[3]), int(row[4]), row[5], row[6])
        for row in rows
    ]


def facts_until(counting: Counting) -> dict[str, Any]:
    """The same of its campaign, up to its moment, for its affiliate."""
    found = facts(counting.campaign, final=counting.final)
    found["ends_at"] = max(min(found["ends_at"], counting.until), found["starts_at"])
    return {**found, "affiliate": counting.affiliate.pk}


def _asked(counting: Counting, tail: str, **more: Any) -> list[tuple[Any, ...]]:
    tables = judged(of_one(counting.campaign))
    asked = {"of_zone": counting.zone_id, "of_channel": counting.channel, **more}
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {tables} {tail}", {**facts_until(counting), **asked})
        return cursor.fetchall()


# --- By the day ----------------------------------------------------------------------------------


class Day(NamedTuple):
    """Orders of an affiliate that were paid on that day: those that are valid, how many of them are
    received, and those that were and are `lost`. Sums over the valid ones, minor units."""

    affiliate: int
    day: date
    valid: int
    received: int
    lost: int
    amounts: float
    squares: float  # of their amounts
    net: float


_BY_DAY = """
    SELECT affiliate_id, (at AT TIME ZONE %(zone)s)::date AS day,
           count(*) FILTER (WHERE refused IS NULL) AS valid,
           count(*) FILTER (WHERE refused IS NULL AND received) AS received,
           count(*) FILTER (WHERE refused IN ('void', 'small') AND gross >= %(least_base)s) AS lost,
           coalesce(sum(base) FILTER (WHERE refused IS NULL), 0)::float8 AS amounts,
           coalesce(sum(base::float8 * base) FILTER (WHERE refused IS NULL), 0) AS squares,
           coalesce(sum(net) FILTER (WHERE refused IS NULL), 0)::float8 AS net
    FROM judged GROUP BY 1, 2 ORDER BY 1, 2
"""


# Whoever it is for, and whoever got in before it was for others only.
_WOULD_TAKE_PART = f"""
    {AUDIENCE} UNION SELECT affiliate_id, NULL FROM ({ENROLLED}) enrolled
"""


def days_counted(
    campaign: Campaign, *, since: datetime | None = None, only: list[int] | None = None
) -> list[Day]:
    """The campaign's orders by day, of those who take part; of these affiliates `only`, if some are
    named. With `since`: what would have counted from then to now, had it run and everybody that it
    is for taken part; a buyer's orders in all are not bounded then. One statement."""
    asked = facts(campaign, final=False)
    if since is not None:
        asked |= {"starts_at": since, "ends_at": clock.now(), "buyer_all": 0}
    takes_part = _WOULD_TAKE_PART if since else everybody(campaign)
    if only is not None:
        takes_part = f"SELECT * FROM ({takes_part}) each WHERE affiliate_id = ANY(%(only)s)"
        asked["only"] = only
    tables = judged(takes_part)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {tables} {_BY_DAY}", asked)
        return [Day(*row) for row in cursor.fetchall()]
