"""Clicks by day, and what became of them: what the autopilot learns from.

A commission is promised at the click, so orders belong to the day and the rate of their click, and
each day's clicks grow old by themselves (docs/autopilot.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from affiliates.models import ClickDay
from aiassist.models import AutopilotGroup, AutopilotPolicy, GroupKind
from alliance.kernel import clock

# Of each order line that somebody brought: whose, in which product group, by the day of its click.
_LINES = """
    SELECT
        a.affiliate_id,
        coalesce(chosen.id, filed.id, %(rest)s) AS group_id,
        (coalesce(a.touched_at, o.placed_at) AT TIME ZONE %(zone)s)::date AS day,
        (o.placed_at AT TIME ZONE %(zone)s)::date AS placed_on,
        CASE WHEN o.state = 'void' THEN (o.void_at AT TIME ZONE %(zone)s)::date END AS void_on,
        o.id AS order_id,
        l.id AS line_id,
        l.amount_minor,
        CASE WHEN o.state = 'void' THEN 0 ELSE l.amount_minor - l.refunded_minor END AS kept_minor,
        CASE WHEN o.state = 'void' OR l.amount_minor = 0 THEN 0
            ELSE l.refunded_minor::float / l.amount_minor END AS refunded,
        due.cost_minor,
        a.rate_bps + a.special_bps AS rate_bps
    FROM merchants_order o
    JOIN merchants_orderline l ON l.order_id = o.id
    JOIN affiliates_attribution a ON a.line_id = l.id AND a.affiliate_id IS NOT NULL
    LEFT JOIN merchants_product p ON p.id = l.product_id
    LEFT JOIN LATERAL (
        SELECT g.id FROM aiassist_autopilotgroup g
        JOIN aiassist_autopilotgroup_products gp ON gp.autopilotgroup_id = g.id
        WHERE g.policy_id = %(policy)s AND gp.product_id = p.id LIMIT 1
    ) chosen ON true
    LEFT JOIN aiassist_autopilotgroup filed
        ON filed.policy_id = %(policy)s AND filed.category_id = p.category_id
    CROSS JOIN LATERAL (
        SELECT coalesce(
            sum(c.commission_minor + c.special_fee_minor + c.merchant_subsidy_minor), 0
        ) AS cost_minor
        FROM commissions_commission c WHERE c.line_id = l.id
    ) due
    WHERE o.merchant_id = %(merchant)s AND o.currency = %(currency)s
        AND o.paid_at IS NOT NULL AND o.placed_at >= %(since)s
        AND coalesce(a.touched_at, o.placed_at) >= %(since)s
        AND coalesce(a.touched_at, o.placed_at) < %(until)s
"""
_SOLD = f"""
    SELECT affiliate_id, group_id, day,
        count(DISTINCT order_id),
        count(DISTINCT order_id) FILTER (WHERE void_on IS NOT NULL),
        sum(refunded)::float,
        sum(amount_minor)::bigint,
        sum(kept_minor)::bigint,
        sum(cost_minor)::bigint,
        sum(amount_minor * rate_bps)::bigint,
        sum(kept_minor * rate_bps)::bigint
    FROM ({_LINES}) lines GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - our own columns
