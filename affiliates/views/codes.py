"""Coupon codes that stand for an affiliate: the merchant binds and ends, the affiliate looks."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import CodeForm
from affiliates.services import code_release
from alliance.kernel import clock
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25


@require_GET
@affiliate_required
def codes(request: AffiliateRequest) -> HttpResponse:
    """The affiliate's codes, now and before."""
    page = Paginator(queries.codes_for(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "affiliates/codes.html", {"page": page, "now": clock.now()})


@require_http_methods(["GET", "POST"])
@merchant_required
def bound(request: MerchantRequest) -> HttpResponse:
    """Whose the merchant's codes are; POST binds one."""
    form = CodeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and form.save(request.user):
        binding = form.result
        messages.success(
            request,
            _("Orders with the code %(code)s are now those of %(name)s.")
            % {"code": binding.coupon.code, "name": binding.affiliate.name},
        )
        return redirect("merchant_codes:bound")
    rows = queries.codes_bound_for(request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "now": clock.now()}
    return render(request, "affiliates/bound_codes.html", context)


@require_POST
@merchant_required
def release(request: MerchantRequest, pk: int) -> HttpResponse:
    binding = get_object_or_404(queries.codes_bound_for(request.user), pk=pk)
    code_release(actor=request.user, binding=binding)
    messages.success(
        request,
        _("Ended. Orders placed from now on with the code %(code)s are no longer %(name)s's.")
        % {"code": binding.coupon.code, "name": binding.affiliate.name},
    )
    return redirect("merchant_codes:bound")
