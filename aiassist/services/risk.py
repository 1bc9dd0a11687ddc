"""Every night each affiliate beside its peers; who stands out is proposed to people, with evidence.

Money only ever waits: a reward until somebody has looked, and whatever a case freezes until that
case is decided, with its appeals (docs/violations.md). Nothing is taken from anybody here.
"""

import logging
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from aiassist import doubts
from aiassist.models import ReviewState, RiskPolicy, RiskReview, RiskScore
from aiassist.queries import risk as queries
from aiassist.risk import Finding, Score
from alliance.kernel import audit, clock
from alliance.kernel.access import has_role
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import StaffRole, User
from commissions.models import Consequence, Severity, Violation
from commissions.services.awards import awards_free, awards_hold
from commissions.services.outsiders import outside_affiliate
from commissions.services.violations import violation_open

QUIET_DAYS = 30  # after somebody found nothing wrong
MAY_DECIDE = (StaffRole.RISK, StaffRole.OPS)

logger = logging.getLogger(__name__)


def risk_scores_make() -> list[Violation]:
    """Judge every active affiliate by the last 90 days; returns the cases that were opened.

    Twice in a day is as good as once: the day's first scores stay, and nobody is proposed twice.
    """
    from aiassist.risk.scores import judge

    known = queries.risk_facts()
    day = clock.business_day()
    policy = queries.policy_now()
    made = [_row(score, day, known) for score in judge(known.facts, known.peers) if score.findings]
    odd = [one for one in made if min(one.false_bps, one.unusual_bps) <= policy.false_bps]
    RiskScore.objects.bulk_create(odd, ignore_conflicts=True)
    opened = []
    for score in RiskScore.objects.filter(day=day).select_related("affiliate").order_by("pk"):
        if score.false_bps > policy.false_bps:
            review_note(score=score)
            continue
        review = review_open(score=score)
        if review and policy.opens_cases and (case := _case_at_once(review, policy)):
            opened.append(case)
    return opened


@transaction.atomic
def review_open(*, score: RiskScore) -> RiskReview | None:
    """Somebody has to look at the affiliate, and its rewards wait. The same review, with the newer
    score, while it is open; None if there is nothing to look at now (`may_be_reviewed`)."""
    review = _waiting(score)
    if review is None:
        return None
    if review.state == ReviewState.OPEN and review.pk:
        review.save()
        return review
    review.state, review.opened_at = ReviewState.OPEN, clock.now()
    review.save()
    awards_hold(affiliate=review.affiliate)
    audit.record("risk_review.opened", review, affiliate=review.affiliate_id, orders=score.orders)
    return review


@transaction.atomic
def review_note(*, score: RiskScore) -> None:
    """The affiliate works in an unusual way: somebody may look, and nothing waits. Not if somebody
    has to look anyhow, nor if all of this was said to be how it works."""
    review = _waiting(score)
    if review is None or (review.pk and review.state == ReviewState.OPEN):
        return
    if queries.is_its_way(review.affiliate, score.findings):
        return
    review.state = ReviewState.UNUSUAL
    review.save()


def _waiting(score: RiskScore) -> RiskReview | None:
    """The affiliate's review that nobody has decided, or a new one, not saved; with this score."""
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=score.affiliate_id)
    if review := queries.review_waiting(affiliate):
        review.score = score
        return review
    quiet_since = clock.now() - timedelta(days=QUIET_DAYS)
    if not queries.may_be_reviewed(affiliate, quiet_since=quiet_since):
        return None
    return RiskReview(affiliate=affiliate, score=score)


@transaction.atomic
def review_case(*, actor: User, review: RiskReview, **said: Any) -> Violation:
    """OPEN or UNUSUAL → CASE: a case about the whole account, which freezes it and may be appealed.

    `said` is what `violation_open` asks for. Its rewards wait for the case now. Raises WrongState
    (decided already), and what `violation_open` raises.
    """
    review = _locked(review, ReviewState.OPEN, ReviewState.UNUSUAL)
    case = violation_open(actor=actor, target=review.affiliate, **said)
    review.state, review.violation = ReviewState.CASE, case
    _decided(review, actor)
    audit.record("risk_review.case", review, actor=actor, violation=case.pk)
    return case


