"""Plans: the first pieces of a product, and who had them."""

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import Invariant

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "first_pieces_are_not_oversold",
        _("Of a product's first pieces as many are taken as order lines have, and no more."),
        ("merchants_piecestock", "merchants_piecetake"),
        """
        SELECT 'stock ' || s.id || ' of ' || s.pieces || ' says that ' || s.taken
               || ' are taken, and lines have ' || n.pieces
        FROM merchants_piecestock s
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.pieces), 0) AS pieces FROM merchants_piecetake t
            WHERE t.stock_id = s.id AND t.given_back_at IS NULL
        ) n
        WHERE n.pieces <> s.taken OR s.taken > s.pieces
        """,
    ),
    Invariant(
        "first_pieces_are_what_was_bought",
        _("Whoever has first pieces of a plan has bought as many, and is paid by that plan."),
        ("merchants_piecetake",),
        """
        SELECT 'line ' || t.line_id || ' has ' || t.pieces || ' first pieces of plan '
               || coalesce(s.plan_id::text, 'none') || ', and its plan is '
               || coalesce(a.plan_id::text, 'none')
        FROM merchants_piecetake t
        LEFT JOIN merchants_piecestock s ON s.id = t.stock_id
        LEFT JOIN affiliates_attribution a ON a.line_id = t.line_id
        WHERE a.plan_id IS DISTINCT FROM s.plan_id
        """,
    ),
)
