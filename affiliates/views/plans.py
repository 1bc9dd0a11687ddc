"""Plans that are not for everybody, and the public log of rates: the affiliate's side."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import ApplyForm, RatesForm
from affiliates.models import PlanMemberState
from affiliates.services.places import application_withdraw, place_quit, plan_apply
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from merchants.queries import standings, terms_of

PER_PAGE = 24
PAST = 50
OPEN = (PlanMemberState.PENDING, PlanMemberState.APPROVED)


@require_GET
@affiliate_required
def plans(request: AffiliateRequest) -> HttpResponse:
    """Where the affiliate is in, what it has applied for, and what it can apply for."""
    places = queries.places_for(request.user)
    mine = list(places.filter(state__in=OPEN))
    offered = Paginator(queries.plans_to_apply_for(request.affiliate), PER_PAGE)
    page = offered.get_page(request.GET.get("page"))
    seen = [
        one.plan for one in mine if one.state == PlanMemberState.APPROVED or one.plan.rates_shown
    ]
    seen += [plan for plan in page if plan.rates_shown]
    context = {
        "mine": mine,
        "past": places.exclude(state__in=OPEN)[:PAST],
        "page": page,
        "standings": standings(terms_of(seen).filter(product=None)),
        "locks": queries.locks_of_plans(plan.pk for plan in seen),
    }
    return render(request, "affiliates/plans.html", context)


@require_GET
@affiliate_required
def plan(request: AffiliateRequest, pk: int) -> HttpResponse:
    """What a plan pays for what, as far as the affiliate may see it; and applying for it."""
    plan = get_object_or_404(queries.plans_known(request.affiliate), pk=pk)
    place = queries.place_in(request.affiliate, plan)
    inside = place is not None and place.state == PlanMemberState.APPROVED
    seen = [plan] if inside or plan.rates_shown else []
    page = Paginator(queries.products_of(seen), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "plan": plan,
        "place": place,
        "inside": inside,
        "seen": bool(seen),
        "rows": standings(terms_of(seen).filter(product=None)).get(plan.pk, []),
        "page": page,
        "locked_until": queries.locks_of_plans([plan.pk]).get(plan.pk),
        "again_at": queries.applies_again_at(place),
        "form": ApplyForm(),
    }
    return render(request, "affiliates/plan.html", context)


@require_POST
@affiliate_required
def apply(request: AffiliateRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(queries.plans_known(request.affiliate), pk=pk)
    form = ApplyForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    place = plan_apply(actor=request.user, affiliate=request.affiliate, plan=plan, words=words)
    if place.state == PlanMemberState.APPROVED:
        messages.success(request, gettext("You are in: the plan's rates are yours from now on."))
    elif place.state == PlanMemberState.REJECTED:
        messages.warning(request, place.reason)
    else:
        messages.success(request, gettext("Your application is with the merchant."))
    return redirect("affiliates:plans")


@require_POST
@affiliate_required
def leave(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Take an application back, or leave the plan."""
    place = get_object_or_404(queries.places_for(request.user), pk=pk)
    if place.state == PlanMemberState.PENDING:
        application_withdraw(actor=request.user, place=place)
        messages.success(request, gettext("Your application is withdrawn."))
    else:
        place_quit(actor=request.user, place=place)
        messages.success(request, gettext("You have left the plan. Its rates count no more."))
    return redirect("affiliates:plans")


# --- The public log of rates ---------------------------------------------------------------------


@require_GET
@affiliate_required
def rates(request: AffiliateRequest) -> HttpResponse:
    form = RatesForm(request.GET)
    found = queries.rate_changes(request.affiliate, **form.narrowing())
    context = {
        "form": form,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "product": queries.products_known().filter(pk=form.narrowing()["product"]).first(),
    }
    return page_or_part(request, "affiliates/rates.html", context, part="log")


@require_GET
@affiliate_required
def rates_csv(request: AffiliateRequest) -> HttpResponse:
    """The log as it stands on the screen, all of it."""
    found = queries.rate_changes(request.affiliate, **RatesForm(request.GET).narrowing())
    header = (
        "announced_at", "in_force_from", "merchant", "plan", "kind", "product_id", "product",
        "category", "before_bps", "rate_bps",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Any, ...]]:
        for terms in found.iterator(chunk_size=1000):
            yield (
                terms.created_at,
                terms.starts_at,
                terms.plan.merchant.name,
                terms.plan.name,
                terms.plan.kind,
                terms.product_id,
                terms.product.name if terms.product else None,
                terms.category.name if terms.category else None,
                terms.before_bps,
                terms.rate_bps,
            )

    return csv_response("rates", header, rows())