@transaction.atomic
def review_clear(*, actor: User, review: RiskReview, reason: str) -> None:
    """OPEN → CLEARED: nothing wrong, its rewards go on, and it is not proposed again for 30 days.

    Raises Invalid (no reason), NotAllowed (actor belongs to the affiliate), WrongState.
    """
    review = _looked_at(actor, review, reason, before=ReviewState.OPEN, after=ReviewState.CLEARED)
    audit.record("risk_review.cleared", review, actor=actor, reason=review.reason)


@transaction.atomic
def review_way(*, actor: User, review: RiskReview, reason: str) -> None:
    """UNUSUAL → WAY: this is how they work; not noted again while nothing else is odd.

    Raises Invalid (no reason), NotAllowed (actor belongs to the affiliate), WrongState.
    """
    review = _looked_at(actor, review, reason, before=ReviewState.UNUSUAL, after=ReviewState.WAY)
    audit.record("risk_review.way", review, actor=actor, reason=review.reason)


@transaction.atomic
def risk_policy_set(*, actor: User, false_bps: int, opens_cases: bool) -> RiskPolicy:
    """From the next night on. Raises Invalid (a share from 0.01 % to 10 %)."""
    if not 1 <= false_bps <= 1_000:
        raise Invalid(_("From 0.01 % to 10 %."), field="percent")
    policy = RiskPolicy.objects.create(set_by=actor, false_bps=false_bps, opens_cases=opens_cases)
    audit.record(
        "risk_policy.set", policy, actor=actor, false_bps=false_bps, opens_cases=opens_cases
    )
    return policy


def case_draft(review: RiskReview) -> dict[str, Any]:
    """What a case about the affiliate would say; who opens it may say otherwise."""
    signs = [finding["sign"] for finding in review.score.findings]
    return {
        "reason": doubts.reason_of(signs[0]),
        "consequence": Consequence.FREEZE,
        "severity": Severity.WARNING,
        "text": doubts.evidence_of(review.score),
    }


def _case_at_once(review: RiskReview, policy: RiskPolicy) -> Violation | None:
    """In the name of who wants it so. If they may not any more, somebody else has to look."""
    if not has_role(policy.set_by, *MAY_DECIDE):
        return None
    members = review.affiliate.members.order_by("pk")
    language = members.values_list("user__language", flat=True).first()
    try:
        with translation.override(language or settings.LANGUAGE_CODE):  # the affiliate reads it
            return review_case(actor=policy.set_by, review=review, **case_draft(review))
    except DomainError as exc:
        logger.warning("risk review %s: no case, %s", review.pk, exc)
        return None


def _looked_at(
    actor: User, review: RiskReview, reason: str, *, before: ReviewState, after: ReviewState
) -> RiskReview:
    review = _locked(review, before)
    outside_affiliate(actor, review.affiliate_id)
    if not reason.strip():
        raise Invalid(_("Say what you found: whoever looks next reads it."), field="reason")
    review.state, review.reason = after, reason.strip()[:300]
    _decided(review, actor)
    return review


def _locked(review: RiskReview, *states: ReviewState) -> RiskReview:
    rows = RiskReview.objects.select_for_update(of=("self",)).select_related("affiliate", "score")
    locked = rows.get(pk=review.pk)
    if locked.state not in states:
        raise WrongState
    return locked


def _decided(review: RiskReview, actor: User) -> None:
    review.decided_by, review.decided_at = actor, clock.now()
    review.save()
    awards_free(affiliate=review.affiliate)


def _row(score: Score, day: date, known: queries.Known) -> RiskScore:
    peer = known.peers[score.affiliate]
    return RiskScore(
        affiliate_id=score.affiliate,
        day=day,
        orders=known.orders[score.affiliate],
        kind=peer.kind,
        category=peer.category,
        chance_ppm=round(score.chance * 1_000_000),
        false_bps=round(score.false * 10_000),
        unusual_bps=round(score.unusual * 10_000),
        findings=[_kept(finding) for finding in score.findings],
    )


def _kept(finding: Finding) -> dict[str, Any]:
    """A finding as `RiskScore.findings` has it: whole numbers."""
    return {
        "sign": finding.sign.value,
        "lately": finding.lately,
        "first": finding.first,
        "end": finding.end,
        "k": finding.k,
        "n": finding.n,
        "usual_bps": round(finding.usual * 10_000),
        "low_bps": round(finding.low * 10_000),
        "high_bps": round(finding.high * 10_000),
        "peers": finding.peers,
        "chance_ppm": round(finding.chance * 1_000_000),
    }
