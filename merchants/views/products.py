"""The merchant's products: the list, one product, its rate."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel import clock
from alliance.kernel.http import page_or_part, say_undoable
from merchants import plans, queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import LockForm, ProductFilterForm, ProductForm, RateForm
from merchants.models import PlanKind
from merchants.services.locks import LOCKABLE
from merchants.services.products import product_restore, product_withdraw

PER_PAGE = 25


@require_GET
@merchant_required
def products(request: MerchantRequest) -> HttpResponse:
    form = ProductFilterForm(request.GET)
    found = queries.products_found(queries.products_for(request.user), **form.values())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return page_or_part(
        request, "merchants/products.html", {"form": form, "page": page}, part="rows"
    )


@require_http_methods(["GET", "POST"])
@merchant_required
def product_new(request: MerchantRequest) -> HttpResponse:
    form = ProductForm(request.POST or None, user=request.user, merchant=request.merchant)
    if request.method == "POST" and form.save(request.user):
        messages.success(request, _("The product is saved."))
        return redirect("merchants:product", form.result.pk)
    return render(request, "merchants/product_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@merchant_required
def product(request: MerchantRequest, pk: int) -> HttpResponse:
    """What affiliates see of it, what they earn with it and why, and the forms to change both."""
    row = get_object_or_404(queries.products_for(request.user), pk=pk)
    form = ProductForm(
        request.POST or None, user=request.user, merchant=request.merchant, product=row
    )
    if request.method == "POST" and form.save(request.user):
        messages.success(request, _("The product is saved."))
        return redirect("merchants:product", pk)
    wanted = plans.Wanted(request.merchant.pk, row.pk, row.category_id, clock.now())
    terms = queries.terms_for(request.user).filter(product=row)
    standings = queries.standings(terms)
    active = [
        plan
        for plan in queries.plans_for(request.user)
        if plan.kind != PlanKind.TOPN and (plan.ends_at is None or plan.ends_at > clock.now())
    ]
    locks = queries.locks_now(active, row)
    context = {
        "form": form,
        "product": row,
        "found": plans.terms_at([wanted])[wanted],
        "plans": [(plan, standings.get(plan.pk, []), locks.get(plan.pk, [])) for plan in active],
        "rate_form": RateForm(product=row),
        "lockable": LOCKABLE,
        "lock_form": LockForm(),
    }
    return render(request, "merchants/product.html", context)


@require_POST
@merchant_required
def withdraw(request: MerchantRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(queries.products_for(request.user), pk=pk)
    product_withdraw(product=row, actor=request.user)
    words = _("Affiliates do not see the product any more.")
    say_undoable(request, words, url=reverse("merchants:product_restore", args=[pk]))
    return redirect("merchants:product", pk)


@require_POST
@merchant_required
def restore(request: MerchantRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(queries.products_for(request.user), pk=pk)
    product_restore(product=row, actor=request.user)
    messages.success(request, _("The product is on sale again."))
    return redirect("merchants:product", pk)
