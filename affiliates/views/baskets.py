"""Baskets: products put aside, taken out, and put back."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import BasketForm
from affiliates.models import Basket
from affiliates.services import baskets as services
from affiliates.services.standing import why_not
from alliance.kernel.http import back_or, key_in
from merchants.models import Product


@require_http_methods(["GET", "POST"])
@affiliate_required
def baskets(request: AffiliateRequest) -> HttpResponse:
    """All of them; POST makes one more."""
    form = BasketForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        basket = services.basket_make(
            actor=request.user, affiliate=request.affiliate, **form.cleaned_data
        )
        return redirect("affiliates:basket", basket.pk)
    context = {
        "baskets": _mine(request),
        "form": form,
        "most": services.BASKETS,
        "campaigns": [],
    }
    return render(request, "affiliates/baskets.html", context)


@require_GET
@affiliate_required
def basket(request: AffiliateRequest, pk: int) -> HttpResponse:
    """What is in it, with what cannot be promoted now, and why. ?undo= offers to put a product
    back that was taken out."""
    basket = _basket(request, pk)
    offers = queries.offers_of(queries.products_in(basket), affiliate=request.affiliate)
    undo = queries.products_known().filter(pk=key_in(request.GET.get("undo", ""))).first()
    context = {
        "basket": basket,
        "rows": [(offer, _bars(offer)) for offer in offers],
        "undo": undo,
        "form": BasketForm(initial={"name": basket.name}),
        "most": services.PRODUCTS,
        "may_choose": request.membership.may_change,
    }
    return render(request, "affiliates/basket.html", context)


@require_POST
@affiliate_required
def put(request: AffiliateRequest) -> HttpResponse:
    """The posted products into `basket`, else into the one used last; if there is none, into a
    first one. To htmx: the button, as it is now."""
    products = _posted(request)
    asked = request.POST.get("basket", "")
    basket = _basket(request, key_in(asked)) if asked else _mine(request).first()
    if basket is None:
        basket = services.basket_make(
            actor=request.user, affiliate=request.affiliate, name=_("My basket")
        )
    fresh = services.basket_put(basket=basket, products=products)
    if request.headers.get("HX-Request"):
        context = {"product": products[0] if products else None, "held": basket.pk}
        return render(request, "affiliates/basket_button.html", context)
    said = ngettext(
        "%(count)d product is in “%(basket)s” now.",
        "%(count)d products are in “%(basket)s” now.",
        fresh,
    )
    messages.success(request, said % {"count": fresh, "basket": basket.name})
    return back_or(request, "affiliates:basket", basket.pk)


@require_POST
@affiliate_required
def take(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Out of the basket; the page then offers to put it back."""
    basket = _basket(request, pk)
    (product,) = _posted(request)[:1] or (None,)
    address = redirect("affiliates:basket", pk)
    if product and services.basket_take(basket=basket, product=product):
        address["Location"] += f"?undo={product.pk}"
    return address


@require_POST
@affiliate_required
def rename(request: AffiliateRequest, pk: int) -> HttpResponse:
    form = BasketForm(request.POST)
    basket = _basket(request, pk)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    services.basket_rename(actor=request.user, basket=basket, name=name)
    return redirect("affiliates:basket", pk)


@require_POST
@affiliate_required
def drop(request: AffiliateRequest, pk: int) -> HttpResponse:
    basket = _basket(request, pk)
    services.basket_drop(actor=request.user, basket=basket)
    messages.success(request, _("“%(name)s” is gone.") % {"name": basket.name})
    return redirect("affiliates:baskets")


def _mine(request: AffiliateRequest) -> QuerySet[Basket]:
    return queries.baskets_for(request.user).filter(affiliate=request.affiliate)


def _basket(request: AffiliateRequest, pk: int) -> Basket:
    return get_object_or_404(_mine(request), pk=pk)


def _posted(request: AffiliateRequest) -> list[Product]:
    """What is on the form, in its order; more than a basket holds is left out."""
    keys = [key_in(key) for key in request.POST.getlist("product")[: services.PRODUCTS + 1]]
    found = queries.products_known().in_bulk(keys)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _bars(offer: queries.Offer) -> str:
    """Why it cannot be promoted now; "" if it can."""
    if said := why_not(offer.product):
        return said
    return "" if offer.rate_bps else _("No commission is promised for this product now.")
