"""Becoming an affiliate, and what operations do with one: applied → active ⇄ frozen → closed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    AdZone,
    Affiliate,
    AffiliateKind,
    AffiliateMember,
    AffiliateState,
    Site,
    SiteKind,
    SiteState,
)
from affiliates.notices import standing_tell
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import MemberRole, User


@transaction.atomic
def affiliate_apply(*, user: User, kind: str, name: str, introduction: str = "") -> Affiliate:
    """The user becomes the owner of a new affiliate.

    Small and medium affiliates start at once, with low caps; every other kind waits for
    operations (docs/domain.md §1.1). Raises Invalid for a missing name or unknown kind,
    WrongState when the user already belongs to an affiliate that is not closed.
    """
    name = name.strip()
    if not name:
        raise Invalid(_("Please give a name."), field="name")
    if kind not in AffiliateKind.values:
        raise Invalid(_("Please choose what kind of affiliate you are."), field="kind")
    User.objects.select_for_update().get(pk=user.pk)  # two clicks on "Apply" make one affiliate
    memberships = AffiliateMember.objects.filter(user=user)
    if memberships.exclude(affiliate__state=AffiliateState.CLOSED).exists():
        raise WrongState(_("You already belong to an affiliate."))
    affiliate = Affiliate.objects.create(
        name=name[:80], kind=kind, introduction=introduction.strip()[:1000]
    )
    AffiliateMember.objects.create(affiliate=affiliate, user=user, role=MemberRole.OWNER)
    audit.record("affiliate.applied", affiliate, actor=user, kind=kind)
    if kind == AffiliateKind.SMALL:
        _activate(affiliate, actor=None)
    return affiliate


def affiliate_approve(*, actor: User, affiliate: Affiliate) -> None:
    """applied → active, with a first site and ad zone to start from. Else WrongState."""
    with transaction.atomic():
        _activate(affiliate, actor=actor)


def affiliate_reject(*, actor: User, affiliate: Affiliate, reason: str) -> None:
    """applied → closed. The applicant reads the reason, and may apply again."""
    _move(
        affiliate,
        [AffiliateState.APPLIED],
        AffiliateState.CLOSED,
        verb="affiliate.rejected",
        actor=actor,
        reason=_given(reason),
    )


def affiliate_freeze(*, actor: User, affiliate: Affiliate, reason: str) -> None:
    """active → frozen: links stop earning at once; orders of earlier clicks stay theirs."""
    _move(
        affiliate,
        [AffiliateState.ACTIVE],
        AffiliateState.FROZEN,
        verb="affiliate.frozen",
        actor=actor,
        reason=_given(reason),
    )


def affiliate_unfreeze(*, actor: User | None, affiliate: Affiliate) -> None:
    """frozen → active; without an actor when a freeze with an end is over."""
    _move(
        affiliate,
        [AffiliateState.FROZEN],
        AffiliateState.ACTIVE,
        verb="affiliate.unfrozen",
        actor=actor,
    )


@transaction.atomic
def affiliate_links_bar(
    *, actor: User | None, affiliate: Affiliate, until: datetime | None, points: int
) -> None:
    """No new links until that moment, for the sake of violation points; None: links again."""
    rows = Affiliate.objects.filter(pk=affiliate.pk)
    rows.update(no_links_until=until, updated_at=clock.now())
    affiliate.no_links_until = until
    verb = "affiliate.links_barred" if until else "affiliate.links_opened"
    audit.record(verb, affiliate, actor=actor, points=points)


def affiliate_close(*, actor: User, affiliate: Affiliate, reason: str) -> None:
    """active or frozen → closed, for good."""
    _move(
        affiliate,
        [AffiliateState.ACTIVE, AffiliateState.FROZEN],
        AffiliateState.CLOSED,
        verb="affiliate.closed",
        actor=actor,
        reason=_given(reason),
    )


def _activate(affiliate: Affiliate, *, actor: User | None) -> None:
    _move(
        affiliate,
        [AffiliateState.APPLIED],
        AffiliateState.ACTIVE,
        verb="affiliate.approved",
        actor=actor,
    )
    # Something to build the first link on. Groups and social media have no address to check.
    site = Site.objects.create(
        affiliate=affiliate,
        name=gettext("My groups and channels"),
        kind=SiteKind.GUIDE,
        state=SiteState.APPROVED,
    )
    zone = AdZone.objects.create(site=site, name=gettext("First zone"))
    audit.record("site.filed", site, actor=actor, kind=site.kind)
    audit.record("zone.created", zone, actor=actor, site=site.pk)


@transaction.atomic
def _move(
    affiliate: Affiliate,
    sources: Iterable[AffiliateState],
    target: AffiliateState,
    *,
    verb: str,
    actor: User | None,
    **data: str,
) -> None:
    rows = Affiliate.objects.filter(pk=affiliate.pk, state__in=sources)
    if not rows.update(state=target, updated_at=clock.now()):
        raise WrongState
    affiliate.state = target
    event = audit.record(verb, affiliate, actor=actor, **data)
    if actor or verb != "affiliate.approved":  # who is let in at once sees it at once
        standing_tell(affiliate, verb, event, data.get("reason", ""))


def _given(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Please give a reason: the affiliate will read it."), field="reason")
    return reason.strip()[:300]
