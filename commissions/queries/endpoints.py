"""Addresses of other systems, and what was sent to them."""

from typing import Any

from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from affiliates.queries import membership_of as affiliate_member
from alliance.kernel.models import (
    ApiKey,
    Delivery,
    DeliveryCall,
    DeliveryState,
    Endpoint,
    EndpointForm,
    Side,
)
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


def webhooks_of(key: ApiKey) -> QuerySet[Endpoint]:
    """Those of the key's team: a sandbox key's hear of invented orders, the others of real ones."""
    return Endpoint.objects.filter(
        organisation=key.organisation, form=EndpointForm.WEBHOOK, sandbox=key.sandbox
    )


def sent_to(endpoint: Endpoint) -> QuerySet[Delivery]:
    """What was sent to it, or is kept for it, with each call."""
    calls = Prefetch("calls", DeliveryCall.objects.order_by("-pk"))
    return endpoint.deliveries.select_related("endpoint").prefetch_related(calls)


def counted(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """With how many messages of the last thirty days were delivered, wait, failed or were missed,
    and when the last one was written."""
    return endpoints.annotate(
        last_at=Max("deliveries__created_at"),
        **{
            state.value: Count("deliveries", filter=Q(deliveries__state=state))
            for state in DeliveryState
        },
    )


def with_failures(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """With how many messages wait and how many failed, counted for the rows that are shown."""

    def count(state: str) -> Coalesce:
        rows = Delivery.objects.filter(endpoint=OuterRef("pk"), state=state).order_by()
        counts = rows.values("endpoint").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counts), 0)

    return endpoints.annotate(
        waiting=count(DeliveryState.WAITING), failed=count(DeliveryState.FAILED)
    )


def calls_failed(endpoint: Endpoint) -> QuerySet[DeliveryCall]:
    """The latest ten calls of an endpoint that were not taken."""
    calls = DeliveryCall.objects.filter(delivery__endpoint=endpoint)
    missed = calls.filter(Q(status=None) | ~Q(status__range=(200, 299)))
    return missed.select_related("delivery").order_by("-pk")[:10]


def outgoing_for(user: Any, side: Side) -> QuerySet[Delivery]:
    """What was sent to their endpoints, or is kept for them, the latest first."""
    mine = Delivery.objects.filter(endpoint__in=endpoints_for(user, side).order_by())
    return mine.select_related("endpoint").order_by("-pk")
