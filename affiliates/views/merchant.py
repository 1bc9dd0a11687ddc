"""The merchant's side of what affiliates have to do with: who is in its plans, and events."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates import queries, services
from affiliates.forms import EventRatesForm, RuleForm
from affiliates.models import Affiliate, PlanMember, PlanMemberState
from affiliates.services.places import (
    applications_approve,
    applications_reject,
    place_give,
    place_take,
    plan_rule_drop,
    plan_rule_set,
)
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in
from merchants.access import MerchantRequest, merchant_required
from merchants.models import JOINED, Plan, PlanKind, PlanState
from merchants.queries import plans_for, products_for, products_found

PER_PAGE = 25
APPLICATIONS = 100  # that are shown, and decided on, together


@require_GET
@merchant_required
def members(request: MerchantRequest, pk: int) -> HttpResponse:
    """Who has applied, who is in the plan, who was; and by which rule somebody is let in."""
    plan = _plan(request, pk)
    places = queries.places_in_plans_of(request.user).filter(plan=plan)
    pending = places.filter(state=PlanMemberState.PENDING).order_by("pk")
    inside = places.filter(state=PlanMemberState.APPROVED)
    context: dict[str, Any] = {
        "plan": plan,
        "pending": queries.with_records(pending[:APPLICATIONS], plan.merchant),
        "page": Paginator(inside, PER_PAGE).get_page(request.GET.get("page")),
        "past": places.exclude(state__in=[PlanMemberState.PENDING, PlanMemberState.APPROVED])[:50],
    }
    if plan.kind == PlanKind.SP:
        rule = getattr(plan, "join_rule", None)
        context |= {"rule": rule, "rule_form": RuleForm(initial=RuleForm.initial_of(rule))}
    else:
        context["choices"] = queries.promoters_of(plan.merchant).exclude(
            plan_places__in=inside.values("pk")
        )[:200]
    return render(request, "affiliates/members.html", context)


@require_http_methods(["GET", "POST"])
@merchant_required
def applications(request: MerchantRequest) -> HttpResponse:
    """Whoever has applied for any of the merchant's plans; POST decides on the chosen ones."""
    if request.method == "POST":
        _decide(request, queries.places_in_plans_of(request.user))
        return redirect("places:applications")
    waiting = queries.applications_waiting(request.user)
    page = Paginator(waiting, APPLICATIONS).get_page(request.GET.get("page"))
    context = {"page": page, "pending": queries.with_records(page.object_list, request.merchant)}
    return render(request, "affiliates/applications.html", context)


@require_POST
@merchant_required
def decide(request: MerchantRequest, pk: int) -> HttpResponse:
    """Approve or reject the chosen applications for a plan."""
    plan = _plan(request, pk)
    _decide(request, queries.places_in_plans_of(request.user).filter(plan=plan))
    return redirect("places:members", pk)


def _decide(request: MerchantRequest, among: QuerySet[PlanMember]) -> None:
    keys = [key_in(one) for one in request.POST.getlist("place")[:APPLICATIONS]]
    places = list(among.filter(pk__in=keys))
    if not places:
        raise Invalid(gettext("Choose at least one application."), field="place")
    count = len(places)
    if request.POST.get("decision") == "approve":
        applications_approve(actor=request.user, places=places)
        words = ngettext("%(count)d affiliate is in.", "%(count)d affiliates are in.", count)
    else:
        applications_reject(
            actor=request.user, places=places, reason=request.POST.get("reason", "")
        )
        words = ngettext(
            "%(count)d application is rejected.", "%(count)d applications are rejected.", count
        )
    messages.success(request, words % {"count": count})


@require_POST
@merchant_required
def choose(request: MerchantRequest, pk: int) -> HttpResponse:
    """Put an affiliate into a self-chosen plan."""
    plan = _plan(request, pk)
    promoters = queries.promoters_of(plan.merchant)
    affiliate: Affiliate = get_object_or_404(
        promoters, pk=key_in(request.POST.get("affiliate", ""))
    )
    place_give(actor=request.user, plan=plan, affiliate=affiliate)
    messages.success(request, gettext("%(name)s is in the plan.") % {"name": affiliate.name})
    return redirect("places:members", pk)


@require_POST
@merchant_required
def remove(request: MerchantRequest, pk: int) -> HttpResponse:
    """Take an affiliate out of a plan."""
    place = get_object_or_404(queries.places_in_plans_of(request.user), pk=pk)
    place_take(actor=request.user, place=place, reason=request.POST.get("reason", ""))
    messages.success(
        request,
        gettext("%(name)s is removed. What was promised holds until the end of the day, or of the "
                "rate lock.") % {"name": place.affiliate.name},
    )  # fmt: skip
    return redirect("places:members", place.plan_id)


@require_POST
@merchant_required
def rule(request: MerchantRequest, pk: int) -> HttpResponse:
    """Say who is let in at once, or drop that."""
    plan = _plan(request, pk)
    if "drop" in request.POST:
        plan_rule_drop(actor=request.user, plan=plan)
        messages.success(request, gettext("From now on you look at each application."))
        return redirect("places:members", pk)
    form = RuleForm(request.POST)
    if not form.is_valid():
        raise Invalid(gettext("Please look at the figures of the rule again."), field="rule")
    plan_rule_set(actor=request.user, plan=plan, **form.values(plan.merchant.currency))
    messages.success(request, gettext("The rule decides on applications from now on."))
    return redirect("places:members", pk)


def _plan(request: MerchantRequest, pk: int) -> Plan:
    mine = plans_for(request.user).filter(kind__in=JOINED).select_related("join_rule")
    return get_object_or_404(mine, pk=pk)


# --- Events --------------------------------------------------------------------------------------


@require_GET
@merchant_required
def events(request: MerchantRequest) -> HttpResponse:
    """Events to enrol in, and those that the merchant takes part in."""
    mine = plans_for(request.user).filter(kind=PlanKind.EVENT, state=PlanState.ACTIVE)
    context = {"open": queries.events_open(), "mine": mine}
    return render(request, "affiliates/merchant_events.html", context)


@require_http_methods(["GET", "POST"])
@merchant_required
def event(request: MerchantRequest, pk: int) -> HttpResponse:
    """Choose products and their rates for an event; POST takes part with them."""
    event = get_object_or_404(queries.events_open(), pk=pk)
    words = request.GET.get("words", "")
    shelf = products_found(products_for(request.user), words=words, state="on_sale", sort="sales")
    page = Paginator(shelf, PER_PAGE).get_page(request.GET.get("page"))
    plan = plans_for(request.user).filter(event=event, state=PlanState.ACTIVE).first()
    held = queries.rates_in(plan) if plan else {}
    form = EventRatesForm(request.POST or None, products=page.object_list, held=held, event=event)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.carried_out(
            services.event_join,
            actor=request.user,
            merchant=request.merchant,
            event=event,
            rates=form.rates(),
        )
    ):
        messages.success(request, gettext("Your products are enrolled."))
        return redirect("places:event", pk)
    context = {
        "event": event,
        "form": form,
        "page": page,
        "plan": plan,
        "enrolled": len(held),
        "words": words,
    }
    return render(request, "affiliates/merchant_event.html", context)


@require_POST
@merchant_required
def leave(request: MerchantRequest, pk: int) -> HttpResponse:
    """Not take part in an event after all."""
    mine = plans_for(request.user).filter(kind=PlanKind.EVENT, state=PlanState.ACTIVE)
    plan = get_object_or_404(mine, event=pk)
    services.event_leave(actor=request.user, plan=plan)
    messages.success(request, gettext("You do not take part in this event."))
    return redirect("places:events")
