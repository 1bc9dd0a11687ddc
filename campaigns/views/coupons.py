"""Where affiliates take the coupon pages that they share."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.queries import products_known, zone_usual
from affiliates.services import link_create
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in
from campaigns import queries

PER_PAGE = 20


@require_GET
@affiliate_required
def coupon_pages(request: AffiliateRequest) -> HttpResponse:
    """What can be claimed now or soon, each with the affiliate's own page for it."""
    stocks = Paginator(
        queries.coupon_stocks_for(request.user, product=request.GET.get("product", "")), PER_PAGE
    )
    page = stocks.get_page(request.GET.get("page"))
    context = {"page": page, "pages": queries.coupon_pages_of(request.user, page.object_list)}
    return render(request, "campaigns/coupon_pages.html", context)


@require_GET
@affiliate_required
def of_product(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The part of a product's page that tells of its coupons; nothing where there are none."""
    stocks = queries.coupon_stocks_for(request.user, product=str(pk))[:1]
    context = {
        "pages": queries.coupon_pages_of(request.user, stocks, product=pk),
        "product": pk,
    }
    return render(request, "campaigns/coupon_pages.html#of_product", context)


@require_POST
@affiliate_required(change=True)
def coupon_page_make(request: AffiliateRequest, pk: int) -> HttpResponse:
    """A link to the stock's product, from the ad zone that was used last: it has a coupon page.

    Where the stock is for all products of its campaign, `product` says which.
    """
    asked = request.POST.get("product", "")
    stock = get_object_or_404(queries.coupon_stocks_for(request.user, product=asked), pk=pk)
    product = stock.product or get_object_or_404(products_known(), pk=key_in(asked))
    zone = zone_usual(request.user)
    if zone is None:
        raise Invalid(_("A link needs an ad zone: the place where you share it."))
    link_create(actor=request.user, affiliate=request.affiliate, zone=zone, product=product)
    if stock.product is None:
        return redirect("affiliates:product", product.pk)
    return redirect("campaigns:coupon_pages")
