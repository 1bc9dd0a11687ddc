"""Allowing an app to act for one's affiliate: OAuth 2, as the platform has it.

`authorize` asks a person, `token` gives the app its tokens for the code that it got by their
browser. Nobody is ever sent anywhere but to the address that the app's maker entered.
"""

import hmac
import re
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.destinations import ascii_url
from alliance.kernel import tries
from alliance.kernel.errors import DomainError, Invalid, NotFound
from alliance.kernel.lockbox import Locked
from commissions import queries
from commissions.gateway.methods.sessions import tokens_told
from commissions.models import ApiApp
from commissions.services.api_apps import (
    SESSION,
    Tokens,
    api_app_secrets,
    api_code_give,
    api_code_redeem,
    api_session_renew,
)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@never_cache
@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def authorize(request: AffiliateRequest) -> HttpResponse:
    """Who asks, for what; allowing and denying both lead back to the app."""
    app = _asking(request)
    if request.GET.get("response_type", "code") != "code":
        return _back(request, app, error="unsupported_response_type")
    challenge = request.GET.get("code_challenge", "")
    if challenge and not _is_challenge(challenge, request.GET.get("code_challenge_method", "")):
        return _back(request, app, error="invalid_request")
    if request.method == "POST":
        if "allow" not in request.POST:
            return _back(request, app, error="access_denied")
        code = api_code_give(
            actor=request.user, app=app, affiliate=request.affiliate, challenge=challenge
        )
        return _back(request, app, code=code)
    # In ASCII: a name that only looks like another one is told from it, and a header takes it.
    there = urlsplit(ascii_url(app.redirect_url))
    context = {"app": app, "host": there.hostname, "days": SESSION.days}
    response = render(request, "commissions/api_authorize.html", context)
    # A browser holds the way that a form is sent on against this, too.
    onward = {"form-action": [f"{there.scheme}://{there.netloc}"]}
    response._csp_update = onward  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's way
    return response


def _asking(request: HttpRequest) -> ApiApp:
    """The app that sent the person here. Raises NotFound, Invalid: whoever forges an address gets
    nobody sent to it."""
    app = _app_with(request.GET.get("client_id", ""))
    if app is None:
        raise NotFound(_("There is no such app, or it was revoked."))
    wanted = request.GET.get("redirect_uri", app.redirect_url)
    if not wanted or wanted != app.redirect_url:
        raise Invalid(_("The app wants you sent to another address than the one it is known with."))
    return app


def _app_with(key: str) -> ApiApp | None:
    """One whose maker is still there: nobody is asked for somebody who was sent away."""
    app = queries.api_app_with(key) if key.isalnum() else None
    if app and queries.acts_for_affiliate(app.user, app.affiliate_id, changes=False):
        return app
    return None


def _is_challenge(text: str, method: str) -> bool:
    """RFC 7636, and only with a hash: a plain one protects nothing."""
    return method == "S256" and bool(_CHALLENGE.fullmatch(text))


def _back(request: HttpRequest, app: ApiApp, **said: str) -> HttpResponse:
    if state := request.GET.get("state", ""):
        said["state"] = state
    more = "&" if "?" in app.redirect_url else "?"
    return HttpResponseRedirect(f"{ascii_url(app.redirect_url)}{more}{urlencode(said)}")


# --- For the app ----------------------------------------------------------------------------------


@csrf_exempt
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Tokens for a code, or for a refresh token. Not signed: the app sends its secret."""
    address = request.META["REMOTE_ADDR"]
    if tries.barred("gateway", address):
        return _refused("invalid_client", tries.TOO_MANY, 429)
    app = _app_with_secret(request)
    if app is None:
        tries.wrong("gateway", address)
        return _refused("invalid_client", _("Nobody has this key with this secret."), 401)
    guesses = f"oauth:{app.pk}"
    if tries.barred(guesses, address):
        return _refused("invalid_grant", tries.TOO_MANY, 429)
    try:
        tokens = _granted(request, app)
    except DomainError as error:
        tries.wrong(guesses, address)
        return _refused("invalid_grant", str(error), 400)
    if tokens is None:
        return _refused("unsupported_grant_type", _("A code, or a refresh token."), 400)
    return JsonResponse(tokens_told(tokens))


def _app_with_secret(request: HttpRequest) -> ApiApp | None:
    secret = request.POST.get("client_secret", "")
    app = _app_with(request.POST.get("client_id", ""))
    if app is None:
        return None
    try:
        known = api_app_secrets(app)
    except Locked:
        return None
    given = secret.encode(errors="replace")
    return app if any(hmac.compare_digest(one.encode(), given) for one in known) else None


def _granted(request: HttpRequest, app: ApiApp) -> Tokens | None:
    said = request.POST
    match said.get("grant_type"):
        case "authorization_code":
            return api_code_redeem(
                app=app,
                code=said.get("code", ""),
                redirect_url=said.get("redirect_uri", ""),
                verifier=said.get("code_verifier", ""),
            )
        case "refresh_token":
            return api_session_renew(app=app, refresh=said.get("refresh_token", ""))
    return None


def _refused(error: str, why: object, status: int) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": str(why)}, status=status)
