"""Commission plans and the announcement of rates (docs/domain.md §2.2).

A raise counts at once. A cut counts from the next business day, so that nobody who linked today is
paid less than they were promised; inside a rate lock it waits for the lock's end, and so does the
end of the plan. What was announced is never edited; a new announcement follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.bulk import update_many
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.locks import locks_of
from merchants.models import (
    JOINED,
    Category,
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
from merchants.plans import Wanted, terms_at

MOST_PIECES = 10_000_000
SLICE = 2_000  # products whose rates are looked at together
_TICK = timedelta(microseconds=1)
_Moment = tuple[int | None, int | None, datetime]  # product, category, starts_at


def next_day() -> datetime:
    """The first moment of the next business day: when a cut or an end comes into force."""
    return clock.day_start(clock.business_day() + timedelta(days=1))


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
        _check_rate(rate_bps, may_be_zero=False)
    plan = Plan.objects.create(
        merchant=merchant,
        kind=kind,
        name=name.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        exclusive=exclusive,
        rates_shown=rates_shown and kind != PlanKind.ZX,
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
    _check_rate(rate_bps, may_be_zero=False)
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


@transaction.atomic
def terms_announce(
    *,
    plan: Plan,
    rate_bps: int,
    product: Product | None = None,
    category: Category | None = None,
    actor: User | None,
) -> Terms:
    """A new rate for a product, a category, or (neither) everything else in the plan.

    Returns the terms, whose `starts_at` says when they count: a raise at once, a cut from the next
    business day. 0 takes a product or category out. Raises Invalid for a rate outside of the
    alliance's bounds or a product of somebody else, WrongState if the plan has ended or its event
    is published and this would be a cut.
    """
    if product is not None and category is not None:
        raise Invalid(_("Choose a product or a category, not both."), field="product")
    if product is not None and product.shop.merchant_id != plan.merchant_id:
        raise Invalid(_("This is not a product of this merchant."), field="product")
    _check_rate(rate_bps, may_be_zero=bool(product or category))
    now, plan = clock.now(), plan_held(plan)
    _check_kind(plan, product is not None, rate_bps)
    held = rates_held(plan, [(product, category)], now)[0]
    _check_published(plan, rate_bps, held)
    if plan.exclusive and rate_bps:
        must_be_free([product], plan)
    announcing = _Announcing(plan, now, actor)
    fresh = announcing.terms(product, category, rate_bps, held)
    fresh.save()
    audit.record(
        "terms.announced",
        plan,
        actor=actor,
        rate_bps=rate_bps,
        before_bps=held,
        product=product.pk if product else None,
        category=category.pk if category else None,
        starts_at=fresh.starts_at.isoformat(),
    )
    if fresh.starts_at <= now:
        rates_refresh(merchant=plan.merchant, products=[product.pk] if product else None)
    return fresh


def terms_preview(
    *, plan: Plan, rate_bps: int, product: Product | None = None, category: Category | None = None
) -> datetime:
    """When these terms would begin to count if they were announced now. Raises as announcing."""
    _check_rate(rate_bps, may_be_zero=bool(product or category))
    now = clock.now()
    held = rates_held(plan, [(product, category)], now)[0]
    _check_published(plan, rate_bps, held)
    return _Announcing(plan, now, None).effect(product, category, rate_bps, held)


@transaction.atomic
def product_rates_announce(
    *, plan: Plan, rates: Mapping[int, int], actor: User | None
) -> list[Terms]:
    """`terms_announce` for many products of the plan's merchant at once: key → rate_bps.

    A product whose announced rate is this one already is left out of the answer. Raises as
    `terms_announce`, and then announces nothing.
    """
    now, plan = clock.now(), plan_held(plan)
    for rate_bps in rates.values():
        _check_rate(rate_bps, may_be_zero=True)
        _check_kind(plan, True, rate_bps)
    products = list(
        Product.objects.filter(pk__in=rates, shop__merchant=plan.merchant_id).order_by("pk")
    )
    if len(products) != len(rates):
        raise Invalid(_("This is not a product of this merchant."), field="product")
    announced = {
        terms.product_id: terms.rate_bps
        for terms in Terms.objects.filter(plan=plan, product__in=rates).order_by("created_at", "id")
    }
    products = [p for p in products if announced.get(p.pk) != rates[p.pk]]
    held = rates_held(plan, [(product, None) for product in products], now)
    for product, before in zip(products, held, strict=True):
        _check_published(plan, rates[product.pk], before)
    if plan.exclusive:
        must_be_free([product for product in products if rates[product.pk]], plan)
    announcing = _Announcing(plan, now, actor)
    fresh = [
        announcing.terms(product, None, rates[product.pk], before)
        for product, before in zip(products, held, strict=True)
    ]
    Terms.objects.bulk_create(fresh)
    if fresh:
        audit.record("terms.announced", plan, actor=actor, products=len(fresh))
        rates_refresh(merchant=plan.merchant, products=[product.pk for product in products])
    return fresh


def plan_held(plan: Plan) -> Plan:
    """Announcements of one plan stand in line: what is a raise depends on what counts now. An
    event's plan stands behind its event, so that nobody publishes it meanwhile."""
    if plan.event_id:
        Event.objects.select_for_update(no_key=True).get(pk=plan.event_id)
    locked = Plan.objects.select_for_update(of=("self",), no_key=True)  # orders need not wait
    plan = locked.select_related("merchant", "event").get(pk=plan.pk)
    if plan.state != PlanState.ACTIVE or (plan.ends_at and plan.ends_at <= clock.now()):
        raise WrongState(_("This plan has ended."))
    return plan


