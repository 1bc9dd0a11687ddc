"""The frozen words that mechanics speak: facts in, rewards and awards out.

Amounts are whole minor units of the campaign's currency, rates basis points, moments aware (UTC).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """One attributed order line, as a mechanic sees it when the line is first priced.

    `rate_bps` and `share_bps` are what plan and agreement give without any campaign. The counts
    are this campaign's own, before this line: `orders_before` grants to this affiliate,
    `used_before` coupons of its buyers used in the last seven days. `orders_before` and
    `pieces_before` are known where the campaign limits them; what a mechanic has to ask for is
    named in its `asks`.
    """

    placed_at: datetime
    base_minor: int
    quantity: int = 1
    merchant_id: int
    shop_id: int
    product_id: int | None = None
    category: str = ""
    brand: str = ""
    affiliate_id: int
    affiliate_kind: str = "small"
    affiliate_tier: int = 0
    rate_bps: int = 0
    share_bps: int = 0
    # What the merchant promised for the product on this campaign's slate; 0 where nothing.
    slate_rate_bps: int = 0
    slate_service_bps: int = 0
    enrolled_at: datetime | None = None  # accepted; None where not, or not asked for
    coupon_minor: int = 0  # face of this campaign's coupon that the order used; 0 without one
    orders_before: int = 0
    pieces_before: int = 0
    product_pieces_before: int = 0
    used_before: int = 0
    new_buyer: bool = False  # the first order of this buyer that the merchant has reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What a campaign adds to an order line. The engine fits it into caps and budget.

    A subsidy of min(base × `rate_bps`, `cap_minor`), of which the affiliate gets
    `subsidy_share_bps`; a fixed bonus is `rate_bps=10_000` with the bonus as its cap. Beside it,
    or instead of it: `commission_bps` raises the commission rate (the merchant has promised it),
    `share_bps` the affiliate's share of the commission, `service_bps` is the service fee of the
    campaign's host. None and 0 leave things alone; nothing is ever lowered.
    """

    rate_bps: int = 0
    cap_minor: int = 0
    subsidy_share_bps: int = 10_000
    commission_bps: int | None = None
    share_bps: int | None = None
    service_bps: int = 0
    why: dict[str, Any] = field(default_factory=dict)  # facts for the receipt, JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFacts:
    """Where one affiliate stands in a campaign: valid orders only, refunds taken off.

    `commission_minor` is its net commission from them without any subsidy. `reached_at` is when it
    first had what it has now. `links` (distinct products), `clicks` (valid ones), `visitors` and
    `active_days` are the effort that an income guarantee may ask for. `baseline_gmv_minor` is what
    it would have sold anyway: its sales in the days before, scaled to the campaign's length.
    """

    affiliate_id: int
    affiliate_kind: str = "small"
    legal_entity: str = ""  # affiliates of one legal entity share it; "" stands alone
    orders: int = 0
    pieces: int = 0
    buyers: int = 0
    gmv_minor: int = 0
    commission_minor: int = 0
    baseline_gmv_minor: int = 0
    reached_at: datetime | None = None
    violation_points: int = 0
    links: int = 0
    clicks: int = 0
    visitors: int = 0
    active_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What an affiliate gets when the campaign closes; `rank` where there is one."""

    affiliate_id: int
    amount_minor: int
    rank: int | None = None
    why: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantFacts:
    """Who wants to accept a guaranteed task. `running` and `this_month` count its enrolments in
    such tasks, `month_minor` is what those of this month may come to."""

    age_days: int
    named: bool = True  # has said who it is, so that it can be paid
    running: int = 0
    this_month: int = 0
    month_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """A product that a slate is offered. None is not known; a rule about it is not asked then.

    `rate_bps` is what its plans give, `offered_bps` and `service_bps` what the merchant promises
    for the campaign. `epc_micro` is the predicted earning per click in millionths of a minor unit,
    `conversion_bps` the predicted orders per click, `rating_centi` hundredths of a star.
    """

    product_id: int
    price_minor: int
    category: str = ""
    brand: str = ""
    rate_bps: int = 0
    offered_bps: int = 0
    service_bps: int = 0
    stock: int | None = None
    rating_centi: int | None = None
    refund_bps: int | None = None
    lowest_price_minor: int | None = None  # of the last 30 days
    median_price_minor: int | None = None  # of the market, for comparable products
    category_rate_bps: int | None = None  # three quarters of its category offer less
    category_refund_bps: int | None = None
    epc_micro: int = 0
    conversion_bps: int = 0

    @property
    def best_bps(self) -> int:
        """The commission rate that it would have in the campaign."""
        return max(self.rate_bps, self.offered_bps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Coupons with a time of their own: to the first, or by lot among all who claim in it."""

    size: int
    opens_at: datetime
    closes_at: datetime
    by_lot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """What buyers claim. `faces` are (amount in minor units, weight); without a threshold.

    A coupon is good for `valid_for` from the claim, with `until_end` not longer than the campaign.
    `per_day` and `in_all` bound what one buyer may claim of the campaign (None: no bound);
    `pause_days` must lie between two that a buyer gets. `wins`: the order goes to the affiliate on
    whose page it was claimed, before every click. A face is never worth more than the price.
    """

    faces: tuple[tuple[int, int], ...]
    valid_for: timedelta
    until_end: bool = False
    per_day: int | None = 1
    in_all: int | None = None
    pause_days: int = 0
    wins: bool = False
    least_wait: timedelta = timedelta(0)  # between claim and payment; faster is a machine

    def valid_until(self, claimed_at: datetime, ends_at: datetime) -> datetime:
        """When a coupon claimed at that moment expires, in a campaign that ends at `ends_at`."""
        until = claimed_at + self.valid_for
        return min(until, ends_at) if self.until_end else until
