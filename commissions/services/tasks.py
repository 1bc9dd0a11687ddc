"""Guaranteed-earnings tasks: a promise that is funded before it is made (docs/campaign-tasks.md).

Offering or accepting one moves its greatest possible reward R from the campaign's budget to its
promised account, which the database guards: of a budget B exactly floor(B / R) are ever promised,
whoever asks at the same moment.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from campaigns.audience import obstacle
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, Enrolment, EnrolmentState
from campaigns.notices import enrolment_tell
from campaigns.services.enrolments import enrolment_make, enrolment_move
from commissions import chart, ledger, queries
from commissions.ledger import InsufficientFunds, Move
from commissions.services.outsiders import outside_affiliate


class NoSlots(WrongState):
    """The budget reaches for no further promise."""

    code = "no_slots"
    message = _("All places are taken: the budget reaches for no further promise.")


@transaction.atomic
def task_offer(
    *, actor: User, campaign: Campaign, affiliates: Iterable[Affiliate]
) -> list[Enrolment]:
    """Keep a place for each of these affiliates for the hours that the task's rules say.

    Affiliates that take part already are passed over. Raises NoSlots when the budget does not
    reach for all, WrongState (not open, not for one of them), NotAllowed (actor belongs to one).
    """
    campaign = locked(campaign)
    rules = _rules(campaign)
    until = min(clock.now() + timedelta(hours=rules.accept_hours), campaign.ends_at)
    offered = []
    for affiliate in sorted(affiliates, key=lambda one: one.pk):
        outside_affiliate(actor, affiliate.pk)
        affiliate_must_be_active(affiliate)
        if why := obstacle(campaign, affiliate):
            raise WrongState(why)
        if queries.enrolment_alive(campaign, affiliate):
            continue
        made = enrolment_make(
            campaign=campaign,
            affiliate=affiliate,
            state=EnrolmentState.OFFERED,
            offered_until=until,
            decided_by=actor,
        )
        _reserve(made, actor)
        audit.record("task.offered", made, actor=actor, reserved_minor=made.reserved_minor)
        enrolment_tell(made, "task.offered")
        offered.append(made)
    return offered


@transaction.atomic
def task_accept(*, actor: User, campaign: Campaign, affiliate: Affiliate) -> Enrolment:
    """Take a task on: its greatest possible reward is set aside. Orders of touches from now count.

    Raises NoSlots, WrongState (not open, not for this affiliate, an offer that has lapsed, one
    runs already, enough for this month), Invalid (no task).
    """
    # One at a time per affiliate: else two tasks accepted at once would both be the only one.
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    campaign = locked(campaign)
    rules = _rules(campaign)
    affiliate_must_be_active(affiliate)
    if why := obstacle(campaign, affiliate):
        raise WrongState(why)
    offer = queries.enrolment_alive(campaign, affiliate)
    if offer and offer.state != EnrolmentState.OFFERED:
        raise WrongState(_("You take part in this campaign already."))
    if refusals := queries.task_refusals(campaign, affiliate, rules):
        raise WrongState(refusals[0])
    now = clock.now()
    if offer:
        if offer.offered_until and offer.offered_until <= now:
            raise WrongState(_("This offer has lapsed."))
        enrolment_move(offer, (EnrolmentState.OFFERED,), EnrolmentState.ACCEPTED, accepted_at=now)
    else:
        offer = enrolment_make(
            campaign=campaign,
            affiliate=affiliate,
            state=EnrolmentState.ACCEPTED,
            accepted_at=now,
        )
        _reserve(offer, actor)
    audit.record("task.accepted", offer, actor=actor, reserved_minor=offer.reserved_minor)
    return offer


@transaction.atomic
def task_quit(*, actor: User, enrolment: Enrolment) -> None:
    """Leave an offer, or a task before its first valid order: what was reserved goes back.

    Raises WrongState after that, or when it is over.
    """
    _rules(enrolment.campaign)
    locked(enrolment.campaign)  # else it is evaluated with a standing of somebody who has left
    mine = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    if mine.state == EnrolmentState.ACCEPTED and queries.task_has_order(mine):
        raise WrongState(_("The first order is in: a task can be left only before it."))
    enrolment_move(mine, (EnrolmentState.OFFERED, EnrolmentState.ACCEPTED), EnrolmentState.QUIT)
    reserve_free(mine)
    audit.record("task.quit", mine, actor=actor)


@transaction.atomic
def offer_lapse(*, enrolment_pk: int) -> bool:
    """OFFERED → VOID after its hours: the place is free for somebody else. False: it moved."""
    lapsed = (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("campaign")
        .filter(pk=enrolment_pk, state=EnrolmentState.OFFERED, offered_until__lte=clock.now())
    )
    if not (offer := lapsed.first()):
        return False
    enrolment_move(
        offer,
        (EnrolmentState.OFFERED,),
        EnrolmentState.VOID,
        reason=gettext("Nobody accepted the offer in time."),
    )
    reserve_free(offer)
    audit.record("task.lapsed", offer)
    enrolment_tell(offer, "task.lapsed")
    return True


def locked(campaign: Campaign) -> Campaign:
    """The campaign as it is now; nobody closes, evaluates or winds it up meanwhile."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def _rules(campaign: Campaign) -> Any:
    mechanic = MECHANICS[campaign.kind]
    if mechanic.most is None:
        raise Invalid(_("This campaign is not a task."), field="campaign")
    return mechanic.parse(campaign.rules)


def _reserve(enrolment: Enrolment, actor: User) -> None:
    campaign = enrolment.campaign
    reserved = Money(queries.reserve_of(campaign), campaign.currency)
    enrolment.reserved_minor = reserved.minor
    enrolment.save(update_fields=["reserved_minor", "updated_at"])
    try:
        ledger.post(
            key=f"task:{enrolment.pk}:reserved",
            moves=[Move(reserved, chart.budget(campaign.pk), chart.promised(campaign.pk))],
            actor=actor,
        )
    except InsufficientFunds as exc:
        raise NoSlots from exc


def reserve_free(enrolment: Enrolment) -> None:
    """What was set aside for it goes back to the budget."""
    campaign = enrolment.campaign
    if freed := Money(enrolment.reserved_minor, campaign.currency):
        enrolment.reserved_minor = 0
        enrolment.save(update_fields=["reserved_minor", "updated_at"])
        ledger.post(
            key=f"task:{enrolment.pk}:freed",
            moves=[Move(freed, chart.promised(campaign.pk), chart.budget(campaign.pk))],
        )
