"""What an affiliate's report says: clicks, orders and money by whatever it is grouped by.

Each figure lies on its own day, as on the home page: orders, what was paid for them and their
estimated commission on the day of placing, confirmed on the day of receipt, settled on the day of
settlement. One statement a page; its groups are counted, sorted and cut by the database.
"""

# ruff: noqa: S608 - our own words only

from dataclasses import dataclass
from datetime import date
from typing import Any

from affiliates.models import Affiliate
from affiliates.queries import VISITOR
from commissions.queries.report_sql import EACH_DAY, begun, fetch, fetch_page, within
from commissions.reporting.groups import (
    NONE,
    OTHERS,
    OWN,
    REWARDS,
    SERVICE,
    SUBS,
    TIMES,
    TYPED,
)

# A commission settles with the first closed settlement whose month is its own or a later one; what
# was taken back after that was settled all the same. Of a line of which several roles are the
# affiliate's the amount is told once.
_REPORT = """
    WITH taken AS (
        SELECT month, closed_at, lag(month) OVER (ORDER BY month) AS after
        FROM commissions_settlement WHERE state = 'closed' AND currency = %(currency)s
    ), returned AS (
        SELECT commission_id, sum(net_minor) AS minor FROM commissions_commissionline
        WHERE state = 'settled' AND affiliate_id = %(affiliate)s GROUP BY commission_id
    ), mine AS (
        SELECT c.id, c.line_id, c.affiliate_id, c.role, c.state, c.net_minor, c.placed_at,
               c.confirmed_at, t.closed_at,
               row_number() OVER (PARTITION BY c.line_id ORDER BY c.role <> 'affiliate', c.id) AS n
        FROM commissions_commission c
        LEFT JOIN taken t ON c.settles_in <= t.month
                         AND (t.after IS NULL OR c.settles_in > t.after)
        WHERE c.affiliate_id = %(affiliate)s AND c.currency = %(currency)s
          AND c.placed_at < %(end)s AND c.state IN ('estimated', 'confirmed', 'frozen', 'unfunded')
          AND (c.placed_at >= %(start)s OR c.confirmed_at >= %(start)s OR t.closed_at >= %(start)s)
    ), found (key, clicks, visitors, order_id, amount, refunded, estimated, confirmed, settled) AS (
        SELECT {key}, NULL::bigint, NULL::bigint,
               CASE f.what WHEN 'placed' THEN l.order_id END,
               CASE WHEN f.what = 'placed' AND m.n = 1 THEN l.amount_minor END,
               CASE WHEN f.what = 'placed' AND m.n = 1 THEN l.refunded_minor END,
               CASE f.what WHEN 'placed' THEN m.net_minor END,
               CASE f.what WHEN 'confirmed' THEN m.net_minor END,
               CASE f.what WHEN 'settled' THEN m.net_minor - coalesce(r.minor, 0) END
        FROM mine m
        CROSS JOIN LATERAL (VALUES
            ('placed', m.placed_at),
            ('confirmed', CASE WHEN m.state IN ('confirmed', 'frozen') THEN m.confirmed_at END),
            ('settled', m.closed_at)
        ) AS f (what, at)
        JOIN merchants_orderline l ON l.id = m.line_id
        JOIN affiliates_attribution a ON a.line_id = m.line_id
        LEFT JOIN returned r ON r.commission_id = m.id
        {joins}
        WHERE f.at >= %(start)s AND f.at < %(end)s
        UNION ALL
        SELECT {reward}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, w.booked_minor
        FROM commissions_award w
        WHERE w.affiliate_id = %(affiliate)s AND w.currency = %(currency)s
          AND w.paid_at >= %(start)s AND w.paid_at < %(end)s
        UNION ALL
        SELECT key, clicks, visitors, NULL, NULL, NULL, NULL, NULL, NULL
        FROM ({clicks}) AS came (key, clicks, visitors)
    ), grouped AS (
        SELECT key, sum(clicks)::bigint AS clicks, sum(visitors)::bigint AS visitors,
               count(DISTINCT order_id) AS orders, coalesce(sum(amount), 0)::bigint AS amount,
               coalesce(sum(refunded), 0)::bigint AS refunded,
               coalesce(sum(estimated), 0)::bigint AS estimated,
               coalesce(sum(confirmed), 0)::bigint AS confirmed,
               coalesce(sum(settled), 0)::bigint AS settled
        FROM found GROUP BY key
    )
"""
_DAYS = (
    "FROM affiliates_clickday d WHERE d.affiliate_id = %(affiliate)s"
    " AND d.day BETWEEN %(first)s AND %(last)s AND d.merchant_id IS NULL"
)
_NO_CLICKS = "SELECT '', 0, 0 WHERE false"


@dataclass(frozen=True, slots=True)
class _By:
    """How rows are told apart, in SQL: m is a commission, l its line, a its attribution, f.at the
    moment of the figure; w is a reward. `clicks` gives keys with their clicks and visitors."""

    key: str
    reward: str = f"'{REWARDS}'"
    clicks: str = _NO_CLICKS
    joins: str = ""


def _time(unit: str) -> _By:
    return _By(
        key=begun(unit, "f.at AT TIME ZONE %(zone)s"),
        reward=begun(unit, "w.paid_at AT TIME ZONE %(zone)s"),
        clicks=f"SELECT {begun(unit, 'd.day::timestamp')}, d.clicks::bigint, d.visitors::bigint"
        f" {_DAYS} AND d.zone_id IS NULL UNION ALL SELECT {begun(unit, 'g')}, 0, 0 {EACH_DAY}",
    )


