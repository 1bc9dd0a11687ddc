"""What is known of the buyers of a batch: by the visitor key of the touch that brought them."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from affiliates.models import Attribution
from affiliates.visitors import KEY_LIVES
from merchants.models import OrderLine

# Earlier orders of the same visitor with the same merchant, by the touches that won them. A visitor
# has the same key for two months at most.
_NEW = """
    SELECT asked.line_id
    FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[]
    ) AS asked(line_id, order_id, merchant_id, placed_at, touch_id, touched_at)
    JOIN affiliates_touch own ON own.id = asked.touch_id AND own.touched_at = asked.touched_at
        AND own.visitor_key <> ''
    WHERE NOT EXISTS (
        SELECT FROM affiliates_touch t
        JOIN affiliates_attribution a ON a.touch_id = t.id AND a.touched_at = t.touched_at
        JOIN merchants_orderline l ON l.id = a.line_id
        JOIN merchants_order o ON o.id = l.order_id
        WHERE t.visitor_key = own.visitor_key AND t.visitor_key <> ''
          AND t.touched_at BETWEEN own.touched_at - make_interval(days => %s)
              AND own.touched_at + make_interval(days => %s)
          AND o.merchant_id = asked.merchant_id AND o.state <> 'void'
          AND (o.placed_at, o.id) < (asked.placed_at, asked.order_id)
    )
"""


def new_ones(lines: Iterable[OrderLine], decisions: Mapping[int, Attribution]) -> set[int]:
    """Lines whose order is the first that their merchant has reported of the buyer.

    A buyer who cannot be told from others is not known to be new. One statement.
    """
    asked: Sequence[OrderLine] = [line for line in lines if decisions[line.pk].touch_id]
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _NEW,
            [
                [line.pk for line in asked],
                [line.order_id for line in asked],
                [line.order.merchant_id for line in asked],
                [line.order.placed_at for line in asked],
                [decisions[line.pk].touch_id for line in asked],
                [decisions[line.pk].touched_at for line in asked],
                KEY_LIVES.days,
                KEY_LIVES.days,
            ],
        )
        return {row[0] for row in cursor.fetchall()}
