"""What becomes of a decision: applied, accepted, declined, rolled back."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotState,
    DecisionState,
)
from aiassist.services.autopilot.kept import (
    Holder,
    kept_plans,
    members_settle,
    rate_set,
    rates_announced,
)
from alliance.kernel import audit, clock
from alliance.kernel.errors import DomainError, NotAllowed, WrongState
from alliance.kernel.models import User
from merchants.queries import may_act_for


def decision_apply(*, decision: AutopilotDecision, actor: User, by_person: bool = True) -> bool:
    """Announce its rate in the kept plan; False if a rule of rates refuses, and the decision says
    which. In the caller's transaction. WrongState if it was decided on before."""
    try:
        with transaction.atomic():
            terms = rate_set(
                autopilot=decision.night.autopilot,
                holder=Holder(decision.affiliate_id, decision.tier),
                group=decision.group,
                rate_bps=decision.to_bps,
                actor=actor,
            )
    except DomainError as refused:
        state, reason, terms_pk = DecisionState.REFUSED, str(refused)[:300], None
    else:
        state, reason, terms_pk = DecisionState.DONE, "", terms.pk
    _moved(
        decision,
        DecisionState.SUGGESTED,
        state,
        reason=reason,
        terms_id=terms_pk,
        decided_by=actor if by_person else None,
    )
    return state == DecisionState.DONE


@transaction.atomic
def suggestions_accept(
    *, autopilot: Autopilot, decisions: Sequence[AutopilotDecision], actor: User
) -> tuple[int, int]:
    """The person wants these; returns how many are applied, and how many a rule refused.

    Raises NotAllowed, WrongState (it does not run, one of them was decided on).
    """
    autopilot = _acting(autopilot, actor)
    if autopilot.state != AutopilotState.RUNNING:
        raise WrongState(_("The autopilot does not run."))
    applied = 0
    for decision in sorted(decisions, key=lambda one: one.pk):
        applied += decision_apply(decision=decision, actor=actor)
    if any(one.tier is not None and one.state == DecisionState.DONE for one in decisions):
        found = decisions[0].night.facts.get("tiers", {})
        tiers = {int(tier): members for tier, members in found.items()}
        members_settle(autopilot=autopilot, tiers=tiers, actor=actor)
    audit.record(
        "autopilot.accepted",
        autopilot,
        actor=actor,
        decisions=[one.pk for one in decisions],
        applied=applied,
    )
    return applied, len(decisions) - applied


@transaction.atomic
def suggestions_decline(
    *, autopilot: Autopilot, decisions: Sequence[AutopilotDecision], actor: User
) -> None:
    """The person does not want these. Raises NotAllowed, WrongState (one was decided on)."""
    autopilot = _acting(autopilot, actor)
    for decision in decisions:
        _moved(decision, DecisionState.SUGGESTED, DecisionState.DECLINED, decided_by=actor)
    audit.record(
        "autopilot.declined", autopilot, actor=actor, decisions=[one.pk for one in decisions]
    )


@transaction.atomic
def decision_roll_back(*, decision: AutopilotDecision, actor: User) -> None:
    """The rate from before is announced anew: a lower one counts from the next business day, as
    always. The autopilot leaves it alone for two weeks.

    Raises NotAllowed, WrongState (not applied, changed since, its plan has ended, a rate lock,
    above what the policy allows by now).
    """
    autopilot = _acting(decision.night.autopilot, actor)
    holder = Holder(decision.affiliate_id, decision.tier)
    kept = kept_plans(autopilot).get(holder)
    if kept is None:
        raise WrongState(_("Its plan has ended: your own rates count already."))
    now = rates_announced({holder: kept}, [decision.group]).get((holder, decision.group_id))
    if now != decision.to_bps:
        raise WrongState(_("This rate was changed again since. Roll back the later change."))
    limits = {group.key: group.most_bps for group in autopilot.policy.groups.all()}
    if decision.from_bps > limits.get(decision.group.key, 0):
        raise WrongState(_("The rate from before is above the limit that you have signed since."))
    rate_set(
        autopilot=autopilot,
        holder=holder,
        group=decision.group,
        rate_bps=decision.from_bps,
        actor=actor,
    )
    _moved(decision, DecisionState.DONE, DecisionState.ROLLED_BACK, decided_by=actor)
    audit.record("autopilot.rolled_back", autopilot, actor=actor, decision=decision.pk)


def _acting(autopilot: Autopilot, actor: User) -> Autopilot:
    """The row, ours for now: nobody looks, accepts or rolls back at the same time."""
    if not may_act_for(actor, autopilot.merchant_id):
        raise NotAllowed(_("Only the merchant's own team decides on its rates."))
    locked = Autopilot.objects.select_for_update(of=("self",)).select_related("policy", "merchant")
    return locked.get(pk=autopilot.pk)


def _moved(
    decision: AutopilotDecision, before: DecisionState, state: DecisionState, **facts: object
) -> None:
    """Whoever changes the row wins."""
    now = clock.now()
    rows = AutopilotDecision.objects.filter(pk=decision.pk, state=before)
    if not rows.update(state=state, decided_at=now, **facts):
        raise WrongState
    for name, value in {"state": state, "decided_at": now, **facts}.items():
        setattr(decision, name, value)
