"""Events: what affiliates promote in them, and how intermediaries host them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import EventForm
from affiliates.models import AffiliateKind
from merchants.models import Event

PER_PAGE = 24


@require_GET
@affiliate_required
def events(request: AffiliateRequest) -> HttpResponse:
    """Events to promote; and an intermediary's own."""
    hosts = request.affiliate.kind == AffiliateKind.TUANZHANG
    context = {
        "events": queries.events_shown(),
        "hosts": hosts,
        "hosted": queries.events_hosted_by(request.user) if hosts else [],
    }
    return render(request, "affiliates/events.html", context)


@require_GET
@affiliate_required
def event(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The products of an event with their rates: each leads to its link."""
    event = get_object_or_404(queries.events_shown(), pk=pk)
    found = queries.products_of(queries.event_plans().filter(event=event))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "affiliates/event.html", {"event": event, "page": page})


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def event_new(request: AffiliateRequest) -> HttpResponse:
    """An intermediary drafts an event; operations open it to merchants."""
    if request.affiliate.kind != AffiliateKind.TUANZHANG:
        return redirect("affiliates:events")
    form = EventForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.carried_out(
            services.event_draft, actor=request.user, host=request.affiliate, **form.values()
        )
    ):
        messages.success(
            request, gettext("Your event is drafted. Operations open it to merchants.")
        )
        return redirect("affiliates:events")
    return render(request, "affiliates/event_new.html", {"form": form})


@require_POST
@affiliate_required
def event_publish(request: AffiliateRequest, pk: int) -> HttpResponse:
    services.event_publish(actor=request.user, event=_hosted(request, pk))
    messages.success(request, gettext("The event is published: affiliates see it."))
    return redirect("affiliates:events")


@require_POST
@affiliate_required
def event_end(request: AffiliateRequest, pk: int) -> HttpResponse:
    services.event_end(actor=request.user, event=_hosted(request, pk))
    messages.success(request, gettext("The event ends with this business day."))
    return redirect("affiliates:events")


@require_POST
@affiliate_required
def event_void(request: AffiliateRequest, pk: int) -> HttpResponse:
    services.event_void(actor=request.user, event=_hosted(request, pk))
    messages.success(request, gettext("The event does not take place."))
    return redirect("affiliates:events")


def _hosted(request: AffiliateRequest, pk: int) -> Event:
    return get_object_or_404(queries.events_hosted_by(request.user), pk=pk)
