"""Becoming an affiliate, and waiting for it."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from affiliates import queries, services
from affiliates.forms import JoinForm
from affiliates.models import AffiliateKind, AffiliateState
from alliance.kernel.models import User

# What each kind is for, and what it needs (docs/domain.md §1.1).
KINDS = [
    (
        AffiliateKind.SMALL,
        "message-circle",
        _(
            "You have groups, channels, a blog, or friends who ask you. You start at once, with a "
            "few sites and ad zones; they grow with your tier."
        ),
    ),
    (
        AffiliateKind.KA,
        "star",
        _("You are a large medium. You get a contract, a contact person and a share of your own."),
    ),
    (
        AffiliateKind.TRAFFIC,
        "device-mobile",
        _("You run an app, a site or a browser with much traffic. We verify it first."),
    ),
    (
        AffiliateKind.TUANZHANG,
        "users",
        _("You gather merchants for an event and hand the links on to other affiliates."),
    ),
    (
        AffiliateKind.CHANNEL,
        "code",
        _("You build tools for affiliates, or manage channels for them."),
    ),
]


@require_http_methods(["GET", "POST"])
@login_required
def join(request: HttpRequest) -> HttpResponse:
    """The application; after it, how it stands. Who is in already goes home: the first steps are
    there."""
    user = cast(User, request.user)  # login_required
    membership = queries.membership_of(user)
    closed = membership is not None and membership.affiliate.state == AffiliateState.CLOSED
    if membership and not closed:
        if membership.affiliate.state == AffiliateState.APPLIED:
            return render(request, "affiliates/applied.html", {"affiliate": membership.affiliate})
        return redirect("commissions:affiliate_home")
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        affiliate = services.affiliate_apply(user=user, **form.cleaned_data)
        if affiliate.state == AffiliateState.ACTIVE:
            messages.success(request, gettext("Welcome! Your first link is one step away."))
        return redirect("affiliates:join")
    context = {"form": form, "kinds": KINDS, "former": membership and membership.affiliate}
    return render(request, "affiliates/join.html", context)
