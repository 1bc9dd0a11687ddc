"""/s/<link code>: the coupon page, and claiming on it. A door in front of Django.

On the busiest night of the year this is where the buyers are, so it answers straight from the WSGI
environment, without middleware, session or form classes: `Door` wraps Django's application, and
`view` is the same door for Django's own routes. GET shows and never claims; POST claims with the
token of the page that was opened (campaigns.tokens), then leads back to the page, which shows the
code. What was answered is in the database.
"""

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.views.decorators.csrf import csrf_exempt

from affiliates.destinations import in_domains
from campaigns.door.answers import Answer, redirect
from campaigns.door.ask import PREFIX, Ask, Environ
from campaigns.door.claiming import claim
from campaigns.door.memory import KEPT, Known, forget, known_of
from campaigns.door.pages import page, show

__all__ = ["Door", "forget", "view"]

logger = logging.getLogger(__name__)

LARGEST_FORM = 4096  # bytes


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
        return page(ask, Known(0, None, None), "moment", 503, [("Retry-After", "3")])


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
    known = known_of(ask.code)
    if known.way is None or known.way.closed or known.offer is None:
        return redirect(f"/r/{ask.code}", 302)
    if not in_domains(known.way.url, known.way.domains):
        return redirect(f"/r/{ask.code}", 302)
    if ask.method == "POST":
        return claim(ask, known, known.offer, form)
    return show(ask, known, known.offer)


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
