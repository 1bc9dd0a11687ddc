"""What the operations desk reads: the days, the queues, the calendar, the books at a glance."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Count,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce, TruncDate

from affiliates.models import Affiliate, AffiliateState, Site, SiteState
from affiliates.queries import clicks_of_all
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.calendar import ALIVE
from campaigns.models import (
    Campaign,
    CampaignState,
    CouponStock,
    Enrolment,
    EnrolmentState,
    SlateItem,
    SlateState,
    StockState,
)
from commissions import queries
from commissions.models import (
    Account,
    Appeal,
    AppealState,
    Award,
    AwardState,
    BankCredit,
    BankCreditState,
    Commission,
    CommissionState,
    DebtWriteOff,
    Entry,
    Line,
    Payout,
    PayoutState,
    Period,
    Settlement,
    SettlementShare,
    SettlementState,
    TaxRemittance,
    TaxRemittanceState,
    TopUp,
    TopUpState,
    WalletRefund,
    WalletRefundState,
    WriteOffState,
)
from commissions.services.settlements import settlement_day
from merchants.models import (
    Merchant,
    MerchantState,
    Order,
    OrderLine,
    OrderState,
    Refund,
    RefundState,
)

# --- The days -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Day:
    """One business day of the alliance, in the alliance's currency (minor units)."""

    day: date
    orders: int = 0
    sales_minor: int = 0
    commission_minor: int = 0
    clicks: int = 0  # by people
    visitors: int = 0


def days(count: int = 30) -> list[Day]:
    """The last `count` business days, today last. Sales: what is paid and not given back."""
    today = clock.business_day()
    first = today - timedelta(days=count - 1)
    found = {first + timedelta(days=i): Day(first + timedelta(days=i)) for i in range(count)}
    since, currency = clock.day_start(first), settings.ALLIANCE["CURRENCY"]
    paid = Q(order__state__in=(OrderState.PAID, OrderState.RECEIVED))
    lines = OrderLine.objects.filter(order__placed_at__gte=since, currency=currency)
    for row in _by_day(lines, "order__placed_at").annotate(
        orders=Count("order_id", distinct=True),
        sales=Coalesce(Sum(F("amount_minor") - F("refunded_minor"), filter=paid), 0),
    ):
        if row["day"] in found:
            found[row["day"]].orders = row["orders"]
            found[row["day"]].sales_minor = row["sales"]
    commissions = Commission.objects.filter(placed_at__gte=since, currency=currency)
    for row in _by_day(commissions, "placed_at").annotate(due=Sum("commission_minor")):
        if row["day"] in found:
            found[row["day"]].commission_minor = row["due"]
    for day, came in clicks_of_all(first, today).items():
        found[day].clicks, found[day].visitors = came.clicks, came.visitors
    return list(found.values())


def _by_day(rows: QuerySet[Any], moment: str) -> QuerySet[Any, dict[str, Any]]:
    return rows.order_by().values(day=TruncDate(moment, tzinfo=clock.ZONE))


# --- What waits for somebody ----------------------------------------------------------------------

WAITING: dict[str, Callable[[], QuerySet[Any]]] = {
    "affiliates": lambda: Affiliate.objects.filter(state=AffiliateState.APPLIED),
    "merchants": lambda: Merchant.objects.filter(state=MerchantState.APPLIED),
    "sites": lambda: Site.objects.filter(state=SiteState.SUBMITTED),
    "drafts": lambda: Campaign.objects.filter(state=CampaignState.DRAFT),
    "raises": lambda: Campaign.objects.filter(raise_minor__gt=0),
    "stocks": lambda: CouponStock.objects.filter(state=StockState.DRAFT, campaign__state__in=ALIVE),
    "enrolments": lambda: Enrolment.objects.filter(state=EnrolmentState.APPLIED),
    "proposals": lambda: SlateItem.objects.filter(state=SlateState.PROPOSED),
    "appeals": lambda: Appeal.objects.filter(state=AppealState.FILED),
    "awards": lambda: Award.objects.filter(state=AwardState.REVIEW),
    "top_ups": lambda: TopUp.objects.filter(state=TopUpState.ANNOUNCED),
    "transfers": lambda: BankCredit.objects.filter(state=BankCreditState.OPEN),
    "payouts_to_release": lambda: Payout.objects.filter(state=PayoutState.REQUESTED),
    "taxes": lambda: TaxRemittance.objects.filter(state=TaxRemittanceState.PREPARED),
    "debts": queries.debts_old,
    "write_offs": lambda: DebtWriteOff.objects.filter(state=WriteOffState.REQUESTED),
    "wallet_refunds": lambda: WalletRefund.objects.filter(state=WalletRefundState.REQUESTED),
    "payouts_to_confirm": lambda: Payout.objects.filter(state=PayoutState.SENDING, rail="manual"),
    "bank_file": queries.payouts_for_bank_file,
    "differences": queries.differences_open,
    "refunds": lambda: Refund.objects.filter(state=RefundState.UNMATCHED),
    "unfunded": lambda: Commission.objects.filter(state=CommissionState.UNFUNDED),
    "orders": lambda: Order.objects.exclude(processed_version=F("version")),
}


