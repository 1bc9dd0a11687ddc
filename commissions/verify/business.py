"""The books against the business: orders, top-ups, settlements and payouts."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.services.settlements import DIGEST
from commissions.verify.base import BOOKED, STANDING, Invariant
from commissions.verify.campaigns import FUNDED, IN_BUDGETS
from commissions.verify.coupons import IN_COUPONS

COST = "commission_minor + special_fee_minor + merchant_subsidy_minor"

# account → what the business says should lie there
EXPECTED = f"""
    SELECT 'merchant:' || merchant_id || ':reserved' AS code, currency, {COST} AS minor
        FROM commissions_commission WHERE state = 'estimated'
    UNION ALL
    SELECT 'merchant:' || merchant_id || ':wallet', currency, -({COST})
        FROM commissions_commission WHERE state IN ('estimated', 'confirmed', 'frozen')
    UNION ALL
    SELECT 'affiliate:' || affiliate_id || ':pending', currency, net_minor
        FROM ({STANDING}) c WHERE state = 'confirmed' AND NOT settled
    UNION ALL
    SELECT 'affiliate:' || affiliate_id || ':frozen', currency, net_minor
        FROM commissions_commission WHERE state = 'frozen'
    UNION ALL
    SELECT place, currency, minor FROM commissions_commission c CROSS JOIN LATERAL (VALUES
        ('platform:tech_fee', c.tech_fee_minor),
        ('platform:share', c.platform_minor),
        ('platform:special_fee', c.special_fee_minor),
        ('platform:subsidy', c.merchant_subsidy_minor - c.subsidy_minor)
    ) AS parts(place, minor) WHERE state IN ('confirmed', 'frozen')
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
    UNION ALL
    SELECT payer, currency, -minor FROM ({FUNDED}) f WHERE payer NOT LIKE 'affiliate:%'
    UNION ALL
    SELECT code, currency, minor FROM ({IN_BUDGETS}) b
    UNION ALL
    SELECT code, currency, minor FROM ({IN_COUPONS}) n
