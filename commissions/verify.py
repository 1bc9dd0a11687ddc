"""Proof of the books: each invariant by name, each fault as a sentence.

`verify()` empty means well. It runs nightly, around every settlement, at the end of every journey
test, and by hand (`manage.py ledger_verify`). docs/ledger.md explains each invariant.
"""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commissions.models import Commission
from commissions.models.commission import COMPONENTS
from commissions.pipeline import target_of

Text = str | Promise

# account → what its lines say
_BOOKED = """
    SELECT a.id, a.code, a.owner, a.kind, a.currency, coalesce(sum(s.delta), 0)::bigint AS minor
    FROM commissions_account a
    LEFT JOIN (
        SELECT debit_id AS account_id, -amount_minor AS delta FROM commissions_line
        UNION ALL
        SELECT credit_id, amount_minor FROM commissions_line
    ) AS s ON s.account_id = a.id
    GROUP BY a.id
"""

# account → what the business says should lie there
_EXPECTED = """
    SELECT 'merchant:' || merchant_id || ':reserved' AS code, currency, commission_minor AS minor
        FROM commissions_commission WHERE state = 'estimated'
    UNION ALL
    SELECT 'affiliate:' || affiliate_id || ':pending', currency, net_minor
        FROM commissions_commission WHERE state = 'confirmed'
    UNION ALL
    SELECT 'platform:tech_fee', currency, tech_fee_minor
        FROM commissions_commission WHERE state IN ('confirmed', 'settled')
    UNION ALL
    SELECT 'platform:share', currency, platform_minor
        FROM commissions_commission WHERE state IN ('confirmed', 'settled')
    UNION ALL
    SELECT 'merchant:' || merchant_id || ':wallet', currency, -commission_minor
        FROM commissions_commission WHERE state IN ('estimated', 'confirmed', 'settled')
    UNION ALL
    SELECT 'merchant:' || merchant_id || ':wallet', currency, amount_minor
        FROM commissions_topup WHERE state = 'received'
    UNION ALL
    SELECT 'platform:cash', currency, -amount_minor FROM commissions_topup WHERE state = 'received'
    UNION ALL
    SELECT 'platform:cash', currency, amount_minor FROM commissions_payout WHERE state = 'paid'
    UNION ALL
    SELECT 'platform:in_flight', currency, amount_minor
        FROM commissions_payout WHERE state IN ('requested', 'ready', 'sending')
"""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A name, what it promises, and a query whose every row is a sentence about a fault."""

    name: str
    promise: Text
    sql: str


FOLLOWS = _("Every commission is what its order and its frozen rates say.")

INVARIANTS = (
    Invariant(
        "entries_have_lines",
        _("Every entry moves something, and every line belongs to an entry and two accounts."),
        """
        SELECT 'entry ' || e.key || ' has no line' FROM commissions_entry e
        WHERE NOT EXISTS (SELECT FROM commissions_line l WHERE l.entry_id = e.id)
        UNION ALL
        SELECT 'line ' || l.id || ' lacks its entry or an account of its currency'
        FROM commissions_line l
        LEFT JOIN commissions_entry e ON e.id = l.entry_id
        LEFT JOIN commissions_account d ON d.id = l.debit_id AND d.currency = l.currency
        LEFT JOIN commissions_account c ON c.id = l.credit_id AND c.currency = l.currency
        WHERE e.id IS NULL OR d.id IS NULL OR c.id IS NULL
        """,
    ),
    Invariant(
        "balances_are_sums",
        _("Every guarded balance equals the sum of its account's lines, inside its limits."),
        f"""
        SELECT 'balance of ' || booked.code || ' is ' || b.balance_minor || ', its lines say '
               || booked.minor || ' ' || booked.currency
        FROM ({_BOOKED}) booked JOIN commissions_balance b ON b.account_id = booked.id
        WHERE b.balance_minor <> booked.minor
           OR b.balance_minor < b.floor_minor OR b.balance_minor > b.ceiling_minor
        UNION ALL
        SELECT 'account ' || a.code || ' has no guarded balance' FROM commissions_account a
        LEFT JOIN commissions_balance b ON b.account_id = a.id
        WHERE a.owner <> 'platform' AND b.account_id IS NULL
        """,
    ),
    Invariant(
        "books_match_business",
        _(
            "Wallets, reserves, pending money, fees, cash and money in flight are what the orders, "
            "top-ups and payouts say."
        ),
        f"""
        SELECT coalesce(booked.code, said.code) || ': the books say ' || coalesce(booked.minor, 0)
               || ', the business says ' || coalesce(said.minor, 0) || ' '
               || coalesce(booked.currency, said.currency)
        FROM (
            SELECT * FROM ({_BOOKED}) every WHERE every.kind NOT IN ('payable', 'debt')
        ) booked
        FULL JOIN (
            SELECT code, currency, sum(minor)::bigint AS minor FROM ({_EXPECTED}) e
            GROUP BY code, currency
        ) said ON said.code = booked.code AND said.currency = booked.currency
        WHERE coalesce(booked.minor, 0) <> coalesce(said.minor, 0)
        """,
    ),
    Invariant(
        "affiliates_get_theirs",
        _(
            "For each affiliate: settled commissions = payable - debt + what was or is being paid "
            "out."
        ),
        f"""
        SELECT 'affiliate ' || affiliate_id || ' settled ' || sum(settled) || ', but holds '
               || sum(held) || ' ' || currency
        FROM (
            SELECT affiliate_id, currency, net_minor AS settled, 0 AS held
            FROM commissions_commission WHERE state = 'settled'
            UNION ALL
            SELECT split_part(owner, ':', 2)::bigint, currency, 0, minor
            FROM ({_BOOKED}) b WHERE kind IN ('payable', 'debt')
            UNION ALL
            SELECT affiliate_id, currency, 0, amount_minor
            FROM commissions_payout WHERE state <> 'failed'
        ) AS both_sides
        GROUP BY affiliate_id, currency HAVING sum(settled) <> sum(held)
        """,
    ),
    Invariant(
        "debt_before_payable",
        _("Nobody has money to withdraw while owing some."),
        """
        SELECT p.owner || ' owes ' || -d.balance_minor || ' and has ' || bp.balance_minor
               || ' payable'
        FROM commissions_account p
        JOIN commissions_balance bp ON bp.account_id = p.id AND bp.balance_minor > 0
        JOIN commissions_account a ON a.owner = p.owner AND a.currency = p.currency
             AND a.kind = 'debt'
        JOIN commissions_balance d ON d.account_id = a.id AND d.balance_minor < 0
        WHERE p.kind = 'payable'
        """,
    ),
    Invariant(
        "commissions_are_sums",
        _("Every commission is the sum of its lines, without a gap in its revisions."),
        f"""
        SELECT 'commission ' || c.id || ' differs from the sum of its lines'
        FROM commissions_commission c
        LEFT JOIN (
            SELECT commission_id, count(*) AS lines, max(revision) AS last_revision,
                   {", ".join(f"sum({name}) AS {name}" for name in COMPONENTS)}
            FROM commissions_commissionline GROUP BY commission_id
        ) l ON l.commission_id = c.id
        WHERE coalesce(l.lines, 0) <> c.revision OR coalesce(l.last_revision, 0) <> c.revision
           OR {" OR ".join(f"c.{name} <> coalesce(l.{name}, 0)" for name in COMPONENTS)}
        UNION ALL
        SELECT 'commission line ' || l.id || ' has no commission or entry'
        FROM commissions_commissionline l
        LEFT JOIN commissions_commission c ON c.id = l.commission_id
        LEFT JOIN commissions_entry e ON e.id = l.entry_id
        WHERE c.id IS NULL OR (l.entry_id IS NOT NULL AND e.id IS NULL)
        """,
    ),
    Invariant(
        "orders_are_decided",
        _(
            "Every line of an order that was looked at is decided, and whoever it was given to has "
            "a commission."
        ),
        """
        SELECT 'line ' || l.id || ' of order ' || o.id || ' was never decided'
        FROM merchants_order o JOIN merchants_orderline l ON l.order_id = o.id
        LEFT JOIN affiliates_attribution d ON d.line_id = l.id
        WHERE o.processed_version = o.version AND d.id IS NULL
        UNION ALL
        SELECT 'attribution ' || d.id || ' has no commission' FROM affiliates_attribution d
        LEFT JOIN commissions_commission c ON c.attribution_id = d.id
        WHERE d.affiliate_id IS NOT NULL AND c.id IS NULL
        """,
    ),
    Invariant(
        "settlements_are_sums",
        _("Every closed settlement's shares were booked as they stand."),
        """
        SELECT 'settlement ' || s.id || ': shares say ' || sum(h.net_minor)
               || ', its entry moved ' || coalesce(max(booked.minor), 0)
        FROM commissions_settlement s
        JOIN commissions_settlementshare h ON h.settlement_id = s.id
        LEFT JOIN (
            SELECT e.key, sum(l.amount_minor) AS minor
            FROM commissions_entry e JOIN commissions_line l ON l.entry_id = e.id GROUP BY e.key
        ) booked ON booked.key = 'settlement:' || s.id || ':closed'
        WHERE s.state = 'closed'
        GROUP BY s.id HAVING sum(h.net_minor) <> coalesce(max(booked.minor), 0)
        """,
    ),
    Invariant(
        "touches_lead_somewhere",
        _("Every touch has its affiliate, zone and shop; every attribution its touch."),
        """
        SELECT 'touch ' || t.id || ' lacks its affiliate, zone or shop' FROM affiliates_touch t
        LEFT JOIN affiliates_affiliate a ON a.id = t.affiliate_id
        LEFT JOIN affiliates_adzone z ON z.id = t.zone_id
        LEFT JOIN merchants_shop s ON s.id = t.shop_id
        WHERE a.id IS NULL OR z.id IS NULL OR s.id IS NULL
        UNION ALL
        SELECT 'attribution ' || d.id || ' lacks its touch' FROM affiliates_attribution d
        LEFT JOIN affiliates_touch t ON t.id = d.touch_id
        WHERE d.touch_id IS NOT NULL AND t.id IS NULL
        """,
    ),
    Invariant(
        "closed_periods_stay_closed",
        _("No entry was recorded in a month after its books were closed."),
        """
        SELECT 'entry ' || e.key || ' was recorded after ' || to_char(p.month, 'YYYY-MM')
               || ' was closed'
        FROM commissions_entry e
        JOIN commissions_period p ON p.month = date_trunc('month', e.effective_on)::date
        WHERE e.recorded_at > p.closed_at
        """,
    ),
)


def verify(report: Callable[[str, Text, int], None] | None = None) -> list[str]:
    """Check every invariant; returns sentences, empty means well.

    Each is one statement and so sees one moment of the books: work in flight is no fault.
    `report(name, promise, faults)` is called after each invariant, for progress.
    """
    sentences: list[str] = []
    for invariant in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            found = [f"{invariant.name}: {row[0]}" for row in cursor.fetchall()]
        sentences += found
        if report:
            report(invariant.name, invariant.promise, len(found))
    found = list(_not_as_computed())
    if report:
        report(
            "commissions_follow_orders",
            FOLLOWS,
            len(found),
        )
    return sentences + found


def _not_as_computed() -> Iterator[str]:
    """Recompute every commission from its order; those still in the queue may differ."""
    processed = Commission.objects.exclude(state="unfunded").select_related("line__order")
    for commission in processed.iterator(chunk_size=2000):
        order = commission.line.order
        if order.version != order.processed_version:
            continue
        state, due = target_of(commission, commission.line, order)
        wrong = [
            name
            for name in COMPONENTS
            if getattr(due, name.removesuffix("_minor")).minor != getattr(commission, name)
        ]
        if state == "confirmed" and commission.confirmed_at != order.received_at:
            wrong.append("confirmed_at")
        if state != commission.state or wrong:
            yield (
                f"commissions_follow_orders: commission {commission.pk} is {commission.state}, "
                f"its order says {state} (differs: {', '.join(wrong) or 'state'})"
            )
