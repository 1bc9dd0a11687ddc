"""What the coupon page behind a link offers now: which stock, in which state, at what price.

Looked up once a second for each link and process, however many visitors come; what a buyer gets is
decided by `campaigns.claims` alone.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Coalesce, Least
from django.utils.functional import cached_property

from affiliates.models import Affiliate
from affiliates.queries import Way
from alliance.kernel import clock
from campaigns.claims import left_in_all
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    PUBLISHED,
    TAKING_PART,
    Campaign,
    CampaignState,
    Claim,
    CouponStock,
    Enrolment,
    SlateItem,
    SlateState,
    Sponsor,
    StockMode,
    StockState,
)
from merchants.models import Product

# Best first: what can be had now, what will be, what was.
STATES = ("open", "soon", "paused", "sold_out", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A stock as the page shows it. Amounts are minor units of `currency`."""

    stock_id: int
    campaign_id: int
    campaign: str
    state: str  # one of STATES
    mode: str
    opens_at: datetime
    closes_at: datetime
    left: int
    size: int
    currency: str
    least_face_minor: int
    most_face_minor: int
    title: str = ""
    title_en: str = ""
    title_de: str = ""
    image_url: str = ""
    price_minor: int = 0  # 0: the link leads to the shop, not to a product
    commitment: str = ""  # of a draw: the hash of its seed, and the seed when it is over
    seed: str = ""

    def names(self, language: str) -> str:
        """The product's title in the language, or the best there is."""
        wanted = {"de": self.title_de, "en": self.title_en}.get(language[:2], self.title)
        return wanted or self.title or self.title_en


class Part:
    """In which campaigns an affiliate's buyers may claim: asked once for each, however many of its
    links are looked at."""

    def __init__(self, affiliate_id: int) -> None:
        self._affiliate_id = affiliate_id
        self._takes: dict[int, bool] = {}

    @cached_property
    def _affiliate(self) -> Affiliate:
        return Affiliate.objects.get(pk=self._affiliate_id)

    def taken(self, campaign: Campaign) -> bool:
        if campaign.pk not in self._takes:
            self._takes[campaign.pk] = _takes_part(campaign, self._affiliate)
        return self._takes[campaign.pk]


def ways_with_stocks(ways: Collection[Way]) -> list[Way]:
    """Those for which there may be a stock: nobody has to ask for the others one by one. Two
    statements, however many."""
    products = {way.product_id for way in ways if way.product_id}
    shops = {way.shop_id for way in ways if not way.product_id}
    stocks = CouponStock.objects.exclude(state=StockState.DRAFT).filter(
        Q(product=None) | Q(product__in=products), campaign__state__in=PUBLISHED
    )
    asked = stocks.values_list("product", "campaign", "campaign__all_products").distinct()
    own = {product for product, _campaign, _all in asked if product}
    whole = {campaign: all_of_it for product, campaign, all_of_it in asked if not product}
    if any(whole.values()):
        return list(ways)
    slates = SlateItem.objects.filter(
        Q(product__in=products) | Q(product__shop__in=shops),
        campaign__in=whole,
        state=SlateState.APPROVED,
    )
    on_slate = set(slates.values_list("product", "product__shop").distinct()) if whole else set()
    own |= {product for product, _shop in on_slate}
    with_goods = {shop for _product, shop in on_slate}
    return [
        way
        for way in ways
        if (way.product_id in own if way.product_id else way.shop_id in with_goods)
    ]


