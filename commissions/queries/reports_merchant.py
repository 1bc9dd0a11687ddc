"""What a merchant's report says: sales through affiliates and what they cost, by whatever it is
grouped by.

Everything lies on the day on which the order was placed, as on the home page. One statement a page;
its groups are counted, sorted and cut by the database.
"""

# ruff: noqa: S608 - our own words only

from dataclasses import dataclass
from datetime import date
from typing import Any

from commissions.queries.report_sql import EACH_DAY, begun, fetch, fetch_page, within
from commissions.reporting.groups import NONE, TIMES
from merchants.models import Merchant

# Partners and intermediaries have commissions of their own beside the affiliate's: sold was it
# once. A buyer is known again by the key of the visitor whose click or claim won the order; which
# order of theirs it is, one walk over all that came before says (a join would be guessed wrong).
_REPORT = """
    WITH sold AS (
        SELECT c.line_id, c.role, c.placed_at, c.commission_minor, c.special_fee_minor,
               c.merchant_subsidy_minor, l.order_id, l.product_id, l.amount_minor,
               l.refunded_minor, a.plan_id, a.affiliate_id AS bringer_id,
               min(nullif(t.visitor_key, '')) OVER (PARTITION BY l.order_id) AS buyer
        FROM commissions_commission c
        JOIN merchants_orderline l ON l.id = c.line_id
        JOIN affiliates_attribution a ON a.line_id = c.line_id
        LEFT JOIN affiliates_touch t ON t.id = a.touch_id AND t.touched_at = a.touched_at
        WHERE c.merchant_id = %(merchant)s AND c.placed_at < %(end)s
          AND c.state IN ('estimated', 'confirmed', 'frozen', 'unfunded')
    ), mine AS (
        SELECT *, CASE WHEN buyer IS NOT NULL
                  THEN dense_rank() OVER (PARTITION BY buyer ORDER BY placed_at, order_id)
                  END AS nth
        FROM sold
    ), found AS (
        SELECT {key} AS key, m.order_id, m.role, m.amount_minor, m.refunded_minor,
               m.commission_minor, m.special_fee_minor, m.merchant_subsidy_minor, m.nth
        FROM mine m {joins}
        WHERE m.placed_at >= %(start)s
        {days}
    ), grouped AS (
        SELECT key, count(DISTINCT order_id) AS orders,
               coalesce(sum(amount_minor) FILTER (WHERE role = 'affiliate'), 0)::bigint AS amount,
               coalesce(sum(refunded_minor) FILTER (WHERE role = 'affiliate'), 0)::bigint
                   AS refunded,
               coalesce(sum(commission_minor) FILTER (WHERE role <> 'intermediary'), 0)::bigint
                   AS commission,
               coalesce(sum(special_fee_minor), 0)::bigint
                   + coalesce(sum(commission_minor) FILTER (WHERE role = 'intermediary'), 0)::bigint
                   AS service,
               coalesce(sum(merchant_subsidy_minor), 0)::bigint AS subsidy,
               count(DISTINCT order_id) FILTER (WHERE nth = 1) AS new,
               count(DISTINCT order_id) FILTER (WHERE nth > 1) AS returning
        FROM found GROUP BY key
    )
"""


@dataclass(frozen=True, slots=True)
class _By:
    """How rows are told apart, in SQL: m is a commission with its line and attribution."""

    key: str
    joins: str = ""
    days: str = ""


def _time(unit: str) -> _By:
    return _By(
        key=begun(unit, "m.placed_at AT TIME ZONE %(zone)s"),
        days=f"UNION ALL SELECT {begun(unit, 'g')}{', NULL' * 8} {EACH_DAY}",
    )


_TOTAL = _By("''")
BY: dict[str, _By] = {
    **{unit: _time(unit) for unit in TIMES},
    # With what partners and intermediaries get of the orders that the affiliate brought.
    "affiliate": _By("m.bringer_id::text"),
    "product": _By(f"coalesce(m.product_id::text, '{NONE}')"),
    "plan": _By(f"coalesce(m.plan_id::text, '{NONE}')"),
    # A line in several campaigns is in each of their rows, and once in the total.
    "campaign": _By(
        key=f"coalesce(g.campaign_id::text, '{NONE}')",
        joins="LEFT JOIN campaigns_grant g ON g.line_id = m.line_id AND g.active",
    ),
}
SORTS = {
    "key": 'key COLLATE "C"',
    **{name: name for name in (
        "orders", "amount", "refunded", "commission", "service", "subsidy", "new", "returning",
    )},
    "roi": "(amount - refunded)::numeric / nullif(commission + service + subsidy, 0)",
}  # fmt: skip


@dataclass(slots=True)
class Figures:
    """Of one group, or of all. Amounts in minor units; `new` and `returning` count orders whose
    buyer is known, by whether the buyer had bought through an affiliate before."""

    key: str = ""
    orders: int = 0
    amount: int = 0
    refunded: int = 0
    commission: int = 0
    service: int = 0
    subsidy: int = 0
    new: int = 0
    returning: int = 0

    @property
    def cost(self) -> int:
        return self.commission + self.service + self.subsidy

    @property
    def roi(self) -> tuple[int, int] | None:
        """What buyers paid and kept, for all that it cost; None where it cost nothing."""
        return (self.amount - self.refunded, self.cost) if self.cost else None


def report_rows(
    merchant: Merchant,
    by: str,
    start: date,
    end: date,
    *,
    sort: str = "-amount",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[Figures], int]:
    """The groups on these business days (both included), and how many there are in all."""
    rows, count = fetch_page(
        _statement(BY[by]), _asked(merchant, start, end), SORTS, sort, limit, offset
    )
    return [Figures(*row) for row in rows], count


def report_total(merchant: Merchant, start: date, end: date) -> Figures:
    """All groups together: an order that is in several of them counts once."""
    rows = fetch(f"{_statement(_TOTAL)} SELECT * FROM grouped", _asked(merchant, start, end))
    return Figures(*rows[0]) if rows else Figures()


def _statement(by: _By) -> str:
    return _REPORT.format(key=by.key, joins=by.joins, days=by.days)


def _asked(merchant: Merchant, start: date, end: date) -> dict[str, Any]:
    return {"merchant": merchant.pk, **within(start, end)}
