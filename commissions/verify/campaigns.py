"""Campaigns: what was paid in, promised and given, and that no limit was ever passed."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import Invariant

# Who has paid how much into which budget, less what has gone back. The merchant's part is rounded
# as Money.split does: the larger remainder, then the larger part, then the alliance.
FUNDED = """
    SELECT c.id AS campaign_id, c.currency, side.payer, side.minor
    FROM campaigns_campaign c
    CROSS JOIN LATERAL (
        SELECT c.budget_minor - c.returned_minor AS whole,
               (c.budget_minor - c.returned_minor) * c.merchant_bps AS shared
    ) f
    CROSS JOIN LATERAL (
        SELECT f.shared / 10000 + CASE
            WHEN mod(f.shared, 10000) > 5000 THEN 1
            WHEN mod(f.shared, 10000) = 5000 AND c.merchant_bps > 5000 THEN 1
            ELSE 0 END AS merchant
    ) m
    CROSS JOIN LATERAL (VALUES
        (CASE c.sponsor WHEN 'affiliate' THEN 'affiliate:' || c.host_id || ':payable'
                        ELSE 'platform:campaigns' END, f.whole - m.merchant),
        ('merchant:' || c.merchant_id || ':wallet', m.merchant)
    ) AS side(payer, minor)
    WHERE c.state <> 'draft' AND side.minor <> 0
"""

# account → what campaigns say should lie there, beside what their payers have paid.
# What is set aside, promised or given leaves the budget, each in a branch of its own.
IN_BUDGETS = f"""
    SELECT 'campaign:' || campaign_id || ':budget' AS code, currency, minor FROM ({FUNDED}) f
    UNION ALL
    SELECT place.code, c.currency, place.minor
    FROM campaigns_grant g
    JOIN campaigns_campaign c ON c.id = g.campaign_id
    JOIN commissions_commission k ON k.line_id = g.line_id AND k.role = 'affiliate'
    CROSS JOIN LATERAL (VALUES
        ('campaign:' || g.campaign_id || ':budget', -g.amount_minor),
        (CASE k.state WHEN 'estimated' THEN 'campaign:' || g.campaign_id || ':promised'
                      ELSE 'platform:subsidy' END, g.amount_minor)
    ) AS place(code, minor)
    WHERE g.amount_minor > 0
    UNION ALL
    SELECT 'campaign:' || e.campaign_id || place.kind, c.currency, place.sign * e.reserved_minor
    FROM campaigns_enrolment e
    JOIN campaigns_campaign c ON c.id = e.campaign_id
    CROSS JOIN (VALUES (':budget', -1), (':promised', 1)) AS place(kind, sign)
    WHERE e.reserved_minor > 0
    UNION ALL
    SELECT 'campaign:' || a.campaign_id || place.kind, a.currency, place.minor
    FROM commissions_award a
    CROSS JOIN LATERAL (VALUES
        (':budget', -(a.reserved_minor + a.booked_minor)), (':promised', a.reserved_minor)
    ) AS place(kind, minor)
