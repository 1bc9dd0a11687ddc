"""Addresses that others give us, asked without becoming their way into our own network.

A name is looked up once; every address that it has must be a public one; and the connection goes to
an address that was checked, so nothing can change between the check and the use. Each redirect is a
new question. TLS still proves the name. Nothing is read from the environment: no proxy, no .netrc.
"""

import ipaddress
import re
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from alliance.kernel.hosts import ascii_host

PORTS = {80, 443, 8443}
REDIRECTS = 5
AGENT = "TaokeAlliance/1 (+product feed)"
CALLER = "TaokeAlliance/1 (+webhook)"
_MOVED = {301, 302, 303, 307, 308}
_TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": 10.0}
# Public by their numbers, and yet something of the cloud that we run in: Azure's and Oracle's.
_INSIDE = [ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24")]
# What no name server of the world knows (RFC 6761, 6762, 7686, 8375; ICANN's ".internal").
_INSIDE_NAME = re.compile(
    r"(^|\.)(localhost|localdomain|internal|intranet|lan|local|home\.arpa|onion)$"
)
# Its last bits are the address behind. In a network's own ("64:ff9b:1::") they stand anywhere: none
# of these is asked.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Trouble(models.TextChoices):
    """Why nothing came back, in words for whoever gave the address."""

    ADDRESS = "address", _("The address is not one that can be asked from outside.")
    UNKNOWN = "unknown", _("There is no server under this name.")
    UNREACHABLE = "unreachable", _("The server did not answer.")
    UNTRUSTED = "untrusted", _("The server's certificate is not valid for its name.")
    SLOW = "slow", _("The answer took too long.")
    LARGE = "large", _("The answer is larger than is taken.")
    BROKEN = "broken", _("The answer broke off.")
    REDIRECTS = "redirects", _("The server sends us from address to address.")
    SIGN_IN = "sign_in", _("The server wants another name or password.")
    MISSING = "missing", _("There is nothing under this address.")
    REFUSED = "refused", _("The server refused to answer.")
    FAULTY = "faulty", _("The server has a fault at the moment.")


class NotFetched(Invalid):
    """Nothing was fetched. `trouble` says why; `facts["status"]` what the server answered."""

    def __init__(self, trouble: Trouble, **facts: Any) -> None:
        super().__init__(trouble.label, field="url", **facts)
        self.code = trouble.value
        self.trouble = trouble


@dataclass(slots=True)
class Fetched:
    """An answer, its body written to the file that was given. 304: it is as it was."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    size: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """What a server said to a call of ours, whatever it was: the first part of its words."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


def check(url: str, *, secure: bool = True) -> SplitResult:
    """The address, taken apart; NotFetched if nobody should ask it: one inside, too, where it is
    written as a number or a name that only means something inside. Looks up nothing.

    `secure`: https only. Where internal networks are named (never in production), http and any port
    may be asked, too, and names.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = _host(parts), parts.port
    except ValueError:
        raise NotFetched(Trouble.ADDRESS) from None
    free = bool(settings.OUTBOUND_INTERNAL)
    schemes = {"https"} if secure and not free else {"http", "https"}
    odd = any(ord(char) <= 32 or char in "\\\x7f" for char in url.strip())
    wrong_port = port is not None and port not in PORTS and not free
    if not host or odd or parts.scheme not in schemes or wrong_port or "@" in parts.netloc:
        raise NotFetched(Trouble.ADDRESS)
    if _plainly_inside(host):
        raise NotFetched(Trouble.ADDRESS)
    return parts


def _plainly_inside(host: str) -> bool:
    """Whether the host itself says so. Numbers are read as whoever connects reads them: "127.1",
    "0x7f000001" and "017700000001" are this machine."""
    try:
        return not is_public(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return not is_public(ipaddress.IPv4Address(socket.inet_aton(host)))
    except OSError:
        return not settings.OUTBOUND_INTERNAL and bool(_INSIDE_NAME.search(host))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if ":" in host else ascii_host(host)


def fetch(
    url: str,
    into: BinaryIO,
    *,
    most: int,
    seconds: float = 300,
    user: str = "",
    password: str = "",
    headers: Mapping[str, str] | None = None,
    secure: bool = True,
) -> Fetched:
    """GET the address and write what it says to `into`, at most so many bytes and seconds, of
    however many words and redirects the answer is made.

    Name and password go to the server that was named, and to no other that it sends us to. Raises
    NotFetched.
    """
    deadline = time.monotonic() + seconds
    first = parts = check(url, secure=secure)
    for _step in range(REDIRECTS + 1):
        said = {"user-agent": AGENT, "accept": "*/*", **(headers or {})}
        if (user or password) and _origin(parts) == _origin(first):
            pair = b64encode(f"{user}:{password}".encode()).decode()
            said["authorization"] = f"Basic {pair}"
        answer, onwards = _ask(parts, said, into, most, deadline)
        if not onwards:
            return answer
        parts = check(_joined(parts, onwards), secure=secure)
        if first.scheme == "https" and parts.scheme != "https":
            raise NotFetched(Trouble.ADDRESS)
    raise NotFetched(Trouble.REDIRECTS)


def call(
    method: str,
    url: str,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float = 15,
    most: int = 1000,
    redirects: int = 0,
) -> Called:
    """Say something to the address (https, see `check`), and hear so many bytes and seconds of it.

    An answer that goes on and on is left in the middle: its status counts. Redirects are answers,
    too, unless some are followed: for GET only, each a new question. Raises NotFetched where no
    whole answer came.
    """
    deadline = time.monotonic() + seconds
    parts = check(url)
    said = {"user-agent": CALLER, "accept": "*/*", **(headers or {})}
    for _step in range(redirects + 1):
        with _asked(method, parts, said, deadline, content) as response:
            answer = Called(response.status, _beginning(response, most), _headers(response.headers))
        onwards = answer.headers.get("location", "")
        if not redirects or answer.status not in _MOVED or not onwards:
            return answer
        parts = check(_joined(parts, onwards))
    raise NotFetched(Trouble.REDIRECTS)


def _beginning(response: httpcore.Response, most: int) -> str:
    read = b""
    for piece in response.iter_stream():
        read += piece
        if len(read) >= most:
            break
    return read[:most].decode("utf-8", "replace").replace("\x00", "")


def _joined(parts: SplitResult, onwards: str) -> str:
    try:
        return urljoin(parts.geturl(), onwards)
    except ValueError:
        raise NotFetched(Trouble.ADDRESS) from None


def same_server(one: str, other: str) -> bool:
    """Whether two addresses that were checked lead to the same server: who knows a secret for one
    knows it for the other."""
    return _origin(urlsplit(one)) == _origin(urlsplit(other))


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, _host(parts), parts.port or _port(parts)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _ask(
    parts: SplitResult, said: Mapping[str, str], into: BinaryIO, most: int, deadline: float
) -> tuple[Fetched, str]:
    """One request: the answer, or where it sends us."""
    with _asked("GET", parts, said, deadline) as response:
        answer = Fetched(response.status, _headers(response.headers))
        if response.status in _MOVED and answer.headers.get("location"):
            return answer, answer.headers["location"]
        if response.status == 304:
            return answer, ""
        if response.status != 200:
            raise NotFetched(_trouble_of(response.status), status=response.status)
        answer.size = _read(response.iter_stream(), into, most, deadline)
        return answer, ""


@contextmanager
def _asked(
    method: str,
    parts: SplitResult,
    said: Mapping[str, str],
    deadline: float,
    content: bytes = b"",
) -> Iterator[httpcore.Response]:
    """The answer as it comes in. What goes wrong meanwhile is NotFetched."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        target_bytes = target.encode("ascii")
    except UnicodeEncodeError:
        raise NotFetched(Trouble.ADDRESS) from None
    url = httpcore.URL(
        scheme=parts.scheme.encode(),
        host=_host(parts).encode(),
        port=_port(parts),
        target=target_bytes,
    )
    sized = {"content-length": str(len(content))} if method != "GET" else {}
    wire = _Wire(deadline)
    pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=wire, retries=0)
    try:
        with (
            pool,
            pool.stream(
                method,
                url,
                headers=[(b"Host", _named(parts)), *_pairs({**said, **sized})],
                content=content or None,
                extensions={"timeout": _TIMEOUT},
            ) as response,
        ):
            yield response
    except httpcore.TimeoutException:
        raise NotFetched(Trouble.SLOW) from None
    except httpcore.ConnectError as exc:
        untrusted = isinstance(exc.__cause__ or exc.__context__, ssl.SSLError)
        raise NotFetched(Trouble.UNTRUSTED if untrusted else Trouble.UNREACHABLE) from exc
    except (httpcore.NetworkError, httpcore.ProtocolError) as exc:
        raise NotFetched(Trouble.BROKEN) from exc


