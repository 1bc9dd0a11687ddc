"""What an affiliate may see of the money."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.http import key_in
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart
from commissions.models import (
    AwardState,
    Balance,
    Commission,
    CommissionLine,
    CommissionState,
    PayeeAccount,
    PayeeRole,
    Payout,
    PayoutState,
    SandboxSale,
    SettlementShare,
    SettlementState,
)
from commissions.models.commission import CommissionQuerySet
from commissions.reporting import groups

# As stored: what is settled is a confirmed one.
BOOKED = (CommissionState.ESTIMATED, CommissionState.CONFIRMED, CommissionState.FROZEN)
UNDER_WAY = (PayoutState.REQUESTED, PayoutState.READY, PayoutState.SENDING)

# Of what others brought neither the ad zone nor the sub-ids are for the affiliate's eyes: only its
# own commissions have an attribution.
WITHIN = {
    "zone": "attribution__zone",
    "product": "line__product",
    "shop": "line__order__shop",
    **{name: f"attribution__subs__{place}" for place, name in enumerate(groups.SUBS)},
}

# --- Rows ----------------------------------------------------------------------------------------


def commissions_for(user: User) -> CommissionQuerySet:
    """The commissions of the user's affiliate, newest order first, with all that a row shows."""
    mine = Commission.objects.standing().filter(affiliate__members__user=user)
    return mine.select_related("line__order__shop", "line__product", "merchant").order_by(
        "-placed_at", "-pk"
    )


def sales_pretended_for(user: User) -> QuerySet[SandboxSale]:
    """What sandbox keys of the user's affiliate invented, newest first."""
    mine = SandboxSale.objects.filter(affiliate__members__user=user)
    return mine.select_related("affiliate", "zone__site", "product__shop__merchant").order_by("-pk")


def has_commissions(affiliate: Affiliate) -> bool:
    """Whether an order was ever the affiliate's, in whatever role."""
    return Commission.objects.filter(affiliate=affiliate).exists()


def commissions_found(
    rows: CommissionQuerySet,
    *,
    state: str = "",
    start: date | None = None,
    end: date | None = None,
    sub: str = "",
    number: str = "",
    through: str = "",
    **within: Any,
) -> CommissionQuerySet:
    """Narrowed by state, business days (both included) of placing, sub-id, order number, and to the
    rows of a report: `within` as `WITHIN` has them, `through` whom or as what."""
    if state:
        rows = rows.in_standing([state])
    if start:
        rows = rows.filter(placed_at__gte=clock.day_start(start))
    if end:
        rows = rows.filter(placed_at__lt=clock.day_start(end + timedelta(days=1)))
    if sub:
        rows = rows.filter(attribution__subs__contains=[sub])
    if number:
        rows = rows.filter(line__order__external_id__istartswith=number)
    if through:
        rows = _brought_through(rows, through)
    if campaign := within.pop("campaign", None):
        granted = {"line__grants__active": True, "line__grants__affiliate": F("affiliate")}
        rows = rows.filter(line__grants__campaign=campaign, **granted)
    return rows.filter(**{WITHIN[name]: value for name, value in within.items()})


def _brought_through(rows: CommissionQuerySet, through: str) -> CommissionQuerySet:
    """By itself ("own"), by an affiliate below it (its key), or in another role."""
    if through.isdecimal():
        first = Q(role=PayeeRole.PARTNER, line__attribution__affiliate=key_in(through))
        second = Q(role=PayeeRole.SECOND, line__attribution__partner=key_in(through))
        return rows.filter(first | second)
    match through:
        case groups.OWN:
            return rows.filter(role=PayeeRole.AFFILIATE)
        case groups.SERVICE:
            return rows.filter(role=PayeeRole.INTERMEDIARY)
        case groups.OTHERS:
            return rows.exclude(role=PayeeRole.AFFILIATE)
        case _:
            return rows.none()


def steps_of(commission: Commission) -> QuerySet[CommissionLine]:
    """Every revision of a commission that the caller may see, oldest first, with its entry."""
    return commission.lines.select_related("entry").order_by("revision")


def payouts_for(user: User) -> QuerySet[Payout]:
    """Withdrawals of the user's affiliate, newest first."""
    mine = Payout.objects.filter(affiliate__members__user=user)
    return mine.select_related("payee", "requested_by").order_by("-pk")


def payee_of(affiliate: Affiliate) -> PayeeAccount | None:
    """Where the next withdrawal goes."""
    return affiliate.payee_accounts.order_by("-pk").first()


def shares_for(user: User) -> QuerySet[SettlementShare]:
    """What the user's affiliate got out of each closed settlement, newest month first."""
    mine = SettlementShare.objects.filter(
        affiliate__members__user=user, settlement__state=SettlementState.CLOSED
    )
    return mine.select_related("settlement").order_by("-settlement__month", "settlement__currency")


def clawbacks_for(user: User) -> QuerySet[CommissionLine]:
    """What was taken back after settlement, newest first: where a debt comes from."""
    mine = CommissionLine.objects.filter(
        affiliate__members__user=user, state=CommissionState.SETTLED, net_minor__lt=0
    )
    return mine.select_related("commission__line__order").order_by("-at", "-pk")


# --- Figures -------------------------------------------------------------------------------------


