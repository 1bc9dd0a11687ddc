"""Commission plans and the announcement of rates (docs/domain.md §2.2).

A raise counts at once. A cut counts from the next business day, so that nobody who linked today is
paid less than they were promised. What was announced is never edited; a new announcement follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.bulk import update_many
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.models import Category, Merchant, Plan, PlanKind, PlanState, Product, Terms
from merchants.plans import Wanted, terms_at

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
    actor: User | None,
) -> Plan:
    """A plan for every affiliate; with `rate_bps` it pays that for the whole shop from its start.

    A general plan (COMMON) begins now, needs a rate, and a merchant has one at a time: WrongState
    otherwise. A marketing plan (MKT) has a beginning, not in the past, and an end.
    """
    now = clock.now()
    starts_at = starts_at or now
    if not name.strip():
        raise Invalid(_("Give the plan a name."), field="name")
    if starts_at < now:
        raise Invalid(_("A plan cannot begin in the past."), field="starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("A plan ends after it begins."), field="ends_at")
    if kind == PlanKind.COMMON:
        if rate_bps is None:
            raise Invalid(_("A general plan needs a rate for the whole shop."), field="rate_bps")
        if Plan.objects.filter(merchant=merchant, kind=kind, state=PlanState.ACTIVE).exists():
            raise WrongState(_("There is a general plan already. Change its rate instead."))
    elif ends_at is None:
        raise Invalid(_("A marketing plan needs an end."), field="ends_at")
    if rate_bps is not None:
        _check_rate(rate_bps, may_be_zero=False)
    plan = Plan.objects.create(
        merchant=merchant, kind=kind, name=name.strip(), starts_at=starts_at, ends_at=ends_at
    )
    if rate_bps is not None:
        Terms.objects.create(
            plan=plan, rate_bps=rate_bps, starts_at=now, created_at=now, created_by=actor
        )
    audit.record("plan.opened", plan, actor=actor, kind=kind, rate_bps=rate_bps)
    rates_refresh(merchant=merchant)
    return plan


@transaction.atomic
def plan_end(*, plan: Plan, actor: User | None) -> Plan:
    """The plan ends at the next business day's start; one that has not begun never begins."""
    ends_at = max(next_day(), plan.starts_at + _TICK)
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
    alliance's bounds or a product of somebody else, WrongState if the plan has ended.
    """
    if product is not None and category is not None:
        raise Invalid(_("Choose a product or a category, not both."), field="product")
    if product is not None and product.shop.merchant_id != plan.merchant_id:
        raise Invalid(_("This is not a product of this merchant."), field="product")
    _check_rate(rate_bps, may_be_zero=bool(product or category))
    now, plan = clock.now(), _locked(plan)
    held = _rates_held(plan, [(product, category)], now)[0]
    fresh = _fresh(plan, product, category, rate_bps, held, now, actor, _moments_taken(plan, now))
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
    held = _rates_held(plan, [(product, category)], now)[0]
    return _effect(plan, rate_bps, held, now)


@transaction.atomic
def product_rates_announce(
    *, plan: Plan, rates: Mapping[int, int], actor: User | None
) -> list[Terms]:
    """`terms_announce` for many products of the plan's merchant at once: key → rate_bps.

    A product whose announced rate is this one already is left out of the answer.
    """
    for rate_bps in rates.values():
        _check_rate(rate_bps, may_be_zero=True)
    now, plan = clock.now(), _locked(plan)
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
    held = _rates_held(plan, [(product, None) for product in products], now)
    taken = _moments_taken(plan, now)
    fresh = [
        _fresh(plan, product, None, rates[product.pk], before, now, actor, taken)
        for product, before in zip(products, held, strict=True)
    ]
    Terms.objects.bulk_create(fresh)
    if fresh:
        audit.record("terms.announced", plan, actor=actor, products=len(fresh))
        rates_refresh(merchant=plan.merchant, products=[product.pk for product in products])
    return fresh


def _locked(plan: Plan) -> Plan:
    """Announcements of one plan stand in line: what is a raise depends on what counts now."""
    locked = Plan.objects.select_for_update(of=("self",), no_key=True)  # orders need not wait
    plan = locked.select_related("merchant").get(pk=plan.pk)
    if plan.state != PlanState.ACTIVE or (plan.ends_at and plan.ends_at <= clock.now()):
        raise WrongState(_("This plan has ended."))
    return plan


def _check_rate(rate_bps: int, *, may_be_zero: bool) -> None:
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    if not (low <= rate_bps <= high or (rate_bps == 0 and may_be_zero)):
        raise Invalid(
            _("A commission rate lies between %(low)s and %(high)s.")
            % {"low": percent(low), "high": percent(high)},
            field="rate_bps",
        )


def _rates_held(
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


def _effect(plan: Plan, rate_bps: int, held_bps: int, now: datetime) -> datetime:
    # Before the plan begins nobody was promised anything yet.
    return now if rate_bps >= held_bps or plan.starts_at > now else next_day()


def _moments_taken(plan: Plan, now: datetime) -> set[_Moment]:
    ahead = Terms.objects.filter(plan=plan, starts_at__gte=now)
    return set(ahead.values_list("product", "category", "starts_at"))


def _fresh(
    plan: Plan,
    product: Product | None,
    category: Category | None,
    rate_bps: int,
    held_bps: int,
    now: datetime,
    actor: User | None,
    taken: set[_Moment],
) -> Terms:
    starts_at = _effect(plan, rate_bps, held_bps, now)
    scope = (product.pk if product else None, category.pk if category else None)
    while (*scope, starts_at) in taken:  # a correction of what was announced for this moment
        starts_at += _TICK
    taken.add((*scope, starts_at))
    return Terms(
        plan=plan,
        product=product,
        category=category,
        rate_bps=rate_bps,
        starts_at=starts_at,
        created_at=now,
        created_by=actor,
    )


@transaction.atomic
def rates_refresh(
    *, merchant: Merchant | None = None, products: Iterable[int] | None = None
) -> int:
    """Bring `Product.rate_bps` in line with the terms in force now. Returns how many changed.

    Runs after each announcement for what it touches, and at the start of each business day for all.
    """
    rows = Product.objects.select_related("shop").order_by("pk")
    if merchant is not None:
        rows = rows.filter(shop__merchant=merchant)
    if products is not None:
        rows = rows.filter(pk__in=list(products))
    now, changed = clock.now(), []
    asked: dict[Wanted, Product] = {
        (row.shop.merchant_id, row.pk, row.category_id, now): row for row in rows
    }
    for wanted, found in terms_at(asked).items():
        row, rate_bps = asked[wanted], found.rate_bps if found else 0
        if row.rate_bps != rate_bps:
            row.rate_bps = rate_bps
            changed.append(row)
    return update_many(changed, ("rate_bps",))