def _named(parts: SplitResult) -> bytes:
    host = _host(parts)
    host = f"[{host}]" if ":" in host else host
    port = _port(parts)
    usual = port == (443 if parts.scheme == "https" else 80)
    return (host if usual else f"{host}:{port}").encode()


def _pairs(said: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in said.items()]


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _read(pieces: Iterable[bytes], into: BinaryIO, most: int, deadline: float) -> int:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise NotFetched(Trouble.LARGE)
        if time.monotonic() > deadline:
            raise NotFetched(Trouble.SLOW)
        into.write(piece)
    return size


def _trouble_of(status: int) -> Trouble:
    if status in {401, 403, 407}:
        return Trouble.SIGN_IN
    if status in {404, 410}:
        return Trouble.MISSING
    return Trouble.FAULTY if status >= 500 else Trouble.REFUSED


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


# --- Where we may go ------------------------------------------------------------------------------


class _Wire(httpcore.SyncBackend):
    """Looks a name up, checks, and connects to what was checked; until the deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(  # type: ignore[override]
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError()
        for address in addresses(host, port):
            try:
                left = _left(self.deadline, timeout, httpcore.ConnectTimeout)
                stream = super().connect_tcp(str(address), port, left, **options)
                return _Timed(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure


class _Timed(httpcore.NetworkStream):
    """A connection that is over at the deadline, also for a server that says a letter at a time:
    the library's own patience begins anew with each of them."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left(self.deadline, timeout, httpcore.ReadTimeout)
        return self.stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self.deadline, timeout, httpcore.ConnectTimeout)
        stream = self.stream.start_tls(ssl_context, server_hostname, left)
        return _Timed(stream, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None, over: type[httpcore.TimeoutException]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise over
    return left if timeout is None else min(left, timeout)


def addresses(host: str, port: int) -> list[Address]:
    """Where the name leads. NotFetched if it leads nowhere, or anywhere inside."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFetched(Trouble.UNKNOWN) from None
    known = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    if not all(map(is_public, known)):
        raise NotFetched(Trouble.ADDRESS)
    return list(dict.fromkeys(known))


def is_public(address: Address) -> bool:
    """Whether it is somewhere in the world: not this machine, its networks, or its cloud.

    An IPv4 address within an IPv6 one counts as what it is.
    """
    if any(address in ipaddress.ip_network(net) for net in settings.OUTBOUND_INTERNAL):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if inner := _inner(address):
            return is_public(inner)
        if address.teredo or address.is_site_local:
            return False
    if any(address in net for net in _INSIDE):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address in _NAT64 or int(address) >> 32 == 0:  # "::127.0.0.1" is old
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
