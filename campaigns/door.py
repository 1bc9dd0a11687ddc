"""/s/<link code>: the coupon page, and claiming on it. A door in front of Django.

On the busiest night of the year this is where the buyers are, so it answers straight from the WSGI
environment, without middleware, session or form classes: `Door` wraps Django's application, and
`view` is the same door for Django's own routes. GET shows and never claims; POST claims with the
token of the page that was opened (campaigns.tokens), then leads back to the page, which shows the
code. What was answered is in the database.
"""

import base64
import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt

from affiliates import visitors
from affiliates.destinations import in_domains, with_coupon
from affiliates.models import Visitor
from affiliates.queries import Way, way_of
from alliance.kernel import clock
from alliance.kernel.http import client_address
from alliance.kernel.money import Money
from campaigns import claims, landing, velocity
from campaigns.models import Claim
from campaigns.refusals import refusals
from campaigns.tokens import token_make, token_read

logger = logging.getLogger(__name__)

PREFIX = "/s/"
FRESH = 1.0  # seconds for which what a page offers is not looked up again
KEPT = 10_000  # links of which this process remembers what they offer
LARGEST_FORM = 4096  # bytes
LANGUAGES = {"zh": "zh-hans", "en": "en", "de": "de"}
CHINESE = "zh-hans"
_TOKEN = "{{the token of this visitor}}"  # noqa: S105 - where it goes into a page drawn for all

Environ = dict[str, Any]
Header = tuple[str, str]


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""


@dataclass(slots=True)
class Known:
    """What a link offers, for a second: and the pages drawn from it, but for their tokens."""

    at: float
    way: Way | None
    offer: landing.Offer | None
    pages: dict[tuple[str, str, bool], bytes] = field(default_factory=dict)


class Ask:
    """What the visitor asks, as far as it is looked at."""

    def __init__(self, environ: Environ, code: str) -> None:
        self.environ, self.code = environ, code
        self.method: str = environ["REQUEST_METHOD"]
        self.moment = clock.now()
        self.headers = self

    def get(self, name: str, default: str, /) -> str:
        """A header, for affiliates.visitors."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", default))

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return _fields(self.environ.get("QUERY_STRING", ""), most=50)

    @cached_property
    def cookies(self) -> dict[str, str]:
        text = self.environ.get("HTTP_COOKIE", "")
        if not text:
            return {}
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
        except CookieError:
            return {}

    @cached_property
    def cookie(self) -> str:
        """The visitor's cookie, if it is one of ours and not too old; else empty."""
        held = self.cookies.get(visitors.COOKIE, "")
        return held if held and visitors.cookie_valid(held, self.moment) else ""

    @cached_property
    def language(self) -> str:
        """What was chosen here, else what the browser asks for, else Chinese."""
        chosen = self.query.get("lang", [""])[0] or self.cookies.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen and chosen[:2].lower() in LANGUAGES:
            return LANGUAGES[chosen[:2].lower()]
        for wanted, _quality in parse_accept_lang_header(self.get("Accept-Language", "")):
            if wanted[:2].lower() in LANGUAGES:
                return LANGUAGES[wanted[:2].lower()]
        return CHINESE

    @cached_property
    def trail(self) -> bool:
        """Whether the buyer may be known again on other visits (`cons=0`: they said no)."""
        return self.query.get("cons", [""])[0] != "0"

    @property
    def human(self) -> bool:
        return visitors.visitor_of(self) == Visitor.HUMAN


class Door:
    """WSGI: takes what comes for coupon pages, and leaves everything else to Django."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX) or not _plain(environ):
            return self.application(environ, start)
        code = path[len(PREFIX) :]
        if not (code.isascii() and code.isalnum()):
            return self.application(environ, start)
        answer = answer_to(environ, code, lambda: _form_of(environ))
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [answer.body]


@csrf_exempt  # the token of the form does it: it is bound to the visitor's own cookie
def view(request: HttpRequest, code: str) -> HttpResponse:
    """The same through Django's routes, where no door stands in front."""
    answer = answer_to(request.META, code, lambda: request.body[:LARGEST_FORM])
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers:
        if name == "Set-Cookie":
            response.cookies.load(value)
        elif name != "Content-Length":
            response[name] = value
    return response


