"""Violations against the commissions that they hold back."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import STANDING, Invariant

# commission → what the cases against its affiliate want of it (commissions.violations in SQL)
WANTED = """
    SELECT c.id, CASE WHEN bool_or(v.hold = 'barred') THEN 'barred' ELSE 'frozen' END AS hold
    FROM commissions_violation v
    JOIN commissions_commission c ON c.affiliate_id = v.affiliate_id
    LEFT JOIN affiliates_attribution a ON a.line_id = c.line_id
    LEFT JOIN affiliates_relation r ON r.id = v.relation_id
    WHERE v.hold <> '' AND (
        v.commission_id = c.id
        OR c.placed_at < v.frozen_until AND (
            v.target = 'account' OR v.zone_id = a.zone_id
            OR c.role = 'partner' AND r.affiliate_id = a.affiliate_id
            OR c.role = 'second' AND r.affiliate_id = a.partner_id
        )
    )
    GROUP BY c.id
"""

INVARIANTS = (
    Invariant(
        "held_for_a_case",
        _(
            "Before its settlement a commission is frozen or invalid exactly if a case says so; "
            "what is held back is not settled."
        ),
        ("commissions_violation", "commissions_commission WHERE hold <> ''"),
        f"""
        SELECT 'commission ' || c.id || ' is held back as "' || c.hold || '", its cases say "'
               || coalesce(w.hold, '') || '"'
        FROM ({STANDING}) c LEFT JOIN ({WANTED}) w ON w.id = c.id
        WHERE c.hold <> coalesce(w.hold, '') AND NOT c.settled AND NOT EXISTS (
            SELECT FROM commissions_violation v
            WHERE v.affiliate_id = c.affiliate_id AND v.version <> v.applied_version
        )
        UNION ALL
        SELECT 'commission ' || c.id || ' is held back as "' || c.hold || '" and ' || c.state
        FROM commissions_commission c
        WHERE (c.hold <> '' AND c.settles_in IS NOT NULL)
           OR (c.state = 'frozen' AND c.hold <> 'frozen')
           OR (c.hold = 'barred' AND c.state <> 'void')
        """,
    ),
    Invariant(
        "cases_have_their_events",
        _("Every case was opened and decided as its own list says, each appeal by a person."),
        ("commissions_violation", "commissions_violationevent", "commissions_appeal"),
        """
        SELECT 'case V' || v.id || ' is ' || v.state || ', its events say: '
               || coalesce(e.facts, 'nothing')
        FROM commissions_violation v
        LEFT JOIN (
            SELECT violation_id, string_agg(fact, ' ' ORDER BY id) AS facts,
                   count(*) FILTER (WHERE fact = 'opened') AS opened,
                   (array_agg(fact ORDER BY id DESC) FILTER (
                       WHERE fact IN ('opened', 'upheld', 'expired', 'released')
                   ))[1] AS last,
                   count(*) FILTER (WHERE fact = 'appealed') AS appeals
            FROM commissions_violationevent GROUP BY violation_id
        ) e ON e.violation_id = v.id
        LEFT JOIN (
            SELECT violation_id, count(*) AS appeals FROM commissions_appeal GROUP BY violation_id
        ) p ON p.violation_id = v.id
        WHERE coalesce(e.opened, 0) <> 1 OR e.appeals <> coalesce(p.appeals, 0)
           OR CASE e.last WHEN 'opened' THEN 'open' WHEN 'released' THEN 'released'
              ELSE 'upheld' END <> v.state
        """,
    ),
)
