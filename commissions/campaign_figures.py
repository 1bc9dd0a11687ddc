"""What a running campaign looks like this minute. Each figure is one bounded, indexed statement;
all of them are kept for a few seconds, so that a room full of screens costs what one does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, QuerySet, Sum
from django.db.models.functions import TruncMinute
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.columns import Text
from alliance.kernel.desk import history_of
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import Money
from campaigns.claims import left_in_all
from campaigns.models import PUBLISHED, Campaign, Claim, CouponStock, Grant, StockState
from commissions import chart, ledger
from commissions.models import Commission, CommissionState, PayeeRole

KEPT_SECONDS = 4
MINUTES = 60
TOP = 10
SAMPLE = 1_000  # the latest grants, for averages
LAST = 10
# Why a claim is refused (campaigns.claims.Taken, and the doors in front of it).
REASONS: dict[str, Text] = {
    "early": _("too early"),
    "paused": _("paused"),
    "ended": pgettext_lazy("claim", "ended"),
    "sold_out": _("sold out"),
    "enough": _("has had enough"),
    "again": _("has one already"),
    "unknown": _("unknown link"),
    "token": _("without the page"),
    "cookie": _("without a cookie"),
    "bot": _("a machine"),
    "device": _("too many from a device"),
    "network": _("too many from a network"),
}


@dataclass(frozen=True, slots=True)
class Minute:
    """Orders and claims of one minute; heights in percent of the best one."""

    at: datetime
    orders: int
    claims: int
    height: int
    claims_height: int


@dataclass(frozen=True, slots=True)
class Live:
    """The figures of the monitor. Money of the campaign's currency.

    `orders` are order lines with a grant that counts; `cuts` those that got less than the mechanic
    gave, because a limit or the budget was reached. A campaign that pays nothing of an order (it
    raises a share, or gives buyers coupons) is told `by_sales`: `worth` and the amounts of `top`
    are then what was sold, else what affiliates were given.
    """

    at: datetime
    minutes: list[Minute]
    orders: int
    affiliates: int
    by_sales: bool
    worth: Money
    left: Money
    used_percent: int
    share_bps: int | None  # of the affiliates on average, in the latest orders
    cuts: int
    top: list[tuple[Affiliate, int, Money]]  # order lines, amount
    events: list[AuditEvent]
    grants: list[Grant]
    coupons: int  # in its stocks, and how many of them can still be claimed
    coupons_left: int
    refusals: list[tuple[Text, int]]  # of the last hour

    @property
    def per_minute(self) -> int:
        """Of the last full minute."""
        return self.minutes[-2].orders

    @property
    def claims_per_minute(self) -> int:
        return self.minutes[-2].claims

    @property
    def claimed_percent(self) -> int:
        return (self.coupons - self.coupons_left) * 100 // self.coupons if self.coupons else 0


def live(campaign: Campaign) -> Live:
    """The figures, at most KEPT_SECONDS old."""
    key = f"campaign:{campaign.pk}:live"
    found: Live | None = cache.get(key)
    if found is None:
        found = _live(campaign)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _live(campaign: Campaign) -> Live:
    grants = Grant.objects.filter(campaign=campaign)
    sums = grants.filter(active=True).aggregate(
        orders=Count("pk"),
        affiliates=Count("affiliate", distinct=True),
        spent=Sum("amount_minor"),
        sold=Sum("line__amount_minor"),
    )
    by_sales = bool(sums["orders"]) and not sums["spent"]
    left = left_of(campaign)
    used = campaign.budget_minor - left.minor
    stocks = list(CouponStock.objects.filter(campaign=campaign).exclude(state=StockState.DRAFT))
    latest = list(
        grants.order_by("-granted_at").select_related("affiliate", "line__order")[:SAMPLE]
    )
    return Live(
        at=clock.now(),
        minutes=_minutes(grants, campaign if stocks else None),
        orders=sums["orders"],
        affiliates=sums["affiliates"],
        by_sales=by_sales,
        worth=Money(sums["sold" if by_sales else "spent"] or 0, campaign.currency),
        left=left,
        used_percent=min(100, used * 100 // campaign.budget_minor) if campaign.budget_minor else 0,
        share_bps=_share(latest),
        cuts=sum(1 for grant in latest if "cut" in grant.why),
        top=_top(campaign, "line__amount_minor" if by_sales else "amount_minor"),
        events=list(history_of(campaign)[:LAST]),
        grants=latest[:LAST],
        coupons=sum(stock.size for stock in stocks),
        coupons_left=sum(
            left_in_all([one for one in stocks if one.state == StockState.OPEN]).values()
        ),
        refusals=_refusals(campaign) if stocks else [],
    )


def left_of(campaign: Campaign) -> Money:
    """What may still be promised; of a draft its whole budget."""
    if campaign.state not in PUBLISHED:
        return campaign.budget
    return ledger.balance(chart.budget(campaign.pk), campaign.currency)


def _minutes(grants: QuerySet[Grant], claimed: Campaign | None) -> list[Minute]:
    """The last hour, minute by minute, the quiet ones too."""
    this = clock.now().replace(second=0, microsecond=0)
    first = this - timedelta(minutes=MINUTES - 1)
    orders = _by_minute(grants.filter(granted_at__gte=first), "granted_at")
    claims: dict[datetime, int] = {}
    if claimed is not None:
        taken = Claim.objects.filter(claimed_at__gte=first, campaign=claimed)
        claims = _by_minute(taken, "claimed_at")
    best = max([*orders.values(), *claims.values()], default=0) or 1
    moments = [first + timedelta(minutes=i) for i in range(MINUTES)]
    return [
        Minute(
            at,
            orders.get(at, 0),
            claims.get(at, 0),
            orders.get(at, 0) * 100 // best,
            claims.get(at, 0) * 100 // best,
        )
        for at in moments
    ]


def _by_minute(rows: QuerySet[Any], moment: str) -> dict[datetime, int]:
    found = rows.annotate(minute=TruncMinute(moment)).order_by().values_list("minute")
    return dict(found.annotate(Count("pk")))


def _refusals(campaign: Campaign) -> list[tuple[Text, int]]:
    """Claims of the last hour that were refused, by reason, the most frequent first."""
    since = clock.now() - timedelta(minutes=MINUTES)
    rows = campaign.refusals.filter(minute__gte=since).order_by().values_list("reason")
    counts = rows.annotate(count=Sum("count")).order_by("-count", "reason")
    return [(REASONS.get(reason, reason), count) for reason, count in counts]


def _share(latest: list[Grant]) -> int | None:
    """What affiliates get of the commission on average, subsidies apart."""
    lines = [grant.line_id for grant in latest]
    rows = Commission.objects.filter(line__in=lines, role=PayeeRole.AFFILIATE)
    rows = rows.exclude(state=CommissionState.VOID)
    average = rows.aggregate(average=Avg("share_bps"))["average"]
    return None if average is None else round(average)


def _top(campaign: Campaign, amount: str) -> list[tuple[Affiliate, int, Money]]:
    rows = list(
        Grant.objects.filter(campaign=campaign, active=True)
        .order_by()
        .values("affiliate")
        .annotate(orders=Count("pk"), amount=Sum(amount))
        .order_by("-amount", "-orders", "affiliate")[:TOP]
    )
    named = Affiliate.objects.in_bulk([row["affiliate"] for row in rows])
    return [
        (named[row["affiliate"]], row["orders"], Money(row["amount"], campaign.currency))
        for row in rows
    ]
