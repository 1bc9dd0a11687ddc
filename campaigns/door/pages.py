"""Drawing the coupon page: as all see it, or with the coupon that its visitor holds."""

from collections.abc import Iterable
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from affiliates import visitors
from affiliates.asks import cookie_header
from affiliates.destinations import with_coupon
from alliance.kernel import clock
from alliance.kernel.front import Answer, Header
from alliance.kernel.money import Money
from campaigns import landing
from campaigns.door.answers import css, html
from campaigns.door.ask import Ask
from campaigns.door.memory import Known
from campaigns.models import Claim
from campaigns.tokens import token_make

_TOKEN = "{{the token of this visitor}}"  # noqa: S105 - where it goes into a page drawn for all


def show(ask: Ask, known: Known, offer: landing.Offer) -> Answer:
    """GET: the page, with the coupon on it where the visitor holds one. Never claims."""
    if not ask.human or ask.method == "HEAD":
        return page(ask, known, "")  # it may look; there is nothing in it to claim with
    if not ask.cookie:
        return page(ask, known, "")
    key = visitors.visitor_key(ask.cookie)
    claim = landing.newest_claim(campaign_id=offer.campaign_id, buyer_key=key)
    if claim is None or (claim.day != clock.business_day(ask.moment) and not _lasts(claim, ask)):
        return page(ask, known, "")
    return _own_page(ask, known, offer, claim)


def _lasts(claim: Claim, ask: Ask) -> bool:
    return claim.state == "held" and claim.expires_at > ask.moment


def page(
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
            said.append(cookie_header(cookie, trail=ask.trail))
        token = token_make(cookie=cookie, code=ask.code, stock_id=offer.stock_id, moment=ask.moment)
        body = body.replace(_TOKEN.encode(), token.encode())
    else:
        body = body.replace(_TOKEN.encode(), b"")
    return html(ask, body, status, said)


def _own_page(ask: Ask, known: Known, offer: landing.Offer, claim: Claim) -> Answer:
    state = claim.state
    if state == "held" and claim.expires_at <= ask.moment:
        state = "expired"
    body = _drawn(ask, known, claim=claim, own=state)
    return html(ask, body, 200, [])


def _drawn(
    ask: Ask, known: Known, *, notice: str = "", claim: Claim | None = None, own: str = ""
) -> bytes:
    offer, way = known.offer, known.way
    context: dict[str, Any] = {
        "css": css(),
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
