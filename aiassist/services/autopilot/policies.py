"""What a merchant signs, and whether its autopilot runs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotGroup,
    AutopilotMode,
    AutopilotPolicy,
    AutopilotState,
    DecisionState,
    GroupKind,
    StopReason,
)
from aiassist.notices import stopped_tell
from aiassist.services.autopilot.kept import Holder, members_leave, plans_end, rates_cap
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import percent
from merchants.models import Category, Merchant, MerchantState, PlanKind, PlanState, Product
from merchants.queries import may_act_for

LONGEST = 366  # days that one signature is good for
MOST_PRODUCTS = 500  # chosen one by one
ROI_MOST_CENTI = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """A product group and the rates that the merchant allows for it, in basis points."""

    kind: GroupKind
    least_bps: int
    most_bps: int
    category: Category | None = None
    products: Sequence[Product] = ()


@dataclass(frozen=True, slots=True)
class PolicyWish:
    """Everything that a policy says; amounts in minor units of the merchant's currency."""

    mode: AutopilotMode
    roi_target_centi: int
    roi_floor_centi: int
    budget_day_minor: int
    budget_minor: int
    ends_on: date
    limits: Sequence[Limits]
    held_out_bps: int = 500
    pinned: Sequence[Affiliate] = ()


@transaction.atomic
def policy_sign(*, merchant: Merchant, wish: PolicyWish, actor: User) -> Autopilot:
    """From now on the autopilot follows this, whatever it did before; the next night looks first.

    Rates that it pays already go on where the groups stay the same, down to the new limits; pinned
    affiliates get the merchant's own back. What it suggested before lapses. Raises Invalid (limits,
    budgets, dates, products of somebody else), NotAllowed (not the merchant's team), WrongState (it
    does not trade, or has no general plan).
    """
    if not may_act_for(actor, merchant.pk):
        raise NotAllowed(_("Only the merchant's own team signs for it."))
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if merchant.state != MerchantState.ACTIVE:
        raise WrongState(_("Your shop does not trade at present."))
    if not merchant.plans.filter(kind=PlanKind.COMMON, state=PlanState.ACTIVE).exists():
        raise WrongState(_("Open a general plan first: the autopilot pays beside it."))
    wish_check(merchant, wish)
    before = Autopilot.objects.select_for_update().filter(merchant=merchant).first()
    policy = _written(merchant, wish, actor)
    autopilot = _taken_up(before, policy, actor)
    audit.record(
        "autopilot.signed",
        autopilot,
        actor=actor,
        version=policy.version,
        mode=policy.mode,
        roi_target_centi=policy.roi_target_centi,
    )
    return autopilot


def wish_check(merchant: Merchant, wish: PolicyWish) -> None:
    """Raises Invalid for what nobody may sign."""
    today = clock.business_day()
    if not 100 < wish.roi_target_centi <= ROI_MOST_CENTI:
        raise Invalid(_("Choose a return above 1, and 1,000 at most."), field="roi_target")
    if not 100 <= wish.roi_floor_centi < wish.roi_target_centi:
        raise Invalid(
            _("Choose a floor of at least 1 that is below the return aimed for."), field="roi_floor"
        )
    if wish.budget_day_minor <= 0:
        raise Invalid(_("A budget is above zero."), field="budget_day_minor")
    if wish.budget_minor < wish.budget_day_minor:
        raise Invalid(
            _("The budget in all is smaller than the budget of one day."), field="budget_minor"
        )
    if not today <= wish.ends_on or (wish.ends_on - today).days > LONGEST:
        raise Invalid(_("It ends today at the earliest, and within a year."), field="ends_on")
    if not 0 <= wish.held_out_bps <= 5_000:
        raise Invalid(_("Between 0 and 50 percent are kept for comparison."), field="held_out_bps")
    if not wish.limits:
        raise Invalid(
            _("Say which rates it may pay: for the whole shop, a category or products."),
            field="rest",
        )
    for one in wish.limits:
        _limits_check(merchant, one)


def _limits_check(merchant: Merchant, one: Limits) -> None:
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    if not low <= one.least_bps <= one.most_bps <= high:
        raise Invalid(
            _("Limits of a rate lie between %(low)s and %(high)s, the lower one first.")
            % {"low": percent(low), "high": percent(high)},
            field=one.kind,
        )
    if one.kind == GroupKind.PRODUCTS:
        if not 0 < len(one.products) <= MOST_PRODUCTS:
            raise Invalid(_("Choose between 1 and 500 products."), field="products")
        if any(product.shop.merchant_id != merchant.pk for product in one.products):
            raise Invalid(_("This is not a product of this merchant."), field="products")


