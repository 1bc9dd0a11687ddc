"""Locking what a plan pays (merchants.locks)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import JOINED, PastCategory, Plan, PlanKind, Product, RateLock, Terms
from merchants.services.terms import plan_held, rates_held

_Scope = tuple[int | None, int | None]  # product, category
LOCKABLE = frozenset({PlanKind.COMMON, PlanKind.MKT, *JOINED})


@transaction.atomic
def rate_lock(
    *, plan: Plan, product: Product | None = None, until: datetime, actor: User | None
) -> RateLock:
    """From now until `until` the plan does not pay less, for a product or for anything, nor end.

    Raises Invalid (a day in the past, after the plan's end, a product that the plan does not pay
    for), WrongState (a lower rate is announced already, or an exclusive plan takes it from others).
    """
    now, plan = clock.now(), plan_held(plan)
    if plan.kind not in LOCKABLE:
        raise WrongState(_("What this plan pays is fixed from its beginning to its end."))
    if until <= now:
        raise Invalid(_("A lock ends in the future."), field="until")
    if plan.ends_at is not None and until > plan.ends_at:
        raise Invalid(_("The plan ends before that."), field="until")
    if plan.starts_at > now:
        raise WrongState(_("This plan has not begun: it can be locked once it has."))
    if product is not None and product.shop.merchant_id != plan.merchant_id:
        raise Invalid(_("This is not a product of this merchant."), field="product")
    if _lower_announced(plan, product, now, until):
        raise WrongState(_("A lower rate is announced for a day inside of this lock."))
    if plan.kind not in JOINED and _taken_by_exclusive(plan, product, now):
        raise WrongState(_("An exclusive plan takes this from everybody who is not in it."))
    if product is not None:
        (held,) = rates_held(plan, [(product, None)], now)
        if not held:
            raise Invalid(_("The plan pays nothing for this product."), field="product")
        if not Terms.objects.filter(plan=plan, product=product, starts_at__lte=now).exists():
            Terms.objects.create(
                plan=plan,
                product=product,
                rate_bps=held,
                before_bps=held,
                starts_at=now,
                created_at=now,
                created_by=actor,
            )
    lock = RateLock.objects.create(
        plan=plan,
        product=product,
        starts_at=now,
        ends_at=until,
        created_at=now,
        created_by=actor,
    )
    audit.record(
        "plan.locked",
        plan,
        actor=actor,
        product=product.pk if product else None,
        until=until.isoformat(),
    )
    return lock


def _lower_announced(plan: Plan, product: Product | None, now: datetime, until: datetime) -> bool:
    """Whether the last word on something that the lock covers has yet to begin and is less than
    what counts now; what comes into an exclusive plan begins later, too, and is more. What is to
    come for a product's category or shop does not reach a pinned one."""
    covered = Terms.objects.filter(plan=plan)
    if product is not None:
        covered = covered.filter(product=product)
    last = _by_scope(covered)
    to_come = [terms for terms in last.values() if now < terms.starts_at < until]
    prefetch_related_objects(to_come, "product", "category")
    held = rates_held(plan, [(terms.product, terms.category) for terms in to_come], now)
    return any(terms.rate_bps < bps for terms, bps in zip(to_come, held, strict=True))


def _taken_by_exclusive(plan: Plan, product: Product | None, now: datetime) -> bool:
    """Whether an exclusive plan pays for the product (None: for anything), now or from a day on."""
    exclusive = Plan.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        merchant=plan.merchant_id,
        kind=PlanKind.SP,
        exclusive=True,
    )
    for other in exclusive:
        words = Terms.objects.filter(plan=other)
        for said in (_by_scope(words.filter(starts_at__lte=now)), _by_scope(words)):
            scopes = list(said) if product is None else _narrowest(said, product)
            if any(said[scope].rate_bps for scope in scopes):
                return True
    return False


def _by_scope(words: QuerySet[Terms]) -> dict[_Scope, Terms]:
    """The last word on each scope."""
    return {
        (terms.product_id, terms.category_id): terms for terms in words.order_by("created_at", "pk")
    }


def _narrowest(said: Mapping[_Scope, Terms], product: Product) -> list[_Scope]:
    """The scope that speaks for the product, if any does."""
    ladder = [(product.pk, None), (None, product.category_id), (None, None)]
    return [scope for scope in ladder if scope in said][:1]


def moves_locked(
    *, merchant_pk: int, products: Sequence[Product], into: Mapping[int, int | None]
) -> dict[int, str]:
    """By product why it cannot come into another category now (`into`: product → category): a plan
    that is locked as a whole would pay less for it there. A locked product has its own terms, which
    no category touches."""
    there = [_in_category(product, into[product.pk]) for product in products]
    return {
        product.pk: _("“%(plan)s” would pay less for it there, and is locked until %(until)s.")
        % {
            "plan": lock.plan.name,
            "until": lock.ends_at.astimezone(clock.ZONE).date().isoformat(),
        }
        for lock, product, _held in _lowered(merchant_pk, products, there)
    }


def moves_pin(
    *, merchant_pk: int, products: Iterable[Product], left: Sequence[PastCategory]
) -> None:
    """Some of these have `left` a category, as the shop says. Where a plan that is locked as a
    whole would now pay less for one, that one gets terms of its own at the rate that it had, as a
    locked product does."""
    if not left:
        return
    # Of one that was moved twice the first category counts.
    came_from = {past.product_id: past.category_id for past in reversed(left)}
    moved = [product for product in products if product.pk in came_from]
    here = [_in_category(product, came_from[product.pk]) for product in moved]
    now = clock.now()
    Terms.objects.bulk_create(
        Terms(
            plan=lock.plan,
            product_id=product.pk,
            rate_bps=held,
            before_bps=held,
            starts_at=now,
            created_at=now,
        )
        for lock, product, held in _lowered(merchant_pk, here, moved)
    )


def _in_category(product: Product, category: int | None) -> Product:
    moved = copy(product)
    moved.category_id = category
    return moved


def _lowered(
    merchant_pk: int, before: Sequence[Product], after: Sequence[Product]
) -> Iterator[tuple[RateLock, Product, int]]:
    """Of products before and after a move those for which a plan that is locked as a whole pays
    less after it: its longest lock, the product, what it paid before. Two statements a plan."""
    now = clock.now()
    whole = RateLock.objects.filter(
        plan__merchant=merchant_pk, product=None, starts_at__lte=now, ends_at__gt=now
    )
    locks = {lock.plan_id: lock for lock in whole.select_related("plan").order_by("ends_at", "pk")}
    for lock in locks.values():
        was = rates_held(lock.plan, [(product, None) for product in before], now)
        pays = rates_held(lock.plan, [(product, None) for product in after], now)
        for product, more, less in zip(before, was, pays, strict=True):
            if less < more:
                yield lock, product, more