_AGED = f"""
    WITH lines AS ({_LINES})
    SELECT day, age, sum(orders)::int, sum(voided)::int, round(sum(refunded))::int FROM (
        SELECT day, greatest(placed_on - day, 0) AS age, count(DISTINCT order_id) AS orders,
            0 AS voided, 0.0::float AS refunded FROM lines GROUP BY 1, 2
        UNION ALL
        SELECT day, greatest(void_on - day, 0), 0, count(DISTINCT order_id), 0.0
            FROM lines WHERE void_on IS NOT NULL GROUP BY 1, 2
        UNION ALL
        SELECT day, greatest((r.applied_at AT TIME ZONE %(zone)s)::date - day, 0), 0, 0,
            sum(r.amount_minor::float / nullif(lines.amount_minor, 0))
            FROM lines JOIN merchants_refund r ON r.line_id = lines.line_id
                AND r.state = 'applied'
            WHERE void_on IS NULL GROUP BY 1, 2
    ) happened GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608


class Sold(NamedTuple):
    """What one affiliate's clicks of a day brought in one product group, as it stands now. Amounts
    in minor units; `promised` and `kept_promised` are minor units times basis points of the plan's
    rate, of all that was sold and of what buyers kept."""

    affiliate: int
    group: int | None  # None: outside of all groups
    day: date
    orders: int  # that were paid, also those which were cancelled later
    cancelled: int
    refunded: float  # of orders that stand, in whole orders
    gross_minor: int
    kept_minor: int
    cost_minor: int  # commissions, fees and subsidies, as the merchant pays them
    promised: int
    kept_promised: int


class Happened(NamedTuple):
    """To clicks of a day, `age` days after it."""

    day: date
    age: int
    orders: int
    cancelled: int
    refunded: int


def sold_of(policy: AutopilotPolicy, *, since: date, until: date) -> list[Sold]:
    """What affiliates sold by the clicks of these days, `until` left out: one statement."""
    return [Sold(*row) for row in _asked(_SOLD, policy, since, until)]


def happened_to(policy: AutopilotPolicy, *, since: date, until: date) -> list[Happened]:
    """How long after the click orders came, were cancelled, came back: one statement."""
    return [Happened(*row) for row in _asked(_AGED, policy, since, until)]


def _asked(statement: str, policy: AutopilotPolicy, since: date, until: date) -> list[Any]:
    rest = policy.groups.filter(kind=GroupKind.SHOP).values_list("pk", flat=True).first()
    values = {
        "policy": policy.pk,
        "merchant": policy.merchant_id,
        "currency": policy.currency,
        "rest": rest,
        "since": clock.day_start(since),
        "until": clock.day_start(until),
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def clicks_of(
    policy: AutopilotPolicy, *, since: date, until: date
) -> dict[tuple[int, int, date], int]:
    """People's clicks by affiliate, group and day, through links for a product of a group, or (for
    everything else) for no product of any; `until` is left out."""
    groups = list(policy.groups.all())
    rest = next((group.pk for group in groups if group.kind == GroupKind.SHOP), None)
    by_category = {group.category_id: group.pk for group in groups if group.category_id}
    by_product = dict(
        AutopilotGroup.products.through.objects.filter(autopilotgroup__policy=policy).values_list(
            "product_id", "autopilotgroup_id"
        )
    )
    rows = (
        ClickDay.objects.filter(
            link__shop__merchant=policy.merchant_id, day__gte=since, day__lt=until, clicks__gt=0
        )
        .order_by()
        .values_list("link__affiliate", "link__product", "link__product__category", "day")
        .annotate(Sum("clicks"))
    )
    found: dict[tuple[int, int, date], int] = {}
    for affiliate, product, category, day, clicks in rows:
        group = by_product.get(product) or by_category.get(category) or rest
        if group:
            found[affiliate, group, day] = found.get((affiliate, group, day), 0) + clicks
    return found


@dataclass(slots=True)
class Return:
    """What clicks brought and cost so far. Minor units."""

    orders: int = 0
    kept_minor: int = 0
    cost_minor: int = 0

    def take(self, one: Sold) -> None:
        self.orders += one.orders
        self.kept_minor += one.kept_minor
        self.cost_minor += one.cost_minor

    @property
    def roi_centi(self) -> int | None:
        """Sales that buyers kept for each 1 of cost, times 100; None without cost."""
        return self.kept_minor * 100 // self.cost_minor if self.cost_minor else None


def by_day(sold: list[Sold]) -> Mapping[date, Return]:
    """By the day of the click."""
    days: dict[date, Return] = {}
    for one in sold:
        days.setdefault(one.day, Return()).take(one)
    return days


def of_days(sold: list[Sold], first: date, until: date) -> Return:
    """Of clicks from `first` on, without `until`."""
    total = Return()
    for one in sold:
        if first <= one.day < until:
            total.take(one)
    return total
