"""POST: a claim on the page that was opened, or the page again with the reason why not."""

from collections.abc import Callable

from affiliates import visitors
from alliance.kernel import clock
from alliance.kernel.front import Answer, fields_of
from alliance.kernel.http import client_address
from campaigns import claims, landing, velocity
from campaigns.door.answers import redirect
from campaigns.door.ask import LANGUAGES, PREFIX, Ask
from campaigns.door.memory import Known, gate
from campaigns.door.pages import page
from campaigns.refusals import refusals
from campaigns.tokens import token_read


def claim(ask: Ask, known: Known, offer: landing.Offer, form: Callable[[], bytes]) -> Answer:
    """Take a coupon for the visitor, whom the token of the page proves to have opened it."""
    if not ask.human:
        return _refused(ask, known, "bot", 403)
    said = fields_of(form().decode("ascii", "replace"), most=20)
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
    if gate.has_one(offer.campaign_id, buyer, today):
        return redirect(_back(ask), 303)
    if gate.sold_out(offer.stock_id):
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
        gate.note_one(offer.campaign_id, buyer, today)
        return redirect(_back(ask), 303)
    if taken.outcome == "sold_out":
        gate.note_sold_out(offer.stock_id)
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
    return page(ask, known, reason, status, wait)


def _back(ask: Ask) -> str:
    chosen = ask.query.get("lang", [""])[0]
    return f"{PREFIX}{ask.code}" + (f"?lang={chosen}" if chosen in LANGUAGES else "")
