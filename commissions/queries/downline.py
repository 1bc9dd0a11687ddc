"""What an affiliate gets of the orders that others bring, by who brings them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from affiliates.models import Affiliate, Relation
from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions.models import Commission, CommissionState, PayeeRole


@dataclass(frozen=True, slots=True)
class Below:
    """An affiliate below, since when, and what came of it: orders and net of this month and ever.

    `brought`: by that affiliate itself; `second`: by those below it.
    """

    relation: Relation
    orders: int
    month: Money
    ever: Money
    second: Money


def downline_of(affiliate: Affiliate, relations: Sequence[Relation], currency: str) -> list[Below]:
    """One row for each relation in which the affiliate is the partner, in their order. Void
    commissions do not count. Two statements, however many there are."""
    below = [one for one in relations if one.partner_id == affiliate.pk]
    counted = Commission.objects.filter(affiliate=affiliate, currency=currency).exclude(
        state=CommissionState.VOID
    )
    first = counted.filter(role=PayeeRole.PARTNER).values("line__attribution__affiliate")
    since = clock.day_start(clock.month_start(clock.business_day()))
    sums: dict[int, Any] = {
        row["line__attribution__affiliate"]: row
        for row in first.annotate(
            orders=Count("line__order", distinct=True),
            ever=Sum("net_minor"),
            month=Sum("net_minor", filter=Q(placed_at__gte=since)),
        )
    }
    second = counted.filter(role=PayeeRole.SECOND).values_list("line__attribution__partner")
    seconds = dict(second.annotate(Sum("net_minor")))
    told = []
    for one in below:
        row = sums.get(one.affiliate_id, {})
        told.append(
            Below(
                relation=one,
                orders=row.get("orders", 0),
                month=Money(row.get("month") or 0, currency),
                ever=Money(row.get("ever") or 0, currency),
                second=Money(seconds.get(one.affiliate_id, 0), currency),
            )
        )
    return told
