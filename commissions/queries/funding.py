"""How long a merchant's money lasts: what is left, what is spent, what waits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from alliance.kernel import clock
from merchants.models import Coverage, Merchant

# Merchants' wallets with their limit, what waits for them, and what left them for commissions in
# the last 7, 14 and 30 business days. Money that came in or went back to the merchant is no
# spending.
_FUNDING = """
    WITH wallet AS (
        SELECT m.id AS merchant_id, m.credit_limit_minor, a.id AS account_id,
               coalesce(b.balance_minor, 0) AS balance_minor
        FROM merchants_merchant m
        LEFT JOIN commissions_account a
               ON a.code = 'merchant:' || m.id || ':wallet' AND a.currency = m.currency
        LEFT JOIN commissions_balance b ON b.account_id = a.id
        WHERE m.id = ANY(%(merchants)s)
    ), recent AS NOT MATERIALIZED (
        SELECT l.debit_id, l.credit_id, l.amount_minor, e.effective_on
        FROM commissions_entry e JOIN commissions_line l ON l.entry_id = e.id
        WHERE e.effective_on > %(month_ago)s
    ), sides AS (
        SELECT debit_id AS account_id, credit_id AS other_id, amount_minor AS minor, effective_on
        FROM recent
        UNION ALL
        SELECT credit_id, debit_id, -amount_minor, effective_on FROM recent
    ), moved AS (
        SELECT w.merchant_id, s.minor, s.effective_on
        FROM sides s JOIN wallet w USING (account_id)
        JOIN commissions_account o ON o.id = s.other_id
        WHERE o.kind NOT IN ('cash', 'in_flight', 'budget', 'coupons')
    ), spent AS (
        SELECT merchant_id, sum(minor) AS month_minor,
               coalesce(sum(minor) FILTER (WHERE effective_on > %(week_ago)s), 0) AS week_minor,
               coalesce(sum(minor) FILTER (WHERE effective_on > %(fortnight_ago)s), 0)
                   AS fortnight_minor
        FROM moved GROUP BY merchant_id
    ), waiting AS (
        SELECT merchant_id, count(*) AS unfunded FROM commissions_commission
        WHERE state = 'unfunded' AND merchant_id = ANY(%(merchants)s) GROUP BY merchant_id
    )
    SELECT w.merchant_id, w.balance_minor, w.credit_limit_minor,
           greatest(coalesce(s.week_minor, 0), 0)::bigint,
           greatest(coalesce(s.fortnight_minor, 0), 0)::bigint,
           greatest(coalesce(s.month_minor, 0), 0)::bigint,
           coalesce(u.unfunded, 0)
    FROM wallet w LEFT JOIN spent s USING (merchant_id) LEFT JOIN waiting u USING (merchant_id)
"""


@dataclass(frozen=True, slots=True)
class Funding:
    """A merchant's means, in minor units of its currency."""

    merchant_id: int
    balance_minor: int
    credit_minor: int
    week_minor: int  # spent on commissions in the last 7 days
    fortnight_minor: int  # in the last 14
    month_minor: int  # and in the last 30
    unfunded: int  # commissions that wait for money

    @property
    def spendable_minor(self) -> int:
        return self.balance_minor + self.credit_minor

    @property
    def dry(self) -> bool:
        """Nothing can be promised any more: something waits already, or nothing is left."""
        return bool(self.unfunded) or self.spendable_minor <= 0

    def days_at(self, spent_minor: int, days: int) -> int | None:
        """How many days the money lasts when `spent_minor` goes in `days`; None: nothing goes."""
        if spent_minor <= 0:
            return None
        return max(self.spendable_minor, 0) * days // spent_minor

    @property
    def coverage(self) -> Coverage:
        """The band, at the quicker of the paces of the last week and the last month."""
        if self.dry:
            return Coverage.PAUSED
        known = (self.days_at(self.week_minor, 7), self.days_at(self.month_minor, 30))
        days = min((d for d in known if d is not None), default=None)
        if days is None or days >= 30:
            return Coverage.AMPLE
        if days >= 14:
            return Coverage.WEEKS
        return Coverage.WEEK if days >= 7 else Coverage.LOW


def funding_of(merchant_pks: list[int]) -> dict[int, Funding]:
    """By merchant; one statement, however many are asked for."""
    today = clock.business_day()
    values: dict[str, Any] = {
        "merchants": merchant_pks,
        "week_ago": today - timedelta(days=7),
        "fortnight_ago": today - timedelta(days=14),
        "month_ago": today - timedelta(days=30),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FUNDING, values)
        return {row[0]: Funding(*row) for row in cursor.fetchall()}


def low_below(merchant: Merchant, funding: Funding) -> int:
    """Where "low" begins for the merchant: what it set, or a week like the last one."""
    return funding.week_minor if merchant.low_balance_minor is None else merchant.low_balance_minor
