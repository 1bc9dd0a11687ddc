"""Where a short code leads: what the redirect asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from affiliates.models import Link
from alliance.kernel import clock
from alliance.kernel.front import Prepared


@dataclass(frozen=True, slots=True)
class Way:
    """Where a code leads, and `closed`: why it does not lead there now ("" if it does)."""

    link_id: int
    affiliate_id: int
    zone_id: int
    shop_id: int
    product_id: int | None
    url: str
    subs: tuple[str, ...]
    shop_name: str
    domains: tuple[str, ...]
    closed: str  # "", shop, product, affiliate, site, zone, paused


# Whatever else decides here needs a trigger that tells of its change (migration 0002).
_WAYS = """
    SELECT l.id, l.affiliate_id, l.zone_id, l.shop_id, l.product_id, l.url,
           ARRAY[l.sub1, l.sub2, l.sub3, l.sub4, l.sub5], s.name, s.domains,
           CASE WHEN m.state <> 'active' THEN 'shop'
                WHEN p.state <> 'on_sale' THEN 'product'
                WHEN a.state <> 'active' THEN 'affiliate'
                WHEN t.state = 'rejected' THEN 'site'
                WHEN z.frozen_until > $2 THEN 'zone'
                WHEN l.paused_at IS NOT NULL THEN 'paused'
                ELSE '' END
    FROM affiliates_link l
    JOIN merchants_shop s ON s.id = l.shop_id
    JOIN merchants_merchant m ON m.id = s.merchant_id
    LEFT JOIN merchants_product p ON p.id = l.product_id
    JOIN affiliates_affiliate a ON a.id = l.affiliate_id
    JOIN affiliates_adzone z ON z.id = l.zone_id
    JOIN affiliates_site t ON t.id = z.site_id
"""
_WAY = Prepared("way", f"{_WAYS} WHERE l.code = $1")


def way_of(code: str) -> Way | None:
    """Everything a click needs to know, in one row. For everybody: a buyer has no account.

    Raises DatabaseError, InterfaceError.
    """
    if not (code.isascii() and code.isalnum()):
        return None  # never made here; PostgreSQL would choke on some
    found = _WAY.row(code, clock.now())
    return _way(found) if found else None


def ways_of(links: Iterable[Link]) -> dict[int, Way]:
    """The same of many links, by their numbers. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_WAYS.replace('$2', '%s')} WHERE l.id = ANY(%s)",
                       [clock.now(), [link.pk for link in links]])  # fmt: skip
        return {row[0]: _way(row) for row in cursor.fetchall()}


def _way(found: Sequence[Any]) -> Way:
    link, affiliate, zone, shop, product, url, subs, shop_name, domains, closed = found
    return Way(
        link, affiliate, zone, shop, product, url, tuple(subs), shop_name, tuple(domains), closed
    )
