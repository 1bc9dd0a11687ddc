"""What a process remembers for a second: what links offer, and who need not ask again.

Never the truth: that is in the database, and whoever is turned away may ask again.
"""

import time
from dataclasses import dataclass, field
from datetime import date

from affiliates.destinations import in_domains
from affiliates.queries import Way, way_of
from campaigns import landing

FRESH = 1.0  # seconds for which what a page offers is not looked up again
KEPT = 10_000  # links, and buyers, that are remembered at most


@dataclass(slots=True)
class Known:
    """What a link offers, for a second: and the pages drawn from it, but for their tokens."""

    at: float
    way: Way | None  # none, too, where it leads nowhere
    offer: landing.Offer | None
    pages: dict[tuple[str, str, bool], bytes] = field(default_factory=dict)


class Gate:
    """Answers losers without the database, for a second or so. Never the truth: who is let through
    is decided there, and who is turned away may ask again."""

    SOLD_OUT, HAS_ONE = 1.0, 30.0  # seconds that it is remembered

    def __init__(self) -> None:
        self._sold_out: dict[int, float] = {}
        self._have: dict[tuple[int, str, date], float] = {}

    def sold_out(self, stock_id: int) -> bool:
        return time.monotonic() < self._sold_out.get(stock_id, 0.0)

    def note_sold_out(self, stock_id: int) -> None:
        self._sold_out[stock_id] = time.monotonic() + self.SOLD_OUT

    def has_one(self, campaign_id: int, buyer: str, day: date) -> bool:
        return time.monotonic() < self._have.get((campaign_id, buyer, day), 0.0)

    def note_one(self, campaign_id: int, buyer: str, day: date) -> None:
        if len(self._have) >= KEPT:
            self._have.clear()
        self._have[campaign_id, buyer, day] = time.monotonic() + self.HAS_ONE

    def forget(self) -> None:
        self._sold_out.clear()
        self._have.clear()


gate = Gate()
_offers: dict[str, Known] = {}
_renewing: set[str] = set()  # codes that a thread looks up at present


def known_of(code: str) -> Known:
    """What the link of the code offers, about a second old at most.

    When the second is over, one thread looks it up anew; the others go on with the old one
    meanwhile, instead of all asking for the same.
    """
    known, moment = _offers.get(code), time.monotonic()
    if known is not None and (moment - known.at <= FRESH or code in _renewing):
        return known
    _renewing.add(code)
    try:
        return _looked_up(code, moment)
    finally:
        _renewing.discard(code)


def _looked_up(code: str, moment: float) -> Known:
    way = way_of(code)
    if way is None:
        return Known(moment, None, None)  # nothing is kept of codes that anybody can think of
    leads = not way.closed and in_domains(way.url, way.domains)
    known = Known(moment, way, landing.offer_of(way)) if leads else Known(moment, None, None)
    if len(_offers) >= KEPT:
        _offers.clear()
    _offers[code] = known
    return known


def forget() -> None:
    """Everything that this process remembers, for tests: they begin anew each time."""
    gate.forget()
    _offers.clear()