def _of_links(key: str) -> str:
    return (
        f"SELECT {key}, d.clicks, d.visitors FROM affiliates_clickday d"
        " JOIN affiliates_link k ON k.id = d.link_id WHERE k.affiliate_id = %(affiliate)s"
        " AND d.day BETWEEN %(first)s AND %(last)s AND d.link_id IS NOT NULL"
    )


def _sub(place: int) -> _By:
    """A link's own words are overruled by those in the address of a click: only clicks know."""
    return _By(
        key=f"CASE m.role WHEN 'affiliate' THEN '{TYPED}' || coalesce(a.subs[{place}], '')"
        f" ELSE '{OTHERS}' END",
        clicks=f"""
            SELECT '{TYPED}' || t.sub{place}, count(*),
                   count(DISTINCT (
                       (t.touched_at AT TIME ZONE %(zone)s)::date, {VISITOR.format("t")}
                   ))
            FROM affiliates_touch t
            WHERE t.affiliate_id = %(affiliate)s AND t.touched_at >= %(start)s
              AND t.touched_at < %(end)s AND t.kind = 'click' AND t.visitor = 'human'
              AND t.link_id IS NOT NULL
            GROUP BY 1
        """,
    )


_ALL_CLICKS = f"d.clicks::bigint, d.visitors::bigint {_DAYS} AND d.zone_id IS NULL"
_TOTAL = _By(key="''", reward="''", clicks=f"SELECT '', {_ALL_CLICKS}")
BY: dict[str, _By] = {
    **{unit: _time(unit) for unit in TIMES},
    # Of what others brought neither their ad zones nor their sub-ids are for this affiliate's eyes.
    "zone": _By(
        key=f"CASE m.role WHEN 'affiliate' THEN coalesce(a.zone_id::text, '{NONE}')"
        f" ELSE '{OTHERS}' END",
        clicks=f"SELECT d.zone_id::text, d.clicks, d.visitors {_DAYS}"
        " AND d.zone_id IS NOT NULL AND d.link_id IS NULL",
    ),
    "relation": _By(
        key=f"CASE m.role WHEN 'affiliate' THEN '{OWN}' WHEN 'intermediary' THEN '{SERVICE}'"
        " WHEN 'partner' THEN a.affiliate_id::text ELSE a.partner_id::text END",
        clicks=f"SELECT '{OWN}', {_ALL_CLICKS}",
    ),
    "product": _By(
        key=f"coalesce(l.product_id::text, '{NONE}')",
        clicks=_of_links(f"coalesce(k.product_id::text, '{NONE}')"),
    ),
    "shop": _By(
        key="o.shop_id::text",
        clicks=_of_links("k.shop_id::text"),
        joins="JOIN merchants_order o ON o.id = l.order_id",
    ),
    # A line in several campaigns is in each of their rows, and once in the total.
    "campaign": _By(
        key=f"coalesce(g.campaign_id::text, '{NONE}')",
        reward="w.campaign_id::text",
        joins="LEFT JOIN campaigns_grant g ON g.line_id = m.line_id AND g.active"
        " AND g.affiliate_id = m.affiliate_id",
    ),
    **{name: _sub(place) for place, name in enumerate(SUBS, 1)},
}
SORTS = {
    "key": "key COLLATE \"C\"",
    **{name: name for name in (
        "clicks", "visitors", "orders", "amount", "refunded", "estimated", "confirmed", "settled",
    )},
    "epc": "estimated::numeric / nullif(clicks, 0)",
    "conversion": "orders::numeric / nullif(clicks, 0)",
}  # fmt: skip


@dataclass(slots=True)
class Figures:
    """Of one group, or of all. Minor units, after the service fee. `clicks` and `visitors` are None
    where clicks cannot be told apart by that."""

    key: str = ""
    clicks: int | None = None
    visitors: int | None = None
    orders: int = 0
    amount: int = 0
    refunded: int = 0
    estimated: int = 0
    confirmed: int = 0
    settled: int = 0

    @property
    def epc(self) -> tuple[int, int] | None:
        """Earned per click: estimated commission and clicks; None where nobody clicked."""
        return (self.estimated, self.clicks) if self.clicks else None

    @property
    def conversion(self) -> tuple[int, int] | None:
        """Orders per click."""
        return (self.orders, self.clicks) if self.clicks else None


def report_rows(
    affiliate: Affiliate,
    currency: str,
    by: str,
    start: date,
    end: date,
    *,
    sort: str = "-estimated",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Figures], int]:
    """The groups on these business days (both included), and how many there are in all."""
    rows, count = fetch_page(
        _statement(BY[by]), _asked(affiliate, currency, start, end), SORTS, sort, limit, offset
    )
    return [Figures(*row) for row in rows], count


def report_total(affiliate: Affiliate, currency: str, start: date, end: date) -> Figures:
    """All groups together: an order that is in several of them counts once."""
    statement = f"{_statement(_TOTAL)} SELECT * FROM grouped"
    rows = fetch(statement, _asked(affiliate, currency, start, end))
    return Figures(*rows[0]) if rows else Figures(clicks=0, visitors=0)


def _statement(by: _By) -> str:
    return _REPORT.format(key=by.key, reward=by.reward, clicks=by.clicks, joins=by.joins)


def _asked(affiliate: Affiliate, currency: str, start: date, end: date) -> dict[str, Any]:
    return {"affiliate": affiliate.pk, "currency": currency, **within(start, end)}
