"""The books against the business: orders, top-ups, settlements and payouts."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import BOOKED, Invariant

# account → what the business says should lie there
EXPECTED = """
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
    SELECT 'platform:cash', currency, net_minor FROM commissions_payout WHERE state = 'paid'
    UNION ALL
    SELECT 'platform:in_flight', currency, net_minor
        FROM commissions_payout WHERE state IN ('requested', 'ready', 'sending')
    UNION ALL
    SELECT 'platform:tax_withheld', currency, tax_minor - tax_back_minor FROM commissions_payout
    UNION ALL
    SELECT account, currency, sign * amount_minor FROM commissions_taxremittance
        CROSS JOIN (VALUES ('platform:tax_withheld', -1), ('platform:cash', 1)) AS s(account, sign)
        WHERE state = 'remitted'
    UNION ALL
    SELECT CASE WHEN merchant_id IS NULL THEN 'platform:write_off'
                ELSE 'merchant:' || merchant_id || ':wallet' END, currency, -amount_minor
        FROM commissions_debtwriteoff WHERE state = 'done'
    UNION ALL
    SELECT 'merchant:' || merchant_id || ':wallet', currency, -amount_minor
        FROM commissions_walletrefund WHERE state <> 'refused'
    UNION ALL
    SELECT CASE state WHEN 'paid' THEN 'platform:cash' ELSE 'platform:in_flight' END, currency,
           amount_minor
        FROM commissions_walletrefund WHERE state <> 'refused'
"""

INVARIANTS = (
    Invariant(
        "books_match_business",
        _(
            "Wallets, reserves, pending money, fees, tax, losses, cash and money in flight are "
            "what the orders, top-ups, payouts, remittances and write-offs say."
        ),
        (
            "commissions_account WHERE kind NOT IN ('payable', 'debt')",
            "commissions_commission",
            "commissions_topup",
            "commissions_payout",
            "commissions_taxremittance",
            "commissions_debtwriteoff",
            "commissions_walletrefund",
        ),
        f"""
        SELECT coalesce(booked.code, said.code) || ': the books say ' || coalesce(booked.minor, 0)
               || ', the business says ' || coalesce(said.minor, 0) || ' '
               || coalesce(booked.currency, said.currency)
        FROM (
            SELECT * FROM ({BOOKED}) every WHERE every.kind NOT IN ('payable', 'debt')
        ) booked
        FULL JOIN (
            SELECT code, currency, sum(minor)::bigint AS minor FROM ({EXPECTED}) e
            GROUP BY code, currency
        ) said ON said.code = booked.code AND said.currency = booked.currency
        WHERE coalesce(booked.minor, 0) <> coalesce(said.minor, 0)
        """,
    ),
    Invariant(
        "affiliates_get_theirs",
        _(
            "For each affiliate: settled commissions + debts written off = payable - debt + what "
            "was or is being paid out, tax included."
        ),
        (
            "commissions_account WHERE kind IN ('payable', 'debt')",
            "commissions_commission WHERE state = 'settled'",
            "commissions_payout",
            "commissions_debtwriteoff WHERE state = 'done'",
        ),
        f"""
        SELECT 'affiliate ' || affiliate_id || ' settled ' || sum(settled) || ', but holds '
               || sum(held) || ' ' || currency
        FROM (
            SELECT affiliate_id, currency, net_minor AS settled, 0 AS held
            FROM commissions_commission WHERE state = 'settled'
            UNION ALL
            SELECT split_part(owner, ':', 2)::bigint, currency, 0, minor
            FROM ({BOOKED}) b WHERE kind IN ('payable', 'debt')
            UNION ALL
            SELECT affiliate_id, currency, 0,
                   CASE WHEN state = 'failed' THEN tax_minor - tax_back_minor
                        ELSE amount_minor END
            FROM commissions_payout
            UNION ALL
            SELECT affiliate_id, currency, amount_minor, 0
            FROM commissions_debtwriteoff WHERE state = 'done'
        ) AS both_sides
        GROUP BY affiliate_id, currency HAVING sum(settled) <> sum(held)
        """,
    ),
    Invariant(
        "debt_before_payable",
        _("Nobody has money to withdraw while owing some."),
        ("commissions_account WHERE kind = 'debt'",),
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
        "settlements_are_sums",
        _("Every closed settlement's shares were booked as they stand."),
        ("commissions_settlement WHERE state = 'closed'",),
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
        "remittances_are_sums",
        _("What goes to the tax office is the sum of what was withheld from payouts that ended."),
        ("commissions_taxremittance", "commissions_taxremittanceline"),
        """
        SELECT 'tax remittance ' || r.id || ' is of ' || r.amount_minor || ', its lines say '
               || coalesce(sum(l.amount_minor), 0)
        FROM commissions_taxremittance r
        LEFT JOIN commissions_taxremittanceline l ON l.remittance_id = r.id
        GROUP BY r.id HAVING r.amount_minor <> coalesce(sum(l.amount_minor), 0)
        UNION ALL
        SELECT 'payout ' || p.id || ' of ' || p.month || ' is ' || p.state
               || ' and in tax remittance ' || r.id || ' of ' || r.month || ' ' || r.currency
        FROM commissions_taxremittanceline l
        JOIN commissions_taxremittance r ON r.id = l.remittance_id
        JOIN commissions_payout p ON p.id = l.payout_id
        WHERE p.month > r.month OR p.currency <> r.currency
           OR p.state IN ('requested', 'ready', 'sending')
        """,
    ),
)
