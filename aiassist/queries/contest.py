"""What came of the drawn texts: clicks, settled net commission, and what was given back."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from affiliates.models import Affiliate, ClickDay
from affiliates.queries import policy_now
from aiassist.copy.contest import Contest, Row, judge, stopped
from aiassist.copy.lot import FIRST
from aiassist.models import Angle, CopyVariant
from alliance.kernel import clock
from commissions.models import Commission, PayeeRole, Settlement, SettlementState
from commissions.models.commission import CommissionQuerySet

RECEIVED_WITHIN = timedelta(days=15)  # of an order, usually
MARK = "attribution__subs__4"  # sub5
_ORDER = "line__order"


def mark_of(product: int, channel: str, language: str, angle: str, author: str) -> str:
    """The sub-id (sub5) by which clicks and orders of one kind of text are known again."""
    return f"copy.{channel}.{language}.{product}.{angle}.{author}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A link whose text the lot chose, from a day on."""

    angle: str
    product: int
    since: date


def contest_of(affiliate: Affiliate, channel: str, language: str) -> tuple[Contest, date | None]:
    """The angles compared by clicks until a day (left out): those that a closed month has settled
    the orders of. It changes when a month is closed, and not in between. None: nothing is yet."""
    links = _drawn(affiliate, channel, language)
    until = _settled_until()
    rows = _rows(affiliate, links, until) if links and until else []
    bought = _bought(affiliate, links) if links else {}
    return judge(rows, bought, Angle.values, FIRST), until


def stopped_angles(affiliate: Affiliate, channel: str, language: str) -> list[str]:
    """Angles of which clearly more orders come back: not drawn any more. Asked for each text that
    is written, so nothing else is compared."""
    links = _drawn(affiliate, channel, language)
    return stopped(_bought(affiliate, links), Angle.values, FIRST) if links else []


def _drawn(affiliate: Affiliate, channel: str, language: str) -> dict[tuple[int, str], Drawn]:
    """By ad zone and sub-id."""
    rows = CopyVariant.objects.filter(
        affiliate=affiliate, channel=channel, language=language, drawn=True
    ).values("link__zone", "link__sub5", "angle", "product")
    return {
        (row["link__zone"], row["link__sub5"]): Drawn(
            row["angle"], row["product"], clock.business_day(row["first"])
        )
        for row in rows.annotate(first=Min("made_at"))
    }


def _settled_until() -> date | None:
    """The day from which on clicks may have orders that no closed month has settled."""
    closed = Settlement.objects.filter(
        state=SettlementState.CLOSED, currency=settings.ALLIANCE["CURRENCY"]
    )
    last = closed.order_by("-month").values_list("month", flat=True).first()
    if last is None:
        return None
    end = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    return end - timedelta(days=policy_now().window_days) - RECEIVED_WITHIN


def _rows(affiliate: Affiliate, links: Mapping[tuple[int, str], Drawn], until: date) -> list[Row]:
    found: dict[tuple[str, int, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    clicks = ClickDay.objects.filter(
        link__affiliate=affiliate, link__sub5__in={mark for _zone, mark in links}, day__lt=until
    ).values_list("link__zone", "link__sub5", "day", "clicks")
    for zone, mark, day, count in clicks:
        if (one := links.get((zone, mark))) and day >= one.since:
            found[one.angle, one.product, day][0] += count
    for zone, mark, day, net, orders in _settled(affiliate, links, until):
        if (one := links.get((zone, mark))) and day >= one.since:
            sums = found[one.angle, one.product, day]
            sums[1] += net
            sums[2] += orders
    return [Row(*key, *sums) for key, sums in found.items()]


def _commissions(
    affiliate: Affiliate, links: Mapping[tuple[int, str], Drawn]
) -> CommissionQuerySet:
    return Commission.objects.filter(
        affiliate=affiliate,
        role=PayeeRole.AFFILIATE,
        currency=settings.ALLIANCE["CURRENCY"],
        **{f"{MARK}__in": {mark for _zone, mark in links}},
    )


def _settled(
    affiliate: Affiliate, links: Mapping[tuple[int, str], Drawn], until: date
) -> QuerySet[Commission, tuple[int, str, date, int, int]]:
    """By ad zone, sub-id and day of the click: net commission and orders that are settled."""
    return (
        _commissions(affiliate, links)
        .settled()
        .filter(attribution__touched_at__lt=clock.day_start(until))
        .annotate(day=TruncDate("attribution__touched_at", tzinfo=clock.ZONE))
        .order_by()
        .values_list("attribution__zone", MARK, "day")
        .annotate(Sum("net_minor"), Count(_ORDER, distinct=True))
    )


def _bought(
    affiliate: Affiliate, links: Mapping[tuple[int, str], Drawn]
) -> dict[str, tuple[int, int]]:
    """By angle: orders that were paid, and how many of them were cancelled or given money back."""
    back = Q(line__order__state="void") | Q(line__refunded_minor__gt=0)
    rows = (
        _commissions(affiliate, links)
        .filter(line__order__paid_at__isnull=False)
        .order_by()
        .values_list("attribution__zone", MARK)
        .annotate(Count(_ORDER, distinct=True), back=Count(_ORDER, back, distinct=True))
    )
    sums: dict[str, tuple[int, int]] = {}
    for zone, mark, orders, refunded in rows:
        if one := links.get((zone, mark)):
            before = sums.get(one.angle, (0, 0))
            sums[one.angle] = (before[0] + orders, before[1] + refunded)
    return sums
