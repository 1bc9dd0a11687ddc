"""Cases against affiliates: open → upheld | released (docs/violations.md).

What a case does to money it does through `commissions.pipeline`: services change the case and
raise its version, `tasks.violation_apply` brings the commissions after it.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate, AffiliateState, Relation
from affiliates.services import (
    affiliate_freeze,
    affiliate_links_bar,
    affiliate_unfreeze,
    zone_freeze,
    zone_unfreeze,
)
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from commissions import notices
from commissions.happenings import case_happened
from commissions.models import (
    AppealState,
    Commission,
    CommissionState,
    Consequence,
    Hold,
    Severity,
    Violation,
    ViolationEvent,
    ViolationFact,
    ViolationState,
    ViolationTarget,
    ViolationType,
)
from commissions.models.violation import POINTS_LIMIT, SERIOUS_POINTS
from commissions.services.evidence import evidence_keep
from commissions.services.outsiders import outside_affiliate

Target = Commission | AdZone | Relation | Affiliate


@transaction.atomic
def violation_open(
    *,
    actor: User,
    target: Target,
    reason: int,
    consequence: str,
    text: str,
    severity: str = Severity.WARNING,
    points: int = 0,
    days: int | None = None,
    file: Any = None,
) -> Violation:
    """Open a case: what it covers is frozen from now on, and the affiliate is told.

    `text` and `file` are the first evidence. `points` count for a general violation, a serious one
    has its own. `days` is how long a zone or account is frozen, or the money where that is the
    consequence. Raises Invalid (reason, consequence, points, days, text, file), NotAllowed (actor
    belongs to the affiliate), WrongState (settled or void already, or a case is open).
    """
    affiliate = _affiliate_of(target)
    outside_affiliate(actor, affiliate.pk)
    _alone()
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    now = clock.now()
    try:
        with transaction.atomic():
            case = Violation.objects.create(
                affiliate=affiliate,
                **_about(target),
                reason=_one_of(ViolationType, reason, "reason"),
                consequence=_one_of(Consequence, consequence, "consequence"),
                severity=_one_of(Severity, severity, "severity"),
                points=_points(severity, points),
                opened_by=actor,
                opened_at=now,
                appeal_until=now + timedelta(days=settings.ALLIANCE["VIOLATION_APPEAL_DAYS"]),
                frozen_until=_frozen_until(target, consequence, days, now),
            )
    except IntegrityError as exc:
        if "violation_one_open" not in str(exc):
            raise
        raise WrongState(_("A case about this is open already.")) from exc
    evidence_keep(case=case, actor=actor, text=text, file=file, from_desk=True)
    _freeze_target(case, actor)
    say(case, ViolationFact.OPENED, actor, reason=case.reason, target=case.target)
    return case


@transaction.atomic
def violation_release(*, actor: User, violation: Violation, words: str) -> None:
    """OPEN → RELEASED, or UPHELD → RELEASED while it can be undone: the money goes on.

    Four eyes: whoever opened a case may withdraw it only until the affiliate has appealed, and
    nobody undoes what they decided. Raises NotAllowed, WrongState (an appeal waits for its own
    answer; too late), Invalid (no words).
    """
    case = locked(violation)
    outside_affiliate(actor, case.affiliate_id)
    _may_release(case, actor)
    case_release(case, actor, _given(words))


@transaction.atomic
def violation_uphold(*, violation: Violation) -> None:
    """OPEN → UPHELD because the deadline has passed without an appeal. Else WrongState."""
    case = locked(violation)
    waits = case.appeals.filter(state=AppealState.FILED).exists()
    if case.state != ViolationState.OPEN or waits or clock.now() < case.appeal_until:
        raise WrongState
    case_uphold(case, None, ViolationFact.EXPIRED)


@transaction.atomic
def violation_freeze_end(*, violation: Violation) -> None:
    """The freeze of the zone or account is over, and of the money where that was all.

    WrongState before its day, or if it has ended.
    """
    case = locked(violation)
    if case.ended_at or case.frozen_until is None or clock.now() < case.frozen_until:
        raise WrongState
    if case.consequence == Consequence.FREEZE:
        _hold(case, Hold.NONE)
    _thaw_target(case, None)
    case.save()
    say(case, ViolationFact.ENDED, None)


def violation_applied(*, violation: Violation) -> None:
    """Every commission follows the case as `violation` was read. A newer version stays due."""
    Violation.objects.filter(pk=violation.pk, version=violation.version).update(
        applied_version=violation.version, updated_at=clock.now()
    )


# --- Parts, also for the appeals ------------------------------------------------------------------


def locked(violation: Violation) -> Violation:
    """The case to be changed, behind its affiliate's row."""
    _alone()
    Affiliate.objects.select_for_update(no_key=True).get(pk=violation.affiliate_id)
    cases = Violation.objects.select_for_update(of=("self",)).select_related("affiliate", "zone")
    return cases.get(pk=violation.pk)