def answer_to(environ: Environ, code: str, form: Callable[[], bytes]) -> Answer:
    """What the visitor gets. Nothing is told of our faults but that it can be tried again."""
    ask = Ask(environ, code)
    if ask.method not in ("GET", "HEAD", "POST"):
        return Answer(405, [("Allow", "GET, HEAD, POST"), ("Content-Length", "0")])
    if connection.close_at is not None and time.monotonic() >= connection.close_at:
        connection.close()
    try:
        return _once_more(lambda: _answer(ask, form))
    except (DatabaseError, InterfaceError):
        logger.exception("coupon page %s", code)
        return _page(ask, Known(0, None, None), "moment", 503, [("Retry-After", "3")])


def _once_more(call: Callable[[], Answer]) -> Answer:
    """Again on a new connection where the old one had been cut: repeating a request is harmless."""
    if connection.in_atomic_block:
        return call()
    try:
        return call()
    except (OperationalError, InterfaceError):
        connection.close()
        return call()


def _answer(ask: Ask, form: Callable[[], bytes]) -> Answer:
    known = _known(ask.code)
    if known.way is None or known.way.closed or known.offer is None:
        return _redirect(f"/r/{ask.code}", 302)
    if not in_domains(known.way.url, known.way.domains):
        return _redirect(f"/r/{ask.code}", 302)
    if ask.method == "POST":
        return _claim(ask, known, known.offer, form)
    return _show(ask, known, known.offer)


# --- GET: the page --------------------------------------------------------------------------------


def _show(ask: Ask, known: Known, offer: landing.Offer) -> Answer:
    if not ask.human or ask.method == "HEAD":
        return _page(ask, known, "")  # it may look; there is nothing in it to claim with
    if not ask.cookie:
        return _page(ask, known, "")
    key = visitors.visitor_key(ask.cookie)
    claim = landing.newest_claim(campaign_id=offer.campaign_id, buyer_key=key)
    if claim is None or (claim.day != clock.business_day(ask.moment) and not _lasts(claim, ask)):
        return _page(ask, known, "")
    return _own_page(ask, known, offer, claim)


def _lasts(claim: Claim, ask: Ask) -> bool:
    return claim.state == "held" and claim.expires_at > ask.moment


def _page(
    ask: Ask, known: Known, notice: str, status: int = 200, headers: Iterable[Header] = ()
) -> Answer:
    """The page as all see it, with a token for this visitor."""
    key = (ask.language, notice, ask.trail)
    body = known.pages.get(key)
    if body is None:
        body = known.pages[key] = _drawn(ask, known, notice=notice)
    said = [*headers]
    offer = known.offer
    if offer and ask.method != "HEAD" and ask.human:
        cookie = ask.cookie
        if not cookie:
            cookie = visitors.cookie_make(ask.moment)
            said.append(("Set-Cookie", _set_cookie(cookie, trail=ask.trail)))
        token = token_make(cookie=cookie, code=ask.code, stock_id=offer.stock_id, moment=ask.moment)
        body = body.replace(_TOKEN.encode(), token.encode())
    else:
        body = body.replace(_TOKEN.encode(), b"")
    return _html(ask, body, status, said)


def _own_page(ask: Ask, known: Known, offer: landing.Offer, claim: Claim) -> Answer:
    state = claim.state
    if state == "held" and claim.expires_at <= ask.moment:
        state = "expired"
    body = _drawn(ask, known, claim=claim, own=state)
    return _html(ask, body, 200, [])


def _drawn(
    ask: Ask, known: Known, *, notice: str = "", claim: Claim | None = None, own: str = ""
) -> bytes:
    offer, way = known.offer, known.way
    context: dict[str, Any] = {
        "css": _css(),
        "code": ask.code,
        "notice": notice,
        "own": own,
        "now": int(ask.moment.timestamp()),
        "token": _TOKEN,
        "language": ask.language,
        "trail": ask.trail,
        "offer": offer,
        "way": way,
    }
    with translation.override(ask.language):
        if offer and way:
            context |= _amounts(offer, claim)
            context["title"] = offer.names(ask.language) if offer.title else way.shop_name
            context["onward"] = f"/r/{ask.code}"
        if claim and way:
            context["claim"] = claim
            context["use"] = with_coupon(way.url, claim.code)
        return render_to_string("campaigns/coupon.html", context).encode()


