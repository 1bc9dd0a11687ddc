"""What the books say of an affiliate between two settlements, row by row.

The window is closed at both ends by what the settlements saw when they closed: the last commission
line (`told_through`) and the last ledger line (`posted_through`). So two statements leave nothing
out between them and tell nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from alliance.kernel import clock
from commissions import chart
from commissions.models import Settlement
from commissions.statements.canonical import FORMS, Row, short

ACCOUNTS = FORMS["affiliate"].accounts
_EVER = clock.day_start(clock.FIRST_DAY)

_LINES = """
    SELECT sl.correction, o.external_id, ol.external_id,
           coalesce(nullif(ol.title, ''), p.title, ''), c.role, c.placed_at, c.confirmed_at,
           step.at, c.rate_bps, first.minor, sl.base_minor, sl.commission_minor,
           sl.publisher_minor, sl.subsidy_minor, sl.tech_fee_minor, sl.net_minor, refunds.numbers
    FROM commissions_settlementline sl
    JOIN commissions_commission c ON c.id = sl.commission_id
    JOIN merchants_orderline ol ON ol.id = c.line_id
    JOIN merchants_order o ON o.id = ol.order_id
    LEFT JOIN merchants_product p ON p.id = ol.product_id
    LEFT JOIN LATERAL (
        SELECT f.publisher_minor + f.subsidy_minor AS minor FROM commissions_commissionline f
        WHERE f.commission_id = c.id AND f.publisher_minor > 0 AND NOT sl.correction
        ORDER BY f.revision LIMIT 1
    ) first ON true
    LEFT JOIN commissions_commissionline step
        ON sl.correction AND step.commission_id = c.id AND step.revision = sl.revision
    LEFT JOIN commissions_commissionline before
        ON sl.correction AND before.commission_id = c.id AND before.revision = sl.revision - 1
    LEFT JOIN LATERAL (
        SELECT string_agg(r.external_id, ' ' ORDER BY r.id) AS numbers FROM merchants_refund r
        WHERE sl.correction AND r.line_id = ol.id AND (
            r.state = 'applied' AND r.applied_at > before.at AND r.applied_at <= step.at
            OR r.failed_at > before.at AND r.failed_at <= step.at
        )
    ) refunds ON true
    WHERE sl.settlement_id = %(settlement)s AND sl.affiliate_id = %(affiliate)s
    ORDER BY sl.correction, sl.commission_id, sl.revision
"""
# What a step put on the frozen account, or took from it.
_FROZEN = """
    SELECT step.at, step.state, o.external_id, ol.external_id,
           coalesce(nullif(ol.title, ''), p.title, ''), c.role, c.confirmed_at,
           CASE WHEN step.state = 'frozen' THEN before.minor + step.net_minor ELSE 0 END
           - CASE WHEN last.state = 'frozen' THEN before.minor ELSE 0 END
    FROM commissions_commissionline step
    JOIN commissions_commission c ON c.id = step.commission_id AND c.currency = %(currency)s
    JOIN merchants_orderline ol ON ol.id = c.line_id
    JOIN merchants_order o ON o.id = ol.order_id
    LEFT JOIN merchants_product p ON p.id = ol.product_id
    LEFT JOIN commissions_commissionline last
        ON last.commission_id = c.id AND last.revision = step.revision - 1
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.net_minor), 0)::bigint AS minor FROM commissions_commissionline b
        WHERE b.commission_id = c.id AND b.revision < step.revision
    ) before
    WHERE step.affiliate_id = %(affiliate)s AND step.at > %(since)s
      AND step.id > %(told_after)s AND step.id <= %(told_through)s
      AND (step.state = 'frozen' OR last.state = 'frozen')
    ORDER BY step.id
"""
_MOVES = """
    SELECT e.key, e.effective_on,
           sum(CASE a.kind WHEN 'payable' THEN own.delta ELSE 0 END)::bigint,
           sum(CASE a.kind WHEN 'frozen' THEN own.delta ELSE 0 END)::bigint,
           sum(CASE a.kind WHEN 'debt' THEN own.delta ELSE 0 END)::bigint,
           min(campaign.name)
    FROM commissions_account a
    JOIN LATERAL (
        SELECT l.id, l.entry_id, l.amount_minor AS delta FROM commissions_line l
        WHERE l.credit_id = a.id AND l.id > %(after)s AND l.id <= %(through)s
        UNION ALL
        SELECT l.id, l.entry_id, -l.amount_minor FROM commissions_line l
        WHERE l.debit_id = a.id AND l.id > %(after)s AND l.id <= %(through)s
    ) own ON true
    JOIN commissions_entry e ON e.id = own.entry_id
    LEFT JOIN commissions_awardstep step ON step.entry_id = e.id AND e.key LIKE 'award:%%'
    LEFT JOIN commissions_award award ON award.id = step.award_id
    LEFT JOIN campaigns_campaign campaign ON campaign.id = award.campaign_id
    WHERE a.owner = %(owner)s AND a.currency = %(currency)s
      AND a.kind IN ('payable', 'frozen', 'debt')
    GROUP BY e.id ORDER BY min(own.id)
