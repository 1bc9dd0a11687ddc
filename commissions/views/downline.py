"""Partners: the one above, those below and what they brought, and invitations."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import queries as affiliates
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import InvitationCodeForm, InvitationForm
from affiliates.services.invitations import (
    invitation_accept,
    invitation_end,
    invitation_find,
    relation_leave,
)
from commissions import queries


def _page(request: AffiliateRequest, **more: Any) -> HttpResponse:
    mine = request.affiliate
    relations = list(affiliates.relations_for(request.user))
    currency = settings.ALLIANCE["CURRENCY"]
    above = (one for one in relations if one.affiliate_id == mine.pk and one.ends_at is None)
    context = {
        "above": next(above, None),
        "below": queries.downline_of(mine, relations, currency),
        "invitations": affiliates.invitations_for(request.user).filter(ends_at=None),
        "recordings": affiliates.recordings_of(request.user),
        "share_bps": affiliates.share_of(mine),
        "invitation_form": InvitationForm(),
        "code_form": InvitationCodeForm(),
        **more,
    }
    return render(request, "commissions/partners.html", context)


@require_http_methods(["GET", "POST"])
@affiliate_required
def partners(request: AffiliateRequest) -> HttpResponse:
    """The page; with ?code= what an invitation asks for. POST makes an invitation."""
    if request.method == "POST":
        form = InvitationForm(request.POST)
        if form.is_valid() and form.save(request.user, request.affiliate):
            messages.success(request, _("The invitation is there. Give its code to whom you want."))
            return redirect("commissions:partners")
        return _page(request, invitation_form=form)
    code_form = InvitationCodeForm(request.GET if "code" in request.GET else None)
    offer = None
    if (
        code_form.is_bound
        and code_form.is_valid()
        and code_form.carried_out(invitation_find, code=code_form.cleaned_data["code"])
    ):
        offer = code_form.result
    return _page(request, code_form=code_form, offer=offer)


@require_POST
@affiliate_required
def accept(request: AffiliateRequest) -> HttpResponse:
    relation = invitation_accept(
        actor=request.user, affiliate=request.affiliate, code=request.POST.get("code", "")
    )
    messages.success(
        request,
        _("%(name)s is your partner now. Clicks made before stay yours alone.")
        % {"name": relation.partner.name},
    )
    return redirect("commissions:partners")


@require_POST
@affiliate_required
def leave(request: AffiliateRequest, pk: int) -> HttpResponse:
    relation = get_object_or_404(affiliates.relations_for(request.user), pk=pk)
    relation_leave(actor=request.user, relation=relation)
    messages.success(request, _("Ended. Clicks made before keep their shares."))
    return redirect("commissions:partners")


@require_POST
@affiliate_required
def withdraw(request: AffiliateRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(affiliates.invitations_for(request.user), pk=pk)
    invitation_end(actor=request.user, invitation=invitation)
    messages.success(request, _("Nobody can accept this invitation any more."))
    return redirect("commissions:partners")