def _amounts(offer: landing.Offer, claim: Claim | None) -> dict[str, Any]:
    face = claim.face_minor if claim else offer.most_face_minor
    price = offer.price_minor
    return {
        "face": Money(face, offer.currency),
        "range": not claim and offer.least_face_minor < offer.most_face_minor,
        "price": Money(price, offer.currency) if price else None,
        "after": Money(max(price - face, 0), offer.currency) if price else None,
        "part": min(100, -(-100 * offer.left // offer.size)),
    }


# --- POST: the claim ------------------------------------------------------------------------------


def _claim(ask: Ask, known: Known, offer: landing.Offer, form: Callable[[], bytes]) -> Answer:
    if not ask.human:
        return _refused(ask, known, "bot", 403)
    said = _fields(form().decode("ascii", "replace"), most=20)
    trail = said.get("cons", [""])[0] != "0"
    request_key = token_read(
        said.get("t", [""])[0],
        cookie=ask.cookie,
        code=ask.code,
        stock_id=offer.stock_id,
        moment=ask.moment,
    )
    if not ask.cookie or request_key is None:
        return _refused(ask, known, "token" if ask.cookie else "cookie", 403)
    buyer = visitors.visitor_key(ask.cookie)
    today = clock.business_day(ask.moment)
    if _gate.has_one(offer.campaign_id, buyer, today):
        return _redirect(_back(ask), 303)
    if _gate.sold_out(offer.stock_id):
        return _refused(ask, known, "sold_out", 409)
    address = client_address(ask.environ)
    if limit := _too_fast(ask, buyer, address):
        return _refused(ask, known, limit, 429)
    way = known.way
    if way is None:
        raise AssertionError("a page without a link")
    taken = claims.claim(
        stock_id=offer.stock_id,
        buyer_key=buyer,
        request_key=request_key,
        through=claims.Through(
            link_id=way.link_id,
            affiliate_id=way.affiliate_id,
            zone_id=way.zone_id,
            shop_id=way.shop_id,
            product_id=way.product_id,
        ),
        network_key=visitors.ip_key(address, ask.moment),
        trail=trail,
    )
    if taken.holds:
        _gate.note_one(offer.campaign_id, buyer, today)
        return _redirect(_back(ask), 303)
    if taken.outcome == "sold_out":
        _gate.note_sold_out(offer.stock_id)
    return _refused(ask, known, taken.outcome, 409)


def _too_fast(ask: Ask, buyer: str, address: str) -> str:
    look = velocity.look_of(
        *(ask.get(name, "") for name in ("User-Agent", "Accept-Language", "Sec-CH-UA"))
    )
    return velocity.too_fast(buyer, velocity.network_of(address), look)


def _refused(ask: Ask, known: Known, reason: str, status: int) -> Answer:
    """The page again, saying why; the reason is counted for the campaign's monitor."""
    if known.offer:
        refusals.count(known.offer.campaign_id, reason)
    wait = [("Retry-After", "10" if reason == "network" else "60")] if status == 429 else []
    return _page(ask, known, reason, status, wait)


def _back(ask: Ask) -> str:
    chosen = ask.query.get("lang", [""])[0]
    return f"{PREFIX}{ask.code}" + (f"?lang={chosen}" if chosen in LANGUAGES else "")


class _Gate:
    """Answers losers without the database, for a second or so. Never the truth: who is let through
    is decided there, and who is turned away may ask again."""

    SOLD_OUT, HAS_ONE = 1.0, 30.0  # seconds that it is remembered

    def __init__(self) -> None:
        self._sold_out: dict[int, float] = {}
        self._have: dict[tuple[int, str, Any], float] = {}

    def sold_out(self, stock_id: int) -> bool:
        return time.monotonic() < self._sold_out.get(stock_id, 0.0)

    def note_sold_out(self, stock_id: int) -> None:
        self._sold_out[stock_id] = time.monotonic() + self.SOLD_OUT

    def has_one(self, campaign_id: int, buyer: str, day: Any) -> bool:
        return time.monotonic() < self._have.get((campaign_id, buyer, day), 0.0)

    def note_one(self, campaign_id: int, buyer: str, day: Any) -> None:
        if len(self._have) >= KEPT:
            self._have.clear()
        self._have[campaign_id, buyer, day] = time.monotonic() + self.HAS_ONE

    def forget(self) -> None:
        self._sold_out.clear()
        self._have.clear()


_gate = _Gate()
_offers: dict[str, Known] = {}


def forget() -> None:
    """Everything that this process remembers, for tests: they begin anew each time."""
    _gate.forget()
    _offers.clear()


def _known(code: str) -> Known:
    known, moment = _offers.get(code), time.monotonic()
    if known is None or moment - known.at > FRESH:
        way = way_of(code)
        offer = landing.offer_of(way) if way and not way.closed else None
        known = Known(moment, way, offer)
        if way is None:
            return known  # nothing is kept of codes that anybody can think of
        if len(_offers) >= KEPT:
            _offers.clear()
        _offers[code] = known
    return known


# --- HTTP -----------------------------------------------------------------------------------------


def _html(ask: Ask, body: bytes, status: int, headers: list[Header]) -> Answer:
    if ask.method == "HEAD":
        body = b""
    return Answer(
        status,
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Language", "zh-Hans" if ask.language == CHINESE else ask.language),
            *_always(),
            *headers,
        ],
        body,
    )


def _redirect(to: str, status: int) -> Answer:
    return Answer(status, [("Location", to), ("Content-Length", "0"), *_always()])


@cache
def _always() -> tuple[Header, ...]:
    """Nothing is stored on the way, indexed or framed, and the shop is not told where from."""
    plain = [] if settings.PRODUCTION else ["http:"]
    policy = {
        "default-src": ["'none'"],
        "img-src": ["'self'", "data:", "https:", *plain],
        "style-src": [f"'sha256-{_css_hash()}'"],
        "script-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    said = [
        ("Cache-Control", "no-store"),
        ("Vary", "Accept-Language, Cookie"),
        ("X-Robots-Tag", "noindex, nofollow"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Content-Security-Policy",
            "; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()),
        ),
    ]
    if settings.SECURE_HSTS_SECONDS:
        said.append(
            (
                "Strict-Transport-Security",
                f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload",
            )
        )
    return tuple(said)


def _set_cookie(cookie: str, *, trail: bool) -> str:
    """The visitor's cookie; one for this visit only for those who do not want to be known again."""
    lasts = f" Max-Age={int(visitors.COOKIE_AGE.total_seconds())};" if trail else ""
    secure = " Secure;" if settings.PRODUCTION else ""
    return f"{visitors.COOKIE}={cookie}; Path=/;{lasts}{secure} HttpOnly; SameSite=Lax"


@cache
def _css() -> str:
    return (settings.BASE_DIR / "static" / "css" / "coupon.css").read_text().strip()


@cache
def _css_hash() -> str:
    return base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()


def _fields(text: str, *, most: int) -> dict[str, list[str]]:
    """The fields of a query or form; none of them where there are more than anybody needs."""
    try:
        return parse_qs(text, max_num_fields=most) if text else {}
    except ValueError:
        return {}


def _form_of(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    return bytes(environ["wsgi.input"].read(min(max(length, 0), LARGEST_FORM)))


_hosts: set[str] = set()


def _plain(environ: Environ) -> bool:
    """Whether the request needs none of Django's refusals: a host of ours, and as safe as asked."""
    if settings.SECURE_SSL_REDIRECT and environ.get("wsgi.url_scheme") != "https":
        header = settings.SECURE_PROXY_SSL_HEADER
        if not header or environ.get(header[0]) != header[1]:
            return False
    host = environ.get("HTTP_HOST", "")
    if host in _hosts:
        return True
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    if len(_hosts) < KEPT:
        _hosts.add(host)
    return True
