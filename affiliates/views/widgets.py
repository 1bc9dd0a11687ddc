"""Widgets: the team's page, and the frame that stands in pages of others."""

from typing import Any

from csp.decorators import csp_replace
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext, override
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_POST, require_safe

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import WidgetForm
from affiliates.models import Widget
from affiliates.services import widgets as services
from affiliates.shelves import SHELVES
from alliance.kernel.embeds import snippet

FRESH = 300  # seconds that a frame is shown as it is


def _page(request: AffiliateRequest, **more: Any) -> HttpResponse:
    usual = {"zone": queries.zone_usual(request.user), "language": get_language(), "size": 4}
    context = {
        "widgets": [
            (widget, snippet("widget", widget=widget.code, title=widget.name))
            for widget in queries.widgets_for(request.user)
        ],
        "origins": queries.origins_of(request.affiliate),
        "shelves": {name: shelf.words for name, shelf in SHELVES.items()},
        "form": WidgetForm(user=request.user, initial=usual),
        **more,
    }
    return render(request, "affiliates/widgets.html", context)


@require_safe
@affiliate_required
def widgets(request: AffiliateRequest) -> HttpResponse:
    """The open widgets with the line to copy, and the form for another one."""
    return _page(request)


@require_POST
@affiliate_required
def widget_new(request: AffiliateRequest) -> HttpResponse:
    form = WidgetForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form=form)
    services.widget_open(actor=request.user, affiliate=request.affiliate, **form.values())
    messages.success(request, gettext("The widget is ready: copy its line into your page."))
    return redirect("affiliates:widgets")


@require_POST
@affiliate_required
def widget_close(request: AffiliateRequest, pk: int) -> HttpResponse:
    widget = get_object_or_404(queries.widgets_for(request.user), pk=pk)
    services.widget_close(actor=request.user, widget=widget)
    messages.success(request, gettext("The widget is closed: pages show nothing there now."))
    return redirect("affiliates:widgets")


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, code: str) -> HttpResponseBase:
    """The widget itself, in frames on the affiliate's approved sites only. No session."""
    widget = queries.widget_at(code)
    if widget is None:
        raise Http404
    answer = HttpResponse(cache.get_or_set(f"widget:{widget.code}", lambda: _html(widget), FRESH))
    around = queries.origins_of(widget.affiliate)
    # Who waits for approval need not wait for a browser's memory, too.
    answer["Cache-Control"] = f"public, max-age={FRESH}" if around else "no-store"
    framed = csp_replace({"frame-ancestors": around or ["'none'"]})
    return framed(lambda _request: answer)(request)


def _html(widget: Widget) -> str:
    with override(widget.language):
        context = {"widget": widget, "items": services.widget_items(widget=widget)}
        return render_to_string("affiliates/widget_frame.html", context)