"""

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "grants_are_booked",
        _("What a campaign grants is the part of the commission that it pays, and no more."),
        ("campaigns_grant",),
        """
        SELECT 'grant ' || g.id || ' is of ' || g.amount_minor || ', its commission says '
               || coalesce(k.minor, 0)
        FROM campaigns_grant g
        LEFT JOIN (
            SELECT c.line_id, t.campaign_id,
                   CASE WHEN c.state IN ('estimated', 'confirmed', 'frozen')
                        THEN (capped.minor * t.share_bps * 2 + 10000) / 20000 ELSE 0 END AS minor
            FROM commissions_commission c
            CROSS JOIN LATERAL jsonb_to_recordset(c.subsidies) AS t(
                campaign_id bigint, rate_bps bigint, cap_minor bigint, share_bps bigint)
            CROSS JOIN LATERAL (
                SELECT least((c.base_minor * t.rate_bps * 2 + 10000) / 20000, t.cap_minor) AS minor
            ) capped
            WHERE c.role = 'affiliate' AND c.subsidies <> '[]' AND t.campaign_id IS NOT NULL
        ) k ON k.line_id = g.line_id AND k.campaign_id = g.campaign_id
        WHERE g.amount_minor <> coalesce(k.minor, 0)
        UNION ALL
        SELECT 'commission ' || c.id || ' names campaign ' || (t ->> 'campaign_id')
               || ', which has not granted it'
        FROM commissions_commission c CROSS JOIN LATERAL jsonb_array_elements(c.subsidies) AS t
        LEFT JOIN campaigns_grant g
            ON g.line_id = c.line_id AND g.campaign_id = (t ->> 'campaign_id')::bigint
        WHERE c.subsidies <> '[]' AND t ->> 'campaign_id' IS NOT NULL AND g.id IS NULL
        """,
    ),
    Invariant(
        "campaigns_keep_their_limits",
        _(
            "No campaign gives more than its budget, a day, an affiliate or an affiliate's day "
            "allows, nor to more orders or pieces."
        ),
        ("campaigns_grant", "campaigns_campaign WHERE state <> 'draft'"),
        """
        SELECT 'campaign ' || c.id || ' gave ' || sum(g.amount_minor) || ' of '
               || (c.budget_minor - c.returned_minor)
        FROM campaigns_campaign c JOIN campaigns_grant g ON g.campaign_id = c.id
        GROUP BY c.id HAVING sum(g.amount_minor) > c.budget_minor - c.returned_minor
        UNION ALL
        SELECT 'campaign ' || c.id || ' gave ' || sum(g.pieces) || ' pieces of ' || c.pieces
        FROM campaigns_campaign c JOIN campaigns_grant g ON g.campaign_id = c.id AND g.active
        WHERE c.pieces IS NOT NULL
        GROUP BY c.id HAVING sum(g.pieces) > c.pieces
        UNION ALL
        SELECT 'campaign ' || c.id || ' gave ' || sum(g.amount_minor) || ' on ' || g.day
        FROM campaigns_campaign c JOIN campaigns_grant g ON g.campaign_id = c.id
        WHERE c.daily_minor IS NOT NULL
        GROUP BY c.id, g.day HAVING sum(g.amount_minor) > c.daily_minor
        UNION ALL
        SELECT 'campaign ' || c.id || ' gave affiliate ' || g.affiliate_id || ' '
               || sum(g.amount_minor) || ' for '
               || count(DISTINCT l.order_id) FILTER (WHERE g.active) || ' orders'
        FROM campaigns_campaign c
        JOIN campaigns_grant g ON g.campaign_id = c.id
        JOIN merchants_orderline l ON l.id = g.line_id
        WHERE c.per_affiliate_minor IS NOT NULL OR c.orders_per_affiliate IS NOT NULL
        GROUP BY c.id, g.affiliate_id
        HAVING sum(g.amount_minor) > c.per_affiliate_minor
            OR count(DISTINCT l.order_id) FILTER (WHERE g.active) > c.orders_per_affiliate
        UNION ALL
        SELECT 'campaign ' || c.id || ' gave affiliate ' || g.affiliate_id || ' '
               || sum(g.amount_minor) || ' on ' || g.day
        FROM campaigns_campaign c JOIN campaigns_grant g ON g.campaign_id = c.id
        WHERE c.per_affiliate_day_minor IS NOT NULL
        GROUP BY c.id, g.affiliate_id, g.day HAVING sum(g.amount_minor) > c.per_affiliate_day_minor
        UNION ALL
        SELECT 'grant ' || g.id || ' is of an order that came to nothing, and counts'
        FROM campaigns_grant g
        JOIN commissions_commission k ON k.line_id = g.line_id AND k.role = 'affiliate'
        WHERE k.state = 'void' AND (g.active OR g.amount_minor > 0)
        """,
    ),
)
