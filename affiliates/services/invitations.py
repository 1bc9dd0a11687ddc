"""Inviting affiliates below one's own, accepting, and parting again (docs/domain.md §1.3)."""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Invitation, Relation
from affiliates.queries import membership_in
from affiliates.services.parts import relation_end, relation_open
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another
OPEN_MOST = 20


@transaction.atomic
def invitation_open(
    *, actor: User, affiliate: Affiliate, share_bps: int, below_bps: int = 0
) -> Invitation:
    """A code for others to accept. Raises Invalid (shares), NotAllowed, WrongState (not active, or
    twenty invitations are open)."""
    team_must_act(actor, affiliate)
    affiliate_must_be_active(affiliate)
    if not 0 < share_bps <= 10_000:
        raise Invalid(_("Your share is above zero and at most 100 percent."), field="share")
    if not 0 <= below_bps <= share_bps:
        raise Invalid(_("Of the level below you get at most as much."), field="below")
    Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    if affiliate.invitations.filter(ends_at=None).count() >= OPEN_MOST:
        raise WrongState(_("You have many open invitations. End one first."))
    made = Invitation.objects.create(
        affiliate=affiliate,
        code=code_drawn(),
        share_bps=share_bps,
        below_bps=below_bps,
    )
    audit.record("invitation.opened", made, actor=actor, share_bps=share_bps, below_bps=below_bps)
    return made


@transaction.atomic
def invitation_end(*, actor: User, invitation: Invitation) -> None:
    """Nobody accepts it any more; who has stays. Raises NotAllowed, WrongState if it has ended."""
    team_must_act(actor, invitation.affiliate)
    open_one = Invitation.objects.filter(pk=invitation.pk, ends_at=None)
    if not open_one.update(ends_at=clock.now()):
        raise WrongState
    audit.record("invitation.ended", invitation, actor=actor)


def invitation_find(*, code: str) -> Invitation:
    """The open invitation of that code. Raises Invalid."""
    plain = "".join(code.split()).upper()
    found = Invitation.objects.filter(code=plain, ends_at=None).select_related("affiliate").first()
    if found is None:
        raise Invalid(_("There is no open invitation with this code."), field="code")
    return found


@transaction.atomic
def invitation_accept(*, actor: User, affiliate: Affiliate, code: str) -> Relation:
    """From now on the inviter is the affiliate's partner, on the invitation's terms.

    Raises NotAllowed and what `invitation_find` and `relation_open` raise.
    """
    team_must_act(actor, affiliate)
    invitation = invitation_find(code=code)
    return relation_open(
        actor=actor,
        affiliate=affiliate,
        partner=invitation.affiliate,
        share_bps=invitation.share_bps,
        below_bps=invitation.below_bps,
    )


@transaction.atomic
def relation_leave(*, actor: User, relation: Relation) -> None:
    """Either side parts. Raises NotAllowed, WrongState if it has ended."""
    if not any(_may_act_for(actor, one) for one in (relation.affiliate, relation.partner)):
        raise NotAllowed(_("Only the two teams end it."))
    relation_end(actor=actor, relation=relation)


def code_drawn() -> str:
    """By chance, for people to read out."""
    return "".join(secrets.choice(_LETTERS) for _i in range(10))


def _may_act_for(user: User, affiliate: Affiliate) -> bool:
    member = membership_in(user, f"affiliate:{affiliate.pk}")
    return member is not None and member.may_change


def team_must_act(user: User, affiliate: Affiliate) -> None:
    """Raises NotAllowed: the user is not of the affiliate's team, or only looks."""
    if not _may_act_for(user, affiliate):
        raise NotAllowed(_("Only the affiliate's own team decides that."))