"""
_PAID = """
    SELECT e.effective_on, p.rail_ref, sum(l.amount_minor)::bigint,
           p.amount_minor - sum(l.amount_minor)::bigint
    FROM commissions_payout p
    JOIN commissions_entry e ON e.key = 'payout:' || p.id || ':paid'
    JOIN commissions_line l ON l.entry_id = e.id AND l.id > %(after)s AND l.id <= %(through)s
    JOIN commissions_account a ON a.id = l.credit_id AND a.code = %(cash)s
    WHERE p.affiliate_id = %(affiliate)s AND p.currency = %(currency)s
    GROUP BY e.id, p.id ORDER BY e.id
"""


class BooksDisagree(Exception):
    """The rows of a statement do not lead to what the ledger says."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is told of an affiliate: after one settlement (`after`), up to the next."""

    affiliate_id: int
    settlement: Settlement
    after: Settlement | None

    def facts(self) -> dict[str, Any]:
        after = self.after
        return {
            "affiliate": self.affiliate_id,
            "owner": f"affiliate:{self.affiliate_id}",
            "currency": self.settlement.currency,
            "settlement": self.settlement.pk,
            "told_through": self.settlement.told_through,
            "through": self.settlement.posted_through,
            "told_after": after.told_through if after else 0,
            "after": after.posted_through if after else 0,
            # No step takes a day from its moment to its commit; what it narrows is an index.
            "since": after.closed_at - timedelta(days=1) if after and after.closed_at else _EVER,
            "cash": chart.CASH,
        }


def rows(window: Window) -> Iterator[Row]:
    """Settled commissions, corrections of earlier ones, what was frozen and released, rewards of
    campaigns, and what else moved the affiliate's money; withdrawals with tax and the rail's
    reference."""
    yield from _commissions(window)
    yield from _frozen(window)
    for key, day, payable, frozen, debt, title in _read(_MOVES, window):
        yield from _moved(key, day, {"payable": payable, "frozen": frozen, "debt": debt}, title)
    for day, reference, paid, tax in _read(_PAID, window):
        yield Row(
            "paid",
            {"day": day, "reference": reference},
            {"tax": tax, "paid": paid},
        )


def _commissions(window: Window) -> Iterator[Row]:
    for (
        correction, order, line, title, role, placed_at, confirmed_at, at, rate_bps, estimated,
        base, commission, share, subsidy, tech_fee, net, refunds,
    ) in _read(_LINES, window):  # fmt: skip
        words: dict[str, Any] = {
            "day": clock.business_day(at if correction else placed_at),
            "reference": refunds,
            "order": order,
            "line": line,
            "title": short(title),
            "role": role,
            "received": _day(confirmed_at),
            "rate_bps": rate_bps,
        }
        figures = {
            "base": base,
            "commission": commission,
            "share": share,
            "subsidy": subsidy,
            "tech_fee": tech_fee,
            "net": net,
            "payable": net,
        }
        if not correction:
            figures["estimated"] = estimated or 0
        yield Row("corrected" if correction else "settled", words, figures)


def _frozen(window: Window) -> Iterator[Row]:
    kinds = {"frozen": "frozen", "void": "invalidated"}
    for at, state, order, line, title, role, confirmed_at, delta in _read(_FROZEN, window):
        if delta:
            words = {
                "day": clock.business_day(at),
                "order": order,
                "line": line,
                "title": short(title),
                "role": role,
                "received": _day(confirmed_at),
            }
            yield Row(kinds.get(state, "released"), words, {"frozen": delta})


def _moved(key: str, day: date, deltas: dict[str, int], title: str | None) -> Iterator[Row]:
    """What an entry did to the affiliate's accounts beyond the commissions told already.

    Commissions, rewards (by the `title` of their campaign) and what comes back from a withdrawal
    are told as if they were payable; the part of it that became or repaid debt is a row of its own.
    """
    noun, _pk, fact = key.split(":", 2)
    words: dict[str, Any] = {"day": day, "reference": key}
    debt = deltas["debt"]
    if noun not in ("settlement", "commissions", "payout", "award"):
        yield Row(_kind_of(noun, deltas), words, {k: v for k, v in deltas.items() if v})
        return
    if noun == "payout":
        kind = "withdrawn" if fact == "requested" else "returned"
        yield Row(kind, words, {"payable": deltas["payable"] + debt})
    if noun == "award":
        came = deltas["payable"] + debt
        kind = "awarded" if came > 0 else "award_revised"
        yield Row(kind, {**words, "title": short(title or "")}, {"payable": came})
    if debt:
        kind = "debt_repaid" if debt > 0 else "debt_taken"
        yield Row(kind, words, {"payable": -debt, "debt": debt})


def _kind_of(noun: str, deltas: dict[str, int]) -> str:
    if noun == "debt":
        return "written_off"
    if deltas["frozen"]:
        return "frozen" if deltas["frozen"] > 0 else "released"
    return "moved"


def closing(window: Window, opening: dict[str, int]) -> dict[str, int]:
    """What the ledger says that the accounts held when the settlement had closed."""
    found = dict(opening)
    for _key, _on, *deltas, _title in _read(_MOVES, window):
        for name, delta in zip(ACCOUNTS, deltas, strict=True):
            found[name] += delta
    return found


def _read(sql: str, window: Window) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few thousand at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, window.facts())
        while some := cursor.fetchmany(2000):
            yield from some


def _day(moment: datetime | None) -> date | None:
    return clock.business_day(moment) if moment else None
