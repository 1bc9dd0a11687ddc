"""What a merchant may see of the money: what was sold, through whom, and what it cost."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    Max,
    Min,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    When,
    Window,
)
from django.db.models.functions import Coalesce, TruncDate

from affiliates.models import PlanMember
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, User
from alliance.kernel.money import Money, half_up
from commissions import chart
from commissions.models import (
    Balance,
    Commission,
    CommissionState,
    Line,
    PayeeRole,
    SandboxOrder,
    TopUp,
)
from commissions.queries.affiliate import BOOKED
from commissions.queries.funding import funding_of, low_below
from merchants.models import (
    Coverage,
    Merchant,
    Order,
    OrderLine,
    OrderState,
    Plan,
    Refund,
    RefundState,
    Shop,
)
from merchants.queries import shops_for

# Partner and intermediary have rows of their own beside the affiliate's: sold was it once.
BROUGHT = Q(role=PayeeRole.AFFILIATE)
COST = F("commission_minor") + F("special_fee_minor") + F("merchant_subsidy_minor")

LITTLE = 10_000  # commissions

# --- Rows ----------------------------------------------------------------------------------------


def lines_sold_for(user: User) -> QuerySet[OrderLine]:
    """Order lines of the user's merchant with what each payee gets, newest order first."""
    mine = OrderLine.objects.filter(order__merchant__members__user=user)
    return (
        mine.select_related("order__shop", "product", "attribution")
        .prefetch_related(dues())
        .order_by("-order__placed_at", "-order_id", "pk")
    )


def dues(path: str = "commissions") -> Prefetch:
    """The commissions of order lines, the affiliate's own first, as `due_of` wants them."""
    rows = Commission.objects.standing().select_related("affiliate").order_by("pk")
    return Prefetch(path, queryset=rows)


def due_of(line: OrderLine) -> Commission | None:
    """The commission of whoever brought the line; None if nobody did. Load `dues` along."""
    return next((c for c in line.commissions.all() if c.role == PayeeRole.AFFILIATE), None)


def cost_of(line: OrderLine) -> Money:
    """What the line costs its merchant, all payees and fees. Load `dues` along."""
    return Money(sum(due.cost_minor for due in line.commissions.all()), line.currency)


def lines_found(
    rows: QuerySet[OrderLine],
    *,
    state: str = "",
    brought: str = "",
    affiliate: int | None = None,
    bringer: int | None = None,
    start: date | None = None,
    end: date | None = None,
    number: str = "",
    product: int | None = None,
    plan: int | None = None,
    campaign: int | None = None,
) -> QuerySet[OrderLine]:
    """Narrowed by the order's state, `brought` (yes, no), affiliate that gets something of it or
    (`bringer`) brought it, days of placing, number, product, plan that it was decided by, campaign
    that gave something to it."""
    if state:
        rows = rows.filter(order__state=state)
    if brought:
        rows = rows.filter(attribution__affiliate__isnull=brought == "no")
    if affiliate:
        rows = rows.filter(commissions__affiliate=affiliate)
    if bringer:
        rows = rows.filter(attribution__affiliate=bringer)
    if start:
        rows = rows.filter(order__placed_at__gte=clock.day_start(start))
    if end:
        rows = rows.filter(order__placed_at__lt=clock.day_start(end + timedelta(days=1)))
    if number:
        rows = rows.filter(order__external_id__startswith=number)
    if product:
        rows = rows.filter(product=product)
    if plan:
        rows = rows.filter(attribution__plan=plan)
    if campaign:
        rows = rows.filter(grants__campaign=campaign, grants__active=True)
    return rows


def orders_reported_for(user: User) -> QuerySet[Order]:
    """Orders of the merchants whose team the user is in, with lines, decisions, commissions."""
    return (
        Order.objects.filter(merchant__members__user=user)
        .select_related("shop")
        .prefetch_related("lines__attribution", dues("lines__commissions"))
        .order_by("pk")
    )


def orders_pretended_for(user: User) -> QuerySet[SandboxOrder]:
    """What sandbox keys of the user's merchant reported."""
    return SandboxOrder.objects.filter(shop__in=shops_for(user)).order_by("-pk")


def orders_found(
    rows: QuerySet[Order],
    *,
    state: str = "",
    shop: int | None = None,
    start: date | None = None,
    end: date | None = None,
) -> QuerySet[Order]:
    """Narrowed by state, shop and days of placing, both included."""
    if state:
        rows = rows.filter(state=state)
    if shop:
        rows = rows.filter(shop=shop)
    if start:
        rows = rows.filter(placed_at__gte=clock.day_start(start))
    if end:
        rows = rows.filter(placed_at__lt=clock.day_start(end + timedelta(days=1)))
    return rows


def order_of_shop(user: User, shop: Shop, number: str) -> Order | None:
    """The shop's order of that number, with its lines."""
    rows = Order.objects.filter(shop=shop, merchant__members__user=user, external_id=number)
    return rows.prefetch_related("lines").first()


