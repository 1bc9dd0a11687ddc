"""The announcement of rates (docs/domain.md §2.2).

A raise counts at once. A cut counts from the next business day, so that nobody who linked today is
paid less than they were promised; inside a rate lock it waits for the lock's end. What was
announced is never edited; a new announcement follows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.locks import Locks, locks_of
from merchants.models import (
    JOINED,
    Category,
    Event,
    EventState,
    Plan,
    PlanKind,
    PlanState,
    Product,
    Terms,
)
from merchants.services.rates import rates_refresh

_TICK = timedelta(microseconds=1)
_Moment = tuple[int | None, int | None, datetime]  # product, category, starts_at


def next_day() -> datetime:
    """The first moment of the next business day: when a cut or an end comes into force."""
    return clock.day_start(clock.business_day() + timedelta(days=1))


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
    business day. 0 takes a product or category out; in a plan of the autopilot's also everything
    else, which leaves it to the merchant's own plans. Raises Invalid for a rate outside of the
    alliance's bounds or a product of somebody else, WrongState if the plan has ended or its event
    is published and this would be a cut.
    """
    if product is not None and category is not None:
        raise Invalid(_("Choose a product or a category, not both."), field="product")
    if product is not None and product.shop.merchant_id != plan.merchant_id:
        raise Invalid(_("This is not a product of this merchant."), field="product")
    check_rate(rate_bps, may_be_zero=bool(product or category or plan.by_autopilot))
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
    check_rate(rate_bps, may_be_zero=bool(product or category or plan.by_autopilot))
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
        check_rate(rate_bps, may_be_zero=True)
        _check_kind(plan, True, rate_bps)
    products = list(
        Product.objects.filter(pk__in=rates, shop__merchant=plan.merchant_id).order_by("pk")
    )
    if len(products) != len(rates):
        raise Invalid(_("This is not a product of this merchant."), field="product")
    announced = _announced(plan, rates)
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


class Foreseen(NamedTuple):
    """What announcing a rate for a product would do. `why`: why it is refused; "" if it is not.
    `starts_at`: from when it would count; None where nothing changes. `announced_bps`: what was
    announced for the product itself last, also for a day to come; None if nothing ever was."""

    product: Product
    before_bps: int
    after_bps: int
    starts_at: datetime | None
    why: str = ""
    announced_bps: int | None = None

    @property
    def changes(self) -> bool:
        return self.starts_at is not None


def product_rates_foresee(
    *, plan: Plan, products: Sequence[Product], rate_of: Callable[[Product, int], int]
) -> list[Foreseen]:
    """For each product what `product_rates_announce` would make of `rate_of` (the product, what the
    plan pays for it now), which may refuse as well. Announces nothing; none hurts another."""
    now = clock.now()
    held = rates_held(plan, [(product, None) for product in products], now)
    announced = _announced(plan, [product.pk for product in products])
    announcing = _Announcing(plan, now, None)
    promises = _promises(plan) if plan.exclusive else None
    found = []
    for product, before in zip(products, held, strict=True):
        after = before
        try:
            after = rate_of(product, before)
            if announced.get(product.pk, before) == after:
                found.append(Foreseen(product, before, after, None))
                continue
            check_rate(after, may_be_zero=True)
            _check_kind(plan, True, after)
            _check_published(plan, after, before)
            if promises is not None and after:
                _check_free(product, plan, promises)
        except DomainError as exc:
            found.append(Foreseen(product, before, after, None, str(exc)))
            continue
        starts_at = announcing.effect(product, None, after, before)
        found.append(
            Foreseen(product, before, after, starts_at, announced_bps=announced.get(product.pk))
        )
    return found


def _announced(plan: Plan, products: Iterable[int]) -> dict[int, int]:
    """By product: the rate of its own that was last announced, also for a day to come."""
    own = Terms.objects.filter(plan=plan, product__in=list(products)).order_by("created_at", "id")
    return {terms.product_id: terms.rate_bps for terms in own if terms.product_id}


def check_rate(rate_bps: int, *, may_be_zero: bool) -> None:
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
    promises = _promises(plan)
    for product in products:
        _check_free(product, plan, promises)


def _promises(plan: Plan) -> Locks:
    """The locks of the plans that are for everybody."""
    everybodys = Plan.objects.filter(merchant=plan.merchant_id).exclude(kind__in=JOINED)
    return locks_of(everybodys.values_list("pk", flat=True))


def _check_free(product: Product | None, plan: Plan, promises: Locks) -> None:
    until = promises.promised(product.pk if product else None, clock.now())
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
