"""What is public of rates: the log of their changes, locks, first pieces (docs/domain.md §2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from affiliates.models import Affiliate, PlanMember
from alliance.kernel import clock
from merchants.models import (
    JOINED,
    EventState,
    Merchant,
    MerchantState,
    PieceStock,
    PlanKind,
    Product,
    RateLock,
    Terms,
)

HISTORY = timedelta(days=90)


def rate_changes(
    affiliate: Affiliate,
    *,
    merchant: int = 0,
    product: int = 0,
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Terms]:
    """Every announcement that the affiliate may see, the newest first; of a merchant, for a product
    (with what speaks for its category or shop), announced from day to day, both included.

    Rates of plans that are not for everybody are seen by those who are in them, up to when they
    left by those who were, and where the merchant shows them; rates of an event once it is
    published.
    """
    mine = PlanMember.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=OuterRef("created_at")),
        plan=OuterRef("plan"),
        affiliate=affiliate,
        starts_at__isnull=False,
    )
    published = (EventState.PUBLISHED, EventState.ENDED)
    found = Terms.objects.filter(
        ~Q(plan__kind__in=[*JOINED, PlanKind.EVENT])
        | Q(plan__event__state__in=published)
        | Q(plan__kind=PlanKind.SP, plan__rates_shown=True)
        | Q(Exists(mine), plan__kind__in=JOINED)
    )
    if merchant:
        found = found.filter(plan__merchant=merchant)
    if product:
        about = Product.objects.filter(pk=product).values("category", "shop__merchant").first()
        found = found.filter(
            Q(product=product)
            | Q(product=None, category=about["category"] if about else 0)
            | Q(product=None, category=None),
            plan__merchant=about["shop__merchant"] if about else 0,
        )
    if since:
        found = found.filter(created_at__gte=clock.day_start(since))
    if until:
        found = found.filter(created_at__lt=clock.day_start(until + timedelta(days=1)))
    return found.select_related("plan__merchant", "product", "category").order_by(
        "-created_at", "-pk"
    )


def merchants_trading() -> QuerySet[Merchant]:
    """Whoever can be promoted, to choose from."""
    return Merchant.objects.filter(state=MerchantState.ACTIVE).order_by("name", "pk")


def rate_history(affiliate: Affiliate, product: Product) -> QuerySet[Terms]:
    """What was announced for the product in the last 90 days."""
    since = clock.business_day() - HISTORY
    return rate_changes(affiliate, product=product.pk, since=since)


@dataclass(frozen=True, slots=True)
class Extra:
    """What is promised beside the rate: until when it is locked, for how many first pieces."""

    locked_until: datetime | None
    stock: PieceStock | None


def extra_of(product: Product, plan_id: int) -> Extra:
    """Of the plan that counts for the product. Two statements."""
    now = clock.now()
    locks = RateLock.objects.filter(
        Q(product=None) | Q(product=product), plan=plan_id, starts_at__lte=now, ends_at__gt=now
    )
    last = locks.order_by("-ends_at").first()
    stocks = PieceStock.objects.filter(
        product=product, plan__starts_at__lte=now, plan__ends_at__gt=now, plan=plan_id
    )
    return Extra(last.ends_at if last else None, stocks.select_related("plan").first())


@dataclass(frozen=True, slots=True)
class FirstPieces:
    """A higher rate for the first pieces of a product: how many there were, and are left."""

    pieces: int
    left: int
    rate_bps: int
    starts_at: datetime
    ends_at: datetime


def first_pieces_of(products: Iterable[Product]) -> dict[int, FirstPieces]:
    """By product: first pieces of which some are left, now or to come. Of several the best paid of
    those that run, or the next to begin. One statement."""
    now = clock.now()
    stocks = PieceStock.objects.filter(
        product__in=list(products), taken__lt=F("pieces"), plan__ends_at__gt=now
    )
    # Their rate was promised with them and stays: there is one.
    rows = stocks.annotate(rate=Max("plan__terms__rate_bps")).values_list(
        "product", "pieces", "taken", "rate", "plan__starts_at", "plan__ends_at"
    )
    found: dict[int, FirstPieces] = {}
    for pk, pieces, taken, rate, starts_at, ends_at in rows.order_by("pk"):
        one = FirstPieces(pieces, pieces - taken, rate, starts_at, ends_at or starts_at)
        if pk not in found or _sooner(one, now) < _sooner(found[pk], now):
            found[pk] = one
    return found


def _sooner(one: FirstPieces, now: datetime) -> tuple[datetime, int]:
    return max(one.starts_at, now), -one.rate_bps


def locks_of_plans(plans: Iterable[int]) -> dict[int, datetime]:
    """By plan: until when it is locked as a whole."""
    now = clock.now()
    rows = RateLock.objects.filter(
        plan__in=plans, product=None, starts_at__lte=now, ends_at__gt=now
    )
    return dict(rows.order_by("ends_at").values_list("plan", "ends_at"))
