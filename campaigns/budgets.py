"""What is taken of campaigns already, out of their grants. The caller has locked the campaigns."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Sum

from alliance.kernel import clock
from campaigns.limits import Limits, Part
from campaigns.models import Campaign, Grant
from merchants.models import OrderLine


def taken(
    campaigns: Collection[Campaign],
    lines: Sequence[OrderLine],
    grants: Sequence[Grant],
    affiliate_ids: Collection[int],
) -> Limits:
    """Places and money taken, as far as these lines and affiliates can ask for them.

    `grants` are all that these lines have. At most five statements, however many lines; those of
    a limit that nobody has set are left out. The budget is the books' to say.
    """
    limits = Limits()
    if not campaigns:
        return limits
    orders = {line.pk: line.order_id for line in lines}
    active = Grant.objects.filter(
        campaign__in=[campaign.pk for campaign in campaigns], active=True
    ).order_by()
    counts = (
        active.filter(affiliate__in=affiliate_ids)
        .exclude(line__order__in=set(orders.values()))
        .values_list("campaign", "affiliate")
        .annotate(Count("line__order", distinct=True))
    )
    limits.orders.update({(campaign, affiliate): n for campaign, affiliate, n in counts})
    limits.pieces.update(dict(active.values_list("campaign").annotate(Sum("pieces"))))
    for grant in grants:
        if grant.active:  # its pieces are counted
            limits.take_place(grant.campaign_id, grant.affiliate_id, orders[grant.line_id], 0)
    days = {clock.business_day(line.order.placed_at) for line in lines}
    limits.money.update(_money(campaigns, affiliate_ids, days))
    return limits


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
