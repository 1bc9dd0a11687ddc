"""What is taken of campaigns already, out of their grants. The caller has locked the campaigns."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Sum

from alliance.kernel import clock
from campaigns.limits import Limits, Part
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, Grant
from merchants.models import OrderLine

WEEK = timedelta(days=7)


def taken(
    campaigns: Collection[Campaign],
    lines: Sequence[OrderLine],
    grants: Sequence[Grant],
    affiliate_ids: Collection[int],
) -> Limits:
    """Places and money taken, as far as these lines and affiliates can ask for them.

    `grants` are all that these lines have. At most seven statements, however many lines; those of a
    limit that nobody has set are left out. The budget is the books' to say.
    """
    limits = Limits()
    if not campaigns:
        return limits
    of_lines = {line.pk: line for line in lines}
    active = Grant.objects.filter(active=True).order_by()
    if pks := [one.pk for one in campaigns if one.orders_per_affiliate is not None]:
        rows = active.filter(campaign__in=pks, affiliate__in=affiliate_ids)
        rows = rows.exclude(line__order__in={line.order_id for line in lines})
        counts = rows.values_list("campaign", "affiliate")
        for campaign, affiliate, orders in counts.annotate(Count("line__order", distinct=True)):
            limits.orders[campaign, affiliate] = orders
    if pks := [one.pk for one in campaigns if one.pieces is not None]:
        sums = active.filter(campaign__in=pks).values_list("campaign")
        limits.pieces.update(dict(sums.annotate(Sum("pieces"))))
    if pks := [one.pk for one in campaigns if asks(one, "product_pieces_before")]:
        rows = active.filter(
            campaign__in=pks, line__product__in={line.product_id for line in lines}
        )
        by_product = rows.values_list("campaign", "line__product").annotate(Sum("pieces"))
        for campaign, product, pieces in by_product:
            limits.products[campaign, product] = pieces
    if pks := [one.pk for one in campaigns if asks(one, "used_before")]:
        first = min(clock.business_day(line.order.placed_at) for line in lines) - WEEK
        rows = active.filter(campaign__in=pks, affiliate__in=affiliate_ids, day__gt=first)
        by_day = rows.values_list("campaign", "affiliate", "day")
        for campaign, affiliate, day, n in by_day.annotate(Count("line__order", distinct=True)):
            limits.uses[campaign, affiliate, day] = n
    for grant in grants:
        if grant.active:
            limits.take_place(grant, of_lines[grant.line_id], counted=True)
    days = {clock.business_day(line.order.placed_at) for line in lines}
    limits.money.update(_money(campaigns, affiliate_ids, days))
    return limits


def asks(campaign: Campaign, fact: str) -> bool:
    """Whether its mechanic looks at a fact that costs a statement to know."""
    mechanic = MECHANICS.get(campaign.kind)
    return bool(mechanic and fact in mechanic.asks)


def _money(
    campaigns: Collection[Campaign], affiliate_ids: Collection[int], days: Collection[date]
) -> dict[Part, int]:
    """Of each limit that somebody has set: what is booked in its parts."""

    def booked(limit: str, *by: str, **within: Any) -> dict[Part, int]:
        pks = [campaign.pk for campaign in campaigns if getattr(campaign, limit) is not None]
        if not pks:
            return {}
        rows = Grant.objects.filter(campaign__in=pks, **within).order_by().values("campaign", *by)
        return {
            (row["campaign"], row.get("affiliate"), row.get("day")): row["minor"]
            for row in rows.annotate(minor=Sum("amount_minor"))
        }

    mine, then = {"affiliate__in": affiliate_ids}, {"day__in": days}
    return {
        **booked("daily_minor", "day", **then),
        **booked("per_affiliate_minor", "affiliate", **mine),
        **booked("per_affiliate_day_minor", "affiliate", "day", **mine, **then),
    }
