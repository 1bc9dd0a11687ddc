"""The affiliate's word against a case: two instances, each answered by another person."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from commissions.models import Appeal, AppealState, Violation, ViolationFact, ViolationState
from commissions.services.evidence import evidence_keep
from commissions.services.outsiders import outside_affiliate
from commissions.services.violations import case_release, case_uphold, locked, say


@transaction.atomic
def appeal_file(*, actor: User, violation: Violation, text: str, file: Any = None) -> Appeal:
    """The affiliate contests the case, or asks for the second instance. The clock stops.

    Raises Invalid (no words, file), WrongState: the case is decided, the deadline is over, an
    appeal waits already, or both instances have spoken.
    """
    case = locked(violation)
    text = text.replace("\x00", "").strip()[:4000]
    if not text:
        raise Invalid(_("Say why the case is wrong."), field="text")
    before = _before(case)
    if clock.now() >= case.appeal_until:
        raise WrongState(_("The deadline for an appeal has passed."))
    appeal = Appeal.objects.create(
        violation=case,
        instance=len(before) + 1,
        text=text,
        filed_by=actor,
        filed_at=clock.now(),
        answer_until=clock.now() + timedelta(days=settings.ALLIANCE["VIOLATION_ANSWER_DAYS"]),
        opened_by_id=case.opened_by_id,
        dismissed_before_by_id=before[0].decided_by_id if before else None,
    )
    if file:
        evidence_keep(
            case=case, actor=actor, text=str(_("Sent with the appeal.")), file=file, from_desk=False
        )
    audit.record("appeal.filed", appeal, actor=actor, violation=case.pk, instance=appeal.instance)
    say(case, ViolationFact.APPEALED, actor, instance=appeal.instance)
    return appeal


@transaction.atomic
def appeal_decide(*, actor: User, appeal: Appeal, grant: bool, answer: str) -> None:
    """A person answers. Granted: the case is released. Dismissed: once, the affiliate may ask
    another person; twice, the case is upheld.

    Raises NotAllowed (who opened the case or dismissed the first appeal, or belongs to the
    affiliate), Invalid (no answer), WrongState (answered already).
    """
    case = locked(appeal.violation)
    appeal = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if appeal.state != AppealState.FILED:
        raise WrongState
    _another(appeal, actor)
    outside_affiliate(actor, case.affiliate_id)
    if not answer.strip():
        raise Invalid(_("Say why, the affiliate will read it."), field="answer")
    appeal.state = AppealState.GRANTED if grant else AppealState.DISMISSED
    appeal.answer, appeal.decided_by, appeal.decided_at = answer.strip()[:2000], actor, clock.now()
    appeal.save()
    audit.record(f"appeal.{appeal.state}", appeal, actor=actor, violation=case.pk)
    _follow(case, appeal, actor)


def _before(case: Violation) -> list[Appeal]:
    """Earlier instances, all dismissed; or the reason why there can be none after them."""
    before = list(case.appeals.order_by("instance"))
    if before and before[-1].state == AppealState.FILED:
        raise WrongState(_("Your appeal is being looked at; you will be told the answer."))
    if case.state != ViolationState.OPEN:
        raise WrongState(_("This case is decided."))
    return before


def _another(appeal: Appeal, actor: User) -> None:
    if actor.pk == appeal.opened_by_id:
        raise NotAllowed(_("You opened this case: somebody else must answer the appeal."))
    if actor.pk == appeal.dismissed_before_by_id:
        raise NotAllowed(_("You dismissed the first appeal: somebody else must answer this one."))


def _follow(case: Violation, appeal: Appeal, actor: User) -> None:
    if appeal.state == AppealState.GRANTED:
        case_release(case, actor, appeal.answer)
    elif appeal.instance == 2:
        case_uphold(case, actor, ViolationFact.UPHELD, appeal.answer)
    else:
        days = settings.ALLIANCE["VIOLATION_APPEAL_DAYS"]
        case.appeal_until = clock.now() + timedelta(days=days)
        case.save(update_fields=["appeal_until"])
        say(case, ViolationFact.DISMISSED, actor, appeal.answer)
