"""From a merchant's person to what their merchant was offered, agreed to and gave."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

import merchants.queries
from affiliates.models import AdZone, Affiliate, Intermediation, Link
from affiliates.queries import acting_for, membership_of
from alliance.kernel import clock
from alliance.kernel.http import key_in
from alliance.kernel.models import User
from campaigns.claims import left_in_all
from campaigns.coupon_pages import CouponPage
from campaigns.mechanics import MECHANICS, super_coupon
from campaigns.models import (
    TAKING_PART,
    Board,
    BoardKind,
    Campaign,
    CampaignState,
    Claim,
    ClaimState,
    CouponStock,
    Enrolment,
    Grant,
    Season,
    SlateItem,
    SlateState,
    StockState,
    Subsidy,
)
from merchants.models import Merchant, Product, ProductState


def subsidies_for(user: User) -> QuerySet[Subsidy]:
    """The subsidies that the merchant funds a part of, or that are for it alone."""
    return (
        Subsidy.objects.filter(merchant=merchants.queries.merchant_of(user))
        .exclude(merchant=None)
        .order_by("-pk")
    )


def intermediations_for(user: User) -> QuerySet[Intermediation]:
    """Who looks after the merchant's plans, or has offered to."""
    rows = Intermediation.objects.filter(plan__merchant=merchants.queries.merchant_of(user))
    return rows.select_related("affiliate", "plan__merchant").order_by(
        F("ends_at").desc(nulls_first=True), "-pk"
    )


# --- Campaigns and their slates -------------------------------------------------------------------

SEASON_NEAR = timedelta(days=30)

OPEN_STATES = (
    CampaignState.DRAFT,
    CampaignState.SCHEDULED,
    CampaignState.LIVE,
    CampaignState.PAUSED,
)


def season_near() -> Season | None:
    """The season that goes on, or that begins within a month."""
    now = clock.now()
    near = Season.objects.filter(ends_at__gt=now, warm_up_from__lte=now + SEASON_NEAR)
    return near.order_by("warm_up_from", "pk").first()


def season_at_its_height() -> bool:
    """Whether these are the main days of a season: everybody sells, and everybody asks."""
    now = clock.now()
    return Season.objects.filter(main_from__lte=now, closing_from__gt=now).exists()


def opens_to_merchants(campaign: Campaign, merchant_id: int) -> bool:
    """Whether the merchant may propose products now: it is published, or a draft whose enrolment
    has begun (products are called for before a campaign is complete), until enrolment or campaign
    end. One that names a merchant is that merchant's alone."""
    now = clock.now()
    return (
        campaign.merchant_id in (None, merchant_id)
        and MECHANICS[campaign.kind].merchants_enrol
        and campaign.state in OPEN_STATES
        and (campaign.state != CampaignState.DRAFT or campaign.enrol_from is not None)
        and (campaign.enrol_from is None or campaign.enrol_from <= now)
        and now < (campaign.enrol_until or campaign.ends_at)
    )


def campaigns_open_to(merchant: Merchant) -> QuerySet[Campaign]:
    """Where the merchant may propose products now, as `opens_to_merchants` says."""
    now = clock.now()
    kinds = [kind for kind, mechanic in MECHANICS.items() if mechanic.merchants_enrol]
    return Campaign.objects.filter(
        Q(merchant=None) | Q(merchant=merchant),
        Q(enrol_from__lte=now) | Q(enrol_from=None) & ~Q(state=CampaignState.DRAFT),
        Q(enrol_until__gt=now) | Q(enrol_until=None, ends_at__gt=now),
        kind__in=kinds,
        state__in=OPEN_STATES,
        currency=merchant.currency,
    ).order_by("starts_at", "pk")


def campaigns_of(merchant: Merchant) -> QuerySet[Campaign]:
    """The campaigns that the merchant pays a part of, was asked to, or has products in."""
    items = SlateItem.objects.filter(campaign=OuterRef("pk"), product__shop__merchant=merchant)
    mine = Q(merchant=merchant, merchant_bps__gt=0) | Exists(items)
    return Campaign.objects.filter(mine).order_by("-starts_at", "-pk")


def slate_items_of(merchant: Merchant) -> QuerySet[SlateItem]:
    """The merchant's products on slates, proposed or taken, the newest first."""
    rows = SlateItem.objects.filter(product__shop__merchant=merchant)
    return rows.select_related("campaign", "product__shop").order_by("-pk")


