"""The merchants' money: what the bank shows is what was received, what left is what is invoiced."""

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import Invariant

INVARIANTS = (
    Invariant(
        "bank_credits_are_top_ups",
        _("Every transfer that a bank statement shows as received is one top-up of that amount."),
        ("commissions_bankcredit WHERE top_up_id IS NOT NULL",),
        """
        SELECT 'incoming transfer ' || c.entry_ref || ' of ' || c.amount_minor || ' '
               || c.currency || ' is ' || c.state || ', its top-up ' || t.reference || ' of '
               || t.amount_minor || ' is ' || t.state
        FROM commissions_bankcredit c JOIN commissions_topup t ON t.id = c.top_up_id
        WHERE c.amount_minor <> t.amount_minor OR c.currency <> t.currency
           OR t.state <> CASE c.state WHEN 'received' THEN 'received' ELSE 'announced' END
        """,
    ),
    Invariant(
        "invoices_match_books",
        _(
            "The invoices of a month are what left the merchants' accounts for commissions in it, "
            "each is the sum of its lines, and no number is missing."
        ),
        ("commissions_invoice", "commissions_invoiceline", "commissions_invoicecounter"),
        """
        SELECT 'merchant ' || coalesce(i.merchant_id, b.merchant_id) || ', '
               || to_char(coalesce(i.month, b.month), 'YYYY-MM') || ': invoiced '
               || coalesce(i.total_minor, 0) || ', the books say ' || coalesce(b.minor, 0) || ' '
               || coalesce(i.currency, b.currency)
        FROM commissions_invoice i
        FULL JOIN (
            SELECT r.month, r.currency, split_part(m.owner, ':', 2)::bigint AS merchant_id,
                   sum(CASE WHEN m.id = l.debit_id THEN l.amount_minor ELSE -l.amount_minor END)
                   AS minor
            FROM commissions_invoicerun r
            JOIN commissions_entry e ON e.effective_on >= r.month
                 AND e.effective_on < r.month + interval '1 month'
            JOIN commissions_line l ON l.entry_id = e.id AND l.currency = r.currency
            JOIN commissions_account m ON m.id IN (l.debit_id, l.credit_id)
                 AND m.owner LIKE 'merchant:%'
            JOIN commissions_account o ON o.id = l.debit_id + l.credit_id - m.id
                 AND o.owner NOT LIKE 'merchant:%' AND o.kind NOT IN ('cash', 'in_flight')
            GROUP BY r.month, r.currency, m.owner
        ) b ON b.month = i.month AND b.currency = i.currency AND b.merchant_id = i.merchant_id
        WHERE coalesce(i.total_minor, 0) <> coalesce(b.minor, 0)
        UNION ALL
        SELECT 'invoice ' || i.series || '-' || i.year || '-' || i.number || ' says '
               || i.total_minor || ', its lines ' || coalesce(sum(l.amount_minor), 0)
        FROM commissions_invoice i LEFT JOIN commissions_invoiceline l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.total_minor <> coalesce(sum(l.amount_minor), 0)
        UNION ALL
        SELECT 'invoices ' || n.series || '-' || n.year || ' end at ' || n.last || ', but there '
               || 'are ' || count(i.id) || ' up to number ' || coalesce(max(i.number), 0)
        FROM commissions_invoicecounter n
        LEFT JOIN commissions_invoice i ON i.series = n.series AND i.year = n.year
        GROUP BY n.id HAVING count(i.id) <> n.last OR coalesce(max(i.number), 0) <> n.last
        """,
    ),
)
