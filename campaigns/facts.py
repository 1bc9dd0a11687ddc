"""The frozen words that mechanics speak: facts in, rewards and awards out.

Amounts are whole minor units of the campaign's currency, rates basis points, moments aware (UTC).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """One attributed order line, as a mechanic sees it when the line is first priced.

    `rate_bps` and `share_bps` are what plan and agreement give without any campaign. The counts
    are this campaign's own, before this line: `orders_before` grants to this affiliate,
    `used_before` coupons of its buyers used in the last seven days.
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
    first had what it has now. The last ones are the effort that an income guarantee may ask for.
    """

    affiliate_id: int
    affiliate_kind: str = "small"
    legal_entity: str = ""  # affiliates of one legal entity share it; "" stands alone
    orders: int = 0
    pieces: int = 0
    buyers: int = 0
    gmv_minor: int = 0
    commission_minor: int = 0
    baseline_gmv_minor: int = 0  # the same days before, for what came on top
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
