"""Addresses of other systems, and what was sent to them."""

from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from affiliates.queries import membership_of as affiliate_member
from alliance.kernel.models import Delivery, DeliveryState, Endpoint, Side
from merchants.queries import membership_of as merchant_member


def organisation_of(user: Any, side: Side) -> str:
    """Whom the person acts for on that side; "" if for nobody."""
    if side == Side.AFFILIATE:
        affiliate = affiliate_member(user)
        return f"affiliate:{affiliate.affiliate_id}" if affiliate else ""
    merchant = merchant_member(user)
    return f"merchant:{merchant.merchant_id}" if merchant else ""


def endpoints_for(user: Any, side: Side) -> QuerySet[Endpoint]:
    """Those of the person's team on that side."""
    mine = Endpoint.objects.filter(organisation=organisation_of(user, side))
    return mine.order_by("form", "name", "pk")


def counted(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """With how many messages of the last thirty days were delivered, wait or failed, and when the
    last one was written."""
    return endpoints.annotate(
        last_at=Max("deliveries__created_at"),
        **{
            state.value: Count("deliveries", filter=Q(deliveries__state=state))
            for state in DeliveryState
        },
    )


def outgoing_for(user: Any, side: Side) -> QuerySet[Delivery]:
    """What was sent to their endpoints, the latest first."""
    mine = Delivery.objects.filter(endpoint__in=endpoints_for(user, side).order_by())
    return mine.select_related("endpoint").order_by("-pk")
