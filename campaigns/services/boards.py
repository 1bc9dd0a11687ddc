"""Boards are ranked here, all at once, and served from what was ranked (docs/search.md).

Each takes one statement that goes down an index: over two weeks of orders and clicks, or what was
sold at all, or whose price has ended lately; never over all products.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from alliance.kernel import clock
from campaigns.models import Board, BoardKind, Campaign, CampaignState, SlateState
from merchants.models import OrderState

PLACES = 40
PER_SHOP = 5  # so that no shop has a board for itself
SPAN = 7  # days that are compared with as many before
SOLD_LEAST, CLICKED_LEAST = 3, 30  # in the span: less is chance
# So many are added to both spans, so that from 1 to 3 is no greater rise than from 40 to 100.
SOLD_PRIOR, CLICKED_PRIOR = 10, 100
SELLS = 10  # pieces in 30 days: of what sells the commission is compared
LOOK_BACK, FRESH = 90, 14  # days: of prices that a low one is under; since it fell
KNOWN = 14  # days for which a product must be known before a price of it is a low one
CAMPAIGNS = (CampaignState.SCHEDULED, CampaignState.LIVE)

# Can be promoted now, as the list of products has it.
_OFFERED = """p.state = 'on_sale' AND p.rate_bps > 0 AND p.shop_id NOT IN (
    SELECT s.id FROM merchants_shop s JOIN merchants_merchant m ON m.id = s.merchant_id
    WHERE m.state <> 'active' OR m.funding_paused_at IS NOT NULL)"""

_RISING = f"""
    WITH sold AS (
        SELECT l.product_id,
            coalesce(sum(l.quantity) FILTER (WHERE o.placed_at >= %(mid)s), 0) AS now,
            coalesce(sum(l.quantity) FILTER (WHERE o.placed_at < %(mid)s), 0) AS before
        FROM merchants_order o JOIN merchants_orderline l ON l.order_id = o.id
        WHERE o.placed_at >= %(start)s AND o.placed_at < %(end)s AND o.state = ANY(%(paid)s)
            AND l.product_id IS NOT NULL
        GROUP BY l.product_id
    ), clicked AS (
        SELECT k.product_id,
            coalesce(sum(d.clicks) FILTER (WHERE d.day >= %(mid_day)s), 0) AS now,
            coalesce(sum(d.clicks) FILTER (WHERE d.day < %(mid_day)s), 0) AS before
        FROM affiliates_clickday d JOIN affiliates_link k ON k.id = d.link_id
        WHERE d.day >= %(start_day)s AND d.day < %(end_day)s AND k.product_id IS NOT NULL
        GROUP BY k.product_id
    ), risen AS (
        SELECT product_id, 'sold' AS fact, now, before,
            (now + %(sold_prior)s)::numeric / (before + %(sold_prior)s) AS growth
        FROM sold WHERE now >= %(sold)s AND now > before
        UNION ALL
        SELECT product_id, 'clicked', now, before,
            (now + %(clicked_prior)s)::numeric / (before + %(clicked_prior)s)
        FROM clicked WHERE now >= %(clicked)s AND now > before
    ), best AS (
        SELECT DISTINCT ON (product_id) * FROM risen ORDER BY product_id, growth DESC, fact DESC
    ), placed AS (
        SELECT b.*, row_number() OVER (
            PARTITION BY p.shop_id ORDER BY b.growth DESC, b.now DESC, p.id) AS of_shop
        FROM best b JOIN merchants_product p ON p.id = b.product_id WHERE {_OFFERED}
    )
    SELECT json_build_object(
        'product', product_id, 'fact', fact, 'now', now, 'before', before)
    FROM placed WHERE of_shop <= %(per_shop)s
    ORDER BY growth DESC, now DESC, product_id LIMIT %(places)s
"""  # noqa: S608
_HIGHEST = f"""
    WITH placed AS (
        SELECT p.id, p.sales_count, p.price_minor * p.rate_bps AS worth, row_number() OVER (
            PARTITION BY p.shop_id ORDER BY p.price_minor * p.rate_bps DESC, p.id) AS of_shop
        FROM merchants_product p
        WHERE {_OFFERED} AND p.sales_count >= %(sells)s AND p.currency = %(currency)s
    )
    SELECT json_build_object('product', id, 'fact', 'worth', 'now', sales_count)
    FROM placed WHERE of_shop <= %(per_shop)s ORDER BY worth DESC, id LIMIT %(places)s