def shop_for(user: User, merchant: Merchant, number: int | None) -> Shop | None:
    """The merchant's shop of that number, or its only one if none is named."""
    shops = Shop.objects.filter(merchant=merchant, merchant__members__user=user)
    if number is not None:
        return shops.filter(pk=number).first()
    few = list(shops.order_by("pk")[:2])
    return few[0] if len(few) == 1 else None


def refunds_for(user: User) -> QuerySet[Refund]:
    """Refunds that fit no order and wait for a person, oldest first."""
    waiting = Refund.objects.filter(shop__merchant__members__user=user, state=RefundState.UNMATCHED)
    return waiting.select_related("shop").order_by("refunded_at", "pk")


def lines_to_refund(
    user: User, refund: Refund, number: str, *, anywhere: bool = False
) -> QuerySet[OrderLine]:
    """Lines of the refund's shop with enough left to be refunded: of the order `number`; without
    one, of the article that the refund names, the latest order before it first. `anywhere`: all."""
    rows = lines_sold_for(user).filter(
        order__shop=refund.shop_id,
        currency=refund.currency,
        amount_minor__gte=F("refunded_minor") + refund.amount_minor,
    )
    if anywhere:
        return rows
    if number:
        return rows.filter(order__external_id=number)
    article = str(refund.facts.get("product", ""))
    if not article:
        return rows.none()
    return rows.filter(product_external_id=article, order__placed_at__lte=refund.refunded_at)


def top_ups_for(user: User) -> QuerySet[TopUp]:
    """Announced, received and refused top-ups, newest first."""
    return TopUp.objects.filter(merchant__members__user=user).order_by("-pk")


def wallet_lines(merchant: Merchant) -> QuerySet[Any]:
    """Ledger lines that moved the merchant's wallet, newest first.

    `delta_minor` is what a line did to the balance, `balance_minor` what stood there afterwards.
    """
    code = chart.wallet(merchant.pk)
    arrives = Q(credit__code=code, credit__currency=merchant.currency)
    leaves = Q(debit__code=code, debit__currency=merchant.currency)
    delta = Case(
        When(arrives, then=F("amount_minor")),
        default=-F("amount_minor"),
        output_field=BigIntegerField(),
    )
    return (
        Line.objects.filter(arrives | leaves)
        .select_related("entry", "debit", "credit")
        .annotate(delta_minor=delta)
        .annotate(balance_minor=Window(Sum("delta_minor"), order_by=[F("entry_id"), F("pk")]))
        .order_by("-entry_id", "-pk")
    )


# --- Figures -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sold:
    """One day, or the sum of several, of what affiliates sold. Amounts in minor units."""

    orders: int = 0
    sales_minor: int = 0
    cost_minor: int = 0

    def __add__(self, other: "Sold") -> "Sold":
        return Sold(
            self.orders + other.orders,
            self.sales_minor + other.sales_minor,
            self.cost_minor + other.cost_minor,
        )

    @property
    def roi_centi(self) -> int | None:
        """Sales (what buyers kept) per commission, times 100; None without commission."""
        return self.sales_minor * 100 // self.cost_minor if self.cost_minor else None


def sold_by_day(merchant: Merchant, start: date, end: date) -> dict[date, Sold]:
    """Per business day of placing, both ends included: what affiliates brought, and its cost."""
    days = {start + timedelta(days=i): Sold() for i in range((end - start).days + 1)}
    rows = (
        Commission.objects.filter(
            merchant=merchant,
            state__in=(*BOOKED, CommissionState.UNFUNDED),
            placed_at__gte=clock.day_start(start),
            placed_at__lt=clock.day_start(end + timedelta(days=1)),
        )
        .order_by()
        .values(day=TruncDate("placed_at", tzinfo=clock.ZONE))
        .annotate(
            orders=Count("line__order", distinct=True),
            # Of the lines, not the commissions: an order that waits for funds was sold, too.
            sales=Coalesce(
                Sum(F("line__amount_minor") - F("line__refunded_minor"), filter=BROUGHT), 0
            ),
            cost=Sum(COST),
        )
    )
    for row in rows:
        days[row["day"]] = Sold(row["orders"], row["sales"], row["cost"])
    return days


def sold_little(merchant: Merchant) -> bool:
    """Whether all that affiliates ever sold for it can be looked through while somebody waits."""
    return Commission.objects.filter(merchant=merchant)[: LITTLE + 1].count() <= LITTLE


def orders_placed(merchant: Merchant, start: date) -> int:
    """All paid orders of the merchant since a business day, whoever brought them."""
    return Order.objects.filter(
        merchant=merchant,
        state__in=(OrderState.PAID, OrderState.RECEIVED),
        placed_at__gte=clock.day_start(start),
    ).count()


@dataclass(slots=True)
class Brought:
    """What one affiliate brought and cost. `refunded_bps`: refunded of what was paid."""

    affiliate_id: int
    name: str
    orders: int
    sales_minor: int
    cost_minor: int
    refunded_bps: int
    first_at: datetime
    last_at: datetime
    # Of whoever asks for them: clicks of people into the merchant's shops; orders of buyers that
    # are known, by whether they had bought through an affiliate before; plans that it is in.
    clicks: int = 0
    visitors: int = 0
    new: int = 0
    returning: int = 0
    plans: list[Plan] = field(default_factory=list)

    @property
    def roi_centi(self) -> int | None:
        return self.sales_minor * 100 // self.cost_minor if self.cost_minor else None


