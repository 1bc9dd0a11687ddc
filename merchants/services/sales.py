"""How much is sold of what: for lists and sorting (docs/search.md)."""

from datetime import timedelta

from django.db import connection

from alliance.kernel import clock
from merchants.models import OrderState

RECENT = timedelta(days=30)

# Products are held in key order, as everybody holds them. The column ends at two thousand millions.
_COUNT = """
    WITH sold AS (
        SELECT l.product_id, least(sum(l.quantity), 2147483647)::int AS pieces
        FROM merchants_order o JOIN merchants_orderline l ON l.order_id = o.id
        WHERE o.placed_at > %s AND o.state = ANY(%s)
        GROUP BY l.product_id
    ), moved AS (
        SELECT p.id, coalesce(s.pieces, 0) AS pieces
        FROM merchants_product p LEFT JOIN sold s ON s.product_id = p.id
        WHERE p.sales_count <> coalesce(s.pieces, 0)
        ORDER BY p.id FOR NO KEY UPDATE OF p
    )
    UPDATE merchants_product p SET sales_count = m.pieces FROM moved m WHERE p.id = m.id
"""


def sales_count() -> int:
    """Bring `Product.sales_count` in line with the orders placed in the last 30 days: the pieces of
    those that are paid, of whatever affiliate or none, refunded or not. How many products moved."""
    paid = [OrderState.PAID.value, OrderState.RECEIVED.value]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [clock.now() - RECENT, paid])
        return int(cursor.rowcount)
