"""Pictures of the demo's products, and the pages of its shops."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from affiliates.explanations import explain
from alliance.demo import shop
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.pictures import by_code, picture_svg
from alliance.kernel.http import page_or_part

WEEK = 7 * 24 * 3600
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@require_safe
def picture(request: HttpRequest, code: str) -> HttpResponse:
    """The product's picture, drawn from its facts. Allows nothing, should somebody open it."""
    facts = by_code().get(code)
    if facts is None:
        raise Http404
    response = HttpResponse(picture_svg(facts), content_type="image/svg+xml; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={WEEK}"
    response["Content-Security-Policy"] = PICTURE_POLICY
    return response


@require_safe
@never_cache
def product(request: HttpRequest, code: str) -> HttpResponse:
    """The page to which affiliates' links lead: picture, price, and a button to buy."""
    found = shop.product_on_sale(code)
    if found is None:
        raise Http404
    context = {
        "product": found,
        "click_id": shop.click_id_clean(request.GET.get("click_id", "")),
        "coupon": shop.coupon_of(found, request.GET.get("coupon", "")),
        "quantities": range(1, shop.MOST + 1),
        "alliance": settings.PUBLIC_URL,
    }
    return render(request, "demo/product.html", context)


@require_POST
def buy(request: HttpRequest, code: str) -> HttpResponse:
    """Order and pay, as far as a demo can."""
    found = shop.product_on_sale(code)
    if found is None:
        raise Http404
    asked = request.POST.get("quantity", "1")
    number = shop.order_place(
        product=found,
        quantity=int(asked) if asked.isdecimal() and len(asked) < 3 else 1,
        click_id=request.POST.get("click_id", ""),
        coupon=request.POST.get("coupon", ""),
    )
    return redirect("demo:order", number)


@never_cache
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, number: str) -> HttpResponse:
    """The buyer's order, and what the alliance has made of it; the goods arrive or go back."""
    found = shop.bought(number)
    if found is None:
        raise Http404
    if request.method == "POST":
        match request.POST.get("what"):
            case "arrived" if found.may_receive:
                shop.goods_arrive(found)
            case "return" if found.may_return:
                shop.goods_return(found)
        return redirect("demo:order", number)
    context = {
        "bought": found,
        "product": found.product,
        "of_demo_merchant": f"{DEMO_MERCHANT}.localhost" in found.product.shop.domains,
        "reasons": explain(found.attribution, viewer=None) if found.attribution else [],
        "alliance": settings.PUBLIC_URL,
    }
    return page_or_part(request, "demo/order.html", context, part="books")
