"""Commission plans: opened, and ended (docs/domain.md §2.1).

A plan ends with the business day, or when its last rate lock does.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.locks import locks_of
from merchants.models import (
    JOINED,
    Event,
    EventState,
    Merchant,
    PieceStock,
    Plan,
    PlanKind,
    PlanState,
    Product,
    Terms,
)
from merchants.services.rates import rates_refresh
from merchants.services.terms import check_rate, must_be_free, next_day, plan_held

MOST_PIECES = 10_000_000
_TICK = timedelta(microseconds=1)


@transaction.atomic
def plan_open(
    *,
    merchant: Merchant,
    name: str,
    kind: str = PlanKind.COMMON,
    rate_bps: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    exclusive: bool = False,
    rates_shown: bool = True,
    by_autopilot: bool = False,
    actor: User | None,
) -> Plan:
    """A general, marketing, targeted or self-chosen plan; with `rate_bps` it pays that for the
    whole shop from its start.

    A general plan (COMMON) begins now, needs a rate, and a merchant has one at a time: WrongState
    otherwise. A marketing plan (MKT) has a beginning, not in the past, and an end. A targeted (SP)
    or self-chosen plan (ZX) may go on without one; an `exclusive` one takes products from everybody
    else, so it begins with a business day at the earliest.
    """
    now = clock.now()
    starts_at = starts_at or (next_day() if exclusive else now)
    _check_dates(name, starts_at, ends_at, now)
    if kind == PlanKind.COMMON:
        if rate_bps is None:
            raise Invalid(_("A general plan needs a rate for the whole shop."), field="rate_bps")
        if Plan.objects.filter(merchant=merchant, kind=kind, state=PlanState.ACTIVE).exists():
            raise WrongState(_("There is a general plan already. Change its rate instead."))
    elif kind == PlanKind.MKT:
        if ends_at is None:
            raise Invalid(_("A marketing plan needs an end."), field="ends_at")
    elif kind not in JOINED:
        raise Invalid(_("This kind of plan is opened in another way."), field="kind")
    if exclusive and kind != PlanKind.SP:
        raise Invalid(_("Only a targeted plan is exclusive."), field="exclusive")
    if exclusive and starts_at < next_day():
        raise Invalid(
            _("An exclusive plan begins with the next business day at the earliest."),
            field="starts_at",
        )
    if rate_bps is not None:
        check_rate(rate_bps, may_be_zero=False)
    plan = Plan.objects.create(
        merchant=merchant,
        kind=kind,
        name=name.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        exclusive=exclusive,
        rates_shown=rates_shown and kind != PlanKind.ZX,
        by_autopilot=by_autopilot,
    )
    if rate_bps is not None:
        if exclusive:
            must_be_free([None], plan)
        Terms.objects.create(
            plan=plan,
            rate_bps=rate_bps,
            before_bps=0,
            starts_at=now,
            created_at=now,
            created_by=actor,
        )
    audit.record("plan.opened", plan, actor=actor, kind=kind, rate_bps=rate_bps)
    rates_refresh(merchant=merchant)
    return plan


@transaction.atomic
def event_plan_open(*, merchant: Merchant, event: Event, actor: User | None) -> Plan:
    """The merchant's plan in an event, as long as the event; the same one if it has one.

    WrongState while merchants cannot enrol.
    """
    event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    if event.state != EventState.ENROLLING or event.enrol_until <= clock.now():
        raise WrongState(_("Merchants cannot enrol in this event now."))
    held = Plan.objects.filter(merchant=merchant, event=event, state=PlanState.ACTIVE).first()
    if held is not None:
        return held
    plan = Plan.objects.create(
        merchant=merchant,
        kind=PlanKind.EVENT,
        event=event,
        name=event.name,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )
    audit.record("plan.opened", plan, actor=actor, kind=plan.kind, event=event.pk)
    return plan


@transaction.atomic
def first_pieces_open(
    *,
    product: Product,
    name: str,
    rate_bps: int,
    pieces: int,
    starts_at: datetime | None = None,
    ends_at: datetime,
    actor: User | None,
) -> Plan:
    """A rate for the first `pieces` of a product that are sold from `starts_at` to `ends_at`.

    Raises Invalid (dates, pieces, a rate outside of the bounds).
    """
    now = clock.now()
    starts_at = starts_at or now
    _check_dates(name, starts_at, ends_at, now)
    check_rate(rate_bps, may_be_zero=False)
    if not 0 < pieces <= MOST_PIECES:
        raise Invalid(_("How many pieces? At least one."), field="pieces")
    plan = Plan.objects.create(
        merchant=product.shop.merchant,
        kind=PlanKind.TOPN,
        name=name.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    PieceStock.objects.create(plan=plan, product=product, pieces=pieces)
    Terms.objects.create(
        plan=plan,
        product=product,
        rate_bps=rate_bps,
        before_bps=0,
        starts_at=now,
        created_at=now,
        created_by=actor,
    )
    audit.record("plan.opened", plan, actor=actor, kind=plan.kind, rate_bps=rate_bps, pieces=pieces)
    rates_refresh(products=[product.pk])
    return plan


@transaction.atomic
def plan_end(*, plan: Plan, actor: User | None) -> Plan:
    """The plan ends at the next business day's start, or when its last lock does; one that has not
    begun never begins. WrongState if it is of an event, which ends with that."""
    if plan.kind == PlanKind.EVENT:
        raise WrongState(_("An event's plan ends with the event."))
    plan = plan_held(plan)
    ends_at = max(next_day(), plan.starts_at + _TICK)
    ends_at = locks_of([plan.pk]).after(plan.pk, None, ends_at, any_product=True)
    if plan.ends_at is not None:
        ends_at = min(ends_at, plan.ends_at)
    active = Plan.objects.filter(pk=plan.pk, state=PlanState.ACTIVE)
    if not active.update(state=PlanState.ENDED, ends_at=ends_at, updated_at=clock.now()):
        raise WrongState
    plan.state, plan.ends_at = PlanState.ENDED, ends_at
    audit.record("plan.ended", plan, actor=actor, ends_at=ends_at.isoformat())
    return plan


def _check_dates(name: str, starts_at: datetime, ends_at: datetime | None, now: datetime) -> None:
    if not name.strip():
        raise Invalid(_("Give the plan a name."), field="name")
    if starts_at < now:
        raise Invalid(_("A plan cannot begin in the past."), field="starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("A plan ends after it begins."), field="ends_at")