"""

INVARIANTS = (
    Invariant(
        "books_match_business",
        _(
            "Wallets, reserves, pending money, fees, tax, losses, cash, money in flight and "
            "budgets are what orders, top-ups, payouts, remittances, write-offs and campaigns say."
        ),
        (
            "commissions_account WHERE kind NOT IN ('payable', 'debt')",
            "commissions_commission",
            "commissions_topup",
            "commissions_payout",
            "commissions_taxremittance",
            "commissions_debtwriteoff",
            "commissions_walletrefund",
            "campaigns_campaign WHERE state <> 'draft'",
            "campaigns_grant",
            "commissions_award",
            "campaigns_couponstock",
            "campaigns_claim WHERE paid_minor > 0",
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
            "For each affiliate: settled commissions + campaign rewards paid + debts written off = "
            "payable - debt + what was or is being paid out, tax included, or went into campaigns "
            "of its own."
        ),
        (
            "commissions_account WHERE kind IN ('payable', 'debt')",
            "commissions_commission WHERE state = 'confirmed'",
            "commissions_payout",
            "commissions_debtwriteoff WHERE state = 'done'",
            "commissions_award WHERE state = 'paid'",
        ),
        f"""
        SELECT 'affiliate ' || affiliate_id || ' settled ' || sum(settled) || ', but holds '
               || sum(held) || ' ' || currency
        FROM (
            SELECT affiliate_id, currency, net_minor AS settled, 0 AS held
            FROM ({STANDING}) c WHERE settled
            UNION ALL
            SELECT split_part(owner, ':', 2)::bigint, currency, 0, minor
            FROM ({BOOKED}) b WHERE kind IN ('payable', 'debt')
            UNION ALL
            SELECT affiliate_id, currency, 0,
                   CASE WHEN state IN ('failed', 'returned') THEN tax_minor - tax_back_minor
                        ELSE amount_minor END
            FROM commissions_payout
            UNION ALL
            SELECT affiliate_id, currency, amount_minor, 0
            FROM commissions_debtwriteoff WHERE state = 'done'
            UNION ALL
            SELECT split_part(payer, ':', 2)::bigint, currency, 0, minor
            FROM ({FUNDED}) f WHERE payer LIKE 'affiliate:%'
            UNION ALL
            SELECT affiliate_id, currency, booked_minor, 0
            FROM commissions_award WHERE booked_minor > 0
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
        _(
            "Every closed settlement's shares are the sums of its lines, which are what they were "
            "when it was closed, and were booked so."
        ),
        (
            "commissions_settlement WHERE state = 'closed'",
            "commissions_settlementshare",
            "commissions_settlementline",
        ),
        f"""
        SELECT 'settlement ' || s.id || ': shares say ' || coalesce(shared.minor, 0)
               || ', its entry moved ' || coalesce(booked.minor, 0)
        FROM commissions_settlement s
        LEFT JOIN (
            SELECT settlement_id, sum(net_minor) AS minor FROM commissions_settlementshare
            GROUP BY settlement_id
        ) shared ON shared.settlement_id = s.id
        LEFT JOIN (
            SELECT e.key, sum(l.amount_minor) AS minor
            FROM commissions_entry e JOIN commissions_line l ON l.entry_id = e.id
            WHERE e.key LIKE 'settlement:%' GROUP BY e.key
        ) booked ON booked.key = 'settlement:' || s.id || ':closed'
        WHERE s.state = 'closed' AND coalesce(shared.minor, 0) <> coalesce(booked.minor, 0)
        UNION ALL
        SELECT 'settlement ' || coalesce(h.settlement_id, l.settlement_id) || ', affiliate '
               || coalesce(h.affiliate_id, l.affiliate_id) || ': its share is not the sum of its '
               || 'lines'
        FROM (
            SELECT h.* FROM commissions_settlementshare h
            JOIN commissions_settlement s ON s.id = h.settlement_id AND s.state = 'closed'
        ) h
        FULL JOIN (
            SELECT settlement_id, affiliate_id, count(*) FILTER (WHERE NOT correction) AS lines,
                   count(*) FILTER (WHERE correction) AS corrections,
                   coalesce(sum(net_minor) FILTER (WHERE NOT correction), 0) AS net_minor,
                   coalesce(sum(net_minor) FILTER (WHERE correction), 0) AS corrected_minor
            FROM commissions_settlementline GROUP BY settlement_id, affiliate_id
        ) l ON l.settlement_id = h.settlement_id AND l.affiliate_id = h.affiliate_id
        WHERE h.id IS NULL OR l.settlement_id IS NULL
           OR (h.commissions, h.corrections, h.net_minor, h.corrected_minor)
              <> (l.lines, l.corrections, l.net_minor, l.corrected_minor)
        UNION ALL
        SELECT 'settlement ' || h.settlement_id || ', affiliate ' || h.affiliate_id
               || ': its lines have another digest than when it was closed'
        FROM commissions_settlementshare h
        JOIN (
            SELECT settlement_id, affiliate_id, {DIGEST} AS digest
            FROM commissions_settlementline GROUP BY settlement_id, affiliate_id
        ) l ON l.settlement_id = h.settlement_id AND l.affiliate_id = h.affiliate_id
        WHERE h.digest <> l.digest AND h.digest <> ''
        """,
    ),
    Invariant(
        "settled_once",
        _("Every settled commission is told by exactly one settlement, and then its corrections."),
        ("commissions_commission WHERE state = 'confirmed'", "commissions_settlementline"),
        f"""
        SELECT 'commission ' || c.id || CASE WHEN c.settled
               THEN ' is settled, and told by ' || coalesce(l.times, 0) || ' settlements'
               ELSE ' is not settled, but a settlement tells of it' END
        FROM ({STANDING}) c
        LEFT JOIN (
            SELECT commission_id, count(*) AS times FROM commissions_settlementline
            WHERE NOT correction GROUP BY commission_id
        ) l ON l.commission_id = c.id
        WHERE coalesce(l.times, 0) <> CASE WHEN c.settled THEN 1 ELSE 0 END
        UNION ALL
        SELECT 'commission ' || c.id || ': settlements and what came after say '
               || coalesce(told.minor, 0) + coalesce(later.minor, 0) || ', it is ' || c.net_minor
        FROM ({STANDING}) c
        LEFT JOIN (
            SELECT commission_id, sum(net_minor) AS minor
            FROM commissions_settlementline GROUP BY commission_id
        ) told ON told.commission_id = c.id
        LEFT JOIN (
            SELECT l.commission_id, sum(l.net_minor) AS minor FROM commissions_commissionline l
            JOIN commissions_commission c ON c.id = l.commission_id
            JOIN (
                SELECT currency, max(told_through) AS through FROM commissions_settlement
                WHERE state = 'closed' GROUP BY currency
            ) s ON s.currency = c.currency
            WHERE l.state = 'settled' AND l.id > s.through GROUP BY l.commission_id
        ) later ON later.commission_id = c.id
        WHERE c.settled AND coalesce(told.minor, 0) + coalesce(later.minor, 0) <> c.net_minor
        """,
    ),
    Invariant(
        "remittances_are_sums",
        _("What goes to the tax office is the sum of what was withheld from payouts that ended."),
        ("commissions_taxremittance WHERE state <> 'dropped'", "commissions_taxremittanceline"),
        """
        SELECT 'tax remittance ' || r.id || ' is of ' || r.amount_minor || ', its lines say '
               || coalesce(sum(l.amount_minor), 0)
        FROM commissions_taxremittance r
        LEFT JOIN commissions_taxremittanceline l ON l.remittance_id = r.id
        WHERE r.state <> 'dropped'
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
