"""Channels and members: who they are, by which code they come, and what came of them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import queries as affiliates
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import ChannelForm, InviterCodeForm
from affiliates.services.channels import channel_end, inviter_code_end
from commissions import queries

ON_A_PAGE = 50


def _page(request: AffiliateRequest, **more: Any) -> HttpResponse:
    mine = request.affiliate
    page = Paginator(affiliates.channels_for(request.user), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "manages": affiliates.manages_channels(mine),
        "page": page,
        "rows": queries.brought_by(mine, page, settings.ALLIANCE["CURRENCY"]),
        "days": queries.CHANNEL_DAYS,
        "codes": affiliates.inviter_codes_for(request.user),
        "channel_form": ChannelForm(),
        "code_form": InviterCodeForm(),
        **more,
    }
    return render(request, "commissions/channels.html", context)


@require_http_methods(["GET", "POST"])
@affiliate_required
def channels(request: AffiliateRequest) -> HttpResponse:
    """The page. POST records one by hand."""
    if request.method == "POST":
        form = ChannelForm(request.POST)
        if form.is_valid() and form.save(request.user, request.affiliate):
            messages.success(
                request, _("%(name)s is recorded.") % {"name": form.cleaned_data["name"]}
            )
            return redirect("commissions:channels")
        return _page(request, channel_form=form)
    return _page(request)


@require_POST
@affiliate_required
def code_open(request: AffiliateRequest) -> HttpResponse:
    form = InviterCodeForm(request.POST)
    if form.is_valid() and form.save(request.user, request.affiliate):
        messages.success(request, _("Give this code to whom you want: %s") % form.result.code)
        return redirect("commissions:channels")
    return _page(request, code_form=form)


@require_POST
@affiliate_required
def code_end(request: AffiliateRequest, pk: int) -> HttpResponse:
    code = get_object_or_404(affiliates.inviter_codes_for(request.user), pk=pk)
    inviter_code_end(actor=request.user, code=code)
    messages.success(request, _("This code takes nobody any more. Whom it took stays."))
    return redirect("commissions:channels")


@require_POST
@affiliate_required
def leave(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Not to be somebody's channel or member any more; asked on the page of partners."""
    mine = get_object_or_404(affiliates.recordings_of(request.user), pk=pk)
    channel_end(actor=request.user, channel=mine)
    messages.success(
        request,
        _("You are no longer recorded below %(name)s, and they are told.")
        % {"name": mine.affiliate.name},
    )
    return redirect("commissions:partners")