def _check_dates(name: str, starts_at: datetime, ends_at: datetime | None, now: datetime) -> None:
    if not name.strip():
        raise Invalid(_("Give the plan a name."), field="name")
    if starts_at < now:
        raise Invalid(_("A plan cannot begin in the past."), field="starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("A plan ends after it begins."), field="ends_at")


def _check_rate(rate_bps: int, *, may_be_zero: bool) -> None:
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    if not (low <= rate_bps <= high or (rate_bps == 0 and may_be_zero)):
        raise Invalid(
            _("A commission rate lies between %(low)s and %(high)s.")
            % {"low": percent(low), "high": percent(high)},
            field="rate_bps",
        )


def rates_held(
    plan: Plan, scopes: Sequence[tuple[Product | None, Category | None]], now: datetime
) -> list[int]:
    """What this plan alone pays for each scope now; 0 if nothing."""
    products = [product.pk for product, _category in scopes if product]
    by_scope: dict[tuple[int | None, int | None], int] = {}
    begun = Terms.objects.filter(plan=plan, starts_at__lte=now).order_by("created_at", "id")
    for terms in begun.exclude(product__isnull=False) | begun.filter(product__in=products):
        by_scope[terms.product_id, terms.category_id] = terms.rate_bps
    held = []
    for product, category in scopes:
        category_id = product.category_id if product else category.pk if category else None
        ladder: list[tuple[int | None, int | None]] = [(product.pk, None)] if product else []
        ladder += [(None, category_id)] if category_id else []
        found = [by_scope[scope] for scope in (*ladder, (None, None)) if scope in by_scope]
        held.append(found[0] if found else 0)
    return held


def _check_kind(plan: Plan, for_product: bool, rate_bps: int) -> None:
    """Events and first pieces are about single products, and have a least of their own."""
    if plan.kind == PlanKind.TOPN:
        raise WrongState(_("The rate for the first pieces was promised with them and stays."))
    if plan.event is None:
        return
    if not for_product:
        raise Invalid(_("In an event each product has its own rate."), field="product")
    if rate_bps and rate_bps < plan.event.least_bps:
        raise Invalid(
            _("This event pays %(least)s or more.") % {"least": percent(plan.event.least_bps)},
            field="rate_bps",
        )


def _check_published(plan: Plan, rate_bps: int, held_bps: int) -> None:
    """Nobody leaves a published event, product by product neither: links are made for it, and its
    host has been promised a fee."""
    if plan.event and plan.event.state != EventState.ENROLLING and rate_bps < held_bps:
        raise WrongState(_("The event is published: affiliates count on it."))


def must_be_free(products: Iterable[Product | None], plan: Plan) -> None:
    """None of them (None: the whole shop) is locked for everybody: an exclusive plan would take it
    away. WrongState says which."""
    everybodys = Plan.objects.filter(merchant=plan.merchant_id).exclude(kind__in=JOINED)
    locks = locks_of(everybodys.values_list("pk", flat=True))
    for product in products:
        until = locks.promised(product.pk if product else None, clock.now())
        if until:
            raise WrongState(
                _("“%(what)s” is promised to everybody until %(until)s by a rate lock.")
                % {
                    "what": product.name if product else plan.merchant.name,
                    "until": until.astimezone(clock.ZONE).date().isoformat(),
                }
            )


class _Announcing:
    """What is announced in a plan at one moment."""

    def __init__(self, plan: Plan, now: datetime, actor: User | None) -> None:
        self.plan, self.now, self.actor = plan, now, actor
        self.locks = locks_of([plan.pk])
        ahead = Terms.objects.filter(plan=plan, starts_at__gte=now)
        self.taken: set[_Moment] = set(ahead.values_list("product", "category", "starts_at"))

    def effect(
        self, product: Product | None, category: Category | None, rate_bps: int, held_bps: int
    ) -> datetime:
        """When a rate counts where the plan pays `held_bps` now."""
        if self.plan.starts_at > self.now:
            return self.now  # nobody was promised anything yet
        if rate_bps >= held_bps:
            # A raise; but what comes into an exclusive plan is taken from everybody else.
            return next_day() if self.plan.exclusive and not held_bps else self.now
        return self.locks.after(self.plan.pk, product.pk if product else None, next_day())

    def terms(
        self, product: Product | None, category: Category | None, rate_bps: int, held_bps: int
    ) -> Terms:
        starts_at = self.effect(product, category, rate_bps, held_bps)
        scope = (product.pk if product else None, category.pk if category else None)
        while (*scope, starts_at) in self.taken:  # a correction of what was announced for it
            starts_at += _TICK
        self.taken.add((*scope, starts_at))
        return Terms(
            plan=self.plan,
            product=product,
            category=category,
            rate_bps=rate_bps,
            before_bps=held_bps,
            starts_at=starts_at,
            created_at=self.now,
            created_by=self.actor,
        )


def rates_refresh(
    *,
    merchant: Merchant | None = None,
    products: Iterable[int] | None = None,
    since: datetime | None = None,
) -> int:
    """Bring `Product.rate_bps` in line with the terms in force now. Returns how many changed.

    Runs after each announcement for what it touches, and by the clock for all; with `since` only
    for merchants of whom something has begun, ended or sold out after that. A slice at a time: in
    the memory of one, and in a transaction of its own where the caller has none.
    """
    rows = _rated()
    if merchant is not None:
        rows = rows.filter(shop__merchant=merchant)
    if products is not None:
        rows = rows.filter(pk__in=list(products))
    if since is not None:
        rows = rows.filter(shop__merchant__in=_turned(since))
    changed, last = 0, 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:SLICE]):
        changed += _refresh(found)
        last = found[-1].pk
        if len(found) < SLICE:
            break
    return changed


