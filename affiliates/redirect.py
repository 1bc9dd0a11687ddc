"""GET /r/<code>: write the click down, then send the buyer on. A door in front of Django.

Written down is a line in a file (affiliates.spool), so a click costs no round trip to the database,
and is made while the database is away. What leads nowhere is left to Django, which says why.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from affiliates import drain, queries, visitors, ways
from affiliates.asks import Ask, cookie_gone, cookie_header
from affiliates.destinations import ascii_url, in_domains
from affiliates.services import Click
from affiliates.spool import spool
from affiliates.subs import subs_in
from alliance.kernel.front import Answer, Environ, Header, response_of, transport
from alliance.kernel.http import client_address

logger = logging.getLogger(__name__)

PREFIX = "/r/"
# Every click comes to us, none is indexed, and the shop is not told where the buyer came from: the
# click id tells it what it must know; the page with the link is the affiliate's affair.
QUIET: tuple[Header, ...] = (
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Referrer-Policy", "no-referrer"),
)


def door(environ: Environ, code: str, _form: Callable[[], bytes] = bytes) -> Answer | None:
    """302 to the shop with a click id that is written down already; None where Django has to say
    why that cannot be.

    HEAD is answered but is no click. A browser that prefetches is turned away (503), so that the
    person's real click comes here. `cons=0` in the address: no cookie, no visitor key.
    """
    ask = Ask(environ, code)
    if ask.method not in ("GET", "HEAD"):
        return None
    try:
        known = ways.known_of(code)
    except (DatabaseError, InterfaceError):
        logger.exception("click on %s", code)
        return _later()
    if known is None or not known.leads:
        return None
    if ask.method == "HEAD":
        return _answer(302, ("Location", ascii_url(known.way.url)))
    cookie = ""
    if ask.trail and ask.human:
        cookie = ask.cookie or visitors.cookie_make(ask.moment)
    click = _clicked(ask, known.way, cookie)
    try:
        spool.write(click)
    except OSError:
        logger.exception("click on %s", code)
        return _later()
    if visitors.is_prefetch(ask):
        return _answer(503)
    said: list[Header] = [("Location", known.address(click.click_id))]
    if cookie and cookie != ask.cookies.get(visitors.COOKIE):
        said.append(cookie_header(cookie, trail=True))
    elif not ask.trail and visitors.COOKIE in ask.cookies:
        said.append(cookie_gone())
    return _answer(302, *said)


@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """The same through Django's routes; and the page that says why a link leads nowhere."""
    ways.forget(code)  # whoever comes here is told how it is now
    if answer := door(request.META, code):
        drain.drain()
        return response_of(answer)
    way = queries.way_of(code)
    if way is None:
        return _page(request, {"why": "unknown"}, 404)
    onward, why = "", way.closed or "destination"
    if why != "shop" and in_domains(way.url, way.domains):
        parts = urlsplit(way.url)
        # A product that was withdrawn has no page any more; its shop has.
        onward = f"{parts.scheme}://{parts.netloc}/" if why == "product" else way.url
    return _page(request, {"why": why, "shop": way.shop_name, "onward": onward}, 410)


def _clicked(ask: Ask, way: queries.Way, cookie: str) -> Click:
    return Click(
        link_id=way.link_id,
        affiliate_id=way.affiliate_id,
        zone_id=way.zone_id,
        shop_id=way.shop_id,
        product_id=way.product_id,
        touched_at=ask.moment,
        visitor=ask.visitor,
        visitor_key=visitors.visitor_key(cookie) if cookie else "",
        ip_key=visitors.ip_key(client_address(ask.environ), ask.moment),
        **subs_in(ask.query, way.subs),
    )


def _answer(status: int, *headers: Header) -> Answer:
    return Answer(status, [("Content-Length", "0"), *QUIET, *transport(), *headers])


def _later() -> Answer:
    return _answer(503, ("Retry-After", "3"))


def _page(request: HttpRequest, context: dict[str, str], status: int) -> HttpResponse:
    response = render(request, "affiliates/link_closed.html", context, status=status)
    for name, value in QUIET:
        response[name] = value
    return response