def slate_items_to_agree(merchant: Merchant) -> QuerySet[SlateItem]:
    """What operations wrote for the merchant's products that counts from its word on."""
    return slate_items_of(merchant).filter(
        Q(rate_bps__isnull=False) | Q(service_bps__gt=0),
        state=SlateState.APPROVED,
        agreed_at=None,
        campaign__state__in=OPEN_STATES,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateFilter:
    """Which products, as operations choose them. Amounts in minor units, rates basis points."""

    words: str = ""
    category: int | None = None
    brand: str = ""
    merchant: int | None = None
    least_price_minor: int | None = None
    most_price_minor: int | None = None
    least_rate_bps: int | None = None
    least_sales: int | None = None

    def products(self, currency: str) -> QuerySet[Product]:
        """Products on sale in that currency that fit everything said, best sold first."""
        asked = {
            "category": self.category,
            "shop__merchant": self.merchant,
            "price_minor__gte": self.least_price_minor,
            "price_minor__lte": self.most_price_minor,
            "rate_bps__gte": self.least_rate_bps,
            "sales_count__gte": self.least_sales,
        }
        rows = Product.objects.filter(
            currency=currency,
            state=ProductState.ON_SALE,
            **{name: value for name, value in asked.items() if value is not None},
        )
        if self.brand:
            rows = rows.filter(brand__iexact=self.brand.strip())
        return merchants.queries.products_found(rows, words=self.words, sort="sales")


def grants_of(line_pk: int) -> list[Grant]:
    """What campaigns gave to an order line, with the campaigns. Whose line it is: ask first."""
    return list(Grant.objects.filter(line=line_pk).select_related("campaign").order_by("campaign"))


# --- Boards ---------------------------------------------------------------------------------------


def campaigns_with_boards(affiliate: Affiliate) -> QuerySet[Board]:
    """Boards of campaigns that go on or are announced and are for the affiliate, with something on
    them; the next to end first."""
    return (
        Board.objects.filter(
            Q(campaign__kinds=[]) | Q(campaign__kinds__contains=[affiliate.kind]),
            kind=BoardKind.CAMPAIGN,
            campaign__state__in=(CampaignState.SCHEDULED, CampaignState.LIVE),
            campaign__ends_at__gt=clock.now(),
            campaign__least_tier__lte=affiliate.tier,
        )
        .exclude(campaign__barred=affiliate)
        .exclude(places=[])
        .select_related("campaign")
        .order_by("campaign__ends_at", "campaign")
    )


# --- Coupon pages ---------------------------------------------------------------------------------


def coupon_stocks_for(user: User, *, product: str = "") -> QuerySet[CouponStock]:
    """Open stocks of campaigns that the user's affiliate takes part in, now or soon; the soonest to
    end first; of time slots the next. `product` (a key as typed) leaves those that are for it."""
    member = membership_of(user)
    if member is None:
        return CouponStock.objects.none()
    affiliate = member.affiliate
    now = clock.now()
    enrolled = Enrolment.objects.filter(
        campaign=OuterRef("campaign"), affiliate=affiliate, state__in=TAKING_PART
    )
    enrols = [kind for kind, mechanic in MECHANICS.items() if mechanic.enrols]
    by_slots = [kind for kind, mechanic in MECHANICS.items() if mechanic.batches]
    sooner = CouponStock.objects.annotate(goods=Coalesce("product", 0)).filter(
        goods=Coalesce(OuterRef("product"), 0),
        campaign=OuterRef("campaign"),
        state=StockState.OPEN,
        closes_at__gt=now,
        closes_at__lt=OuterRef("closes_at"),
    )
    stocks = (
        CouponStock.objects.filter(
            Q(closes_at=None) | Q(closes_at__gt=now),
            Q(campaign__kinds=[]) | Q(campaign__kinds__contains=affiliate.kind),
            ~Q(campaign__sponsor="affiliate") | Q(campaign__host=affiliate),
            ~Q(campaign__kind__in=enrols) | Exists(enrolled),
            ~Q(campaign__kind__in=by_slots) | ~Exists(sooner),
            state=StockState.OPEN,
            campaign__state__in=(CampaignState.SCHEDULED, CampaignState.LIVE),
            campaign__ends_at__gt=now,
            campaign__least_tier__lte=affiliate.tier,
        )
        .exclude(campaign__barred=affiliate)
        .select_related("campaign", "product__shop__merchant")
        .order_by("campaign__ends_at", "-pk")
    )
    if product:
        slate = SlateItem.objects.filter(
            campaign=OuterRef("campaign"), product=key_in(product), state=SlateState.APPROVED
        )
        whole = Q(product=None) & (Q(campaign__all_products=True) | Exists(slate))
        stocks = stocks.filter(Q(product=key_in(product)) | whole)
    return stocks


def coupon_pages_of(
    user: User, stocks: Iterable[CouponStock], *, product: int | None = None
) -> list[CouponPage]:
    """Each stock with what is left of it and the user's newest link to its product; to `product`
    where the stock is for all of its campaign. Two statements however many."""
    stocks = list(stocks)
    left = left_in_all(stocks)
    newest: dict[int | None, Link] = {}
    links = Link.objects.filter(
        affiliate=acting_for(user),
        product__in={stock.product_id or product for stock in stocks} - {None},
        paused_at=None,
    )
    for link in links.order_by("pk"):
        newest[link.product_id] = link
    return [
        CouponPage(stock, left[stock.pk], newest.get(stock.product_id or product))
        for stock in stocks
    ]


# --- Super coupons of an affiliate's buyers -------------------------------------------------------

HAD = (ClaimState.HELD, ClaimState.USED, ClaimState.EXPIRED)
CHANNEL = r"^[0-9]{1,18}$"  # sub-id 2, where a tool has written a channel's number into it


@dataclass(frozen=True, slots=True)
class CouponCount:
    """Super coupons of one ad zone, and of one channel where that is asked: `issued` were claimed
    on the day, `used` by orders of the day."""

    zone: AdZone
    channel: str
    issued: int
    used: int


def coupons_counted(
    affiliate: Affiliate, day: date, *, zone: AdZone | None = None, channel: str | None = None
) -> list[CouponCount]:
    """What the affiliate's buyers claimed and used on a business day, by ad zone; with `channel`
    by channel as well, "" for each, a number for that one. What came to nothing is not counted: a
    coupon whose order became void is unused again. Three statements."""
    start, end = clock.day_start(day), clock.day_start(day + timedelta(days=1))
    stocks = CouponStock.objects.filter(campaign__kind=super_coupon.MECHANIC.kind)
    minutes = stocks.aggregate(longest=Max("valid_minutes"))["longest"]
    if minutes is None:
        return []
    claimed = Q(claimed_at__gte=start)
    used = Q(used_at__gte=start, used_at__lt=end)
    claims = _super_coupons(affiliate, zone).filter(
        claimed | used,
        state__in=HAD,
        claimed_at__gte=start - timedelta(minutes=minutes),  # no coupon is good for longer
        claimed_at__lt=end,
    )
    by = ["zone"]
    if channel is not None:
        by.append("link__sub2")
        mark = {"link__sub2": channel} if channel else {"link__sub2__regex": CHANNEL}
        claims = claims.filter(**mark)
    counted = claims.values(*by).annotate(
        issued=Count("pk", filter=claimed), used=Count("pk", filter=used)
    )
    rows = list(counted.order_by(*by))
    zones = AdZone.objects.select_related("site").in_bulk({row["zone"] for row in rows})
    return [
        CouponCount(zones[row["zone"]], row.get("link__sub2", ""), row["issued"], row["used"])
        for row in rows
    ]


def coupon_waits(
    affiliate: Affiliate, *, zone: AdZone | None = None, channel: str = "", member: str = ""
) -> bool:
    """Whether somebody who came by that channel, or is that member, holds a super coupon of the
    affiliate's that is still good and unused."""
    marks = {"link__sub2": channel, "link__sub3": member}
    waiting = _super_coupons(affiliate, zone).filter(
        state=ClaimState.HELD,
        expires_at__gt=clock.now(),
        **{name: mark for name, mark in marks.items() if mark},
    )
    return waiting.exists()


def _super_coupons(affiliate: Affiliate, zone: AdZone | None) -> QuerySet[Claim]:
    claims = Claim.objects.filter(affiliate=affiliate, campaign__kind=super_coupon.MECHANIC.kind)
    return claims.filter(zone=zone) if zone else claims
