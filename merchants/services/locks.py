"""Locking what a plan pays (merchants.locks)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import JOINED, Plan, PlanKind, Product, RateLock, Terms
from merchants.services.plans import plan_held, rates_held

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
    if _lower_announced(plan, product, until):
        raise WrongState(_("A lower rate is announced for a day inside of this lock."))
    if plan.kind not in JOINED and _taken_by_exclusive(plan, product):
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


def _lower_announced(plan: Plan, product: Product | None, until: datetime) -> bool:
    """Whether the last word on something that the lock covers has yet to begin: whatever begins
    later is a cut. What is to come for a product's category or shop does not reach a pinned one."""
    covered = Terms.objects.filter(plan=plan)
    if product is not None:
        covered = covered.filter(product=product)
    last: dict[tuple[int | None, int | None], Terms] = {}
    for terms in covered.order_by("created_at", "pk"):
        last[terms.product_id, terms.category_id] = terms
    return any(clock.now() < terms.starts_at < until for terms in last.values())


def _taken_by_exclusive(plan: Plan, product: Product | None) -> bool:
    exclusive = Terms.objects.filter(
        Q(plan__ends_at=None) | Q(plan__ends_at__gt=clock.now()),
        plan__merchant=plan.merchant_id,
        plan__kind=PlanKind.SP,
        plan__exclusive=True,
        rate_bps__gt=0,
    )
    if product is not None:
        shop = Q(product=None, category=None)
        exclusive = exclusive.filter(
            shop | Q(product=product) | Q(category=product.category_id, product=None)
        )
    return exclusive.exists()