def _alone() -> None:
    """No batch of orders is under way until we commit: one that began before has made its
    commissions, and we find them; one that begins later sees the case."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlement'), 0)")


def say(
    case: Violation, fact: ViolationFact, actor: User | None, words: str = "", **data: Any
) -> None:
    """Into the case's own list and the audit trail; and to the affiliate."""
    turn = ViolationEvent.objects.create(violation=case, fact=fact, actor=actor, words=words)
    audit.record(f"violation.{fact.value}", case, actor=actor, state=case.state, **data)
    notices.case_tell(case, fact, words, turn.pk)
    case_happened(case, fact)


def case_release(case: Violation, actor: User, words: str) -> None:
    case.state, case.decided_by, case.decided_at = ViolationState.RELEASED, actor, clock.now()
    _hold(case, Hold.NONE)
    _thaw_target(case, actor)
    case.save()
    rights_refresh(case.affiliate, actor)
    say(case, ViolationFact.RELEASED, actor, words)


def case_uphold(case: Violation, actor: User | None, fact: ViolationFact, words: str = "") -> None:
    """The consequence takes effect. A zone or account stays frozen until its day."""
    case.state, case.decided_by, case.decided_at = ViolationState.UPHELD, actor, clock.now()
    if case.consequence == Consequence.INVALIDATE:
        _hold(case, Hold.BARRED)
    elif case.consequence == Consequence.POINTS:
        _hold(case, Hold.NONE)
        _thaw_target(case, actor)
    case.save()
    rights_refresh(case.affiliate, actor)
    say(case, fact, actor, words)


def rights_refresh(affiliate: Affiliate, actor: User | None) -> None:
    """Enough points in this year: no new links until it is over. Fewer again: links again."""
    points = points_of(affiliate)
    until = clock.day_start(date(clock.business_day().year + 1, 1, 1))
    wanted = until if points >= POINTS_LIMIT else None
    if wanted != affiliate.no_links_until and (wanted or affiliate.no_links_until):
        affiliate_links_bar(actor=actor, affiliate=affiliate, until=wanted, points=points)


def points_of(affiliate: Affiliate) -> int:
    """Points of cases that were upheld in the present year."""
    since = clock.day_start(clock.business_day().replace(month=1, day=1))
    upheld = Violation.objects.filter(
        affiliate=affiliate, state=ViolationState.UPHELD, decided_at__gte=since
    )
    return upheld.aggregate(total=Sum("points"))["total"] or 0


def _hold(case: Violation, hold: Hold) -> None:
    if case.hold != hold:
        case.hold, case.version = hold, case.version + 1


def _may_release(case: Violation, actor: User) -> None:
    if case.state == ViolationState.RELEASED:
        raise WrongState(_("This case is released already."))
    if case.appeals.filter(state=AppealState.FILED).exists():
        raise WrongState(_("An appeal waits for its answer: answer that."))
    if case.decided_at:
        days = settings.ALLIANCE["VIOLATION_APPEAL_DAYS"]
        if clock.now() > case.decided_at + timedelta(days=days):
            raise WrongState(_("The case was upheld too long ago to be undone."))
        if actor.pk == case.decided_by_id:
            raise NotAllowed(_("Somebody else must undo what you decided."))
    final = case.decided_at or case.appeals.exists()
    if final and actor.pk == case.opened_by_id:
        raise NotAllowed(_("You opened this case: somebody else must release it now."))


