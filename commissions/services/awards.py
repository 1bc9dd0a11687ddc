"""What a campaign's close pays: evaluated, looked at, paid, and put right when refunds arrive.

Like a commission, an award is a target (a function of the final standings) and what is booked of
it; only the difference is posted, keyed `award:<pk>:r<revision>`. Until it is paid its money lies
promised, so it cannot be spent on anything else (docs/campaign-tasks.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    PUBLISHED,
    Campaign,
    Enrolment,
    EnrolmentState,
    Standing,
)
from campaigns.services.enrolments import enrolment_move
from campaigns.validity import Validity
from commissions import chart, debts, ledger, queries
from commissions.models import Award, AwardHold, AwardState, AwardStep
from commissions.notices import award_tell
from commissions.positions import moves_between
from commissions.services import tasks
from commissions.services.outsiders import outside_affiliate
from commissions.services.settlements import settlement_day
from commissions.services.standings import standings_refresh

REASON = 300
# Where an enrolment stands follows from its award.
STANDS = {
    AwardState.REVIEW: EnrolmentState.EVALUATING,
    AwardState.DUE: EnrolmentState.APPROVED,
    AwardState.PAID: EnrolmentState.SETTLED,
    AwardState.DROPPED: EnrolmentState.FAILED,
}
WITH_AWARD = (EnrolmentState.ACCEPTED, EnrolmentState.FAILED, *STANDS.values())


def evaluates_at(campaign: Campaign) -> datetime:
    """When the final evaluation is due: a day after the cut-off, or after a board's audit days."""
    rules = MECHANICS[campaign.kind].parse(campaign.rules)
    return campaign.confirm_until + timedelta(days=max(getattr(rules, "audit_days", 1), 1))


@transaction.atomic
def campaign_evaluate(*, campaign: Campaign) -> bool:
    """Count the standings for good and bring every award to what it should be now.

    Safe to call at any time, any number of times: too early, or when nothing can change any more,
    nothing happens (False). Refunds that arrived since lower an award, paid ones for CLAWBACK_DAYS
    after their payment. A rank, once awarded, stays (people take it away: `award_refuse`).
    """
    campaign = tasks.locked(campaign)
    mechanic = MECHANICS[campaign.kind]
    if (
        mechanic.on_close is None
        or clock.now() < evaluates_at(campaign)
        or (campaign.evaluated_at is None and campaign.state not in PUBLISHED)
        or (campaign.evaluated_at and not queries.awards_may_change(campaign))
    ):
        return False
    standings = {one.affiliate_id: one for one in standings_refresh(campaign=campaign, final=True)}
    _Evaluation(campaign, standings).run()
    if campaign.evaluated_at is None:
        campaign.evaluated_at = clock.now()
        campaign.save(update_fields=["evaluated_at", "updated_at"])
        audit.record("campaign.evaluated", campaign, affiliates=len(standings))
    return True


@transaction.atomic
def award_approve(*, actor: User, award: Award) -> None:
    """REVIEW → DUE: somebody has looked at it. Raises WrongState, NotAllowed (actor's own)."""
    award = _locked(award)
    outside_affiliate(actor, award.affiliate_id)
    if award.state != AwardState.REVIEW:
        raise WrongState
    award.decided_by, award.decided_at = actor, clock.now()
    award.due_month = due_month(award.campaign)
    _book(award, AwardState.DUE, award.amount_minor, {"why": "approved"}, actor=actor)
    audit.record("award.approved", award, actor=actor, amount_minor=award.amount_minor)


@transaction.atomic
def award_refuse(*, actor: User, award: Award, reason: str) -> None:
    """Not granted, or taken back where it was paid (a debt, beyond what is payable).

    The affiliate reads the reason. Raises Invalid (no reason), NotAllowed (actor's own),
    WrongState (not granted already).
    """
    award = _locked(award)
    outside_affiliate(actor, award.affiliate_id)
    reason = reason.strip()[:REASON]
    if not reason:
        raise Invalid(_("Say why: the affiliate reads it."), field="reason")
    if award.state == AwardState.DROPPED:
        raise WrongState
    was = award.amount_minor
    award.decided_by, award.decided_at, award.reason = actor, clock.now(), reason
    _book(award, AwardState.DROPPED, 0, {"why": "refused"}, actor=actor)
    event = audit.record("award.refused", award, actor=actor, amount_minor=was)
    award_tell(award, "award.refused", event, amount_minor=was)


