"""The front door: what the alliance is, and where a signed-in person belongs."""

import re

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from affiliates.queries import policy_now
from alliance import navigation
from alliance.kernel.money import Money
from alliance.kernel.rest.errors import MEANINGS
from commissions.formulas import worth
from commissions.trial import usual_rates


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Strangers read what this is; whoever is signed in goes on to their own start page."""
    if not request.user.is_authenticated:
        rates = usual_rates(2000)
        return render(
            request,
            "home.html",
            {
                "rates": rates,
                "example": worth(Money(199_00, "CNY"), rates),
                "settlement_day": settings.ALLIANCE["SETTLEMENT_DAY"],
                "window_days": policy_now().window_days,
            },
        )
    sides = navigation.sides_of(request)
    if sides.affiliate:
        return redirect("commissions:affiliate_home")
    if sides.merchant:
        return redirect("commissions:merchant_home")
    return redirect("admin:index" if sides.staff else "start")


@require_safe
def api_errors(request: HttpRequest) -> HttpResponse:
    """What each code of the REST door means; where `help` in its refusals leads."""
    meanings = {code: _coded(words) for code, words in MEANINGS.items()}
    return render(request, "api_errors.html", {"meanings": meanings})


def _coded(words: object) -> SafeString:
    """What stands between backticks is set as code."""
    return mark_safe(re.sub("`([^`]+)`", r"<code>\1</code>", escape(str(words))))  # noqa: S308


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """How do you want to take part?"""
    return render(request, "start.html", {"sides": navigation.sides_of(request)})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept in a cookie, and with the account of whoever is signed in."""
    code = request.POST.get("language", "")
    if request.user.is_authenticated and code in dict(settings.LANGUAGES):
        request.user.language = code
        request.user.save(update_fields=["language"])
    return set_language(request)
