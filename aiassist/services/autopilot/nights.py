"""What the autopilot does at night: look at what clicks brought, decide, and say why.

One night a business day for each merchant, whoever asks how often: the row of the autopilot is
locked while it looks, and remembers the day.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from aiassist.autopilot import Decision, Guard, Plan, Status, decide
from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotMode,
    AutopilotNight,
    AutopilotState,
    DecisionState,
    NightOutcome,
    StopReason,
)
from aiassist.notices import suggestions_tell
from aiassist.queries.cohorts import of_days
from aiassist.services.autopilot.decisions import decision_apply
from aiassist.services.autopilot.kept import members_settle
from aiassist.services.autopilot.policies import (
    PolicyWish,
    autopilot_stop,
    policy_sign,
    suggestions_lapse,
)
from aiassist.services.autopilot.told import Place, Told, told_of
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Merchant, MerchantState
from merchants.queries import may_act_for

SPENT_BPS = 9_850  # of the budget, in the books: whatever the optimiser expects, it is the end


def nights_due() -> list[int]:
    """Keys of running autopilots that have not looked today."""
    running = Autopilot.objects.filter(state=AutopilotState.RUNNING)
    today = clock.business_day()
    return list(running.exclude(looked_on=today).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def night_spend(*, autopilot_pk: int) -> AutopilotNight | None:
    """Look, decide, and act if the policy says so. None if it was done today or does not run.

    It stops itself where it must: the last day is over, the budget spent, the return below the
    floor, whoever signed is gone, the merchant does not trade.
    """
    today = clock.business_day()
    locked = Autopilot.objects.select_for_update(of=("self",)).select_related(
        "policy__signed_by", "merchant"
    )
    autopilot = locked.filter(pk=autopilot_pk, state=AutopilotState.RUNNING).first()
    if autopilot is None or autopilot.looked_on == today:
        return None
    told = told_of(autopilot, today)
    if reason := _must_end(autopilot, told, today):
        return _stopped(autopilot, told, reason, {})
    suggestions_lapse(autopilot)
    plan = decide(told.history, told.policy, told.units, autopilot.memory)
    if plan.status == Status.KILLED:
        return _stopped(autopilot, told, StopReason.FLOOR, _facts(plan))
    if plan.status == Status.SPENT:
        return _stopped(autopilot, told, StopReason.BUDGET, _facts(plan))
    return _decided(autopilot, told, plan)


def _must_end(autopilot: Autopilot, told: Told, today: date) -> StopReason | None:
    policy = autopilot.policy
    spent = of_days(told.sold, autopilot.began_on, today).cost_minor
    if spent * 10_000 >= policy.budget_minor * SPENT_BPS:
        return StopReason.BUDGET
    if today > policy.ends_on:
        return StopReason.ENDED
    if autopilot.merchant.state != MerchantState.ACTIVE:
        return StopReason.MERCHANT
    if not may_act_for(policy.signed_by, autopilot.merchant_id):
        return StopReason.SIGNER
    return None


def _stopped(
    autopilot: Autopilot, told: Told, reason: StopReason, facts: dict[str, Any]
) -> AutopilotNight:
    night = _night(autopilot, told, NightOutcome.STOPPED, {**facts, "reason": reason.value})
    autopilot_stop(autopilot=autopilot, reason=reason, actor=None)
    return night


def _decided(autopilot: Autopilot, told: Told, plan: Plan) -> AutopilotNight:
    frozen = plan.status == Status.FROZEN
    outcome = NightOutcome.FROZEN if frozen else NightOutcome.LOOKED
    night = _night(autopilot, told, outcome, {**_facts(plan), "tiers": told.tiers})
    rows = [] if frozen else list(_changes(told, plan, night))
    AutopilotDecision.objects.bulk_create(rows)
    autopilot.memory = plan.state
    autopilot.save(update_fields=["memory", "updated_at"])
    signer = autopilot.policy.signed_by
    if autopilot.policy.mode == AutopilotMode.ACT:
        with override(signer.language or settings.LANGUAGE_CODE):
            for row in rows:
                decision_apply(decision=row, actor=signer, by_person=False)
    elif rows:
        suggestions_tell(night, len(rows))
    members_settle(autopilot=autopilot, tiers=told.tiers, actor=signer)
    return night


def _night(
    autopilot: Autopilot, told: Told, outcome: NightOutcome, facts: dict[str, Any]
) -> AutopilotNight:
    today = clock.business_day()
    so_far = of_days(told.sold, autopilot.began_on, today)
    autopilot.looked_on = today
    autopilot.save(update_fields=["looked_on", "updated_at"])
    return AutopilotNight.objects.create(
        autopilot=autopilot,
        policy=autopilot.policy,
        day=today,
        outcome=outcome,
        orders=told.orders,
        roi_centi=so_far.roi_centi,
        spent_minor=so_far.cost_minor,
        facts=facts,
    )


def _facts(plan: Plan) -> dict[str, Any]:
    """What the night's page tells of it, as JSON."""
    return _plain(
        {
            "status": plan.status.value,
            "why": plan.reason,
            "roi": plan.roi,
            "matured_roi": plan.matured_roi,
            "bank_minor": plan.bank_minor,
            "spent_minor": plan.spent_minor,
            "uplift": asdict(plan.uplift) if plan.uplift else None,
        }
    )


def _plain(value: Any) -> Any:
    """Without what JSON cannot say."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _changes(told: Told, plan: Plan, night: AutopilotNight) -> Iterator[AutopilotDecision]:
    """What is to be another rate than now, within the limits of its group."""
    for decision in plan.decisions:
        place = told.places[decision.unit]
        if place.held or decision.evidence.guard in (Guard.PINNED, Guard.FROZEN):
            continue
        to_bps = _aimed(place, decision)
        if to_bps != place.kept_bps:
            yield AutopilotDecision(
                night=night,
                group=place.group,
                affiliate_id=place.holder.affiliate,
                tier=place.holder.tier,
                from_bps=place.kept_bps,
                to_bps=to_bps,
                own_bps=place.own_bps,
                evidence=_plain(asdict(decision.evidence)),
                state=DecisionState.SUGGESTED,
            )


def _aimed(place: Place, decision: Decision) -> int:
    """The rate of the kept plan; 0 where the merchant's own plans pay as much."""
    rate = min(max(decision.rate_bps, place.group.least_bps), place.group.most_bps)
    held_out = decision.evidence.guard == Guard.HOLDOUT
    return 0 if held_out or rate <= place.own_bps else rate


# --- Before anybody signs ---


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the first night would find. Nothing of it is kept."""

    outcome: NightOutcome
    orders: int
    facts: dict[str, Any]
    decisions: list[AutopilotDecision]


def policy_foresee(*, merchant: Merchant, wish: PolicyWish, actor: User) -> Foreseen:
    """What would be decided tonight if this were signed now: it is signed and looked at, and all
    of it undone. Raises as `policy_sign`."""
    with transaction.atomic():
        autopilot = policy_sign(merchant=merchant, wish=wish, actor=actor)
        told = told_of(autopilot, clock.business_day())
        plan = decide(told.history, told.policy, told.units, autopilot.memory)
        looked = plan.status not in (Status.FROZEN, Status.KILLED, Status.SPENT)
        night = AutopilotNight(autopilot=autopilot, policy=autopilot.policy)
        rows = list(_changes(told, plan, night)) if looked else []
        found = Foreseen(
            outcome=NightOutcome.LOOKED if looked else NightOutcome.FROZEN,
            orders=told.orders,
            facts=_facts(plan),
            decisions=rows,
        )
        transaction.set_rollback(True)
    return found
