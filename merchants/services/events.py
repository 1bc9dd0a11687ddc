"""The states of a promotion event (docs/domain.md §2.5). Who may do what is decided where its host
is known: affiliates.services.events."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.models import SERVICE_MAX_BPS, Event, EventState, Plan, PlanState
from merchants.notices import event_tell
from merchants.services.terms import next_day

_TICK = timedelta(microseconds=1)


@transaction.atomic
def event_draft(
    *,
    name: str,
    description: str = "",
    least_bps: int,
    service_bps: int = 0,
    cross_shop: bool = False,
    enrol_until: datetime,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
) -> Event:
    """An event that nobody but its host and operations sees yet. Raises Invalid."""
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    if not name.strip():
        raise Invalid(_("Give the event a name."), field="name")
    if not low <= least_bps <= high:
        raise Invalid(
            _("A commission rate lies between %(low)s and %(high)s.")
            % {"low": percent(low), "high": percent(high)},
            field="least",
        )
    if not 0 <= service_bps <= SERVICE_MAX_BPS:
        raise Invalid(
            _("A service fee is at most %(most)s.") % {"most": percent(SERVICE_MAX_BPS)},
            field="service",
        )
    if not clock.now() < enrol_until <= starts_at:
        raise Invalid(_("Merchants enrol from now on until before it starts."), field="enrol_until")
    if ends_at <= starts_at:
        raise Invalid(_("An event ends after it starts."), field="ends_at")
    event = Event.objects.create(
        name=name.strip(),
        description=description.strip(),
        least_bps=least_bps,
        service_bps=service_bps,
        cross_shop=cross_shop,
        enrol_until=enrol_until,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    audit.record("event.drafted", event, actor=actor)
    return event


@transaction.atomic
def event_open(*, event: Event, actor: User) -> None:
    """DRAFT → ENROLLING: merchants see it and enrol. WrongState otherwise."""
    _move(event, {EventState.DRAFT}, EventState.ENROLLING)
    audit.record("event.opened", event, actor=actor)
    event_tell(event)


@transaction.atomic
def event_publish(*, event: Event, actor: User) -> None:
    """ENROLLING → PUBLISHED: affiliates see it and make links. WrongState if nobody has enrolled,
    or it is over."""
    _move(event, {EventState.ENROLLING}, EventState.PUBLISHED)
    if event.ends_at <= clock.now():
        raise WrongState(_("This event is over."))
    if not Plan.objects.filter(event=event, state=PlanState.ACTIVE).exists():
        raise WrongState(_("No merchant has enrolled."))
    audit.record("event.published", event, actor=actor)


@transaction.atomic
def event_end(*, event: Event, actor: User) -> None:
    """PUBLISHED → ENDED: its links earn its rates until the end of this business day; of an event
    that has not begun, never. WrongState otherwise."""
    _move(event, {EventState.PUBLISHED}, EventState.ENDED)
    event.ends_at = min(max(next_day(), event.starts_at + _TICK), event.ends_at)
    Event.objects.filter(pk=event.pk).update(ends_at=event.ends_at)
    _plans_end(event, event.ends_at)
    audit.record("event.ended", event, actor=actor, ends_at=event.ends_at.isoformat())


@transaction.atomic
def event_void(*, event: Event, actor: User) -> None:
    """DRAFT, ENROLLING → VOID: it does not take place. WrongState otherwise."""
    _move(event, {EventState.DRAFT, EventState.ENROLLING}, EventState.VOID)
    _plans_end(event, event.starts_at + _TICK)
    audit.record("event.voided", event, actor=actor)


@transaction.atomic
def event_plan_withdraw(*, plan: Plan, actor: User) -> None:
    """The merchant does not take part after all. WrongState once the event is published."""
    event = Event.objects.select_for_update(no_key=True).get(plans=plan)
    if event.state != EventState.ENROLLING:
        raise WrongState(_("The event is published: affiliates count on it."))
    active = Plan.objects.filter(pk=plan.pk, state=PlanState.ACTIVE)
    if not active.update(
        state=PlanState.ENDED, ends_at=plan.starts_at + _TICK, updated_at=clock.now()
    ):
        raise WrongState
    audit.record("plan.ended", plan, actor=actor, event=event.pk)


def _move(event: Event, states: set[EventState], state: EventState) -> None:
    rows = Event.objects.filter(pk=event.pk, state__in=states)
    if not rows.update(state=state, updated_at=clock.now()):
        raise WrongState
    event.refresh_from_db()


def _plans_end(event: Event, ends_at: datetime) -> None:
    active = Plan.objects.filter(event=event, state=PlanState.ACTIVE)
    active.update(state=PlanState.ENDED, ends_at=ends_at, updated_at=clock.now())
