"""One campaign and its hot coupon, and whose link leads to it."""

import secrets
from datetime import timedelta
from statistics import median

from django.db.models import Count

from affiliates.models import Link
from alliance.kernel import clock
from alliance.kernel.models import StaffRole, User
from bench.world import world_make
from campaigns.models import Campaign, CampaignState, Claim, CouponStock
from campaigns.services.stock import stock_make, stock_open

FACE = 500


class Night:
    """A fresh stock for each round."""

    def __init__(self) -> None:
        self.link: Link = world_make(products=1, affiliates=1).links[0]
        self.actor = User.objects.create_user(
            f"{secrets.token_hex(8)}@bench.example", is_staff=True, staff_roles=[StaffRole.OPS]
        )
        now = clock.now()
        self.campaign = Campaign.objects.create(
            kind="super_coupon",
            name="Bench",
            currency="CNY",
            state=CampaignState.LIVE,
            published_at=now,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=5),
            confirm_until=now + timedelta(days=9),
            merchant=self.link.shop.merchant,  # each night has a shop and a hot coupon of its own
            all_products=True,
            rules={"faces": [{"face_minor": FACE, "weight": 1}]},
        )

    def stock(self, size: int) -> CouponStock:
        made = stock_make(actor=self.actor, campaign=self.campaign, size=size)
        stock_open(stock=made)
        return made

    @property
    def through(self) -> list[int | None]:
        """Through whose link a buyer came, as `campaigns.claims.TAKE` wants it."""
        link = self.link
        return [link.pk, link.affiliate_id, link.zone_id, link.shop_id, link.product_id]


def sold_exactly(stock: CouponStock) -> None:
    """Each slot of the stock has one claim, there are no others, and no buyer has two."""
    sold = Claim.objects.filter(stock=stock)
    twice = sold.values("buyer_key").annotate(times=Count("pk")).filter(times__gt=1).count()
    slots = list(sold.order_by("slot").values_list("slot", flat=True))
    if slots != list(range(1, stock.size + 1)) or twice:
        raise AssertionError(f"{len(slots)} of {stock.size} sold, {twice} buyers twice")


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The middle of the rounds, each against its neighbour of the same minute."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))
