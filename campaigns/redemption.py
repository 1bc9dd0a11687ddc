"""Coupons that orders use: which claim an order names, and the touch that each claim is.

An order that its shop reports with the code of a claim, in the coupon's time, at the claim's shop,
uses it; the first order does, and an order uses one. What the merchant gets for it is the business
of `commissions.services.coupons`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import connection

from affiliates.buyers import claim_code
from alliance.kernel import clock
from campaigns.models import Claim, ClaimState, CouponStock, SlateItem, SlateState
from merchants.models import Order, OrderLine, OrderState

# Not of months that were dropped: their touches would lie in none, and be dropped anew.
_TOUCHES = """
    INSERT INTO affiliates_touch (
        click_id, kind, link_id, affiliate_id, zone_id, shop_id, product_id, touched_at, expires_at,
        visitor_key, ip_key, visitor, sub1, sub2, sub3, sub4, sub5
    )
    SELECT c.code, 'claim', c.link_id, c.affiliate_id, c.zone_id, c.shop_id, c.product_id,
           c.claimed_at, CASE WHEN s.wins THEN c.expires_at END,
           CASE WHEN c.trail THEN c.buyer_key ELSE '' END, c.network_key, 'human',
           l.sub1, l.sub2, l.sub3, l.sub4, l.sub5
    FROM campaigns_claim c
    JOIN campaigns_couponstock s ON s.id = c.stock_id
    JOIN affiliates_link l ON l.id = c.link_id
    WHERE c.claimed_at >= (SELECT touches_kept_since()) AND NOT EXISTS (
        SELECT FROM affiliates_touch t WHERE t.click_id = c.code AND t.touched_at = c.claimed_at
    ) AND {which}
    ORDER BY c.id
    ON CONFLICT (click_id, touched_at) DO NOTHING
"""


def touches_of_claims(*, since: timedelta) -> int:
    """Write the claims of the last while down as touches, once each; returns how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHES.format(which="c.claimed_at > %s"), [clock.now() - since])
        return int(cursor.rowcount)


def coupons_use(orders: Collection[Order], lines: Sequence[OrderLine]) -> None:
    """Let each of the orders (locked by the caller) use the claim that it names.

    And write the claims that it names, as coupon or click, down as touches, so that they can be
    attributed; not where their month was dropped. Nothing is asked of the database where no code
    of a claim is named.
    """
    codes = {
        code
        for order in orders
        for code in (claim_code(order.coupon_code), claim_code(order.click_id))
        if code
    }
    if not codes:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHES.format(which="c.code = ANY(%s)"), [list(codes)])
    claims = {
        claim.code: claim
        for claim in Claim.objects.select_for_update().filter(code__in=codes).order_by("pk")
    }
    stocks = CouponStock.objects.select_related("campaign").in_bulk(
        {claim.stock_id for claim in claims.values()}
    )
    slate = _slate(stocks.values(), lines)
    # A shop that reports another code for an order has had its coupon already.
    served = set(
        Claim.objects.filter(order__in=orders, state=ClaimState.USED).values_list(
            "order", flat=True
        )
    )
    products: dict[int, set[int | None]] = {}
    for line in lines:
        products.setdefault(line.order_id, set()).add(line.product_id)
    for order in sorted(orders, key=lambda order: (order.placed_at, order.pk)):
        claim = claims.get(claim_code(order.coupon_code))
        if claim is None or claim.state != ClaimState.HELD or order.pk in served:
            continue
        stock = stocks[claim.stock_id]
        fits = stock.campaign.all_products or bool(
            products.get(order.pk, set()) & slate[stock.campaign_id]
        )
        if fits and _may_use(order, claim, stock, products.get(order.pk, set())):
            claim.state, claim.order_id = ClaimState.USED, order.pk
            claim.used_at = order.placed_at
            claim.save(update_fields=["state", "order", "used_at"])


def _may_use(order: Order, claim: Claim, stock: CouponStock, bought: set[int | None]) -> bool:
    paid_at = order.paid_at or order.deposit_paid_at
    wait = timedelta(seconds=stock.least_wait_seconds)
    return (
        order.state != OrderState.VOID
        and order.shop_id == claim.shop_id
        and stock.campaign.merchant_id in (None, order.merchant_id)
        and order.currency == claim.currency
        and claim.claimed_at <= order.placed_at <= claim.expires_at
        and (stock.product_id is None or stock.product_id in bought)
        and (paid_at is None or paid_at - claim.claimed_at >= wait)
    )


def _slate(
    stocks: Iterable[CouponStock], lines: Sequence[OrderLine]
) -> Mapping[int, set[int | None]]:
    """By campaign: which of the bought products are on its slate."""
    found: dict[int, set[int | None]] = {stock.campaign_id: set() for stock in stocks}
    if found:
        items = SlateItem.objects.filter(
            campaign__in=found,
            product__in={line.product_id for line in lines if line.product_id},
            state=SlateState.APPROVED,
        )
        for campaign_id, product_id in items.values_list("campaign", "product"):
            found[campaign_id].add(product_id)
    return found
