"""Webhooks and postbacks: the same rooms on both sides, each for the team that stands there."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates.access import affiliate_required
from alliance.kernel import clock
from alliance.kernel.http import key_in, page_or_part
from alliance.kernel.models import Endpoint, EndpointForm, Side, User
from alliance.kernel.outbox import EVENTS
from commissions.endpoint_forms import EVERYTHING, form_for, places
from commissions.outgoing import delivery, macros
from commissions.outgoing.signing import OVERLAP
from commissions.queries.endpoints import counted, endpoints_for, organisation_of, outgoing_for
from commissions.services import endpoints as services
from merchants.access import merchant_required

SHOWN = 25  # deliveries on a page
DAYS = (1, 7, 30)  # back to which what failed can be sent again
_DOORS = {Side.AFFILIATE: affiliate_required, Side.MERCHANT: merchant_required}
_NAMES = (
    "endpoints", "endpoint", "webhook_new", "postback_new", "endpoint_change", "endpoint_try",
    "endpoint_pause", "endpoint_resume", "endpoint_secret", "endpoint_repeat", "endpoint_drop",
    "delivery", "delivery_repeat",
)  # fmt: skip


class Asked(HttpRequest):
    """A request behind either door."""

    user: User


def _page(
    request: Asked, side: Side, template: str, part: str = "", **context: Any
) -> HttpResponse:
    names = {name: f"commissions:{side.value}_{name}" for name in _NAMES}
    base = "affiliates/room.html" if side == Side.AFFILIATE else "merchants/room.html"
    team: Any = getattr(request, side.value)
    context |= {"names": names, "room": base, "at_merchant": side == Side.MERCHANT}
    context["off"] = services.OFF.get(team.state, "")
    return page_or_part(request, f"commissions/{template}.html", context, part=part)


def _mine(request: Asked, side: Side, pk: int) -> Endpoint:
    return get_object_or_404(endpoints_for(request.user, side), pk=pk)


def _back(side: Side, endpoint: Endpoint) -> HttpResponse:
    return redirect(f"commissions:{side.value}_endpoint", endpoint.pk)


@require_GET
def index(request: Asked, *, side: Side) -> HttpResponse:
    rows = counted(endpoints_for(request.user, side))
    return _page(request, side, "endpoints", rows=rows)


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: Asked, *, side: Side, form: EndpointForm = EndpointForm.WEBHOOK) -> HttpResponse:
    """A webhook or a postback; a webhook's secret is shown this once."""
    filled = form_for(form, request.POST or None, side=side, user=request.user)
    if request.method == "POST" and filled.is_valid():
        is_webhook = form == EndpointForm.WEBHOOK
        service: Callable[..., Any] = (
            services.webhook_open if is_webhook else services.postback_open
        )
        mine = organisation_of(request.user, side)
        if filled.carried_out(
            service, actor=request.user, organisation=mine, **filled.cleaned_data
        ):
            if is_webhook:
                made, secret = filled.result
                return _shown(request, side, made, secret=secret)
            messages.success(request, _("The postback is set up. Try it."))
            return _back(side, filled.result)
    return _page(request, side, "endpoint_form", form=filled, kind=form, macros=_macros())


