"""Another rate of a plan, or a new plan, before anybody announces it: what affiliates would see and
earn, which plan would count and why, and what it would have made of the orders of the last days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from affiliates.queries import coupons_for_products
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money, half_up
from commissions.dryrun import RateChange, Report, dry_run_for
from commissions.formulas import Rates, TechFeeBase, Worth, worth
from commissions.queries.merchant import Sold, sold_by_day
from merchants import plans
from merchants.models import (
    JOINED,
    Coupon,
    Merchant,
    OrderLine,
    OrderState,
    PlanKind,
    Product,
    ProductState,
)
from merchants.plans import Asker, Found, Wanted

CARDS = 3
LOOKED = 60  # best sold products, among which those are shown that the change moves
SPANS = (30, 14, 7, 3, 1)  # days that are played, as many as have at most
LINES = 5_000  # order lines: some seconds


@dataclass(frozen=True, slots=True)
class Card:
    """A product as an affiliate picks it: `now` and `then` are what it earns on one piece, at the
    alliance's usual share and fee."""

    product: Product
    coupon: Coupon | None
    price: Money  # what the buyer pays, after the coupon
    before: Found
    after: Found
    now: Worth
    then: Worth

    @property
    def moves(self) -> bool:
        return self.before.rate_bps != self.after.rate_bps

    @property
    def reasons(self) -> list[str]:
        return plans.explain(self.after.why)


def usual_rates(commission_bps: int) -> Rates:
    """A commission on this alliance's usual terms."""
    usual = settings.ALLIANCE
    return Rates(
        commission_bps=commission_bps,
        share_bps=usual["SHARE_BPS"],
        tech_fee_bps=usual["TECH_FEE_BPS"],
        tech_fee_base=TechFeeBase(usual["TECH_FEE_BASE"]),
    )


def cards_of(change: RateChange) -> list[Card]:
    """Real products on sale, the best sold first; those that the change moves go before others.
    For who is in the plan, and for its links, where it is not everybody's."""
    products = _concerned(change)
    plan, now = change.plan, clock.now()
    by = Asker(
        joined=frozenset({plan.pk or 0} if plan.kind in JOINED else ()),
        plan_id=plan.pk if plan.kind == PlanKind.EVENT else None,
    )
    at = max(now, plan.starts_at) if plan.pk else now
    asked = {row.pk: Wanted(plan.merchant_id, row.pk, row.category_id, at, by) for row in products}
    before = plans.terms_at(asked.values())
    after = plans.terms_if(asked.values(), change.terms)
    moved = [row for row in products if before[asked[row.pk]] != after[asked[row.pk]]]
    moved.sort(key=lambda row: _rate(before, asked[row.pk]) == _rate(after, asked[row.pk]))
    shown = (moved or products)[:CARDS]
    coupons = coupons_for_products(shown)
    return [
        _card(row, coupons.get(row.pk), before[asked[row.pk]], after[asked[row.pk]])
        for row in shown
    ]


def _rate(found: dict[Wanted, Found], wanted: Wanted) -> int:
    return found[wanted].rate_bps


def _concerned(change: RateChange) -> Sequence[Product]:
    rows = Product.objects.filter(shop__merchant=change.plan.merchant_id)
    if change.product_id:
        rows = rows.filter(pk=change.product_id)
    else:
        rows = rows.filter(state=ProductState.ON_SALE)
    if change.category_id:
        rows = rows.filter(category=change.category_id)
    return list(rows.select_related("shop").order_by("-sales_count", "-pk")[:LOOKED])


def _card(product: Product, coupon: Coupon | None, before: Found, after: Found) -> Card:
    price = product.price - coupon.face if coupon else product.price
    return Card(
        product,
        coupon,
        price,
        before,
        after,
        worth(price, usual_rates(before.rate_bps)),
        worth(price, usual_rates(after.rate_bps)),
    )


@dataclass(frozen=True, slots=True)
class Past:
    """What the last days would have been with it. Sales and cost as they are booked; `delta_minor`
    is what the merchant would have paid more (below zero: less)."""

    days: int
    sold: Sold
    report: Report

    @property
    def delta_minor(self) -> int:
        return self.report.merchants_minor

    @property
    def then(self) -> Sold:
        return Sold(
            self.sold.orders, self.sold.sales_minor, self.sold.cost_minor + self.delta_minor
        )

    @property
    def needed_bps(self) -> int | None:
        """By how much sales would have to grow for the return to stay as it is: basis points, whole
        percent."""
        if self.delta_minor <= 0 or not self.sold.cost_minor:
            return None
        return half_up(self.delta_minor * 100, self.sold.cost_minor) * 100


def past_of(*, actor: User, change: RateChange) -> Past | None:
    """The last 30 whole days, or fewer where those have too many orders to play at once; None
    without an order of an affiliate. Raises StillPlaying."""
    merchant, today = change.plan.merchant, clock.business_day()
    for days in SPANS:
        count = _lines(merchant, days)
        if not count:
            return None
        if count <= LINES or days == SPANS[-1]:
            break
    first = today - timedelta(days=days)
    report = dry_run_for(actor, change, clock.day_start(first), clock.day_start(today))
    sold = sum(sold_by_day(merchant, first, today - timedelta(days=1)).values(), Sold())
    return Past(days, sold, report)


def _lines(merchant: Merchant, days: int) -> int:
    today = clock.business_day()
    rows = OrderLine.objects.filter(
        order__placed_at__gte=clock.day_start(today - timedelta(days=days)),
        order__placed_at__lt=clock.day_start(today),
        order__merchant=merchant,
        order__state__in=(OrderState.PAID, OrderState.RECEIVED),
        attribution__affiliate__isnull=False,
    )
    return rows.order_by()[: LINES + 1].count()