def waiting() -> dict[str, int]:
    """How many of each wait."""
    return {name: rows().count() for name, rows in WAITING.items()}


# --- Settlement -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calendar:
    """The next settlement day, what it will settle, and the last one."""

    day: date
    month: date
    waiting: list[Money]
    affiliates: int
    last: Settlement | None
    last_net: Money | None


def calendar() -> Calendar:
    """The settlement calendar as it stands today."""
    today = clock.business_day()
    month = clock.previous_month(today)
    if settlement_day(month) < today:
        month = clock.month_start(today)
    due = _due(month)
    totals = due.order_by("currency").values("currency").annotate(total=Sum("net_minor"))
    closed = Settlement.objects.filter(state=SettlementState.CLOSED)
    last = closed.annotate(net_minor=Coalesce(Sum("shares__net_minor"), 0))
    last_one = last.order_by("-closed_at").first()
    return Calendar(
        day=settlement_day(month),
        month=month,
        waiting=[Money(row["total"], row["currency"]) for row in totals],
        affiliates=due.aggregate(n=Count("affiliate", distinct=True))["n"],
        last=last_one,
        last_net=Money(last_one.net_minor, last_one.currency) if last_one else None,
    )


def _due(month: date) -> QuerySet[Commission]:
    return Commission.objects.unsettled().filter(settles_in__lte=month)


def months_to_settle() -> list[date]:
    """The months that are over and have something to settle, newest first; at least the last."""
    months = {clock.previous_month(clock.business_day())}
    due = _due(max(months)).order_by("settles_in").values_list("settles_in", flat=True)
    month = due.first() or min(months)
    while month < max(months):
        months.add(month)
        month = clock.next_month(month)
    return sorted(months, reverse=True)


def currencies() -> list[str]:
    """The currencies in which commission was ever due; the alliance's own comes first."""
    own = settings.ALLIANCE["CURRENCY"]
    used = Merchant.objects.order_by().values_list("currency", flat=True).distinct()
    return [own, *sorted(set(used) - {own})]


ODDITIES = ("changed", "stopped", "zero", "huge", "first")
HUGE = 5  # times what the affiliate got on average before


@dataclass(slots=True)
class Share:
    """One affiliate's share of a settlement, and what is odd about it (see ODDITIES)."""

    affiliate: Affiliate
    commissions: int
    publisher_minor: int
    tech_fee_minor: int
    net_minor: int
    debt_repaid_minor: int
    usual_minor: int
    odd: list[str]
    now_minor: int | None = None  # what it would be if built again, where that differs


def shares(settlement: Settlement) -> list[Share]:
    """Who gets what, the odd ones first, then by amount. Constant number of queries."""
    built = list(settlement.shares.select_related("affiliate"))
    before = {
        row["affiliate"]: (row["total"], row["times"])
        for row in SettlementShare.objects.filter(
            settlement__state=SettlementState.CLOSED,
            settlement__currency=settlement.currency,
            settlement__month__lt=settlement.month,
        )
        .order_by()
        .values("affiliate")
        .annotate(total=Sum("net_minor"), times=Count("pk"))
    }
    now = changed(settlement) if settlement.state == SettlementState.BUILT else {}
    found = [_share(share, before.get(share.affiliate_id), now) for share in built]
    if not before:  # the alliance's first settlement: everybody is new
        for share in found:
            share.odd = [name for name in share.odd if name != "first"]
    missing = set(now) - {share.affiliate_id for share in built}
    found += [
        Share(affiliate, 0, 0, 0, 0, 0, 0, ["changed"], now[affiliate.pk])
        for affiliate in Affiliate.objects.filter(pk__in=missing)
    ]
    return sorted(found, key=lambda s: (-len(s.odd), -s.net_minor, s.affiliate.pk))


