"""What other systems are told about orders and products (docs/webhooks.md)."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Side
from alliance.kernel.outbox import (
    EVENTS,
    HEARS,
    INTO,
    EventKind,
    facts_write,
    happened,
    listening,
    side_of,
    stamp_sql,
)
from merchants.models import MerchantState, Product, Shop

TOGETHER = 500  # products in one message, at most

_ORDERS = f"""{INTO} (
    SELECT e.id AS endpoint_id, e.state, %(kind)s::text AS kind, json_build_object(
        'order', o.external_id, 'shop', o.shop_id, 'state', o.state, 'revision', o.version,
        'currency', o.currency, 'amount_minor', lines.amount, 'refunded_minor', lines.refunded,
        'placed_at', {stamp_sql("o.placed_at")}, 'paid_at', {stamp_sql("o.paid_at")},
        'received_at', {stamp_sql("o.received_at")}, 'void_at', {stamp_sql("o.void_at")},
        'void_reason', o.void_reason
    ) AS data
    FROM merchants_order o
    JOIN kernel_endpoint e ON e.organisation = 'merchant:' || o.merchant_id AND {HEARS}
        AND %(kind)s = ANY(e.kinds)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_minor), 0)::bigint AS amount,
               coalesce(sum(refunded_minor), 0)::bigint AS refunded
        FROM merchants_orderline WHERE order_id = o.id
    ) AS lines
    WHERE o.id = ANY(%(orders)s) ORDER BY o.id, e.id
) AS told"""


def merchant(pk: int) -> str:
    """As endpoints know it."""
    return f"merchant:{pk}"


def orders_tell(kind: str, *, orders: Collection[int], merchants: Iterable[int]) -> None:
    """The merchants of these orders: they were made, or changed."""
    if orders and listening(kind, among=map(merchant, merchants)):
        facts_write(_ORDERS, kind=kind, orders=list(orders))


def products_tell(kind: str, *, products: Collection[int]) -> None:
    """The merchant and, once it trades, all affiliates: what is on offer has changed. Some hundred
    products come in one message."""
    hearing = listening(kind) if products else set()
    if not hearing:
        return
    affiliates = {one for one in hearing if side_of(one) == Side.AFFILIATE}
    rows = Product.objects.filter(pk__in=products).select_related("shop__merchant", "category")
    by_shop: dict[Shop, list[Product]] = defaultdict(list)
    for row in rows.order_by("pk"):
        by_shop[row.shop].append(row)
    for shop, found in by_shop.items():
        whom = {merchant(shop.merchant_id)}
        if shop.merchant.state == MerchantState.ACTIVE:
            whom |= affiliates
        for i in range(0, len(found), TOGETHER):
            told = [_product(row) for row in found[i : i + TOGETHER]]
            happened(kind, whom=whom & hearing, data={"shop": shop.pk, "products": told})


def _product(row: Product) -> dict[str, Any]:
    return {
        "product": row.pk,
        "external_id": row.external_id,
        "title": row.title,
        "url": row.url,
        "price_minor": row.price_minor,
        "currency": row.currency,
        "category": row.category.slug if row.category else None,
        "state": row.state,
    }


_BOTH = frozenset(Side)
_ORDER = {
    "order": "A-1001",
    "shop": 3,
    "state": "paid",
    "revision": 2,
    "currency": "CNY",
    "amount_minor": 19900,
    "refunded_minor": 0,
    "placed_at": "2026-06-18T04:00:00Z",
    "paid_at": "2026-06-18T04:01:00Z",
    "received_at": None,
    "void_at": None,
    "void_reason": "",
}
_PRODUCTS = {
    "shop": 3,
    "products": [
        {
            "product": 41,
            "external_id": "SKU-1",
            "title": "Green tea",
            "url": "https://shop.example/p/1",
            "price_minor": 19900,
            "currency": "CNY",
            "category": None,
            "state": "on_sale",
        }
    ],
}
EVENTS |= {
    "order.created": EventKind(_("An order was reported"), frozenset({Side.MERCHANT}), _ORDER),
    "order.changed": EventKind(
        _("An order was paid, received, refunded, called off or corrected"),
        frozenset({Side.MERCHANT}),
        _ORDER,
    ),
    "product.created": EventKind(_("There are new products"), _BOTH, _PRODUCTS),
    "product.changed": EventKind(_("Price, title or page of products changed"), _BOTH, _PRODUCTS),
    "product.withdrawn": EventKind(_("Products were taken off sale"), _BOTH, _PRODUCTS),
    "product.restored": EventKind(_("Products are on sale again"), _BOTH, _PRODUCTS),
}
