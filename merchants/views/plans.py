"""Plans and rates: what counts, what is announced, what was; and announcing."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in, page_or_part
from alliance.kernel.money import Money, exponent
from merchants import queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import PlanForm, RateForm
from merchants.models import PlanKind, PlanState
from merchants.services.plans import plan_end, plan_open, terms_announce, terms_preview

PER_PAGE = 25


@require_GET
@merchant_required
def plans(request: MerchantRequest) -> HttpResponse:
    rows = list(queries.plans_for(request.user))
    terms = queries.terms_for(request.user)
    standings = queries.standings(terms.filter(product=None))
    active = [row for row in rows if row.state == PlanState.ACTIVE]
    context = {
        "plans": [(row, standings.get(row.pk, [])) for row in active],
        "own_rates": terms.exclude(product=None).values("product").distinct().count(),
        "general": next((row for row in active if row.kind == PlanKind.COMMON), None),
        "rate_form": RateForm(),
        "plan_form": PlanForm(kind=PlanKind.COMMON),
        "page": Paginator(terms, PER_PAGE).get_page(request.GET.get("page")),
        "now": clock.now(),
    }
    return page_or_part(request, "merchants/plans.html", context, part="log")


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def plan_new(request: MerchantRequest, kind: str) -> HttpResponse:
    """The general plan, or a marketing plan with its days."""
    form = PlanForm(request.POST or None, kind=PlanKind[kind.upper()])
    if request.method == "POST" and form.is_valid():
        values = form.values()
        if form.carried_out(plan_open, merchant=request.merchant, actor=request.user, **values):
            messages.success(request, _("The plan is open."))
            return redirect("merchants:plans")
    return render(request, "merchants/plan_new.html", {"form": form})


@require_POST
@merchant_required
def rate(request: MerchantRequest, pk: int) -> HttpResponse:
    """Announce a rate in a plan; with ?product= for that product."""
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    form = _rate_form(request, request.POST)
    if not form.is_valid():
        raise Invalid(_("Give a rate in percent, such as 12.5."), field="rate")
    terms = terms_announce(plan=plan, rate_bps=form.bps(), actor=request.user, **form.scope())
    if terms.starts_at <= clock.now():
        messages.success(request, _("The new rate counts at once."))
    else:
        messages.success(request, _("The new rate counts from the next business day, 00:00."))
    if form.product:
        return redirect("merchants:product", form.product.pk)
    return redirect("merchants:plans")


@require_GET
@merchant_required
def preview(request: MerchantRequest, pk: int) -> HttpResponse:
    """What a rate would mean: from when it counts, and what it costs on an order of 100."""
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    form = _rate_form(request, request.GET)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.carried_out(
        terms_preview, plan=plan, rate_bps=form.bps(), **form.scope()
    ):
        currency = request.merchant.currency
        order = Money(100 * 10 ** exponent(currency), currency)
        context |= {
            "starts_at": form.result,
            "later": form.result > clock.now(),
            "order": order,
            "commission": order.share(form.bps()) if form.bps() else None,
        }
    return render(request, "merchants/rate_preview.html", context)


def _rate_form(request: MerchantRequest, data: QueryDict) -> RateForm:
    number = request.GET.get("product", "")
    product = None
    if number:
        mine = queries.products_for(request.user)
        product = get_object_or_404(mine, pk=key_in(number))
    return RateForm(data, product=product)


@require_POST
@merchant_required
def end(request: MerchantRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    plan_end(plan=plan, actor=request.user)
    messages.success(request, _("The plan ends with this business day."))
    return redirect("merchants:plans")
