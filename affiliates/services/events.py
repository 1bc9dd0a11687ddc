"""Events and their hosts: who drafts, opens, publishes and ends them, and how merchants take part
(docs/domain.md §2.5)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    Affiliate,
    AffiliateKind,
    AffiliateMember,
    EventHost,
    Intermediation,
)
from affiliates.notices import event_tell
from affiliates.services.parts import intermediation_end, intermediation_open
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel.access import has_role
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import StaffRole, User
from merchants.models import Event, Merchant, Plan
from merchants.queries import may_act_for
from merchants.services import events
from merchants.services.plans import event_plan_open
from merchants.services.terms import product_rates_announce


@transaction.atomic
def event_draft(
    *,
    actor: User,
    host: Affiliate | None = None,
    name: str,
    description: str = "",
    least_bps: int,
    service_bps: int = 0,
    cross_shop: bool = False,
    enrol_until: datetime,
    starts_at: datetime,
    ends_at: datetime,
) -> Event:
    """An event of the alliance's own, or of an intermediary, who gets the service fee.

    Operations open it to merchants. Raises Invalid (dates, rates, a fee without a host),
    NotAllowed, WrongState (the host is not active).
    """
    if host is not None:
        affiliate_must_be_active(host)
        if host.kind != AffiliateKind.TUANZHANG:
            raise NotAllowed(_("Only an intermediary (tuanzhang) hosts events."))
    elif service_bps:
        raise Invalid(_("A service fee needs a host who gets it."), field="service")
    event = events.event_draft(
        name=name,
        description=description,
        least_bps=least_bps,
        service_bps=service_bps,
        cross_shop=cross_shop,
        enrol_until=enrol_until,
        starts_at=starts_at,
        ends_at=ends_at,
        actor=actor,
    )
    if host is not None:
        EventHost.objects.create(event=event, affiliate=host, created_by=actor)
    return event


def event_open(*, actor: User, event: Event) -> None:
    """Operations let merchants enrol. Raises NotAllowed, WrongState."""
    if not has_role(actor, StaffRole.OPS):
        raise NotAllowed(_("Operations open an event to merchants."))
    events.event_open(event=event, actor=actor)


@transaction.atomic
def event_publish(*, actor: User, event: Event) -> None:
    """The host or operations show it to affiliates. Raises NotAllowed, WrongState."""
    _must_run(actor, event)
    events.event_publish(event=event, actor=actor)
    event_tell(event)


def event_end(*, actor: User, event: Event) -> None:
    """The host or operations end it with this business day. Raises NotAllowed, WrongState."""
    _must_run(actor, event)
    events.event_end(event=event, actor=actor)


@transaction.atomic
def event_void(*, actor: User, event: Event) -> None:
    """It does not take place: before it is published. Raises NotAllowed, WrongState."""
    _must_run(actor, event)
    events.event_void(event=event, actor=actor)
    for one in Intermediation.objects.filter(plan__event=event, ends_at=None):
        intermediation_end(actor=actor, intermediation=one)


@transaction.atomic
def event_join(*, actor: User, merchant: Merchant, event: Event, rates: Mapping[int, int]) -> Plan:
    """The merchant takes part with these products (key → rate_bps), and agrees to the service fee.

    Asking again adds products and changes rates; 0 takes one out. Raises Invalid (no product, a
    rate below the event's least), NotAllowed, WrongState (merchants cannot enrol now).
    """
    if not may_act_for(actor, merchant.pk):
        raise NotAllowed(_("Only the merchant's own team agrees to what the merchant pays."))
    if not rates:
        raise Invalid(_("Choose at least one product."), field="products")
    plan = event_plan_open(merchant=merchant, event=event, actor=actor)
    product_rates_announce(plan=plan, rates=rates, actor=actor)
    host = host_of(event)
    looked_after = Intermediation.objects.filter(plan=plan, ends_at=None).exists()
    if host and event.service_bps and not looked_after:
        intermediation_open(actor=actor, affiliate=host, plan=plan, service_bps=event.service_bps)
    return plan


@transaction.atomic
def event_leave(*, actor: User, plan: Plan) -> None:
    """The merchant does not take part after all, or whoever runs the event turns it down; before it
    is published. Raises NotAllowed, WrongState."""
    if plan.event is None:
        raise WrongState
    if not may_act_for(actor, plan.merchant_id):
        _must_run(actor, plan.event)
    events.event_plan_withdraw(plan=plan, actor=actor)
    for one in Intermediation.objects.filter(plan=plan, ends_at=None):
        intermediation_end(actor=actor, intermediation=one)


def host_of(event: Event) -> Affiliate | None:
    host = EventHost.objects.filter(event=event).select_related("affiliate").first()
    return host.affiliate if host else None


def runs(user: User, event: Event) -> bool:
    """Whether the person publishes and ends the event: operations, or the host's team."""
    if has_role(user, StaffRole.OPS):
        return True
    members = AffiliateMember.objects.filter(user=user, affiliate__hostings__event=event)
    return any(member.may_change for member in members)


def _must_run(user: User, event: Event) -> None:
    if not runs(user, event):
        raise NotAllowed(_("Only the host and operations run this event."))
