"""What affiliates took lately: whose links brought people's clicks or orders for what."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Min, Q, Sum

from affiliates.models import ClickDay
from alliance.kernel import clock
from commissions.models import Commission, CommissionState, PayeeRole

DAYS = 90  # of clicks and orders


@dataclass(frozen=True, slots=True)
class Taken:
    """`histories`: by affiliate its products, the first one first. The rest counts people's clicks,
    and order lines that were kept, which are those not void."""

    histories: dict[int, list[int]]
    clicks_by: Counter[int]  # by affiliate
    clicks_for: Counter[int]  # by product
    kept_for: Counter[int]

    @property
    def products(self) -> list[int]:
        return sorted({product for history in self.histories.values() for product in history})


def taken_lately() -> Taken:
    since = clock.now() - timedelta(days=DAYS)
    clicked = (
        ClickDay.objects.filter(
            link__product__isnull=False, clicks__gt=0, day__gte=clock.business_day(since)
        )
        .values_list("link__affiliate", "link__product")
        .annotate(first=Min("day"), clicks=Sum("clicks"))
    )
    sold = (
        Commission.objects.filter(
            role=PayeeRole.AFFILIATE, placed_at__gte=since, line__product__isnull=False
        )
        .values_list("affiliate", "line__product")
        .annotate(
            first=Min("placed_at", filter=~Q(state=CommissionState.VOID)),
            kept=Count("pk", filter=~Q(state=CommissionState.VOID)),
        )
    )
    taken = Taken({}, Counter(), Counter(), Counter())
    firsts = defaultdict[int, dict[int, date]](dict)
    for affiliate, product, day, clicks in clicked.iterator(chunk_size=10_000):
        firsts[affiliate][product] = day
        taken.clicks_by[affiliate] += clicks
        taken.clicks_for[product] += clicks
    for affiliate, product, moment, kept in sold.iterator(chunk_size=10_000):
        if kept:
            day = clock.business_day(moment)
            firsts[affiliate][product] = min(firsts[affiliate].get(product, day), day)
            taken.kept_for[product] += kept
    for affiliate, first in firsts.items():
        if first:
            taken.histories[affiliate] = sorted(first, key=lambda pk: (first[pk], pk))
    return taken
