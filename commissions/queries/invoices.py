"""What a merchant is charged for a month, out of the commission lines; and the invoices."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet

from alliance.kernel import clock
from alliance.kernel.models import User
from commissions.models import (
    ChargeKind,
    CommissionLine,
    Entry,
    Invoice,
    InvoiceRun,
    Settlement,
    SettlementState,
)
from merchants.queries import merchant_of

# A commission is charged when it has left the merchant's reserve: with the receipt of the goods.
# Per step of a commission: what is charged after it minus what was before. Steps are dated by their
# entry; in a batch without one, all that moved was set off for each merchant.
# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL
_CHARGED = "('confirmed', 'frozen', 'settled')"
KINDS = {
    ChargeKind.COMMISSION: "commission_minor",
    ChargeKind.SPECIAL: "special_fee_minor",
    ChargeKind.SUBSIDY: "merchant_subsidy_minor",
}
# What an intermediary gets is its service fee, whatever the column is called.
_KIND = f"CASE c.role WHEN 'intermediary' THEN '{ChargeKind.SERVICE.value}' ELSE changes.kind END"
_CHANGES = f"""
    WITH steps AS (
        SELECT l.commission_id, l.entry_id, l.revision, l.at, kind.name AS kind,
               CASE WHEN l.state IN {_CHARGED}
                    THEN sum(kind.minor) OVER upto ELSE 0 END AS after_minor
        FROM commissions_commissionline l
        CROSS JOIN LATERAL (
            VALUES {", ".join(f"('{kind.value}', l.{name})" for kind, name in KINDS.items())}
        ) AS kind(name, minor)
        WHERE l.commission_id IN (
            SELECT s.commission_id FROM commissions_commissionline s
            JOIN commissions_entry e ON e.id = s.entry_id
            JOIN commissions_commission c ON c.id = s.commission_id
            WHERE e.effective_on >= %(start)s AND e.effective_on < %(end)s
              AND (c.merchant_id = %(merchant)s OR %(merchant)s IS NULL)
        )
        WINDOW upto AS (PARTITION BY l.commission_id, kind.name ORDER BY l.revision)
    ), changes AS (
        SELECT commission_id, entry_id, at, kind, after_minor - coalesce(lag(after_minor) OVER (
                   PARTITION BY commission_id, kind ORDER BY revision), 0) AS minor
        FROM steps
    )
"""
_WITHIN = """
    FROM changes
    JOIN commissions_entry e ON e.id = changes.entry_id
         AND e.effective_on >= %(start)s AND e.effective_on < %(end)s
    JOIN commissions_commission c ON c.id = changes.commission_id
"""
# What merchants paid into budgets of campaigns and got back of them, and got for coupons. The legs
# of a booked commission pair whom they like: its budget's part is not the merchant's.
_CAMPAIGNS = f"""
    SELECT split_part(m.owner, ':', 2)::bigint AS merchant_id, l.currency, e.recorded_at AS at,
           e.key, c.name,
           CASE o.kind WHEN 'coupons' THEN '{ChargeKind.COUPONS.value}'
                       ELSE '{ChargeKind.CAMPAIGN.value}' END AS kind,
           CASE WHEN m.id = l.debit_id THEN l.amount_minor ELSE -l.amount_minor END AS minor
    FROM commissions_entry e
    JOIN commissions_line l ON l.entry_id = e.id
    JOIN commissions_account m ON m.id IN (l.debit_id, l.credit_id) AND m.owner LIKE 'merchant:%%'
    JOIN commissions_account o ON o.id = l.debit_id + l.credit_id - m.id
         AND o.owner LIKE 'campaign:%%'
    JOIN campaigns_campaign c ON c.id = split_part(o.owner, ':', 2)::bigint
    WHERE e.effective_on >= %(start)s AND e.effective_on < %(end)s
      AND e.key NOT LIKE 'commissions:%%'
"""
_BY_MERCHANT = f"""{_CHANGES}
    SELECT c.merchant_id, c.currency, {_KIND} AS kind, count(DISTINCT c.line_id),
           sum(changes.minor)::bigint
    {_WITHIN} WHERE changes.minor <> 0
    GROUP BY c.merchant_id, c.currency, {_KIND}, changes.minor < 0
    UNION ALL
    SELECT merchant_id, currency, kind, count(*), sum(minor)::bigint FROM ({_CAMPAIGNS}) paid
    GROUP BY merchant_id, currency, kind, minor < 0
    ORDER BY 1, 3, 5 DESC
"""
_BY_LINE = f"""{_CHANGES}
    SELECT changes.at, o.external_id, l.external_id, a.name, {_KIND}, changes.minor::bigint,
           changes.commission_id
    {_WITHIN}
    JOIN merchants_orderline l ON l.id = c.line_id
    JOIN merchants_order o ON o.id = l.order_id
    JOIN affiliates_affiliate a ON a.id = c.affiliate_id
    WHERE changes.minor <> 0 AND c.currency = %(currency)s
    UNION ALL
    SELECT at, name, key, '', kind, minor::bigint, 0 FROM ({_CAMPAIGNS}) paid
    WHERE merchant_id = %(merchant)s AND currency = %(currency)s
    ORDER BY 1, 7, 5
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """All of a kind that a merchant was charged in a month (or got back: below zero)."""

    merchant_id: int
    currency: str
    kind: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Detail:
    """One order line's part of an invoice; of a campaign its name, and the ledger entry."""

    at: datetime
    order: str
    line: str
    affiliate: str
    kind: str
    amount_minor: int


def charges_of(month: date) -> list[Charge]:
    """Every merchant's charges of a calendar month, those given back apart."""
    return [Charge(*row) for row in _asked(_BY_MERCHANT, month)]


def details_of(invoice: Invoice) -> list[Detail]:
    """The order lines and campaigns that the invoice is the sum of, in the order of booking."""
    rows = _asked(_BY_LINE, invoice.month, merchant=invoice.merchant_id, currency=invoice.currency)
    return [Detail(*row[:6]) for row in rows]


def _asked(sql: str, month: date, merchant: int | None = None, currency: str = "") -> list[Any]:
    values: dict[str, Any] = {
        "start": month,
        "end": clock.next_month(month),
        "merchant": merchant,
        "currency": currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def months_to_invoice() -> list[tuple[date, str]]:
    """Months (with their currency) whose settlement is closed, and whose invoices are not issued.

    A month in which nothing was left to settle is over with the next one that was settled.
    """
    closed = Settlement.objects.filter(state=SettlementState.CLOSED).order_by()
    due = []
    for currency, last in closed.values_list("currency").annotate(Max("month")):
        month = _first_month(currency)
        done = set(InvoiceRun.objects.filter(currency=currency).values_list("month", flat=True))
        while month and month <= last:
            if month not in done:
                due.append((month, currency))
            month = clock.next_month(month)
    return sorted(due)


def _first_month(currency: str) -> date | None:
    """In which the first commission of a currency was booked."""
    lines = CommissionLine.objects.filter(entry=OuterRef("pk"), commission__currency=currency)
    first = Entry.objects.filter(Exists(lines)).order_by("effective_on").first()
    return clock.month_start(first.effective_on) if first else None


def invoices_for(user: User) -> QuerySet[Invoice]:
    """Of the merchant for which the user acts, newest first."""
    mine = Invoice.objects.filter(merchant=merchant_of(user)).select_related("merchant")
    return mine.prefetch_related("lines__invoice").order_by("-month", "-pk")
