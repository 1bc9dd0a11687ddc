"""What the risk scores are made of, and who has to be looked at."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from affiliates.models import Affiliate, AffiliateState, ClickDay, StandDown
from aiassist.models import ReviewState, RiskPolicy, RiskReview, RiskScore
from aiassist.risk import Facts, Peer
from alliance.kernel import clock
from campaigns.models import Standing
from commissions import queries
from commissions.models import (
    Award,
    AwardState,
    Commission,
    CommissionState,
    Violation,
    ViolationState,
    ViolationTarget,
)
from merchants.models import Category

DAYS = 90
CLOSE = timedelta(days=2)  # just before the end of a period

# Each order once for the affiliate that brought it. A line is settled when its month is, and came
# back too late if a refund was taken off it after that.
ORDERS = """
    SELECT a.affiliate_id, min(o.placed_at), sum(l.amount_minor),
        min(extract(epoch FROM o.placed_at - a.touched_at)),
        coalesce(min(t.visitor_key), ''), coalesce(min(t.ip_key), ''),
        coalesce(min(k.slug), ''),
        coalesce(bool_or(s.closed_at IS NOT NULL), false),
        coalesce(bool_or(EXISTS (
            SELECT FROM merchants_refund r
            WHERE r.line_id = l.id AND r.state = 'applied' AND r.applied_at > s.closed_at
        )), false)
    FROM merchants_order o
    JOIN merchants_orderline l ON l.order_id = o.id
    JOIN affiliates_attribution a ON a.line_id = l.id
    JOIN affiliates_affiliate f ON f.id = a.affiliate_id AND f.state = %(active)s
    LEFT JOIN affiliates_touch t ON t.id = a.touch_id AND t.touched_at = a.touched_at
    LEFT JOIN merchants_product p ON p.id = l.product_id
    LEFT JOIN merchants_category k ON k.id = p.category_id
    LEFT JOIN commissions_commission c ON c.line_id = l.id AND c.role = 'affiliate'
    LEFT JOIN LATERAL (
        SELECT min(closed_at) AS closed_at FROM commissions_settlement
        WHERE state = 'closed' AND currency = c.currency AND month >= c.settles_in
    ) s ON true
    WHERE o.placed_at >= %(since)s AND o.placed_at < %(until)s AND o.state <> 'void'
    GROUP BY a.affiliate_id, o.id
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is judged in a night: facts, who is whose peer, and how many orders each has."""

    facts: Facts
    peers: dict[int, Peer]
    orders: dict[int, int]


def risk_facts() -> Known:
    """The last DAYS days of every active affiliate."""
    until = clock.now()
    since = clock.day_start(clock.business_day(until - timedelta(days=DAYS)))
    with connection.cursor() as cursor:
        cursor.execute(
            ORDERS, {"active": AffiliateState.ACTIVE.value, "since": since, "until": until}
        )
        rows = cursor.fetchall()
    columns = [*zip(*rows, strict=True)] or [()] * 9
    affiliate, placed, amount, after, buyer, address, category, settled, returned = columns
    affiliates = np.array(affiliate, dtype=np.int64)
    block, closing = _blocks(affiliates, placed, since, until)
    barred = StandDown.objects.filter(noticed_at__gte=since).order_by().values("affiliate")
    facts = Facts(
        affiliate=affiliates,
        buyer=_numbered(buyer),
        address=_numbered(address),
        after=np.array([np.nan if one is None else float(one) for one in after], dtype=float),
        amount=np.array([int(one) for one in amount], dtype=np.int64),
        block=block,
        closing=closing,
        settled=np.array(settled, dtype=bool),
        returned=np.array(returned, dtype=bool),
        clicks=_clicks(since),
        barred=dict(barred.annotate(n=Count("order", distinct=True)).values_list("affiliate", "n")),
    )
    return Known(facts, _peers(zip(affiliate, category, strict=True)), Counter(affiliate))


def _numbered(keys: Sequence[str]) -> np.ndarray:
    """Numbers instead of hashes; 0 where there is none."""
    _known, number = np.unique(np.array(["", *keys]), return_inverse=True)  # "" sorts first
    return number[1:]


def _clicks(since: datetime) -> dict[int, int]:
    whole = ClickDay.objects.filter(affiliate__isnull=False, merchant=None, zone=None, link=None)
    since_day = whole.filter(day__gte=clock.business_day(since)).order_by().values("affiliate")
    return dict(since_day.annotate(sum=Sum("clicks")).values_list("affiliate", "sum"))


def _peers(orders: Iterable[tuple[int, str]]) -> dict[int, Peer]:
    """Of what kind each is, and what it sells most."""
    sold: dict[int, Counter[str]] = defaultdict(Counter)
    for affiliate, category in orders:
        sold[affiliate][category] += 1
    kinds = Affiliate.objects.filter(pk__in=sold).values_list("pk", "kind")
    return {pk: Peer(kind, sold[pk].most_common(1)[0][0]) for pk, kind in kinds}


def _blocks(
    affiliate: np.ndarray, placed: Sequence[datetime], since: datetime, until: datetime
) -> tuple[np.ndarray, np.ndarray]:
    """The span of two days that each order lies in, and whether that comes before a close: of a
    month, or of a campaign with rewards that counts this affiliate's orders."""
    moments = np.array([one.timestamp() for one in placed], dtype=float)
    block = ((moments - since.timestamp()) // CLOSE.total_seconds()).astype(int)
    closing = np.zeros(len(moments), bool)
    for number, (end, whose) in enumerate(_closes(since, until)):
        before = (moments < end.timestamp()) & (moments >= (end - CLOSE).timestamp())
        if whose is not None:
            before &= np.isin(affiliate, whose)
        block[before], closing[before] = number, True
    return block, closing


def _closes(since: datetime, until: datetime) -> list[tuple[datetime, list[int] | None]]:
    """When a period ends, and for whom; None: for all."""
    closes: list[tuple[datetime, list[int] | None]] = []
    month = clock.next_month(clock.month_start(clock.business_day(since)))
    while clock.day_start(month) <= until:
        closes.append((clock.day_start(month), None))
        month = clock.next_month(month)
    counted: dict[datetime, list[int]] = defaultdict(list)
    standings = Standing.objects.filter(
        campaign__kind__in=queries.CLOSING, campaign__ends_at__range=(since, until)
    )
    for end, pk in standings.values_list("campaign__ends_at", "affiliate").distinct():
        counted[end].append(pk)
    return [*closes, *sorted(counted.items())]


# --- Who is looked at -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stake:
    """Money of one currency that is on its way to an affiliate, in minor units."""

    currency: str
    net_minor: int  # commissions that no settlement has taken
    awards_minor: int  # rewards that are not paid


def policy_now() -> RiskPolicy:
    """The newest one; before operations set any, the usual one (never saved)."""
    return RiskPolicy.objects.select_related("set_by").order_by("-pk").first() or RiskPolicy()


def reviews_open() -> QuerySet[RiskReview]:
    return RiskReview.objects.filter(state=ReviewState.OPEN)


def may_be_reviewed(affiliate: Affiliate, *, quiet_since: datetime) -> bool:
    """Not while the whole account is in a case, nor soon after somebody found nothing wrong."""
    cases = Violation.objects.filter(affiliate=affiliate, target=ViolationTarget.ACCOUNT)
    cleared = RiskReview.objects.filter(
        affiliate=affiliate, state=ReviewState.CLEARED, decided_at__gte=quiet_since
    )
    in_case = cases.filter(Q(state=ViolationState.OPEN) | Q(ended_at=None)).exists()
    return affiliate.state == AffiliateState.ACTIVE and not in_case and not cleared.exists()


def scores_of(affiliate: Affiliate) -> QuerySet[RiskScore]:
    """The nights on which it stood out, newest first."""
    return RiskScore.objects.filter(affiliate=affiliate).order_by("-day")


def category_name(score: RiskScore) -> str:
    category = Category.objects.filter(slug=score.category).first()
    return category.name if category else ""


def at_stake(affiliate: Affiliate) -> list[Stake]:
    """By currency what a case about the account would hold back now."""
    unsettled = Commission.objects.unsettled().exclude(state=CommissionState.VOID)
    net = _sums(unsettled.filter(affiliate=affiliate), "net_minor")
    unpaid = Award.objects.filter(
        affiliate=affiliate, state__in=(AwardState.REVIEW, AwardState.DUE)
    )
    awards = _sums(unpaid, "amount_minor")
    return [
        Stake(currency, net.get(currency, 0), awards.get(currency, 0))
        for currency in sorted(net | awards)
    ]


def _sums(rows: QuerySet[Any], name: str) -> dict[str, int]:
    by_currency = rows.order_by().values("currency").annotate(sum=Sum(name))
    return dict(by_currency.values_list("currency", "sum"))
