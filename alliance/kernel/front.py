"""Doors in front of Django, for the few addresses to which buyers come in crowds.

A door answers straight from the WSGI environment, without middleware, session or forms; or it
answers None, and Django does it all. `Front` wraps Django's application; where none stands before
it, `response_of` makes an ordinary response of a door's answer.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs
from weakref import WeakSet

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host

from alliance.kernel import clock

LARGEST_FORM = 4096  # bytes
LARGEST_COOKIES = 8192  # bytes of them all together, where Django reads them
HOSTS_KEPT, LONGEST_HOST = 10_000, 260  # a name of 253 characters and a port

T = TypeVar("T")
Environ = dict[str, Any]
Header = tuple[str, str]


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""


# What was asked, the code in the address, and the form if one was sent.
Door = Callable[[Environ, str, Callable[[], bytes]], Answer | None]


class Ask:
    """What somebody asks, as far as it is looked at."""

    def __init__(self, environ: Environ, code: str) -> None:
        self.environ, self.code = environ, code
        self.method: str = environ["REQUEST_METHOD"]
        self.moment = clock.now()
        self.headers = self

    def get(self, name: str, default: str, /) -> str:
        """A header."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", default))

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return fields_of(self.environ.get("QUERY_STRING", ""), most=50)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """By name, each as it was sent. Ours need no quotes; one of somebody else's that is odd
        costs no other, and one full of backslashes no time (CVE-2024-7592)."""
        pairs = (one.partition("=") for one in self.environ.get("HTTP_COOKIE", "").split(";"))
        return {name.strip(): value.strip() for name, _sign, value in pairs}


class Front:
    """WSGI: what comes for one of the doors (by the first part of the path, "/r/") goes there."""

    def __init__(
        self, application: Callable[..., Iterable[bytes]], doors: Mapping[str, Door]
    ) -> None:
        self.application, self.doors = application, doors

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        prefix, code = path[:3], path[3:]
        door = self.doors.get(prefix)
        if door is None or not (code.isascii() and code.isalnum()) or not _plain(environ):
            return self._django(environ, start)
        answer = door(environ, code, lambda: _form_of(environ))
        if answer is None:
            return self._django(environ, start)
        start(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [answer.body]

    def _django(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        if len(environ.get("HTTP_COOKIE", "")) > LARGEST_COOKIES:
            # Python unquotes a cookie in quadratic time (CVE-2024-7592): 60 kB of it take seconds.
            start("431 Request Header Fields Too Large", [("Content-Length", "0")])
            return []
        return self.application(environ, start)


def response_of(answer: Answer) -> HttpResponse:
    """The answer of a door to somebody who came by Django's routes."""
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers:
        if name == "Set-Cookie":
            response.cookies.load(value)
        elif name != "Content-Length":
            response[name] = value
    return response


@cache
def transport() -> tuple[Header, ...]:
    """What Django's SecurityMiddleware says of coming again by TLS only."""
    if not settings.SECURE_HSTS_SECONDS:
        return ()
    insists = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return (("Strict-Transport-Security", insists),)


def asked(call: Callable[[], T]) -> T:
    """What the database says to a door; asked again on a new connection where the old one was cut.

    `call` must bear being repeated. Raises DatabaseError, InterfaceError.
    """
    if connection.in_atomic_block:
        return call()
    if connection.close_at is not None and time.monotonic() >= connection.close_at:
        connection.close()
    try:
        return call()
    except (OperationalError, InterfaceError):
        connection.close()
        return call()


class Prepared:
    """A statement that each connection plans once. Where many tables are joined to find one row, to
    plan takes several times as long as to look. Its parameters are $1, $2, …"""

    def __init__(self, name: str, sql: str) -> None:
        self.name, self.sql = name, sql
        self._known_to: WeakSet[Any] = WeakSet()

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """The first row of the answer. Raises DatabaseError, InterfaceError."""
        connection.ensure_connection()
        held = connection.connection
        if held not in self._known_to:
            with connection.wrap_database_errors, held.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} AS {self.sql}")
            self._known_to.add(held)
        with connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(values))
            cursor.execute(f"EXECUTE {self.name} ({places})", values)
            return cursor.fetchone()


def fields_of(text: str, *, most: int) -> dict[str, list[str]]:
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
    if len(_hosts) < HOSTS_KEPT and len(host) <= LONGEST_HOST:  # a port may have many digits
        _hosts.add(host)
    return True
