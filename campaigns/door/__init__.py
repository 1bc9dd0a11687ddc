"""/s/<link code>: the coupon page, and claiming on it. A door in front of Django.

On the busiest night of the year this is where the buyers are, so it answers before Django does
(alliance.kernel.front). GET shows and never claims; POST claims with the token of the page that was
opened (campaigns.tokens), then leads back to the page, which shows the code. What was answered is
in the database.
"""

import logging
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from alliance.kernel.front import LARGEST_FORM, Answer, Environ, asked, response_of
from campaigns.door.answers import redirect
from campaigns.door.ask import PREFIX, Ask
from campaigns.door.claiming import claim
from campaigns.door.memory import Known, forget, known_of
from campaigns.door.pages import page, show

__all__ = ["PREFIX", "door", "forget", "view"]

logger = logging.getLogger(__name__)


def door(environ: Environ, code: str, form: Callable[[], bytes]) -> Answer:
    """What the visitor gets. Nothing is told of our faults but that it can be tried again."""
    ask = Ask(environ, code)
    if ask.method not in ("GET", "HEAD", "POST"):
        return Answer(405, [("Allow", "GET, HEAD, POST"), ("Content-Length", "0")])
    try:
        return asked(lambda: _answer(ask, form))
    except (DatabaseError, InterfaceError):
        logger.exception("coupon page %s", code)
        return page(ask, Known(0, None, None), "moment", 503, [("Retry-After", "3")])


@csrf_exempt  # the token of the form does it: it is bound to the visitor's own cookie
def view(request: HttpRequest, code: str) -> HttpResponse:
    """The same through Django's routes, where no door stands in front."""
    return response_of(door(request.META, code, lambda: request.body[:LARGEST_FORM]))


def _answer(ask: Ask, form: Callable[[], bytes]) -> Answer:
    known = known_of(ask.code)
    if known.way is None or known.offer is None:
        return redirect(f"/r/{ask.code}", 302)
    if ask.method == "POST":
        return claim(ask, known, known.offer, form)
    return show(ask, known, known.offer)
