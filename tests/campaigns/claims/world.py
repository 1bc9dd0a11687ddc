"""A super coupon in full swing: the shared cast, a campaign, an open stock for its product."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns import claims
from campaigns.models import Campaign, CampaignState, CouponStock, SlateItem
from campaigns.services.stock import stock_make, stock_open
from tests.cast import Cast, cast_make, staff_make

# A Thursday evening in the alliance's time; the campaign began at midnight and runs for three days.
EVENING = datetime(2026, 6, 18, 20, tzinfo=clock.ZONE)


@dataclass
class World:
    cast: Cast
    campaign: Campaign
    stock: CouponStock
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def through(self) -> claims.Through:
        return through(self.cast.link)

    def claim(self, buyer: str = "", request: str = "", stock: CouponStock | None = None):
        """A claim by that buyer; by somebody new if none is named."""
        number = next(self.numbers)
        return claims.claim(
            stock_id=(stock or self.stock).pk,
            buyer_key=buyer or f"buyer{number}",
            request_key=request or f"request{number}",
            through=self.through,
        )


def through(link) -> claims.Through:
    return claims.Through(
        link_id=link.pk,
        affiliate_id=link.affiliate_id,
        zone_id=link.zone_id,
        shop_id=link.shop_id,
        product_id=link.product_id,
    )


def campaign_make(product=None, **changes) -> Campaign:
    """A published super coupon around the present evening."""
    begins = clock.now() - timedelta(hours=20)
    facts = {
        "kind": "super_coupon",
        "name": "618 super coupon",
        "currency": "CNY",
        "state": CampaignState.LIVE,
        "published_at": begins - timedelta(days=1),
        "starts_at": begins,
        "ends_at": begins + timedelta(days=3),
        "confirm_until": begins + timedelta(days=30),
        "budget_minor": 10_000_00,
        "rules": rules_of((3000, 1)),
        **changes,
    }
    campaign = Campaign.objects.create(**facts)
    if product is not None:
        SlateItem.objects.create(campaign=campaign, product=product)
    return campaign


def rules_of(*faces: tuple[int, int], **rules) -> dict[str, Any]:
    """Rules of a super coupon with these faces (amount, weight)."""
    return {"faces": [{"face_minor": face, "weight": weight} for face, weight in faces], **rules}


def stock_of(campaign, size: int = 100, **changes) -> CouponStock:
    """An open stock of one hundred coupons, on the terms of its campaign."""
    stock = stock_make(actor=staff_make(StaffRole.OPS), campaign=campaign, size=size, **changes)
    stock_open(stock=stock)
    return stock


def world_make(**stock) -> World:
    """Needs a transaction=True test: the cast's money services are durable."""
    cast = cast_make()
    campaign = campaign_make(cast.product)
    return World(cast, campaign, stock_of(campaign, product=cast.product, **stock))