def currencies_of(affiliate: Affiliate, usual: str) -> list[str]:
    """The currencies in which the affiliate has ever had a commission; `usual` first."""
    found = set(
        Balance.objects.filter(account__owner=f"affiliate:{affiliate.pk}").values_list(
            "account__currency", flat=True
        )
    )
    found |= set(
        Commission.objects.filter(affiliate=affiliate)
        .order_by()
        .values_list("currency", flat=True)
        .distinct()
    )
    return sorted(found or {usual}, key=lambda currency: (currency != usual, currency))


@dataclass(slots=True)
class Earned:
    """One day, or the sum of several. Amounts in minor units, after the service fee."""

    orders: int = 0
    estimated_minor: int = 0
    confirmed_minor: int = 0
    settled_minor: int = 0

    def __add__(self, other: "Earned") -> "Earned":
        return Earned(
            self.orders + other.orders,
            self.estimated_minor + other.estimated_minor,
            self.confirmed_minor + other.confirmed_minor,
            self.settled_minor + other.settled_minor,
        )


def earned_by_day(
    affiliate: Affiliate, currency: str, start: date, end: date
) -> dict[date, Earned]:
    """Per business day, both ends included: paid orders and their estimated commission by the day
    they were placed, confirmed by the day of receipt, settled by the day of settlement, rewards of
    campaigns by the day of their payment."""
    days = {start + timedelta(days=i): Earned() for i in range((end - start).days + 1)}
    mine = Commission.objects.filter(affiliate=affiliate, currency=currency).order_by()
    placed = mine.filter(
        state__in=(*BOOKED, CommissionState.UNFUNDED), **_between("placed_at", start, end)
    )
    per_day = placed.values(day=TruncDate("placed_at", tzinfo=clock.ZONE))
    for day, orders, minor in per_day.annotate(
        orders=Count("line__order", distinct=True), minor=Sum("net_minor")
    ).values_list("day", "orders", "minor"):
        days[day].orders, days[day].estimated_minor = orders, minor
    confirmed = mine.filter(
        state__in=(CommissionState.CONFIRMED, CommissionState.FROZEN),
        **_between("confirmed_at", start, end),
    )
    per_day = confirmed.values(day=TruncDate("confirmed_at", tzinfo=clock.ZONE))
    for day, minor in per_day.annotate(minor=Sum("net_minor")).values_list("day", "minor"):
        days[day].confirmed_minor = minor
    shares = SettlementShare.objects.filter(
        affiliate=affiliate,
        settlement__currency=currency,
        settlement__state=SettlementState.CLOSED,
        **_between("settlement__closed_at", start, end),
    )
    for moment, minor in shares.values_list("settlement__closed_at", "net_minor"):
        days[clock.business_day(moment)].settled_minor += minor
    awarded = affiliate.awards.filter(currency=currency, **_between("paid_at", start, end))
    for moment, minor in awarded.values_list("paid_at", "booked_minor"):
        days[clock.business_day(moment)].settled_minor += minor
    return days


def _between(field: str, start: date, end: date) -> dict[str, datetime]:
    return {
        f"{field}__gte": clock.day_start(start),
        f"{field}__lt": clock.day_start(end + timedelta(days=1)),
    }


@dataclass(frozen=True, slots=True)
class Balances:
    """Where an affiliate's money stands. `debt` is positive: what is owed."""

    estimated: Money
    pending: Money
    frozen: Money
    payable: Money
    debt: Money
    in_flight: Money


KEPT = (chart.pending, chart.frozen, chart.payable, chart.debt)


def balances_of(affiliate: Affiliate, currency: str) -> Balances:
    """The guarded balances, what is paid but not received yet, and withdrawals under way."""
    codes = [code(affiliate.pk) for code in KEPT]
    held = dict(
        Balance.objects.filter(account__code__in=codes, account__currency=currency).values_list(
            "account__code", "balance_minor"
        )
    )
    pending, frozen, payable, debt = (Money(held.get(code, 0), currency) for code in codes)
    estimated = affiliate.commissions.filter(state=CommissionState.ESTIMATED, currency=currency)
    sending = affiliate.payouts.filter(state__in=UNDER_WAY, currency=currency)
    return Balances(
        estimated=_sum(estimated, "net_minor", currency),
        pending=pending,
        frozen=frozen,
        payable=payable,
        debt=-debt,
        in_flight=_sum(sending, "amount_minor", currency),
    )


def _sum(rows: QuerySet[Any], field: str, currency: str) -> Money:
    return Money(rows.aggregate(total=Sum(field))["total"] or 0, currency)


def to_settle(affiliate: Affiliate, currency: str, month: date) -> Money:
    """What the settlement of that month would bring now, campaign rewards included."""
    due = affiliate.commissions.unsettled().filter(currency=currency, settles_in__lte=month)
    awarded = affiliate.awards.filter(currency=currency, state=AwardState.DUE, due_month__lte=month)
    return _sum(due, "net_minor", currency) + _sum(awarded, "amount_minor", currency)


def waiting_of(affiliate: Affiliate, currency: str) -> dict[str, int]:
    """How many commissions wait for the buyer's receipt, the merchant's money, the payment."""
    rows = (
        affiliate.commissions.filter(
            currency=currency,
            state__in=(
                CommissionState.PLACED,
                CommissionState.UNFUNDED,
                CommissionState.ESTIMATED,
            ),
        )
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    return dict(rows)