"""  # noqa: S608
# Under every price that ended in the time looked back on: a price that was put up and down again
# is no low one.
_LOWEST = f"""
    WITH fallen AS (
        SELECT h.product_id, min(h.price_minor) AS before
        FROM merchants_pastprice h
        WHERE h.day >= %(since)s AND h.product_id IN (
            SELECT product_id FROM merchants_pastprice WHERE day >= %(fresh)s)
        GROUP BY h.product_id
    ), placed AS (
        SELECT p.id, p.price_minor, f.before, greatest(p.created_at, %(since_at)s) AS since,
            p.price_minor::numeric / f.before AS part, row_number() OVER (
                PARTITION BY p.shop_id ORDER BY p.price_minor::numeric / f.before, p.id) AS of_shop
        FROM fallen f JOIN merchants_product p ON p.id = f.product_id
        WHERE {_OFFERED} AND p.price_minor < f.before AND p.created_at <= %(known)s
    )
    SELECT json_build_object('product', id, 'fact', 'price', 'now', price_minor,
        'before', before, 'since', (since AT TIME ZONE %(zone)s)::date)
    FROM placed WHERE of_shop <= %(per_shop)s ORDER BY part, id LIMIT %(places)s
"""  # noqa: S608
_CAMPAIGN = f"""
    WITH placed AS (
        SELECT p.id, p.sales_count, row_number() OVER (
            PARTITION BY p.shop_id ORDER BY p.sales_count DESC, p.id) AS of_shop
        FROM campaigns_slateitem i JOIN merchants_product p ON p.id = i.product_id
        WHERE i.campaign_id = %(campaign)s AND i.state = %(approved)s AND {_OFFERED}
    )
    SELECT json_build_object('product', id, 'fact', 'slate', 'now', sales_count)
    FROM placed WHERE of_shop <= %(per_shop)s ORDER BY sales_count DESC, id LIMIT %(places)s
"""  # noqa: S608


_STATEMENTS = {
    BoardKind.RISING: _RISING,
    BoardKind.HIGHEST: _HIGHEST,
    BoardKind.LOWEST: _LOWEST,
}


def boards_make() -> int:
    """Rank every board anew, as of now. How many products stand on them."""
    now, today = clock.now(), clock.business_day()
    facts = _facts(now, today)
    fresh = [
        Board(kind=kind, places=_ranked(statement, facts), made_at=now)
        for kind, statement in _STATEMENTS.items()
    ]
    for campaign in _with_slates():
        places = _ranked(_CAMPAIGN, {**facts, "campaign": campaign.pk})
        fresh.append(Board(kind=BoardKind.CAMPAIGN, campaign=campaign, places=places, made_at=now))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('boards'))")
        Board.objects.all().delete()  # whoever reads meanwhile sees the old ones
        Board.objects.bulk_create(fresh)
    return sum(len(board.places) for board in fresh)


def _facts(now: datetime, today: date) -> dict[str, Any]:
    """Whole business days are compared: the one that goes on is left out."""
    mid, start = today - timedelta(days=SPAN), today - timedelta(days=2 * SPAN)
    since = today - timedelta(days=LOOK_BACK)
    return {
        "start": clock.day_start(start),
        "mid": clock.day_start(mid),
        "end": clock.day_start(today),
        "start_day": start,
        "mid_day": mid,
        "end_day": today,
        "paid": [OrderState.PAID.value, OrderState.RECEIVED.value],
        "sold": SOLD_LEAST,
        "clicked": CLICKED_LEAST,
        "sold_prior": SOLD_PRIOR,
        "clicked_prior": CLICKED_PRIOR,
        "sells": SELLS,
        "since": since,
        "since_at": clock.day_start(since),
        "fresh": today - timedelta(days=FRESH),
        "known": now - timedelta(days=KNOWN),
        "zone": str(clock.ZONE),
        "currency": settings.ALLIANCE["CURRENCY"],
        "approved": SlateState.APPROVED.value,
        "places": PLACES,
        "per_shop": PER_SHOP,
    }


def _with_slates() -> QuerySet[Campaign]:
    """Campaigns that go on or are announced, and name their products."""
    return Campaign.objects.filter(
        state__in=CAMPAIGNS, ends_at__gt=clock.now(), all_products=False
    ).order_by("pk")


def _ranked(statement: str, facts: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return [place for (place,) in cursor.fetchall()]
