"""Where a short code leads: what the redirect asks."""

from dataclasses import dataclass

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
_WAY = Prepared(
    "way",
    """
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
    WHERE l.code = $1
    """,
)


def way_of(code: str) -> Way | None:
    """Everything a click needs to know, in one row. For everybody: a buyer has no account.

    Raises DatabaseError, InterfaceError.
    """
    if not (code.isascii() and code.isalnum()):
        return None  # never made here; PostgreSQL would choke on some
    found = _WAY.row(code, clock.now())
    if found is None:
        return None
    link, affiliate, zone, shop, product, url, subs, shop_name, domains, closed = found
    return Way(
        link, affiliate, zone, shop, product, url, tuple(subs), shop_name, tuple(domains), closed
    )