@require_http_methods(["GET", "POST"])
def change(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    held = _mine(request, side, pk)
    data = request.POST or None
    filled = form_for(held.form, data, side=side, user=request.user, endpoint=held)
    if (
        request.method == "POST"
        and filled.is_valid()
        and filled.carried_out(
            services.endpoint_change, actor=request.user, endpoint=held, **filled.cleaned_data
        )
    ):
        messages.success(request, _("Saved."))
        return _back(side, held)
    return _page(
        request, side, "endpoint_form", form=filled, kind=held.form, held=held, macros=_macros()
    )


def _macros() -> list[tuple[str, Any]]:
    return [(f"{{{name}}}", words) for name, (words, _value) in macros.MACROS.items()]


@require_GET
def show(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    return _shown(request, side, _mine(request, side, pk))


def _shown(request: Asked, side: Side, endpoint: Endpoint, secret: str = "") -> HttpResponse:
    """The endpoint with its latest messages; asked by htmx, only these."""
    rows = outgoing_for(request.user, side).filter(endpoint=endpoint)
    page = Paginator(rows.prefetch_related("calls"), SHOWN).get_page(request.GET.get("page"))
    is_postback = endpoint.form == EndpointForm.POSTBACK
    now = clock.now()
    context = {
        "endpoint": endpoint,
        "secret": secret,
        "overlap": endpoint.before_until if (endpoint.before_until or now) > now else None,
        "hours": OVERLAP // timedelta(hours=1),
        "kinds": [(kind, EVENTS[kind].words) for kind in endpoint.kinds if kind in EVENTS],
        "place": dict(places(request.user)).get(endpoint.only, "–") if is_postback else EVERYTHING,
        "page": page,
        "rows": [(row, _last(row)) for row in page],
        "waiting": any(row.state == "waiting" for row in page),
        "days": DAYS,
    }
    return _page(request, side, "endpoint", part="log", **context)


def _last(row: Any) -> Any:
    calls = sorted(row.calls.all(), key=lambda call: call.pk)
    return calls[-1] if calls else None


@require_POST
def attempt(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    held = _mine(request, side, pk)
    services.endpoint_try(endpoint=held)
    messages.success(request, _("A test is on its way. What came back stands below."))
    return _back(side, held)


@require_POST
def pause(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    held = _mine(request, side, pk)
    services.endpoint_pause(actor=request.user, endpoint=held)
    messages.success(request, _("Paused. What happens meanwhile is kept for it for 30 days."))
    return _back(side, held)


@require_POST
def resume(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    held = _mine(request, side, pk)
    services.endpoint_resume(actor=request.user, endpoint=held)
    messages.success(request, _("On again, from now on. Below, you can have sent what it missed."))
    return _back(side, held)


@never_cache
@require_POST
def secret(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    """Another secret, shown this once."""
    held = _mine(request, side, pk)
    fresh = services.secret_rotate(actor=request.user, endpoint=held)
    return _shown(request, side, _mine(request, side, pk), secret=fresh)


@require_POST
def drop(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    services.endpoint_drop(actor=request.user, endpoint=_mine(request, side, pk))
    messages.success(request, _("Removed."))
    return redirect(f"commissions:{side.value}_endpoints")


@require_POST
def replay(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    held = _mine(request, side, pk)
    days = key_in(request.POST.get("days", ""))
    since = clock.now() - timedelta(days=days if days in DAYS else DAYS[0])
    count, more = services.events_replay(actor=request.user, endpoint=held, since=since)
    if count:
        words = ngettext(
            "%(count)d message is sent again.", "%(count)d messages are sent again.", count
        )
        messages.success(request, words % {"count": count})
    else:
        messages.info(request, _("It missed nothing in that time. What waits is sent by itself."))
    if more:
        messages.info(request, _("There are more: ask once more for the next ones."))
    return _back(side, held)


@require_GET
def message(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    """One message: as it was sent, and each call."""
    row = get_object_or_404(outgoing_for(request.user, side), pk=pk)
    body = json.dumps(json.loads(row.body), ensure_ascii=False, indent=2)
    calls = [(call, delivery.trouble_words(call)) for call in row.calls.order_by("-pk")]
    words = EVENTS[row.kind].words if row.kind in EVENTS else row.kind
    return _page(request, side, "delivery", row=row, body=body, calls=calls, words=words)


@require_POST
def repeat(request: Asked, pk: int, *, side: Side) -> HttpResponse:
    row = get_object_or_404(outgoing_for(request.user, side), pk=pk)
    services.delivery_repeat(actor=request.user, delivery=row)
    messages.success(request, _("It is sent once more."))
    return redirect(f"commissions:{side.value}_delivery", row.pk)


def paths(side: Side, under: str) -> list[URLPattern]:
    """The rooms of a side, below `under`."""
    door = _DOORS[side]

    def room(
        where: str, view: Callable[..., HttpResponse], name: str, *, change: bool = False
    ) -> URLPattern:
        behind = door(partial(view, side=side), change=change)
        return path(f"{under}{where}", behind, name=f"{side}_{name}")

    postback = partial(new, form=EndpointForm.POSTBACK)
    postbacks = [room("new/postback/", postback, "postback_new", change=True)]
    return [
        room("", index, "endpoints"),
        room("new/", new, "webhook_new", change=True),
        *(postbacks if side == Side.AFFILIATE else ()),
        room("<int:pk>/", show, "endpoint"),
        room("<int:pk>/change/", change, "endpoint_change", change=True),
        room("<int:pk>/try/", attempt, "endpoint_try"),
        room("<int:pk>/pause/", pause, "endpoint_pause"),
        room("<int:pk>/resume/", resume, "endpoint_resume"),
        room("<int:pk>/secret/", secret, "endpoint_secret"),
        room("<int:pk>/repeat/", replay, "endpoint_repeat"),
        room("<int:pk>/remove/", drop, "endpoint_drop"),
        room("messages/<int:pk>/", message, "delivery"),
        room("messages/<int:pk>/repeat/", repeat, "delivery_repeat"),
    ]