def _refresh(rows: Sequence[Product]) -> int:
    """What seems out of line is looked at again when it is ours: whoever had it announced more."""
    stale = [row.pk for row in _out_of_line(rows)]
    if not stale:
        return 0
    with transaction.atomic():
        held = _rated().filter(pk__in=stale).order_by("pk")
        held = held.select_for_update(of=("self",), no_key=True)
        return update_many(_out_of_line(held), ("rate_bps",))


def _rated() -> QuerySet[Product]:
    return Product.objects.only("rate_bps", "category", "shop__merchant").select_related("shop")


def _out_of_line(rows: Iterable[Product]) -> list[Product]:
    """Those that carry another rate than counts now, with that rate."""
    now, moved = clock.now(), []
    asked = {Wanted(row.shop.merchant_id, row.pk, row.category_id, now): row for row in rows}
    for wanted, found in terms_at(asked).items():
        row = asked[wanted]
        if row.rate_bps != found.rate_bps:
            row.rate_bps = found.rate_bps
            moved.append(row)
    return moved


def _turned(since: datetime) -> set[int]:
    """The merchants whose plans or terms began or ended, or whose first pieces moved, since."""
    span = (since, clock.now())
    plans = Plan.objects.filter(
        Q(starts_at__range=span) | Q(ends_at__range=span) | Q(stock__updated_at__gte=since)
    )
    terms = Terms.objects.filter(starts_at__range=span)
    return {
        *plans.values_list("merchant", flat=True),
        *terms.order_by().values_list("plan__merchant", flat=True).distinct(),
    }
