"""Trying a rate: what affiliates would see of it, and what it would have cost."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from alliance.kernel import clock
from alliance.kernel.http import key_in, page_or_part
from commissions.dryrun import RateChange
from commissions.trial import cards_of, past_of, usual_rates
from merchants import queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import NewRateForm, RateForm
from merchants.models import JOINED, Plan, PlanKind
from merchants.services.terms import terms_preview


@require_GET
@merchant_required
def plan_try(request: MerchantRequest, pk: int) -> HttpResponse:
    """A rate of a plan, for the whole shop, a category (?category=) or a product (?product=)."""
    plan = _plan(request, pk)
    form = _rate_form(request)
    context: dict[str, Any] = {"plan": plan, "form": form, "product": form.product}
    if form.is_valid() and form.carried_out(
        terms_preview, plan=plan, rate_bps=form.bps(), **form.scope()
    ):
        context |= {
            **_cards(_change(plan, form)),
            "starts_at": form.result,
            "later": form.result > clock.now(),
            "category": form.cleaned_data.get("category", ""),
        }
    return page_or_part(request, "commissions/plan_try.html", context, part="outcome")


@require_GET
@merchant_required
def plan_past(request: MerchantRequest, pk: int) -> HttpResponse:
    """The same rate on the orders of the last days: the slow part of that page."""
    plan = _plan(request, pk)
    form = _rate_form(request)
    change = _change(plan, form) if form.is_valid() else None
    return _past(request, change, plan)


@require_GET
@merchant_required
def new_try(request: MerchantRequest) -> HttpResponse:
    """What affiliates would see of a plan that is not open yet, once its rate is known."""
    change = _new(request)
    if change is None:
        return render(request, "commissions/parts/trial_hint.html")
    context = {**_cards(change), "asked": request.GET.urlencode(), "is_new": True}
    return render(request, "commissions/parts/trial.html", context)


@require_GET
@merchant_required
def new_past(request: MerchantRequest) -> HttpResponse:
    """And what it would have made of the orders of the last days."""
    change = _new(request)
    return _past(request, change, change.plan if change else None)


def _plan(request: MerchantRequest, pk: int) -> Plan:
    mine = queries.plans_for(request.user).exclude(kind=PlanKind.TOPN)
    return get_object_or_404(mine, pk=pk)


def _rate_form(request: HttpRequest) -> RateForm:
    number = request.GET.get("product", "")
    mine = queries.products_for(request.user)  # type: ignore[arg-type]
    product = get_object_or_404(mine, pk=key_in(number)) if number else None
    return RateForm(request.GET if "rate" in request.GET else None, product=product)


def _change(plan: Plan, form: RateForm) -> RateChange:
    scope = form.scope()
    keys = {f"{name}_id": one.pk if one else None for name, one in scope.items()}
    return RateChange(plan, form.bps(), **keys)


def _new(request: MerchantRequest) -> RateChange | None:
    form = NewRateForm(request.GET)
    if not form.is_valid() or not form.bps():
        return None
    data = form.cleaned_data
    name = data["name"] or str(PlanKind(data["kind"]).label)
    plan = Plan(merchant=request.merchant, kind=data["kind"], name=name)
    return RateChange(plan, form.bps())


def _cards(change: RateChange) -> dict[str, Any]:
    return {
        "cards": cards_of(change),
        "rates": usual_rates(change.rate_bps),
        "members_only": change.plan.kind in JOINED,
        "played": change.plan.pk or change.plan.kind not in JOINED,  # nobody is in a new one
    }


def _past(request: MerchantRequest, change: RateChange | None, plan: Plan | None) -> HttpResponse:
    past = past_of(actor=request.user, change=change) if change else None
    context = {
        "past": past,
        "plan": plan,
        "currency": request.merchant.currency,
        "target": request.merchant.roi_target_centi,
    }
    return page_or_part(request, "commissions/plan_past.html", context, part="past")
