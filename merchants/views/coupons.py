"""The merchant's coupons."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.kernel import clock
from merchants import queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import CouponForm
from merchants.services.coupons import coupon_end

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
@merchant_required
def coupons(request: MerchantRequest) -> HttpResponse:
    """The list; POST makes a coupon."""
    form = CouponForm(
        request.POST or None,
        user=request.user,
        merchant=request.merchant,
        initial={"starts_on": clock.business_day()},
    )
    if request.method == "POST" and form.is_valid() and form.save(request.user):
        messages.success(request, _("The coupon is there. Affiliates see it with the product."))
        return redirect("merchants:coupons")
    page = Paginator(queries.coupons_for(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "now": clock.now()}
    return render(request, "merchants/coupons.html", context)


@require_POST
@merchant_required
def end(request: MerchantRequest, pk: int) -> HttpResponse:
    coupon = get_object_or_404(queries.coupons_for(request.user), pk=pk)
    coupon_end(coupon=coupon, actor=request.user)
    messages.success(request, _("The coupon has ended."))
    return redirect("merchants:coupons")
