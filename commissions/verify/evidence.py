"""What the commissions stand on: touches, decisions, their own lines."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.models.commission import COMPONENTS
from commissions.verify.base import Invariant

INVARIANTS = (
    Invariant(
        "touches_lead_somewhere",
        _(
            "Every touch has its affiliate, zone and shop; every attribution its touch, as long as "
            "touches are kept."
        ),
        ("affiliates_touch", "affiliates_attribution"),
        """
        SELECT 'touch ' || t.id || ' lacks its affiliate, zone or shop' FROM affiliates_touch t
        LEFT JOIN affiliates_affiliate a ON a.id = t.affiliate_id
        LEFT JOIN affiliates_adzone z ON z.id = t.zone_id
        LEFT JOIN merchants_shop s ON s.id = t.shop_id
        WHERE a.id IS NULL OR z.id IS NULL OR s.id IS NULL
        UNION ALL
        SELECT 'attribution ' || d.id || ' lacks its touch' FROM affiliates_attribution d
        LEFT JOIN affiliates_touch t ON t.id = d.touch_id AND t.touched_at = d.touched_at
        WHERE d.touched_at >= touches_kept_since() AND t.id IS NULL
        """,
    ),
    Invariant(
        "touches_lie_in_months",
        _("Every touch lies in the partition of its month: they are made ahead."),
        ("affiliates_touch_other",),
        """
        SELECT n || ' touches lie in no month: does the scheduler run?'
        FROM (SELECT count(*) AS n FROM affiliates_touch_other) AS other WHERE n > 0
        """,
    ),
    Invariant(
        "orders_are_decided",
        _(
            "Every line of an order that was looked at is decided, and whoever it was given to has "
            "a commission."
        ),
        ("merchants_orderline", "affiliates_attribution"),
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
        "commissions_are_sums",
        _("Every commission is the sum of its lines, without a gap in its revisions."),
        ("commissions_commission", "commissions_commissionline"),
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
)
