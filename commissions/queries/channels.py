"""What channels brought and members bought: orders that carry their numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Sum

from affiliates.models import Affiliate, Channel, ChannelKind
from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions.models import Commission, CommissionState, PayeeRole

CHANNEL_DAYS = 30
_SUB = {
    ChannelKind.CHANNEL: 1,
    ChannelKind.MEMBER: 2,
}  # the place of their number among the sub-ids


@dataclass(frozen=True, slots=True)
class OfChannel:
    """A channel or member, their orders of the last thirty days, and what the affiliate has of
    them: its own net commission, void ones left out."""

    channel: Channel
    orders: int
    net: Money


def brought_by(affiliate: Affiliate, channels: Iterable[Channel], currency: str) -> list[OfChannel]:
    """In their order. A statement for each kind, however many there are."""
    channels = list(channels)
    sums: dict[int, tuple[int, int]] = {}
    for kind, place in _SUB.items():
        keys = {str(one.number): one.pk for one in channels if one.kind == kind}
        if keys:
            sub = f"attribution__subs__{place}"
            rows = Commission.objects.filter(
                affiliate=affiliate,
                role=PayeeRole.AFFILIATE,
                currency=currency,
                placed_at__gte=clock.now() - timedelta(days=CHANNEL_DAYS),
                **{f"{sub}__in": keys},
            ).exclude(state=CommissionState.VOID)
            counted = rows.values(sub).annotate(
                orders=Count("line__order", distinct=True), net=Sum("net_minor")
            )
            for row in counted:
                sums[keys[row[sub]]] = row["orders"], row["net"]
    return [
        OfChannel(one, orders, Money(net, currency))
        for one in channels
        for orders, net in [sums.get(one.pk, (0, 0))]
    ]
