"""The teams that a person is in, and in which of them they act.

Whoever is in several sees the rooms of one at a time: of the one that they chose last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

import affiliates.queries
import merchants.queries
from alliance.kernel import clock
from alliance.kernel.http import key_in
from alliance.kernel.models import Membership, Notification, Side, User


@dataclass(frozen=True, slots=True)
class Team:
    """One of a person's teams; `acting` in the first of its side."""

    side: Side
    pk: int
    name: str
    member: Membership
    acting: bool


def teams_of(user: User) -> list[Team]:
    """Those of both sides, on each the one first in which the person acts."""
    return [*_affiliates(user), *_merchants(user)]


def _affiliates(user: User) -> Iterator[Team]:
    for place, one in enumerate(affiliates.queries.memberships_of(user)):
        yield Team(Side.AFFILIATE, one.affiliate_id, one.affiliate.name, one, place == 0)


def _merchants(user: User) -> Iterator[Team]:
    for place, one in enumerate(merchants.queries.memberships_of(user)):
        yield Team(Side.MERCHANT, one.merchant_id, one.merchant.name, one, place == 0)


def team_choose(*, user: User, side: str, pk: int) -> Team | None:
    """Act in that team from now on; None where the person is not in it."""
    found = next((one for one in teams_of(user) if (one.side, one.pk) == (side, pk)), None)
    if found is not None and not found.acting:
        members: Any = type(found.member)
        still = members.objects.filter(pk=found.member.pk)
        if not still.update(chosen_at=clock.now(), updated_at=clock.now()):
            return None  # removed from it this very moment
    return found


def team_of(notification: Notification) -> bool:
    """Whether its reader may look at what it is about; then they act in the team that was told."""
    if notification.organisation is None:
        return True
    person, side = notification.user, notification.side
    return team_choose(user=person, side=side, pk=notification.organisation) is not None


@require_safe
@login_required
def teams(request: HttpRequest) -> HttpResponse:
    """All of them, with a button beside those in which one does not act."""
    return render(request, "teams.html", {"teams": teams_of(_person(request))})


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """On to the rooms of the team that was chosen."""
    pk = key_in(request.POST.get("team", ""))
    team = team_choose(user=_person(request), side=request.POST.get("side", ""), pk=pk)
    if team is None:
        raise Http404
    messages.success(request, _("You act for %(team)s now.") % {"team": team.name})
    home = {
        Side.AFFILIATE: "commissions:affiliate_home",
        Side.MERCHANT: "commissions:merchant_home",
    }
    return redirect(home[team.side])


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - each view here is for who is signed in
    return request.user