@transaction.atomic
def award_pay(*, award_pk: int) -> bool:
    """DUE → PAID from its settlement day on: promised becomes payable, a debt is repaid first.

    False: not due yet, paid already (a message that comes twice pays once), or the affiliate is not
    active or has to be looked at first; it is paid when that is over.
    """
    award = _locked(Award(pk=award_pk))
    if award.state != AwardState.DUE or settlement_day(award.due_month) > clock.business_day():
        return False
    held = AwardHold.objects.filter(affiliate=award.affiliate_id).exists()
    if held or award.affiliate.state != AffiliateState.ACTIVE:
        return False
    award.paid_at = clock.now()
    _book(award, AwardState.PAID, award.amount_minor, {"why": "paid"})
    event = audit.record("award.paid", award, amount_minor=award.amount_minor)
    award_tell(award, "award.paid", event, amount_minor=award.amount_minor)
    return True


def awards_hold(*, affiliate: Affiliate) -> None:
    """No award of the affiliate is paid until `awards_free`. Nothing else of it waits."""
    AwardHold.objects.get_or_create(affiliate=affiliate)


def awards_free(*, affiliate: Affiliate) -> None:
    """They are paid by the next `awards_pay`, if nothing else stands against it."""
    AwardHold.objects.filter(affiliate=affiliate).delete()


def due_month(campaign: Campaign) -> date:
    """The month with which its awards settle: that of the cut-off, or the first whose settlement
    day is still to come."""
    month = clock.month_start(clock.business_day(campaign.confirm_until))
    while settlement_day(month) < clock.business_day():
        month = clock.next_month(month)
    return month


# --- One evaluation -------------------------------------------------------------------------------


@dataclass
class _Evaluation:
    """What an evaluation knows. Everything that it touches is locked: campaign, enrolments, awards,
    balances, in this order."""

    campaign: Campaign
    standings: Mapping[int, Standing]
    enrolments: dict[int, Enrolment] = field(init=False)
    awards: dict[int, Award] = field(init=False)
    balances: dict[tuple[str, str], int] = field(init=False)
    free: int = field(init=False)  # what is left in the budget

    def __post_init__(self) -> None:
        campaign = self.campaign
        enrolled = Enrolment.objects.select_for_update().filter(
            campaign=campaign, state__in=WITH_AWARD
        )
        self.enrolments = {one.affiliate_id: one for one in enrolled.order_by("pk")}
        known = Award.objects.select_for_update(of=("self",)).filter(campaign=campaign)
        self.awards = {one.affiliate_id: one for one in known.order_by("pk")}
        self.rules = Validity.of(MECHANICS[campaign.kind].parse(campaign.rules))
        owners = {*self.standings, *self.awards}
        self.states = dict(Affiliate.objects.filter(pk__in=owners).values_list("pk", "state"))
        self.one_shop = queries.slate_shops(campaign) == 1
        for award in self.awards.values():
            award.campaign = campaign
        self.balances = ledger.lock(
            _accounts(campaign, (pk for pk, one in self.awards.items() if one.booked_minor))
        )
        self.free = self.balances[chart.budget(campaign.pk), campaign.currency]

    def run(self) -> None:
        best_first = sorted(
            self.standings.values(), key=lambda one: (one.rank or 10**9, one.affiliate_id)
        )
        # What falls frees money for what rises.
        for standing in sorted(best_first, key=self._rises):
            if award := self.awards.get(standing.affiliate_id):
                self._revise(award, standing)
            else:
                self._award(standing)
        for pk, award in self.awards.items():
            if pk not in self.standings:  # nothing of it counts any more
                self._revise(award, Standing(affiliate_id=pk))

    def _rises(self, standing: Standing) -> bool:
        award = self.awards.get(standing.affiliate_id)
        return award is not None and standing.reward_minor > award.amount_minor

    def _award(self, standing: Standing) -> None:
        enrolment = self.enrolments.get(standing.affiliate_id)
        reserved = enrolment.reserved_minor if enrolment else 0
        amount = min(standing.reward_minor, self.free + reserved)
        if not amount:
            if enrolment and enrolment.state == EnrolmentState.ACCEPTED:
                self._fail(enrolment)
            return
        award = Award(
            campaign=self.campaign,
            affiliate_id=standing.affiliate_id,
            enrolment=enrolment,
            rank=standing.rank,
            currency=self.campaign.currency,
            due_month=due_month(self.campaign),
            doubts=self._doubts(standing),
        )
        if enrolment:
            enrolment.reserved_minor = 0
            enrolment.save(update_fields=["reserved_minor", "updated_at"])
        self._book(award, self._stands(award), amount, standing, reserved=reserved)

    def _fail(self, enrolment: Enrolment) -> None:
        enrolment.campaign = self.campaign
        self.free += enrolment.reserved_minor
        tasks.reserve_free(enrolment)
        enrolment_move(enrolment, (EnrolmentState.ACCEPTED,), EnrolmentState.FAILED, reward_minor=0)
        audit.record("enrolment.failed", enrolment)

    def _revise(self, award: Award, standing: Standing) -> None:
        if award.rank is not None or (award.decided_by_id and award.state == AwardState.DROPPED):
            return
        if award.paid_at and not queries.may_be_revised(award):
            return
        amount = standing.reward_minor
        if award.enrolment_id is None or not MECHANICS[self.campaign.kind].most:
            amount = min(amount, award.amount_minor)  # the parts of a pot were shared out once
        amount = min(amount, self.free + award.amount_minor)
        if amount == award.amount_minor:
            return
        state = AwardState(award.state)
        if state != AwardState.PAID:
            award.doubts = self._doubts(standing)
            state = self._stands(award) if amount else AwardState.DROPPED
        self._book(award, state, amount, standing)

    def _book(
        self, award: Award, state: AwardState, amount: int, standing: Standing, reserved: int = 0
    ) -> None:
        was = award.amount_minor
        why = {
            "why": "evaluated" if award.pk is None else "revised",
            "orders": standing.orders,
            "gmv_minor": standing.gmv_minor,
            "commission_minor": standing.commission_minor,
            "reward_minor": standing.reward_minor,
        }
        self.free += was + reserved - amount
        _book(award, state, amount, why, reserved=reserved, balances=self.balances)
        audit.record("award.evaluated", award, before_minor=was, amount_minor=amount)

    def _stands(self, award: Award) -> AwardState:
        if award.doubts and award.decided_by_id is None:
            return AwardState.REVIEW
        return AwardState.DUE

    def _doubts(self, standing: Standing) -> list[str]:
        found = self.rules.doubts(standing)
        if self.one_shop and "one_shop" in found:
            found.remove("one_shop")  # its slate has one shop only
        if self.states.get(standing.affiliate_id) != AffiliateState.ACTIVE:
            found.append("account")
        return found


