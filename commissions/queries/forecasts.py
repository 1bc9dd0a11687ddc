"""Products as a mechanic judges them: what their clicks and orders of late let expect."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection

from alliance.kernel import clock
from campaigns.facts import ProductFacts
from campaigns.forecast import Traffic, forecast
from campaigns.models import SlateItem
from campaigns.slates import facts_of

WITHIN = timedelta(days=30)

# Each product on sale of these categories. A void order has come back as a whole.
_TRAFFIC = """
    WITH asked AS (
        SELECT id, coalesce(category_id, 0) AS category FROM merchants_product
        WHERE currency = %(currency)s AND state = 'on_sale'
          AND coalesce(category_id, 0) = ANY(%(categories)s)
    ),
    clicks AS (
        SELECT product_id, count(*) AS n FROM affiliates_touch
        WHERE kind = 'click' AND visitor = 'human' AND touched_at >= %(since)s
          AND product_id IN (SELECT id FROM asked)
        GROUP BY product_id
    ),
    sales AS (
        SELECT l.product_id,
               count(DISTINCT l.order_id) FILTER (WHERE c.state <> 'void') AS orders,
               sum(c.publisher_minor - c.tech_fee_minor) FILTER (WHERE c.state <> 'void') AS net,
               sum(l.amount_minor) AS sold,
               sum(CASE WHEN c.state = 'void' THEN l.amount_minor ELSE l.refunded_minor END) AS back
        FROM commissions_commission c JOIN merchants_orderline l ON l.id = c.line_id
        WHERE c.role = 'affiliate' AND c.currency = %(currency)s AND c.placed_at >= %(since)s
          AND c.state <> 'placed' AND l.product_id IN (SELECT id FROM asked)
        GROUP BY l.product_id
    )
    SELECT a.id, a.category, coalesce(k.n, 0), coalesce(s.orders, 0), coalesce(s.net, 0),
           coalesce(s.sold, 0), coalesce(s.back, 0)
    FROM asked a LEFT JOIN clicks k ON k.product_id = a.id LEFT JOIN sales s ON s.product_id = a.id
"""
# The rate that three quarters of a category stay below or reach.
_RATES = """
    SELECT coalesce(category_id, 0), percentile_disc(0.75) WITHIN GROUP (ORDER BY rate_bps)
    FROM merchants_product
    WHERE currency = %(currency)s AND state = 'on_sale'
      AND coalesce(category_id, 0) = ANY(%(categories)s)
    GROUP BY 1
"""


def facts_of_items(items: Sequence[SlateItem]) -> list[ProductFacts]:
    """The products of one slate as their merchants propose them, with forecasts from the last 30
    days. Stock, earlier prices and the market's are not known here. Two statements.

    The items carry `campaign`, `product`, its `category` and `shop`.
    """
    if not items:
        return []
    asked = {
        "currency": items[0].campaign.currency,
        "categories": sorted({item.product.category_id or 0 for item in items}),
        "since": clock.now() - WITHIN,
    }
    traffic, categories = _traffic(asked)
    market = sum(categories.values(), Traffic())
    rates = dict(_rows(_RATES, asked))
    return [
        _facts(
            item,
            own=traffic.get(item.product_id, Traffic()),
            category=categories[item.product.category_id or 0],
            market=market,
            category_rate_bps=rates.get(item.product.category_id or 0),
        )
        for item in items
    ]


def _facts(
    item: SlateItem,
    *,
    own: Traffic,
    category: Traffic,
    market: Traffic,
    category_rate_bps: int | None,
) -> ProductFacts:
    plain = facts_of(
        item.product,
        rate_bps=item.rate_bps,
        service_bps=item.service_bps,
        price_minor=item.price_minor,
    )
    ahead = forecast(
        own, category, market - category, price_minor=plain.price_minor, rate_bps=plain.best_bps
    )
    return replace(
        plain,
        refund_bps=own.refund_bps,
        category_rate_bps=category_rate_bps,
        category_refund_bps=category.refund_bps,
        epc_micro=ahead.epc_micro,
        conversion_bps=ahead.conversion_bps,
    )


def _traffic(asked: dict[str, Any]) -> tuple[dict[int, Traffic], dict[int, Traffic]]:
    """By product, and by category."""
    own: dict[int, Traffic] = {}
    categories: dict[int, Traffic] = defaultdict(Traffic)
    for product, category, clicks, orders, net, sold, back in _rows(_TRAFFIC, asked):
        own[product] = Traffic(
            clicks=clicks,
            orders=orders,
            net_minor=int(net),
            sold_minor=int(sold),
            refunded_minor=int(back),
        )
        categories[category] += own[product]
    return own, categories


def _rows(statement: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
