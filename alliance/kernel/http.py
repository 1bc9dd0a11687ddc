"""Between HTTP and the services: request context, one answer to a refusal, page or part."""

import ipaddress
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from alliance.kernel import audit
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.parsers import TooLarge
from alliance.kernel.rest.errors import help_of

ACTING_FOR = "acting_for"  # the hidden field of each form in a team's room

logger = logging.getLogger(__name__)

type_of_view = Callable[[HttpRequest], HttpResponse]


def key_in(text: str) -> int:
    """The primary key that somebody typed into an address or a form; 0, nobody's, if it is none."""
    return int(text) if text.isdecimal() and len(text) < 20 else 0


class ClientAddressMiddleware:
    """Behind proxies, REMOTE_ADDR becomes the address that the outermost trusted one saw.

    Each of the PROXY_HOPS proxies appends what it saw to X-Forwarded-For; what stands further
    left came from the client and may be invented. With no hops the header means nothing.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = client_address(request.META)
        return self.get_response(request)


def client_address(meta: Mapping[str, Any]) -> str:
    """The address of whoever asks, as ClientAddressMiddleware knows it."""
    if hops := settings.PROXY_HOPS:
        seen = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(seen) >= hops and _is_address(candidate := seen[-hops].strip()):
            return candidate
    return str(meta.get("REMOTE_ADDR", ""))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class RequestContextMiddleware:
    """Gives each request an id (answered as X-Request-ID) and tells the audit trail about it."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        token = audit.request_context.set(
            audit.RequestContext(request_id, request.META.get("REMOTE_ADDR") or None)
        )
        try:
            response = self.get_response(request)
        finally:
            audit.request_context.reset(token)
        response["X-Request-ID"] = request_id
        if hasattr(request, "session") and request.session.accessed:
            # What was drawn for somebody stays in no cache on the way to them.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class DomainErrorMiddleware:
    """Turns a DomainError out of a page view into something a person can read.

    An htmx request gets a fragment; a form post goes back to the page it came from with the
    sentence as a message; anything else gets a page with the right status.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, ValueError) and _holds_nul(request):
            return HttpResponse(status=400)
        if not isinstance(exc, DomainError):
            return None
        context = {"error": exc}
        if request.headers.get("HX-Request"):
            response = render(request, "parts/error.html", context, status=exc.status)
            # htmx swaps only what it asked for; the message belongs in the page's alert place.
            response["HX-Retarget"], response["HX-Reswap"] = "#alerts", "innerHTML"
            return response
        if request.method == "POST" and (back := _came_from(request)):
            messages.error(request, str(exc))
            return HttpResponseRedirect(back)
        return render(request, "error.html", context, status=exc.status)


def acts_for(request: HttpRequest, team: str) -> None:
    """The request is carried out for this team ("affiliate:7"). Every form says for which one it
    was filled in: WrongState where the person has chosen another one on another page since."""
    request.acting_for = team  # type: ignore[attr-defined]
    if request.method == "POST" and request.POST.get(ACTING_FOR, team) != team:
        raise WrongState(
            _("You act for another team now than when you filled in this form. Nothing was done.")
        )


def back_or(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """Back to the page of ours that a form was sent from; else to the named one."""
    return HttpResponseRedirect(_came_from(request) or reverse(name, args=args))


def _came_from(request: HttpRequest) -> str:
    """The page of ours that led here; "" if it was none."""
    back = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    return back if ours else ""


def _holds_nul(request: HttpRequest | Request) -> bool:
    """PostgreSQL can look for no such text, and no person types one into an address."""
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    return any("\x00" in text for _name, texts in request.POST.lists() for text in texts)


def page_or_part(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, part: str
) -> HttpResponse:
    """The whole page, or, when htmx asks, only the template's partial named `part`."""
    name = f"{template}#{part}" if request.headers.get("HX-Request") else template
    response = render(request, name, context)
    response["Vary"] = "HX-Request"
    return response


def say_undoable(request: HttpRequest, words: str, *, url: str, **fields: str) -> None:
    """A message that something is done, with a button that takes it back: `url` is asked to, by
    POST with these fields, as if the person had filled in the form there."""
    messages.success(request, words, extra_tags=json.dumps({"url": url, "fields": fields}))


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """One envelope for each error of the REST door:

    {"error": {"code", "message", "help", "field"?, "facts"?, "details"?}}
    """
    request = context.get("request")
    if isinstance(exc, ValueError) and request is not None and _holds_nul(request):
        exc = Invalid(_("There is a NUL character in the address."))
    if isinstance(exc, RequestDataTooBig | TooManyFieldsSent):
        exc = TooLarge()
    if isinstance(exc, DomainError):
        error: dict[str, Any] = _envelope(exc.code, str(exc))
        if exc.field:
            error["field"] = exc.field
        if exc.facts:
            error["facts"] = exc.facts
        return Response({"error": error}, status=exc.status)
    response = exception_handler(exc, context)
    if response is not None:
        detail = response.data.get("detail") if isinstance(response.data, dict) else None
        code = getattr(detail, "code", "") or getattr(exc, "default_code", "error")
        error = _envelope(code, str(detail or Invalid.message))
        if detail is None:
            error["details"] = response.data
        response.data = {"error": error}
    return response


def envelope_of(exc: Exception) -> dict[str, Any]:
    """The `error` of a refusal, for one thing among many."""
    response = api_exception_handler(exc, {})
    if response is None:
        raise exc
    error: dict[str, Any] = response.data["error"]
    return error


def _envelope(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "help": help_of(code)}