# --- The books ------------------------------------------------------------------------------------


def _locked(award: Award) -> Award:
    """The award behind its campaign's row, as an evaluation locks them."""
    found = Award.objects.select_related("campaign").get(pk=award.pk)
    campaign = tasks.locked(found.campaign)
    fresh = Award.objects.select_for_update().get(pk=award.pk)
    fresh.campaign = campaign
    return fresh


def _accounts(campaign: Campaign, affiliates: Iterable[int]) -> set[tuple[str, str]]:
    codes = {chart.budget(campaign.pk), chart.promised(campaign.pk), *debts.accounts_of(affiliates)}
    return {(code, campaign.currency) for code in codes}


def _book(
    award: Award,
    state: AwardState,
    amount: int,
    why: dict[str, Any],
    *,
    reserved: int = 0,
    balances: Mapping[tuple[str, str], int] | None = None,
    actor: User | None = None,
) -> None:
    """Bring the award to `state` and `amount`, and post the difference under its next revision.

    `reserved`: what was set aside for it before there was an award.
    """
    paid = state == AwardState.PAID
    after = {
        "amount_minor": amount,
        "reserved_minor": 0 if paid else amount,
        "booked_minor": amount if paid else 0,
    }
    before = {name: getattr(award, name) for name in after}
    moves = moves_between(
        _position(award, before["reserved_minor"] + reserved, before["booked_minor"]),
        _position(award, after["reserved_minor"], after["booked_minor"]),
        award.currency,
    )
    award.state, award.revision = state, award.revision + 1
    for name, minor in after.items():
        setattr(award, name, minor)
    award.save()
    entry_id = None
    if moves:
        if balances is None:
            balances = ledger.lock(_accounts(award.campaign, [award.affiliate_id]))
        entry_id = ledger.post(
            key=f"award:{award.pk}:r{award.revision}",
            moves=ledger.net(debts.through_debt(moves, balances)),
            actor=actor,
        ).entry_id
    AwardStep.objects.create(
        award=award,
        revision=award.revision,
        state=state,
        why=why,
        entry_id=entry_id,
        **{name: minor - before[name] for name, minor in after.items()},
    )
    if award.enrolment_id:
        Enrolment.objects.filter(pk=award.enrolment_id).update(
            state=STANDS[state], reward_minor=amount, updated_at=clock.now()
        )


def _position(award: Award, reserved: int, booked: int) -> dict[str, int]:
    """Where the money of an award lies (minor units)."""
    return {
        chart.budget(award.campaign_id): -(reserved + booked),
        chart.promised(award.campaign_id): reserved,
        chart.payable(award.affiliate_id): booked,
    }