def _share(share: SettlementShare, before: tuple[int, int] | None, now: dict[int, int]) -> Share:
    usual = before[0] // before[1] if before else 0
    odd = {
        "changed": share.affiliate_id in now,
        "stopped": share.affiliate.state != AffiliateState.ACTIVE,
        "zero": share.net_minor == 0,
        "huge": bool(usual) and share.net_minor > HUGE * usual,
        "first": before is None,
    }
    return Share(
        affiliate=share.affiliate,
        commissions=share.commissions,
        publisher_minor=share.publisher_minor,
        tech_fee_minor=share.tech_fee_minor,
        net_minor=share.net_minor,
        debt_repaid_minor=share.debt_repaid_minor,
        usual_minor=usual,
        odd=[name for name in ODDITIES if odd[name]],
        now_minor=now.get(share.affiliate_id),
    )


def changed(settlement: Settlement) -> dict[int, int]:
    """Affiliates whose share would differ if the settlement were built now: key → net (minor)."""
    due = _due(settlement.month).filter(currency=settlement.currency)
    now = dict(
        due.order_by()
        .values("affiliate")
        .annotate(n=Sum("net_minor"))
        .values_list("affiliate", "n")
    )
    built = dict(settlement.shares.values_list("affiliate", "net_minor"))
    return {pk: now.get(pk, 0) for pk in now.keys() | built.keys() if now.get(pk) != built.get(pk)}


def settlements_with_totals(rows: QuerySet[Settlement]) -> QuerySet[Any]:
    """Each with `affiliates`, `net_minor` and `debt_repaid_minor`."""
    return rows.annotate(
        affiliates=Count("shares"),
        net_minor=Coalesce(Sum("shares__net_minor"), 0),
        debt_repaid_minor=Coalesce(Sum("shares__debt_repaid_minor"), 0),
    )


# --- The books ------------------------------------------------------------------------------------


def accounts_with_balances(rows: QuerySet[Account]) -> QuerySet[Any]:
    """Each with `balance_minor`: its guarded balance, or (the platform's) the sum of its lines."""

    def total(side: str) -> Any:
        lines = Line.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
        return Coalesce(Subquery(lines.annotate(s=Sum("amount_minor")).values("s")), 0)

    summed = ExpressionWrapper(total("credit") - total("debit"), BigIntegerField())
    return rows.annotate(balance_minor=Coalesce("guarded__balance_minor", summed))


def lines_of(account: Account) -> QuerySet[Line]:
    """The account's lines, newest first."""
    lines = Line.objects.filter(Q(debit=account) | Q(credit=account))
    return lines.select_related("entry", "debit", "credit").order_by("-pk")


def months_to_close() -> list[date]:
    """Months that are over, have entries and are not closed, oldest first."""
    closed = set(Period.objects.values_list("month", flat=True))
    first = Entry.objects.order_by("effective_on").values_list("effective_on", flat=True).first()
    this = clock.month_start(clock.business_day())
    months, month = [], clock.month_start(first) if first else this
    while month < this:
        if month not in closed:
            months.append(month)
        month = clock.next_month(month)
    return months


def money_of(owner: str) -> list[tuple[str, Money]]:
    """The guarded balances of a merchant or affiliate ("merchant:12"): (kind, balance)."""
    accounts = Account.objects.filter(owner=owner).order_by("currency", "kind")
    return [
        (account.kind, Money(account.balance_minor, account.currency))
        for account in accounts_with_balances(accounts)
    ]


def suggestions(refund: Refund, limit: int = 12) -> Iterable[OrderLine]:
    """Lines that a waiting refund may belong to: same shop, enough left, sold before it.

    Those of exactly this amount come first, then the latest.
    """
    left = F("amount_minor") - F("refunded_minor")
    lines = OrderLine.objects.filter(
        order__shop=refund.shop,
        currency=refund.currency,
        order__placed_at__lte=refund.refunded_at,
        amount_minor__gte=refund.amount_minor + F("refunded_minor"),
    )
    return (
        lines.annotate(exact=Q(amount_minor=refund.amount_minor), left=left)
        .select_related("order", "product")
        .order_by("-exact", "-order__placed_at", "-pk")[:limit]
    )
