"""GET /r/<code>: write the click down, then send the buyer on. Two statements, no session.

What a request means (`_clicked`) and where it leads (`queries.way_of`, one row) are apart from
Django's response, so that a faster door in front of Django can use both.
"""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from affiliates import queries, visitors
from affiliates.destinations import in_domains, with_click_id
from affiliates.models import Visitor
from affiliates.services import Click, touches_record
from affiliates.services.links import SUBS, sub_clean
from alliance.kernel import clock

# Names under which other networks' tools hand over sub-ids. Our own name wins over an alias.
SUB_ALIASES = {
    "sub1": ("sub1", "subid1", "subId1", "aff_sub", "aff_sub1", "clickref", "clickref1",
             "subid", "subId", "subUnionId", "union_id", "unid"),
    "sub2": ("sub2", "subid2", "subId2", "aff_sub2", "clickref2"),
    "sub3": ("sub3", "subid3", "subId3", "aff_sub3", "clickref3"),
    "sub4": ("sub4", "subid4", "subId4", "aff_sub4", "clickref4"),
    "sub5": ("sub5", "subid5", "subId5", "aff_sub5", "clickref5"),
}  # fmt: skip


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """302 to the shop with a click id that is stored already; a helpful page where that cannot be.

    HEAD is answered but is no click. A browser that prefetches is turned away (503), so that the
    person's real click comes here. `cons=0` in the address: no cookie, no visitor key.
    """
    way = queries.way_of(code)
    if way is None:
        return _quiet(
            render(request, "affiliates/link_closed.html", {"why": "unknown"}, status=404)
        )
    why = way.closed or ("" if in_domains(way.url, way.domains) else "destination")
    if why:
        return _quiet(_closed(request, way, why))
    if request.method == "HEAD":
        return _quiet(HttpResponseRedirect(way.url))

    moment = clock.now()
    consent = request.GET.get("cons") != "0"
    visitor = visitors.visitor_of(request)
    cookie = _cookie(request, moment) if consent and visitor == Visitor.HUMAN else ""
    click = _clicked(request, way, visitor, cookie, moment)
    touches_record([click])
    if visitors.is_prefetch(request):
        return _quiet(HttpResponse(status=503))
    response = HttpResponseRedirect(with_click_id(way.url, click.click_id))
    if cookie and cookie != request.COOKIES.get(visitors.COOKIE):
        response.set_cookie(
            visitors.COOKIE,
            cookie,
            max_age=visitors.COOKIE_AGE,
            path="/",
            secure=settings.PRODUCTION,
            httponly=True,
            samesite="Lax",
        )
    elif not consent and visitors.COOKIE in request.COOKIES:
        response.delete_cookie(visitors.COOKIE, path="/", samesite="Lax")
    return _quiet(response)


def _clicked(
    request: HttpRequest, way: queries.Way, visitor: Visitor, cookie: str, moment: datetime
) -> Click:
    return Click(
        link_id=way.link_id,
        affiliate_id=way.affiliate_id,
        zone_id=way.zone_id,
        shop_id=way.shop_id,
        product_id=way.product_id,
        touched_at=moment,
        visitor=visitor,
        visitor_key=visitors.visitor_key(cookie) if cookie else "",
        ip_key=visitors.ip_key(request.META.get("REMOTE_ADDR", ""), moment),
        **_subs(request, way.subs),
    )


def _subs(request: HttpRequest, of_link: tuple[str, ...]) -> dict[str, str]:
    """The link's own sub-ids, overruled one by one by those in the address."""
    return {
        name: next(
            (
                said
                for alias in SUB_ALIASES[name]
                if (said := sub_clean(request.GET.get(alias, "")))
            ),
            own,
        )
        for name, own in zip(SUBS, of_link, strict=True)
    }


def _cookie(request: HttpRequest, moment: datetime) -> str:
    """The visitor's cookie, or a new one in place of none, an expired or an invented one."""
    held = request.COOKIES.get(visitors.COOKIE, "")
    return held if visitors.cookie_valid(held, moment) else visitors.cookie_make(moment)


def _closed(request: HttpRequest, way: queries.Way, why: str) -> HttpResponse:
    """Why the link leads nowhere, and the shop without commission where there is one to show."""
    onward = ""
    if why != "shop" and in_domains(way.url, way.domains):
        parts = urlsplit(way.url)
        # A product that was withdrawn has no page any more; its shop has.
        onward = f"{parts.scheme}://{parts.netloc}/" if why == "product" else way.url
    context = {"why": why, "shop": way.shop_name, "onward": onward}
    return render(request, "affiliates/link_closed.html", context, status=410)


def _quiet(response: HttpResponse) -> HttpResponse:
    """Every click comes to us, none is indexed, and the shop is not told where the buyer came from.

    The click id tells the shop what it must know; the page with the link is the affiliate's affair.
    """
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
