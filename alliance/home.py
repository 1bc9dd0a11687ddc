"""The front door: what the alliance is, and where a signed-in person belongs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept in a cookie, and with the account of whoever is signed in."""
    code = request.POST.get("language", "")
    if request.user.is_authenticated and check_for_language(code):
        request.user.language = code
        request.user.save(update_fields=["language"])
    return set_language(request)
