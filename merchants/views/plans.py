"""Plans and rates: what counts, what is announced, what was; and announcing."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in, page_or_part
from alliance.kernel.money import Money, exponent
from merchants import queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import LockForm, PlanForm, RateForm, last_moment
from merchants.models import PlanKind, Product
from merchants.services.locks import LOCKABLE, rate_lock
from merchants.services.plans import plan_end
from merchants.services.terms import terms_announce, terms_preview

PER_PAGE = 25
_WORDS: dict[str, dict[str, Any]] = {
    PlanKind.COMMON: {
        "title": gettext_lazy("Open a general plan"),
        "about": gettext_lazy("It pays one rate for the whole shop, until you change it."),
    },
    PlanKind.MKT: {
        "title": gettext_lazy("New marketing plan"),
        "about": gettext_lazy(
            "Pays its rate on the days you say. Where another plan pays more, that one counts."
        ),
    },
    PlanKind.SP: {
        "title": gettext_lazy("New targeted plan"),
        "about": gettext_lazy(
            "Affiliates apply, and you decide who gets its rates, by hand or by rule."
        ),
    },
    PlanKind.ZX: {
        "title": gettext_lazy("New self-chosen plan"),
        "about": gettext_lazy("You choose who gets its rates, among those who promote your shop."),
    },
    PlanKind.TOPN: {
        "title": gettext_lazy("New rate for the first pieces"),
        "about": gettext_lazy(
            "The first pieces that are sold earn more. When they are gone, the next best plan "
            "counts again."
        ),
    },
}


@require_GET
@merchant_required
def plans(request: MerchantRequest) -> HttpResponse:
    rows = list(queries.plans_for(request.user))
    terms = queries.terms_for(request.user)
    standings = queries.standings(terms.filter(product=None))
    by_hand = terms.filter(plan__by_autopilot=False)
    moment = clock.now()
    active = [row for row in rows if row.ends_at is None or row.ends_at > moment]
    context = {
        "plans": [(row, standings.get(row.pk, [])) for row in active],
        "kept": queries.autopilot_plans_for(request.user).count(),
        "own_rates": terms.exclude(product=None).values("product").distinct().count(),
        "general": next((row for row in active if row.kind == PlanKind.COMMON), None),
        "rate_form": RateForm(),
        "locks": queries.locks_now(active),
        "lockable": LOCKABLE,
        "lock_form": LockForm(),
        "page": Paginator(by_hand, PER_PAGE).get_page(request.GET.get("page")),
        "now": moment,
    }
    return page_or_part(request, "merchants/plans.html", context, part="log")


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def plan_new(request: MerchantRequest, kind: str) -> HttpResponse:
    """A plan of one of the kinds that a merchant opens."""
    form = PlanForm(request.POST or None, kind=PlanKind[kind.upper()], user=request.user)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.save(actor=request.user, merchant=request.merchant)
    ):
        messages.success(request, _("The plan is open."))
        return redirect("merchants:plans")
    return render(request, "merchants/plan_new.html", {"form": form, **_WORDS[form.kind]})


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
    context: dict[str, Any] = {"form": form, "plan": plan}
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
    return RateForm(data, product=_product(request))


def _product(request: MerchantRequest) -> Product | None:
    number = request.GET.get("product", "")
    mine = queries.products_for(request.user)
    return get_object_or_404(mine, pk=key_in(number)) if number else None


@require_POST
@merchant_required
def end(request: MerchantRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    plan_end(plan=plan, actor=request.user)
    messages.success(request, _("The plan ends with this business day."))
    return redirect("merchants:plans")


@require_POST
@merchant_required
def lock(request: MerchantRequest, pk: int) -> HttpResponse:
    """Promise that the plan pays no less until a day; with ?product= for that product."""
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    form = LockForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Until when? Choose a day."), field="until")
    product = _product(request)
    rate_lock(
        plan=plan,
        product=product,
        until=last_moment(form.cleaned_data["until"]),
        actor=request.user,
    )
    messages.success(request, _("The rate is locked. Affiliates see until when."))
    return redirect("merchants:product", product.pk) if product else redirect("merchants:plans")
