"""What the risk scores are made of, and who has to be looked at."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from affiliates.models import Affiliate, AffiliateState, ClickDay, StandDown
from aiassist.models import WAITING, ReviewState, RiskPolicy, RiskReview, RiskScore
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

# Each order once for the affiliate that brought it. A line is settled when its month is, and came
# back too late if a refund was taken off it after that.
ORDERS = """
    SELECT a.affiliate_id, min(o.placed_at), sum(l.amount_minor),
        min(extract(epoch FROM o.placed_at - a.touched_at)),
        coalesce(min(t.visitor_key), ''), coalesce(min(t.ip_key), ''),
        coalesce(min(k.slug), ''), coalesce(min(l.product_id), 0),
        min(extract(epoch FROM o.received_at - o.placed_at)) / 86400,
        CASE
            WHEN NOT coalesce(bool_or(s.closed_at IS NOT NULL), false) THEN -1
            WHEN bool_or(EXISTS (
                SELECT FROM merchants_refund r
                WHERE r.line_id = l.id AND r.state = 'applied' AND r.applied_at > s.closed_at
            )) THEN 2
            WHEN bool_or(l.refunded_minor > 0) THEN 1
            ELSE 0
        END
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
    columns = [*zip(*rows, strict=True)] or [()] * 10
    affiliate, placed, amount, after, buyer, address, category, product, received, fate = columns
    affiliates = np.array(affiliate, dtype=np.int64)
    moments = np.array([one.timestamp() for one in placed], dtype=float)
    barred = StandDown.objects.filter(noticed_at__gte=since).order_by().values("affiliate")
    clicks = _clicks(since)
    monday = clock.business_day(since) - timedelta(days=clock.business_day(since).weekday())
    facts = Facts(
        affiliate=affiliates,
        placed=moments - clock.day_start(monday).timestamp(),
        buyer=_numbered(buyer),
        address=_numbered(address),
        product=np.array(product, dtype=np.int64),
        after=_floats(after),
        amount=np.array([int(one) for one in amount], dtype=np.int64),
        closes=_closes_in(affiliates, moments, since, until),
        received=_floats(received),
        fate=np.array(fate, dtype=np.int64),
        clicks={pk: sums[0] for pk, sums in clicks.items()},
        visitors={pk: sums[1] for pk, sums in clicks.items()},
        barred=dict(barred.annotate(n=Count("order", distinct=True)).values_list("affiliate", "n")),
    )
    return Known(facts, _peers(zip(affiliate, category, strict=True)), Counter(affiliate))


def _floats(values: Sequence[Any]) -> np.ndarray:
    return np.array([np.nan if one is None else float(one) for one in values], dtype=float)


def _numbered(keys: Sequence[str]) -> np.ndarray:
    """Numbers instead of hashes; 0 where there is none."""
    _known, number = np.unique(np.array(["", *keys]), return_inverse=True)  # "" sorts first
    return number[1:]


def _clicks(since: datetime) -> dict[int, tuple[int, int]]:
    """By affiliate the clicks of people, and visitors, each once a day."""
    whole = ClickDay.objects.filter(affiliate__isnull=False, merchant=None, zone=None, link=None)
    rows = whole.filter(day__gte=clock.business_day(since)).order_by().values("affiliate")
    sums = rows.annotate(people=Sum("clicks"), anew=Sum("visitors"))
    return {
        pk: (clicks, anew) for pk, clicks, anew in sums.values_list("affiliate", "people", "anew")
    }


def _peers(orders: Iterable[tuple[int, str]]) -> dict[int, Peer]:
    """Of what kind each is, and what it sells most."""
    sold: dict[int, Counter[str]] = defaultdict(Counter)
    for affiliate, category in orders:
        sold[affiliate][category] += 1
    kinds = Affiliate.objects.filter(pk__in=sold).values_list("pk", "kind")
    return {pk: Peer(kind, sold[pk].most_common(1)[0][0]) for pk, kind in kinds}


def _closes_in(
    affiliate: np.ndarray, moments: np.ndarray, since: datetime, until: datetime
) -> np.ndarray:
    """Days from each order to the next end of a month, or of a campaign with rewards that counts
    this affiliate's orders."""
    days = np.full(len(moments), np.inf)
    for end, whose in _closes(since, until):
        to_end = (end.timestamp() - moments) / 86_400
        ends = to_end > 0 if whose is None else (to_end > 0) & np.isin(affiliate, whose)
        days[ends] = np.minimum(days[ends], to_end[ends])
    return days


def _closes(since: datetime, until: datetime) -> list[tuple[datetime, list[int] | None]]:
    """When a period ends, and for whom; None: for all."""
    closes: list[tuple[datetime, list[int] | None]] = []
    month = clock.next_month(clock.month_start(clock.business_day(since)))
    while not closes or closes[-1][0] < until:
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


def review_waiting(affiliate: Affiliate) -> RiskReview | None:
    """The one that nobody has decided, whether rewards wait for it or not."""
    return RiskReview.objects.filter(affiliate=affiliate, state__in=WAITING).first()


def is_its_way(affiliate: Affiliate, findings: Iterable[Mapping[str, Any]]) -> bool:
    """Somebody said of all of these signs and facets that this is how it works."""
    ways = RiskReview.objects.filter(affiliate=affiliate, state=ReviewState.WAY)
    known = ways.values_list("score__findings", flat=True)
    said = {finding["sign"] for of_one in known for finding in of_one}
    return {finding["sign"] for finding in findings} <= said


def may_be_reviewed(affiliate: Affiliate, *, quiet_since: datetime) -> bool:
    """Not while the whole account is in a case, nor soon after somebody found nothing wrong."""
    cases = Violation.objects.filter(affiliate=affiliate, target=ViolationTarget.ACCOUNT)
    cleared = RiskReview.objects.filter(
        affiliate=affiliate, state=ReviewState.CLEARED, decided_at__gte=quiet_since
    )
    in_case = cases.filter(Q(state=ViolationState.OPEN) | Q(ended_at=None)).exists()
    return affiliate.state == AffiliateState.ACTIVE and not in_case and not cleared.exists()


def scores_of(affiliate: Affiliate) -> QuerySet[RiskScore]:
    """The nights on which it stood out or was unusual, newest first."""
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
