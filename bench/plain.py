"""What our doors are measured against: a click and a claim as plain Django views take them.

A claim locks the stock's row, looks, inserts, counts down, commits: the function is measured in the
database; the pages, behind the middleware that every page here has, over HTTP.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.urls import include, path
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from affiliates import visitors
from affiliates.destinations import in_domains, with_click_id
from affiliates.models import AffiliateState, Link, SiteState
from affiliates.services import Click, touches_record
from alliance.kernel import clock
from bench.night import FACE
from campaigns.claims import code_of
from campaigns.models import Claim, CouponStock
from merchants.models import MerchantState, ProductState

_LINKS = Link.objects.select_related("shop__merchant", "product", "affiliate", "zone__site")


def claim_with_lock(*, stock_pk: int, buyer: str, link: Link) -> bool:
    """Whether the buyer has a coupon of today: this one, or one claimed before."""
    now = clock.now()
    day = clock.business_day(now)
    with transaction.atomic():
        stock = CouponStock.objects.select_for_update().get(pk=stock_pk)
        if Claim.objects.filter(campaign=stock.campaign_id, buyer_key=buyer, day=day).exists():
            return True
        if stock.set_aside_minor < FACE:
            return False
        stock.set_aside_minor -= FACE
        stock.save(update_fields=["set_aside_minor"])
        Claim.objects.create(
            stock=stock,
            campaign_id=stock.campaign_id,
            slot=(stock.total_minor - stock.set_aside_minor) // FACE,
            code=code_of(secrets.token_hex(16)),
            face_minor=FACE,
            currency=stock.currency,
            buyer_key=buyer,
            day=day,
            link=link,
            affiliate_id=link.affiliate_id,
            zone_id=link.zone_id,
            shop_id=link.shop_id,
            product_id=link.product_id,
            expires_at=now + timedelta(hours=1),
        )
    return True


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, stock_pk: int, code: str) -> HttpResponse:
    """GET shows the button, with Django's own token; POST claims and leads back."""
    cookie = request.COOKIES.get(visitors.COOKIE) or visitors.cookie_make(clock.now())
    if request.method == "GET":
        response = HttpResponse(
            format_html(
                '<form method="post"><input name="csrfmiddlewaretoken" value="{}">',
                get_token(request),
            )
        )
        response.set_cookie(visitors.COOKIE, cookie)
        return response
    link = get_object_or_404(Link, code=code)
    if claim_with_lock(stock_pk=stock_pk, buyer=visitors.visitor_key(cookie), link=link):
        return redirect(request.path, permanent=False)
    return HttpResponse("Sold out.", status=409)


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """The redirect: the same look-up, the same row, stored before the answer."""
    link = get_object_or_404(_LINKS, code=code)
    open_ = link.paused_at is None and not link.zone.frozen
    open_ = open_ and link.product is not None and link.product.state == ProductState.ON_SALE
    open_ = open_ and link.zone.site.state != SiteState.REJECTED
    open_ = open_ and link.affiliate.state == AffiliateState.ACTIVE
    open_ = open_ and link.shop.merchant.state == MerchantState.ACTIVE
    if not open_ or not in_domains(link.url, link.shop.domains):
        return HttpResponse(status=404)
    moment = clock.now()
    cookie = request.COOKIES.get(visitors.COOKIE) or visitors.cookie_make(moment)
    keys = {
        "visitor_key": visitors.visitor_key(cookie),
        "ip_key": visitors.ip_key(request.META["REMOTE_ADDR"], moment),
    }
    (touch,) = touches_record([Click.through(link, touched_at=moment, **keys)])
    response = redirect(with_click_id(link.url, touch.click_id))
    response.set_cookie(visitors.COOKIE, cookie)
    return response


urlpatterns = [
    path("plain/r/<code>", follow),
    path("plain/<int:stock_pk>/<code>", page),
    path("", include("alliance.urls")),
]
