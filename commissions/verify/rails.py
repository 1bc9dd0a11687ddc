"""The ways out: files for banks against the payouts that left by them."""

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import Invariant

INVARIANTS = (
    Invariant(
        "bank_files_hold_their_payouts",
        _("Every bank file is the sum of its payouts; what leaves by the bank stands in one."),
        ("commissions_bankfile", "commissions_payout WHERE rail = 'bank_file'"),
        """
        SELECT 'bank file ' || f.number || ' says ' || f.payouts_count || ' payouts and '
               || f.total_minor || ', its payouts say ' || count(p.id) || ' and '
               || coalesce(sum(i.amount_minor), 0)
        FROM commissions_bankfile f
        LEFT JOIN commissions_bankfileitem i ON i.file_id = f.id
        LEFT JOIN commissions_payout p ON p.id = i.payout_id AND p.currency = f.currency
             AND p.net_minor = i.amount_minor AND p.rail = 'bank_file'
             AND p.state IN ('sending', 'paid', 'failed', 'returned')
        GROUP BY f.id
        HAVING count(p.id) <> f.payouts_count OR count(i.id) <> f.payouts_count
            OR coalesce(sum(i.amount_minor), 0) <> f.total_minor
        UNION ALL
        SELECT 'payout ' || p.id || ' is ' || p.state || ' but in no bank file'
        FROM commissions_payout p
        LEFT JOIN commissions_bankfileitem i ON i.payout_id = p.id
        WHERE p.rail = 'bank_file' AND p.state IN ('sending', 'paid', 'returned') AND i.id IS NULL
        """,
    ),
)
