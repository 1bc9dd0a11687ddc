"""Taking part in campaigns that ask for it: apply, be let in or not, leave.

What reserves money (guaranteed tasks) is accepted in `commissions.services.tasks`.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateMember
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from campaigns.audience import obstacle
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, Enrolment, EnrolmentState
from campaigns.notices import enrolment_tell

STATEMENT = 1000
REASON = 300


@transaction.atomic
def enrolment_apply(
    *, actor: User, campaign: Campaign, affiliate: Affiliate, statement: str = ""
) -> Enrolment:
    """Join: running at once, or applied where operations decide (then say why).

    Raises Invalid (no statement; a task is accepted instead), WrongState (not active, not open, not
    for this affiliate, joined already).
    """
    affiliate_must_be_active(affiliate)
    mechanic = MECHANICS[campaign.kind]
    if mechanic.most is not None:
        raise Invalid(_("A task is accepted, not applied for."), field="campaign")
    if why := obstacle(campaign, affiliate):
        raise WrongState(why)
    statement = statement.strip()
    if mechanic.reviewed and not statement:
        raise Invalid(_("Say what you plan to do: people read it."), field="statement")
    if len(statement) > STATEMENT:
        raise Invalid(_("Please be shorter: at most 1,000 characters."), field="statement")
    state = EnrolmentState.APPLIED if mechanic.reviewed else EnrolmentState.ACCEPTED
    made = enrolment_make(
        campaign=campaign,
        affiliate=affiliate,
        state=state,
        statement=statement,
        accepted_at=None if mechanic.reviewed else clock.now(),
    )
    audit.record(f"enrolment.{state}", made, actor=actor)
    return made


@transaction.atomic
def enrolment_decide(*, actor: User, enrolment: Enrolment, accept: bool, reason: str = "") -> None:
    """APPLIED → ACCEPTED, from now on; or FAILED with a reason that the affiliate reads.

    Raises NotAllowed for whoever belongs to the affiliate, Invalid (no reason), WrongState.
    """
    if AffiliateMember.objects.filter(affiliate=enrolment.affiliate_id, user=actor).exists():
        raise NotAllowed(_("You belong to this affiliate: somebody else must decide."))
    reason = reason.strip()[:REASON]
    if not accept and not reason:
        raise Invalid(_("Say why: the affiliate reads it."), field="reason")
    campaign = enrolment.campaign
    if accept and (
        campaign.state in (CampaignState.CLOSED, CampaignState.SETTLED)
        or campaign.ends_at <= clock.now()
    ):
        raise WrongState(_("The campaign is over."))
    now = clock.now()
    enrolment_move(
        enrolment,
        (EnrolmentState.APPLIED,),
        EnrolmentState.ACCEPTED if accept else EnrolmentState.FAILED,
        accepted_at=now if accept else None,
        decided_by=actor,
        reason=reason,
    )
    verb = "enrolment.accepted" if accept else "enrolment.rejected"
    audit.record(verb, enrolment, actor=actor)
    enrolment_tell(enrolment, verb)


@transaction.atomic
def enrolment_quit(*, actor: User, enrolment: Enrolment) -> None:
    """APPLIED or ACCEPTED → QUIT: orders from now on earn nothing of it; joining again is free.

    Raises Invalid for a task (`task_quit`), WrongState when it is over.
    """
    if MECHANICS[enrolment.campaign.kind].most is not None:
        raise Invalid(_("Leave a task on its own page."), field="enrolment")
    enrolment_move(
        enrolment, (EnrolmentState.APPLIED, EnrolmentState.ACCEPTED), EnrolmentState.QUIT
    )
    audit.record("enrolment.quit", enrolment, actor=actor)


# --- Parts, also for the tasks --------------------------------------------------------------------


def enrolment_make(*, campaign: Campaign, affiliate: Affiliate, **values: object) -> Enrolment:
    """The row. Raises WrongState if the affiliate takes part, or took part, already."""
    try:
        with transaction.atomic():
            return Enrolment.objects.create(campaign=campaign, affiliate=affiliate, **values)
    except IntegrityError as exc:
        if "enrolment_one_alive" not in str(exc):
            raise
        raise WrongState(_("You take part in this campaign already.")) from exc


def enrolment_move(
    enrolment: Enrolment,
    froms: tuple[EnrolmentState, ...],
    state: EnrolmentState,
    **values: object,
) -> None:
    """From one of the states to another, or WrongState: somebody moved first."""
    values = {"state": state, "updated_at": clock.now(), **values}
    if not Enrolment.objects.filter(pk=enrolment.pk, state__in=froms).update(**values):
        raise WrongState
    for name, value in values.items():
        setattr(enrolment, name, value)
