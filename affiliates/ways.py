"""Where codes lead, as this process remembers it.

The truth is in the database, which says so (`NOTIFY ways`, migration 0002) when a link, its zone,
site, affiliate, product, shop or merchant changes: then all is forgotten, within half a second.
While a process hears nothing, it remembers nothing for longer than half a minute. While the
database is away, what was remembered goes on leading.
"""

import time
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError

from affiliates.destinations import ascii_url, click_id_place, in_domains
from affiliates.queries import Way, way_of
from alliance.kernel.front import asked

FRESH, UNHEARD, CLOSED = 600.0, 30.0, 1.0  # seconds; a closed way may open by the clock
HEARING = 5.0  # seconds after which somebody who has heard nothing is deaf
KEPT = 100_000  # codes


@dataclass(frozen=True, slots=True)
class Known:
    """A way, whether it leads on, and its address with a gap for the click id."""

    at: float
    way: Way
    leads: bool
    before: str
    after: str

    def address(self, click_id: str) -> str:
        return f"{self.before}{click_id}{self.after}"


_known: dict[str, Known] = {}
_heard = -HEARING  # when the database was last asked for news
_forgotten = 0  # how often


def known_of(code: str) -> Known | None:
    """Where the code leads; None for codes that nobody made. Raises DatabaseError, InterfaceError
    for those that this process does not remember while the database is away."""
    held, moment = _known.get(code), time.monotonic()
    if held is not None and moment - held.at < _lasts(held, moment):
        return held
    asked_at = _forgotten
    try:
        way = asked(lambda: way_of(code))
    except (DatabaseError, InterfaceError):
        if held is None:
            raise
        return held
    if way is None:
        return None  # nothing is kept of codes that anybody can think of
    leads = not way.closed and in_domains(way.url, way.domains)
    before, after = click_id_place(ascii_url(way.url)) if leads else ("", "")
    found = Known(moment, way, leads, before, after)
    if len(_known) >= KEPT:
        _known.clear()
    if asked_at == _forgotten:  # else it may be what was so before
        _known[code] = found
    return found


def _lasts(known: Known, moment: float) -> float:
    if not known.leads:
        return CLOSED
    return FRESH if moment - _heard < HEARING else UNHEARD


def heard(*, news: bool) -> None:
    """The database was asked, and something changed (then all is forgotten), or nothing did."""
    global _heard  # noqa: PLW0603 - of the process
    if news:
        forget()
    _heard = time.monotonic()


def forget(code: str = "") -> None:
    """Ask again, where this code leads or where all do: something changed."""
    global _forgotten  # noqa: PLW0603 - of the process
    _forgotten += 1
    if code:
        _known.pop(code, None)
    else:
        _known.clear()
