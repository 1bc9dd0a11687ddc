"""The general ledger in itself: entries, lines, balances, closed months."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import BOOKED, Invariant

INVARIANTS = (
    Invariant(
        "entries_have_lines",
        _("Every entry moves something, and every line belongs to an entry and two accounts."),
        ("commissions_entry", "commissions_line"),
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
        ("commissions_account",),
        f"""
        SELECT 'balance of ' || booked.code || ' is ' || b.balance_minor || ', its lines say '
               || booked.minor || ' ' || booked.currency
        FROM ({BOOKED}) booked JOIN commissions_balance b ON b.account_id = booked.id
        WHERE b.balance_minor <> booked.minor
           OR b.balance_minor < b.floor_minor OR b.balance_minor > b.ceiling_minor
        UNION ALL
        SELECT 'account ' || a.code || ' has no guarded balance' FROM commissions_account a
        LEFT JOIN commissions_balance b ON b.account_id = a.id
        WHERE a.owner <> 'platform' AND b.account_id IS NULL
        """,
    ),
    Invariant(
        "closed_periods_stay_closed",
        _("No entry was recorded in a month after its books were closed."),
        ("commissions_entry",),
        """
        SELECT 'entry ' || e.key || ' was recorded after ' || to_char(p.month, 'YYYY-MM')
               || ' was closed'
        FROM commissions_entry e
        JOIN commissions_period p ON p.month = date_trunc('month', e.effective_on)::date
        WHERE e.recorded_at > p.closed_at
        """,
    ),
)
