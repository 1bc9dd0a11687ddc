"""What products cost before: kept from their changes, so that a low price can be told from a usual
one (docs/search.md)."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import connection

from alliance.kernel import clock
from merchants.models import PastPrice

KEPT = timedelta(days=120)

_ENDED = """
    INSERT INTO merchants_pastprice (product_id, day, price_minor)
    SELECT product, %s, price FROM unnest(%s::bigint[], %s::bigint[]) AS ended(product, price)
    ON CONFLICT (product_id, day) DO UPDATE
    SET price_minor = least(merchants_pastprice.price_minor, excluded.price_minor)
"""


def prices_ended(ended: Mapping[int, int]) -> None:
    """These prices (by product, minor units) are over as of now. Of several on a day the lowest
    stays, so a price that goes up and down all day costs a row, too."""
    if not ended:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, [clock.business_day(), list(ended), list(ended.values())])


def prices_forget() -> int:
    """Prices that ended longer ago than anybody looks back. How many rows went."""
    old = PastPrice.objects.filter(day__lt=clock.business_day() - KEPT)
    gone, _each = old.delete()
    return gone
