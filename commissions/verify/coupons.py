"""Coupons: never more than there are, and their money where it belongs."""

# ruff: noqa: S608 - nothing but our own constants is put into the SQL

from django.utils.translation import gettext_lazy as _

from commissions.services.coupons import DUE, KEPT
from commissions.verify.base import Invariant

# account → what coupons say should lie there
IN_COUPONS = """
    SELECT place.code, s.currency, place.minor FROM campaigns_couponstock s
    CROSS JOIN LATERAL (VALUES
        ('campaign:' || s.campaign_id || ':budget', -s.set_aside_minor),
        ('campaign:' || s.campaign_id || ':coupons', s.set_aside_minor)
    ) AS place(code, minor)
    WHERE s.set_aside_minor > 0
    UNION ALL
    SELECT place.code, c.currency, place.minor FROM campaigns_claim c
    JOIN merchants_order o ON o.id = c.order_id
    CROSS JOIN LATERAL (VALUES
        ('campaign:' || c.campaign_id || ':coupons', -c.paid_minor),
        ('merchant:' || o.merchant_id || ':wallet', c.paid_minor)
    ) AS place(code, minor)
    WHERE c.paid_minor > 0
"""

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "coupons_are_not_oversold",
        _("No more coupons are in buyers' hands than a stock has, each with its slot's face."),
        ("campaigns_couponstock", "campaigns_claim"),
        """
        SELECT 'stock ' || s.id || ' of ' || s.size || ' has ' || count(*) || ' in hands'
        FROM campaigns_couponstock s
        JOIN campaigns_claim c ON c.stock_id = s.id AND c.state IN ('held', 'used')
        GROUP BY s.id HAVING count(*) > s.size
        UNION ALL
        SELECT 'claim ' || c.code || ' has slot ' || c.slot || ' and face ' || c.face_minor
        FROM campaigns_claim c LEFT JOIN campaigns_couponstock s ON s.id = c.stock_id
        WHERE c.slot IS NOT NULL AND (
            s.id IS NULL OR c.campaign_id <> s.campaign_id OR c.slot NOT BETWEEN 1 AND s.size
            OR c.face_minor <> s.faces[(c.slot - 1) % cardinality(s.faces) + 1]
        )
        """,
    ),
    Invariant(
        "coupons_are_set_aside",
        _("What lies aside for a stock covers each coupon that may still be used or was paid."),
        ("campaigns_couponstock WHERE state <> 'draft'",),
        """
        SELECT 'stock ' || s.id || ' has ' || s.set_aside_minor || ' aside, and needs '
               || CASE s.state WHEN 'open' THEN s.total_minor ELSE n.minor END
        FROM campaigns_couponstock s
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN c.worth_minor IS NULL THEN c.face_minor
                                     ELSE c.paid_minor END), 0) AS minor
            FROM campaigns_claim c WHERE c.stock_id = s.id AND c.state IN ('held', 'used')
        ) n
        WHERE s.state <> 'draft'
          AND (s.set_aside_minor < n.minor
               OR s.state = 'open' AND s.set_aside_minor <> s.total_minor)
        """,
    ),
    Invariant(
        "coupons_are_paid_for_orders",
        _("A merchant is paid for a coupon only by a received order of its shop that used it."),
        ("campaigns_claim WHERE state = 'used'",),
        """
        SELECT 'claim ' || c.code || ' is used by order ' || coalesce(c.order_id, 0)
               || CASE WHEN o.id IS NULL THEN ', which is not there'
                       WHEN o.shop_id <> c.shop_id THEN ', of another shop'
                       ELSE ', which is ' || o.state || ', and ' || c.paid_minor || ' was paid' END
        FROM campaigns_claim c LEFT JOIN merchants_order o ON o.id = c.order_id
        WHERE c.state = 'used' AND (
            o.id IS NULL OR o.shop_id <> c.shop_id
            OR c.paid_minor > 0 AND o.state NOT IN ('received', 'void')
        )
        """,
    ),
    Invariant(
        "coupons_follow_refunds",
        _(
            "Of a coupon no merchant keeps more than the part of its worth that was not refunded, "
            "as far as its wallet can give the rest back."
        ),
        ("campaigns_claim WHERE paid_minor > 0",),
        # A refund of this hour may be on its way; the beat has done all older ones.
        f"""
        SELECT 'claim ' || c.code || ' was paid ' || c.paid_minor || ', and ' || due.minor
               || ' is due for what is left of order ' || o.id
        FROM campaigns_claim c
        JOIN merchants_order o ON o.id = c.order_id
        JOIN merchants_merchant m ON m.id = o.merchant_id
        CROSS JOIN LATERAL ({KEPT}) k
        CROSS JOIN LATERAL (SELECT {DUE} AS minor) due
        LEFT JOIN commissions_account a
            ON a.code = 'merchant:' || o.merchant_id || ':wallet' AND a.currency = c.currency
        LEFT JOIN commissions_balance b ON b.account_id = a.id
        WHERE c.state = 'used' AND o.state = 'received' AND c.paid_minor > due.minor
          AND c.paid_minor - due.minor <= coalesce(b.balance_minor, 0) + m.credit_limit_minor
          AND NOT EXISTS (
              SELECT FROM merchants_refund r JOIN merchants_orderline l ON l.id = r.line_id
              WHERE l.order_id = o.id AND r.applied_at > now() - interval '1 hour'
          )
        """,
    ),
)
