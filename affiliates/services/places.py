"""Places in targeted and self-chosen plans: applied for or given, decided, ended (docs/domain.md
§2.1).

Whoever is let in has the plan's rates from that moment on. Whoever is removed keeps them until the
end of the business day, as with every cut, and as long as a rate lock lasts.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, PlanMember, PlanMemberState, PlanRule
from affiliates.notices import application_tell, place_tell
from affiliates.queries.places import HERE, applies_again_at, lacking, place_in, record_of
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import joined
from merchants.locks import locks_of
from merchants.models import Plan, PlanKind
from merchants.queries import may_act_for
from merchants.services.terms import next_day, plan_held

LAPSES = timedelta(days=30)
State = PlanMemberState


@transaction.atomic
def plan_apply(*, actor: User, affiliate: Affiliate, plan: Plan, words: str = "") -> PlanMember:
    """The affiliate asks to be let into a targeted plan, and the plan's rule may answer at once.

    Raises WrongState (affiliate not active, plan over or not targeted, applied already, refused or
    removed less than a week ago).
    """
    affiliate_must_be_active(affiliate)
    plan = plan_held(plan)
    if plan.kind != PlanKind.SP:
        raise WrongState(_("Nobody applies for this plan."))
    last = place_in(affiliate, plan)
    if last and last.state in HERE:
        raise WrongState(_("You are in this plan, or have applied for it."))
    if again_at := applies_again_at(last):
        raise WrongState(
            _("You can apply for this plan again from %(day)s on.")
            % {"day": clock.business_day(again_at).isoformat()}
        )
    place = PlanMember.objects.create(
        plan=plan, affiliate=affiliate, words=words.strip()[:500], applied_at=clock.now()
    )
    audit.record("plan.applied", place, actor=actor, plan=plan.pk, affiliate=affiliate.pk)
    rule = PlanRule.objects.filter(plan=plan).first()
    reasons = lacking(rule, affiliate, record_of(affiliate, plan.merchant)) if rule else []
    if rule and not reasons:
        _let_in(place, None, by_rule=True)
    elif rule and rule.refuses:
        _refuse(place, None, joined(*reasons)[:300], by_rule=True)
    else:
        application_tell(place)
    return place


@transaction.atomic
def application_withdraw(*, actor: User, place: PlanMember) -> None:
    """The affiliate does not want it any more. WrongState if it was decided."""
    _decided(place, {State.PENDING}, State.WITHDRAWN)
    audit.record("plan.application_withdrawn", place, actor=actor)


@transaction.atomic
def applications_approve(*, actor: User, places: Sequence[PlanMember]) -> None:
    """The merchant lets them in, from now on. Raises NotAllowed, WrongState."""
    for place in _of_one_merchant(actor, places):
        _let_in(place, actor)


@transaction.atomic
def applications_reject(*, actor: User, places: Sequence[PlanMember], reason: str) -> None:
    """The merchant does not let them in, and says why. Raises Invalid, NotAllowed, WrongState."""
    reason = _reason(reason)
    for place in _of_one_merchant(actor, places):
        _refuse(place, actor, reason)


@transaction.atomic
def place_give(*, actor: User, plan: Plan, affiliate: Affiliate) -> PlanMember:
    """The merchant chooses an affiliate for a self-chosen plan, from now on.

    Raises NotAllowed, WrongState (affiliate not active or in it, plan over or not self-chosen,
    somebody who has brought the merchant nothing).
    """
    _must_act(actor, plan)
    plan = plan_held(plan)
    affiliate_must_be_active(affiliate)
    if plan.kind != PlanKind.ZX:
        raise WrongState(_("For this plan affiliates apply themselves."))
    if not record_of(affiliate, plan.merchant).promotes:
        raise WrongState(_("%(name)s does not promote this shop.") % {"name": affiliate.name})
    here = PlanMember.objects.filter(plan=plan, affiliate=affiliate, state=State.APPROVED)
    if here.exists():
        raise WrongState(_("%(name)s is in this plan.") % {"name": affiliate.name})
    now = clock.now()
    place = PlanMember.objects.create(
        plan=plan,
        affiliate=affiliate,
        state=State.APPROVED,
        applied_at=now,
        decided_at=now,
        starts_at=now,
    )
    audit.record("plan.member_chosen", place, actor=actor, plan=plan.pk, affiliate=affiliate.pk)
    place_tell(place, "plan.chosen")
    return place


@transaction.atomic
def place_take(*, actor: User, place: PlanMember, reason: str) -> None:
    """The merchant removes an affiliate: at the end of this business day, or of the plan's rate
    lock. Raises Invalid, NotAllowed, WrongState."""
    _must_act(actor, place.plan)
    reason = _reason(reason)
    Plan.objects.select_for_update(no_key=True).get(pk=place.plan_id)  # whoever locks it waits
    locks = locks_of([place.plan_id])
    place.ends_at = locks.after(place.plan_id, None, next_day(), any_product=True)
    _decided(place, {State.APPROVED}, State.REMOVED, reason=reason, ends_at=place.ends_at)
    audit.record("plan.member_removed", place, actor=actor, reason=reason)
    place_tell(place, "plan.removed")


@transaction.atomic
def place_quit(*, actor: User, place: PlanMember) -> None:
    """The affiliate leaves, at once. WrongState if it is not in the plan."""
    place.ends_at = max(clock.now(), (place.starts_at or clock.now()) + timedelta(microseconds=1))
    _decided(place, {State.APPROVED}, State.QUIT, ends_at=place.ends_at)
    audit.record("plan.member_left", place, actor=actor)


@transaction.atomic
def plan_rule_set(
    *,
    actor: User,
    plan: Plan,
    kinds: Iterable[str] = (),
    least_tier: int = 0,
    least_orders: int = 0,
    least_gmv_minor: int = 0,
    approved_site: bool = False,
    refuses: bool = False,
) -> PlanRule:
    """Who is let into a targeted plan without being looked at, from now on.

    Raises NotAllowed, WrongState (the plan is over or not targeted).
    """
    _must_act(actor, plan)
    plan = plan_held(plan)
    if plan.kind != PlanKind.SP:
        raise WrongState(_("Nobody applies for this plan."))
    rule, _made = PlanRule.objects.update_or_create(
        plan=plan,
        defaults={
            "kinds": sorted(set(kinds)),
            "least_tier": least_tier,
            "least_orders": least_orders,
            "least_gmv_minor": least_gmv_minor,
            "approved_site": approved_site,
            "refuses": refuses,
        },
    )
    audit.record("plan.rule_set", plan, actor=actor, refuses=refuses)
    return rule


@transaction.atomic
def plan_rule_drop(*, actor: User, plan: Plan) -> None:
    """From now on the merchant looks at each application. Raises NotAllowed, WrongState."""
    _must_act(actor, plan)
    if not PlanRule.objects.filter(plan=plan).delete()[0]:
        raise WrongState
    audit.record("plan.rule_dropped", plan, actor=actor)


@transaction.atomic
def applications_lapse() -> int:
    """Applications that nobody has answered in 30 days are over, and so are those whose plan is.
    Returns how many."""
    now = clock.now()
    pending = PlanMember.objects.filter(state=State.PENDING)
    over = Q(applied_at__lt=now - LAPSES) | Q(plan__ends_at__lte=now)
    waiting = pending.filter(over).select_related("plan__merchant").order_by("pk")
    old = list(waiting.select_for_update(of=("self",)))
    PlanMember.objects.filter(pk__in=[place.pk for place in old]).update(
        state=State.LAPSED, decided_at=now
    )
    for place in old:
        place.state = State.LAPSED
        audit.record("plan.application_lapsed", place, plan=place.plan_id)
        place_tell(place, "plan.lapsed")
    return len(old)


def _must_act(actor: User, plan: Plan) -> None:
    if not may_act_for(actor, plan.merchant_id):
        raise NotAllowed(_("Only the merchant's own team decides who is in its plans."))


def _of_one_merchant(actor: User, places: Sequence[PlanMember]) -> Sequence[PlanMember]:
    for plan in {place.plan_id: place.plan for place in places}.values():
        _must_act(actor, plan)
        plan_held(plan)
    return sorted(places, key=lambda place: place.pk)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Say why: the affiliate reads it."), field="reason")
    return reason.strip()[:300]


def _let_in(place: PlanMember, actor: User | None, *, by_rule: bool = False) -> None:
    place.starts_at = max(clock.now(), place.applied_at)
    _decided(place, {State.PENDING}, State.APPROVED, by_rule=by_rule, starts_at=place.starts_at)
    audit.record("plan.member_approved", place, actor=actor, by_rule=by_rule)
    if not by_rule:  # what the rule answers, the applicant reads at once
        place_tell(place, "plan.approved")


def _refuse(place: PlanMember, actor: User | None, reason: str, *, by_rule: bool = False) -> None:
    _decided(place, {State.PENDING}, State.REJECTED, reason=reason, by_rule=by_rule)
    audit.record("plan.member_rejected", place, actor=actor, reason=reason, by_rule=by_rule)
    if not by_rule:
        place_tell(place, "plan.rejected")


def _decided(place: PlanMember, states: set[State], state: State, **facts: object) -> None:
    """The state that it moves to, if nobody has moved it first: else WrongState."""
    now = clock.now()
    rows = PlanMember.objects.filter(pk=place.pk, state__in=states)
    if not rows.update(state=state, decided_at=now, **facts):
        raise WrongState(gettext("Somebody has decided this already."))
    for name, value in {"state": state, "decided_at": now, **facts}.items():
        setattr(place, name, value)