# --- What the case is about -----------------------------------------------------------------------


def _affiliate_of(target: Target) -> Affiliate:
    if isinstance(target, AdZone):
        return target.site.affiliate
    if isinstance(target, Relation):
        return target.partner
    return target if isinstance(target, Affiliate) else target.affiliate


def _about(target: Target) -> dict[str, Any]:
    if isinstance(target, Affiliate):
        return {"target": ViolationTarget.ACCOUNT}
    if isinstance(target, AdZone):
        return {"target": ViolationTarget.ZONE, "zone": target}
    if isinstance(target, Relation):
        return {"target": ViolationTarget.RELATION, "relation": target}
    unsettled = Commission.objects.unsettled().exclude(state=CommissionState.VOID)
    if not unsettled.filter(pk=target.pk).exists():
        raise WrongState(_("This commission is settled or void: there is nothing to freeze."))
    return {"target": ViolationTarget.ORDER, "commission": target}


def _frozen_until(
    target: Target, consequence: str, days: int | None, now: datetime
) -> datetime | None:
    if isinstance(target, Commission) and consequence != Consequence.FREEZE:
        return None
    days = settings.ALLIANCE["VIOLATION_FREEZE_DAYS"] if days is None else days
    if not 1 <= days <= 365:
        raise Invalid(_("From 1 to 365 days."), field="days")
    return now + timedelta(days=days)


def _freeze_target(case: Violation, actor: User) -> None:
    if case.zone and case.frozen_until:
        zone_freeze(actor=actor, zone=case.zone, until=_latest_freeze(case) or case.frozen_until)
    if case.target != ViolationTarget.ACCOUNT:
        return
    if case.affiliate.state == AffiliateState.ACTIVE:
        words = str(ViolationType(case.reason).label)
        affiliate_freeze(actor=actor, affiliate=case.affiliate, reason=words)
        case.froze_account = True
    else:
        case.froze_account = _alive(case).filter(froze_account=True).exists()
    case.save(update_fields=["froze_account"])


def _thaw_target(case: Violation, actor: User | None) -> None:
    """The freeze of the case's zone or account ends, unless another case still wants it."""
    now = clock.now()
    if case.frozen_until is None or case.ended_at:
        return
    case.frozen_until, case.ended_at = min(case.frozen_until, now), now
    others = _alive(case)
    if case.zone:
        if until := _latest_freeze(case):
            zone_freeze(actor=actor, zone=case.zone, until=until)
        else:
            zone_unfreeze(actor=actor, zone=case.zone)
    elif case.froze_account and not others.exists():
        case.affiliate.refresh_from_db()
        if case.affiliate.state == AffiliateState.FROZEN:
            affiliate_unfreeze(actor=actor, affiliate=case.affiliate)


def _alive(case: Violation) -> Any:
    """Other cases whose freeze of the same zone or account has not ended."""
    same = Violation.objects.filter(affiliate=case.affiliate, target=case.target, zone=case.zone)
    return same.filter(ended_at=None).exclude(pk=case.pk)


def _latest_freeze(case: Violation) -> datetime | None:
    others = _alive(case).aggregate(until=Max("frozen_until"))["until"]
    own = None if case.ended_at else case.frozen_until
    return max((moment for moment in (others, own) if moment), default=None)


# --- What was typed -------------------------------------------------------------------------------


def _one_of(choices: Any, value: Any, field: str) -> Any:
    if value not in choices.values:
        raise Invalid(_("Choose one of the list."), field=field)
    return choices(value)


def _points(severity: str, points: int) -> int:
    if severity == Severity.SERIOUS:
        return SERIOUS_POINTS
    if severity == Severity.WARNING:
        return 0
    if not 1 <= points < SERIOUS_POINTS:
        raise Invalid(_("A general violation has from 1 to 47 points."), field="points")
    return points


def _given(words: str) -> str:
    if not words.strip():
        raise Invalid(_("Say why, the affiliate will read it."), field="words")
    return words.strip()[:2000]