def brought_by_affiliate(
    user: User, merchant: Merchant, start: date | None, end: date | None
) -> list[Brought]:
    """Per affiliate, by the days (both included) on which the orders were placed."""
    mine = Commission.objects.filter(
        merchant=merchant,
        merchant__members__user=user,
        state__in=(*BOOKED, CommissionState.UNFUNDED),
    )
    if start:
        mine = mine.filter(placed_at__gte=clock.day_start(start))
    if end:
        mine = mine.filter(placed_at__lt=clock.day_start(end + timedelta(days=1)))
    grouped = (
        mine.order_by()
        .values_list("affiliate_id", "affiliate__name")
        .annotate(
            orders=Count("line__order", distinct=True),
            amount=Coalesce(Sum("line__amount_minor", filter=BROUGHT), 0),
            refunded=Coalesce(Sum("line__refunded_minor", filter=BROUGHT), 0),
            cost=Sum(COST),
            first=Min("placed_at"),
            last=Max("placed_at"),
        )
    )
    return [
        Brought(
            affiliate_id=pk,
            name=name,
            orders=orders,
            sales_minor=amount - refunded,
            cost_minor=cost,
            refunded_bps=refunded * 10_000 // amount if amount else 0,
            first_at=first,
            last_at=last,
        )
        for pk, name, orders, amount, refunded, cost, first, last in grouped
    ]


def plans_of_affiliates(merchant: Merchant, affiliates: Iterable[int]) -> dict[int, list[Plan]]:
    """By affiliate: the merchant's targeted and self-chosen plans that it is in now."""
    now = clock.now()
    places = PlanMember.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        Q(plan__ends_at=None) | Q(plan__ends_at__gt=now),
        plan__merchant=merchant,
        affiliate__in=list(affiliates),
        starts_at__lte=now,
    )
    found: dict[int, list[Plan]] = defaultdict(list)
    for place in places.select_related("plan").order_by("plan"):
        found[place.affiliate_id].append(place.plan)
    return found


@dataclass(frozen=True, slots=True)
class WalletState:
    """A merchant's money with the alliance, in its currency."""

    balance: Money
    reserved: Money
    credit: Money
    weekly: Money  # what left the wallet for commissions in the last seven days
    monthly: Money  # and in the last thirty
    unfunded: int  # commissions that wait for money
    low: bool  # something waits already, or less is left than where the warning begins
    warn_below: Money
    days_weekly: int | None  # how long it lasts at the pace of the last week; None: nothing goes
    days_monthly: int | None
    fortnight: Money  # what left the wallet for commissions in the last fourteen days
    days: int | None  # how long it lasts at that pace
    coverage: Coverage  # the band that affiliates see

    @property
    def spendable(self) -> Money:
        return self.balance + self.credit

    @property
    def daily(self) -> Money:
        """The pace of the last fourteen days."""
        return Money(half_up(self.fortnight.minor, 14), self.fortnight.currency)

    @property
    def until(self) -> date | None:
        """The day on which it ends at this pace; None where nothing is spent, and beyond a year,
        which no pace foretells."""
        if self.days is None or self.days >= 365:
            return None
        return clock.business_day() + timedelta(days=self.days)


def wallet_of(merchant: Merchant) -> WalletState:
    reserved = Balance.objects.filter(
        account__code=chart.reserved(merchant.pk), account__currency=merchant.currency
    )
    funding = funding_of([merchant.pk])[merchant.pk]
    below = low_below(merchant, funding)

    def money(minor: int) -> Money:
        return Money(minor, merchant.currency)

    return WalletState(
        balance=money(funding.balance_minor),
        reserved=money(reserved.values_list("balance_minor", flat=True).first() or 0),
        credit=money(funding.credit_minor),
        weekly=money(funding.week_minor),
        monthly=money(funding.month_minor),
        unfunded=funding.unfunded,
        low=bool(funding.unfunded) or funding.spendable_minor < below,
        warn_below=money(below),
        days_weekly=funding.days_at(funding.week_minor, 7),
        days_monthly=funding.days_at(funding.month_minor, 30),
        fortnight=money(funding.fortnight_minor),
        days=funding.days_at(funding.fortnight_minor, 14),
        coverage=funding.coverage,
    )


def credit_changes(merchant: Merchant) -> list[tuple[datetime, Money, Money]]:
    """When the credit limit was changed, from what to what, newest first."""
    events = AuditEvent.objects.filter(
        object_type=Merchant._meta.label_lower,
        object_id=str(merchant.pk),
        verb="merchant.credit_limit",
    ).order_by("-at", "-pk")
    return [
        (
            event.at,
            Money(event.data["before"], merchant.currency),
            Money(event.data["after"], merchant.currency),
        )
        for event in events
    ]