def offer_of(way: Way, part: Part | None = None) -> Offer | None:
    """The best stock for what the link leads to, and for whose link it is; None without any.
    `part`: of that affiliate, where several links are looked at."""
    rows = list(_stocks(way))
    if not rows:
        return None
    part = part or Part(way.affiliate_id)
    rows = [stock for stock in rows if part.taken(stock.campaign)]
    now, left_of = clock.now(), left_in_all(rows)
    found = [(stock, *_state(stock, left_of[stock.pk], now)) for stock in rows]
    if not found:
        return None
    stock, state, left = min(
        found,
        key=lambda one: (
            STATES.index(one[1]),
            one[0].claims_from if one[1] == "soon" else now,
            -max(one[0].faces),
            one[0].pk,
        ),
    )
    product = Product.objects.filter(pk=way.product_id).first() if way.product_id else None
    return Offer(
        stock_id=stock.pk,
        campaign_id=stock.campaign_id,
        campaign=stock.campaign.name,
        state=state,
        mode=stock.mode,
        opens_at=stock.claims_from,
        closes_at=stock.claims_until,
        left=left,
        size=stock.size,
        currency=stock.currency,
        least_face_minor=min(stock.faces),
        most_face_minor=max(stock.faces),
        commitment=hashlib.sha256(stock.seed.encode()).hexdigest() if stock.seed else "",
        seed=stock.seed if stock.drawn_at else "",
        **_facts(stock, product),
    )


def _facts(stock: CouponStock, product: Product | None) -> dict[str, Any]:
    if product is None:
        return {}
    item = SlateItem.objects.filter(
        campaign=stock.campaign_id, product=product, state=SlateState.APPROVED
    ).first()
    special = item.price_minor if item and item.price_minor else product.price_minor
    return {
        "title": product.title,
        "title_en": product.title_en,
        "title_de": product.title_de,
        "image_url": product.image_url,
        "price_minor": min(special, product.price_minor),
    }


def _stocks(way: Way) -> Iterable[CouponStock]:
    """Of published campaigns: for the product, or for a slate that it (or its shop) is on."""
    slate = SlateItem.objects.filter(campaign=OuterRef("campaign"), state=SlateState.APPROVED)
    if way.product_id:
        whole = Exists(slate.filter(product=way.product_id))
        mine = Q(product=way.product_id)
    else:
        whole = Exists(slate.filter(product__shop=way.shop_id))
        mine = Q(pk=None)
    everything = Q(campaign__all_products=True)
    can_be_had = Q(state=StockState.OPEN, until__gt=clock.now())
    return (
        CouponStock.objects.exclude(state=StockState.DRAFT)
        .filter(campaign__state__in=PUBLISHED)
        # One that names a merchant is that merchant's alone.
        .filter(Q(campaign__merchant=None) | Q(campaign__merchant__shops=way.shop_id))
        .filter(mine | (Q(product=None) & (whole | everything)))
        .filter(campaign__currency=F("currency"))
        .select_related("campaign")
        .annotate(until=Least(Coalesce("closes_at", "campaign__ends_at"), "campaign__ends_at"))
        # Of a campaign with many time slots those that are over come last.
        .annotate(over=ExpressionWrapper(~can_be_had, BooleanField()))
        .order_by("over", "until", "-pk")
        .distinct()[:20]
    )


def _takes_part(campaign: Campaign, affiliate: Affiliate) -> bool:
    """Whether buyers of this affiliate may claim: its vouchers are the host's alone."""
    if campaign.sponsor == Sponsor.AFFILIATE and campaign.host_id != affiliate.pk:
        return False
    if campaign.kinds and affiliate.kind not in campaign.kinds:
        return False
    if affiliate.tier < campaign.least_tier:
        return False
    if campaign.barred.filter(pk=affiliate.pk).exists():
        return False
    if not MECHANICS[campaign.kind].enrols:
        return True
    return Enrolment.objects.filter(
        campaign=campaign, affiliate=affiliate, state__in=TAKING_PART
    ).exists()


def _state(stock: CouponStock, unclaimed: int, now: datetime) -> tuple[str, int]:
    over = stock.state != StockState.OPEN or now >= stock.claims_until
    if over or stock.campaign.state == CampaignState.CLOSED:
        return "ended", 0
    left = unclaimed if stock.mode == StockMode.FIRST else stock.size
    if stock.campaign.state == CampaignState.PAUSED:
        return "paused", left
    if now < stock.claims_from:
        return "soon", left
    return ("open" if left else "sold_out"), left


def newest_claim(*, campaign_id: int, buyer_key: str) -> Claim | None:
    """The buyer's last claim in the campaign: one step down the index of buyers and days."""
    return Claim.objects.filter(campaign=campaign_id, buyer_key=buyer_key).order_by("-day").first()
