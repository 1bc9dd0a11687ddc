"""What the books say of a merchant in a calendar month, row by row.

An entry belongs to the month of its business day, and nothing is posted into a day that is over:
once the postings under way at midnight have ended, a month stays as it is.
"""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from alliance.kernel import clock
from commissions.statements.canonical import FORMS, Row, short

ACCOUNTS = FORMS["merchant"].accounts
_COST = "{0}.commission_minor + {0}.special_fee_minor + {0}.merchant_subsidy_minor"

# Where a step left the merchant's money, minus where it lay before (commissions.positions).
_STEPS = f"""
    SELECT coalesce(e.effective_on, (step.at AT TIME ZONE %(zone)s)::date), step.state,
           o.external_id, ol.external_id, coalesce(nullif(ol.title, ''), p.title, ''),
           c.role, c.rate_bps, step.base_minor, step.commission_minor, step.special_fee_minor,
           step.merchant_subsidy_minor,
           CASE WHEN last.state IN ('estimated', 'confirmed', 'frozen', 'settled')
                THEN before.cost ELSE 0 END
           - CASE WHEN step.state IN ('estimated', 'confirmed', 'frozen', 'settled')
                  THEN before.cost + {_COST.format("step")} ELSE 0 END,
           CASE WHEN step.state = 'estimated' THEN before.cost + {_COST.format("step")} ELSE 0 END
           - CASE WHEN last.state = 'estimated' THEN before.cost ELSE 0 END
    FROM commissions_commissionline step
    JOIN commissions_commission c ON c.id = step.commission_id AND c.currency = %(currency)s
    LEFT JOIN commissions_entry e ON e.id = step.entry_id
    JOIN merchants_orderline ol ON ol.id = c.line_id
    JOIN merchants_order o ON o.id = ol.order_id
    LEFT JOIN merchants_product p ON p.id = ol.product_id
    LEFT JOIN commissions_commissionline last
        ON last.commission_id = c.id AND last.revision = step.revision - 1
    CROSS JOIN LATERAL (
        SELECT coalesce(sum({_COST.format("b")}), 0)::bigint AS cost
        FROM commissions_commissionline b
        WHERE b.commission_id = c.id AND b.revision < step.revision
    ) before
    WHERE c.merchant_id = %(merchant)s
      AND step.at >= %(from)s AND step.at < %(to)s
      AND coalesce(e.effective_on, (step.at AT TIME ZONE %(zone)s)::date) >= %(month)s
      AND coalesce(e.effective_on, (step.at AT TIME ZONE %(zone)s)::date) < %(next)s
    ORDER BY step.id
"""
_MOVES = """
    SELECT e.key, e.effective_on, t.reference,
           sum(CASE a.kind WHEN 'wallet' THEN own.delta ELSE 0 END)::bigint,
           sum(CASE a.kind WHEN 'reserved' THEN own.delta ELSE 0 END)::bigint
    FROM commissions_account a
    JOIN LATERAL (
        SELECT l.entry_id, l.amount_minor AS delta FROM commissions_line l WHERE l.credit_id = a.id
        UNION ALL
        SELECT l.entry_id, -l.amount_minor FROM commissions_line l WHERE l.debit_id = a.id
    ) own ON true
    JOIN commissions_entry e ON e.id = own.entry_id
         AND e.effective_on >= %(month)s AND e.effective_on < %(next)s
    LEFT JOIN commissions_topup t ON e.key = 'top_up:' || t.id || ':received'
    WHERE a.owner = %(owner)s AND a.currency = %(currency)s AND a.kind IN ('wallet', 'reserved')
    GROUP BY e.id, t.id ORDER BY e.id
"""
_BEFORE = """
    SELECT a.kind, sum(own.delta)::bigint
    FROM commissions_account a
    JOIN LATERAL (
        SELECT l.entry_id, l.amount_minor AS delta FROM commissions_line l WHERE l.credit_id = a.id
        UNION ALL
        SELECT l.entry_id, -l.amount_minor FROM commissions_line l WHERE l.debit_id = a.id
    ) own ON true
    JOIN commissions_entry e ON e.id = own.entry_id AND e.effective_on < %(month)s
    WHERE a.owner = %(owner)s AND a.currency = %(currency)s AND a.kind IN ('wallet', 'reserved')
    GROUP BY a.kind
"""


@dataclass(frozen=True, slots=True)
class Month:
    """What a statement of `merchant_id` tells: a calendar month, named by its first day."""

    merchant_id: int
    month: date
    currency: str

    def facts(self) -> dict[str, Any]:
        following = clock.next_month(self.month)
        return {
            "merchant": self.merchant_id,
            "owner": f"merchant:{self.merchant_id}",
            "currency": self.currency,
            "month": self.month,
            "next": following,
            "zone": str(clock.ZONE),
            # A step is written a moment after its entry was dated: a day's room at both ends.
            "from": clock.day_start(self.month),
            "to": clock.day_start(following.replace(day=2)),
        }


def rows(month: Month) -> Iterator[Row]:
    """Every step of a commission that moved the wallet or the reserve, and what else moved them."""
    for (
        day, state, order, line, title, role, rate_bps, base, commission, special_fee, subsidy,
        wallet, reserved,
    ) in _read(_STEPS, month):  # fmt: skip
        service = role == "intermediary"
        words = {
            "day": day,
            "order": order,
            "line": line,
            "title": short(title),
            "rate_bps": rate_bps,
        }
        figures = {
            "base": base if role == "affiliate" else 0,
            "commission": 0 if service else commission,
            "service_fee": commission if service else 0,
            "special_fee": special_fee,
            "subsidy": subsidy,
            "wallet": wallet,
            "reserved": reserved,
        }
        if any(figures.values()):
            yield Row(_kind_of(state, wallet), words, figures)
    for key, day, reference, wallet, reserved in _read(_MOVES, month):
        if not key.startswith("commissions:"):
            yield Row(
                _moved(key),
                {"day": day, "reference": reference or key},
                {"wallet": wallet, "reserved": reserved},
            )


def _kind_of(state: str, wallet: int) -> str:
    if wallet > 0:
        return "given_back"
    return "reserved" if state == "estimated" else "charged"


def _moved(key: str) -> str:
    noun, _pk, fact = key.split(":", 2)
    if noun == "wallet_refund":
        return "withdrawn" if fact == "requested" else "returned"
    if noun == "campaign":
        return "campaign_paid" if fact.startswith("funded") else "campaign_back"
    if noun in ("coupons", "stock"):
        return "coupons"
    return "top_up" if noun == "top_up" else "moved"


def opening(month: Month) -> dict[str, int]:
    """What the ledger says that the accounts held when the month began."""
    return dict.fromkeys(ACCOUNTS, 0) | dict(_read(_BEFORE, month))


def closing(month: Month, opening: dict[str, int]) -> dict[str, int]:
    """What it says that they held when the month was over."""
    found = dict(opening)
    for _key, _day, _reference, *deltas in _read(_MOVES, month):
        for name, delta in zip(ACCOUNTS, deltas, strict=True):
            found[name] += delta
    return found


def _read(sql: str, month: Month) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few thousand at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, month.facts())
        while some := cursor.fetchmany(2000):
            yield from some