def _written(merchant: Merchant, wish: PolicyWish, actor: User) -> AutopilotPolicy:
    last = merchant.autopilot_policies.aggregate(last=Max("version"))["last"] or 0
    policy = AutopilotPolicy.objects.create(
        merchant=merchant,
        version=last + 1,
        mode=wish.mode,
        roi_target_centi=wish.roi_target_centi,
        roi_floor_centi=wish.roi_floor_centi,
        currency=merchant.currency,
        budget_day_minor=wish.budget_day_minor,
        budget_minor=wish.budget_minor,
        ends_on=wish.ends_on,
        held_out_bps=wish.held_out_bps,
        signed_by=actor,
        signed_at=clock.now(),
    )
    policy.pinned.set(wish.pinned)
    for one in wish.limits:
        group = AutopilotGroup.objects.create(
            policy=policy,
            kind=one.kind,
            category=one.category,
            least_bps=one.least_bps,
            most_bps=one.most_bps,
        )
        group.products.set(one.products)
    return policy


def _taken_up(before: Autopilot | None, policy: AutopilotPolicy, actor: User) -> Autopilot:
    """The merchant's autopilot, running by this policy. What was counted goes on unless it stood
    still meanwhile."""
    if before is None:
        return Autopilot.objects.create(
            merchant=policy.merchant, policy=policy, began_on=clock.business_day()
        )
    if _scopes(before.policy) != _scopes(policy):
        plans_end(autopilot=before, actor=actor)
    else:
        pinned = set(policy.pinned.values_list("pk", flat=True))
        holders = [Holder(affiliate=pk) for pk in pinned]
        plans_end(autopilot=before, holders=holders, actor=actor)
        members_leave(autopilot=before, affiliates=pinned, actor=actor)
    if before.state == AutopilotState.STOPPED:
        before.began_on, before.memory = clock.business_day(), {}
    before.policy = policy
    before.state, before.reason, before.since = AutopilotState.RUNNING, "", clock.now()
    before.save()
    suggestions_lapse(before)
    rates_cap(autopilot=before, actor=actor)
    return before


def _scopes(policy: AutopilotPolicy) -> set[tuple[str, Collection[int]]]:
    """Which products have a rate together."""
    return {
        (group.key, frozenset(group.products.values_list("pk", flat=True)))
        for group in policy.groups.prefetch_related("products")
    }


def suggestions_lapse(autopilot: Autopilot) -> None:
    """What was suggested and nobody decided on is overtaken."""
    waiting = AutopilotDecision.objects.filter(
        night__autopilot=autopilot, state=DecisionState.SUGGESTED
    )
    waiting.update(state=DecisionState.LAPSED, decided_at=clock.now())


@transaction.atomic
def autopilot_pause(*, autopilot: Autopilot, actor: User) -> None:
    """It looks and decides no more; its rates stay. WrongState if it does not run."""
    _moved(autopilot, {AutopilotState.RUNNING}, AutopilotState.PAUSED, reason=StopReason.BY_HAND)
    audit.record("autopilot.paused", autopilot, actor=actor)


@transaction.atomic
def autopilot_resume(*, autopilot: Autopilot, actor: User) -> None:
    """It goes on from the next night. WrongState if it is not paused."""
    _moved(autopilot, {AutopilotState.PAUSED}, AutopilotState.RUNNING, reason="")
    audit.record("autopilot.resumed", autopilot, actor=actor)


@transaction.atomic
def autopilot_stop(
    *, autopilot: Autopilot, reason: StopReason = StopReason.BY_HAND, actor: User | None
) -> None:
    """The kill switch: all of its rates end with the business day, or when a rate lock does, and
    the merchant's own are left. Only another signature begins anew. The team is told if it did so
    itself (no actor). WrongState if it is stopped."""
    going = {AutopilotState.RUNNING, AutopilotState.PAUSED}
    _moved(autopilot, going, AutopilotState.STOPPED, reason=reason)
    ended = plans_end(autopilot=autopilot, actor=actor)
    suggestions_lapse(autopilot)
    event = audit.record("autopilot.stopped", autopilot, actor=actor, reason=reason, plans=ended)
    if actor is None:
        stopped_tell(autopilot, event)


def _moved(
    autopilot: Autopilot, states: Collection[str], state: AutopilotState, *, reason: str
) -> None:
    """Whoever changes the row wins."""
    now = clock.now()
    rows = Autopilot.objects.filter(pk=autopilot.pk, state__in=states)
    if not rows.update(state=state, reason=reason, since=now, updated_at=now):
        raise WrongState
    autopilot.state, autopilot.reason, autopilot.since = state, reason, now
