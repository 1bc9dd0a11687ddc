"""Orders and refunds as the gateway's tools follow them: each row with its `moment`."""

from datetime import datetime, timedelta
from enum import IntEnum

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from affiliates.models import Affiliate
from alliance.kernel.models import User
from commissions.models import Commission, Hold, Violation
from commissions.models.commission import CommissionQuerySet
from commissions.queries.affiliate import commissions_for
from commissions.queries.changes import settlements_closed
from commissions.queries.refunds import refunds_of
from merchants.models import Refund

# How long an order may have waited for its payment: what was placed before is not looked at.
PAID_WITHIN = timedelta(days=90)


class OrderMoment(IntEnum):
    """What a window of orders is about, by the wire's codes."""

    CREATED = 1
    PAID = 2
    SETTLED = 3
    CHANGED = 4


class RefundMoment(IntEnum):
    """What a window of refunds is about, by the wire's codes."""

    REQUESTED = 1
    SETTLED = 2
    APPLIED = 3
    CREATED = 4
    CHANGED = 5


def orders_in_window(
    user: User, affiliate: Affiliate, by: OrderMoment, start: datetime, end: datetime
) -> CommissionQuerySet:
    """What the affiliate has of order lines, in each of its roles, by that moment."""
    rows = commissions_for(user).filter(affiliate=affiliate)
    rows = rows.select_related("attribution__zone__site", "line__product__category")
    match by:
        case OrderMoment.CREATED:
            rows = rows.annotate(moment=F("placed_at"))
        case OrderMoment.PAID:
            lately = Q(placed_at__gte=start - PAID_WITHIN, placed_at__lt=end + PAID_WITHIN)
            rows = rows.filter(lately).annotate(moment=F("line__order__paid_at"))
        case OrderMoment.SETTLED:
            rows = rows.filter(_settled_since(start)).annotate(moment=F("settled_at"))
        case OrderMoment.CHANGED:
            # A settlement changes no row, and yet what is to be said of it.
            # What changed after the window is told in a later one, so the index has both ends.
            recent = Q(updated_at__gte=start) | _settled_since(start)
            rows = rows.filter(recent, updated_at__lt=end)
            rows = rows.annotate(moment=Greatest("updated_at", "settled_at"))
    return rows.filter(moment__gte=start, moment__lt=end)


def _settled_since(start: datetime) -> Q:
    """Narrows to what a settlement since then may have taken: for most windows, nothing."""
    closed = settlements_closed().filter(closed_at__gte=start)
    last = closed.aggregate(last=Max("month"))["last"]
    return Q(settles_in__lte=last) if last else Q(pk__in=[])


def orders_punished(
    user: User, affiliate: Affiliate, start: datetime, end: datetime
) -> CommissionQuerySet:
    """What the affiliate has of order lines that were placed in that time, and that a case holds
    back now or was about, the oldest first. `reason`: of the last case about the line itself."""
    own = Violation.objects.filter(commission=OuterRef("pk")).order_by("-pk")
    rows = commissions_for(user).filter(affiliate=affiliate, placed_at__gte=start)
    rows = rows.annotate(reason=Subquery(own.values("reason")[:1]))
    return (
        rows.filter(~Q(hold=Hold.NONE) | Q(reason__isnull=False), placed_at__lt=end)
        .select_related("attribution__zone__site")
        .order_by("placed_at", "pk")
    )


def refunds_in_window(
    user: User,
    affiliate: Affiliate,
    by: RefundMoment,
    start: datetime,
    end: datetime | None = None,
) -> QuerySet[Refund]:
    """Refunds of order lines in which the affiliate has a part, by that moment, the oldest
    first."""
    closed = Commission.objects.standing().filter(line=OuterRef("line"), affiliate=affiliate)
    moment = {
        RefundMoment.REQUESTED: Coalesce("requested_at", "created_at"),
        RefundMoment.SETTLED: Subquery(closed.values("settled_at")[:1]),  # type: ignore[misc]
        RefundMoment.APPLIED: F("applied_at"),
        RefundMoment.CREATED: F("line__order__placed_at"),
        RefundMoment.CHANGED: Greatest("created_at", "requested_at", "applied_at", "failed_at"),
    }[by]
    rows = refunds_of(user, affiliate).annotate(moment=moment).filter(moment__gte=start)
    if end:
        rows = rows.filter(moment__lt=end)
    return rows.order_by("moment", "pk")
