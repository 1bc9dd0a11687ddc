"""One call over the wire: to hosts from the settings only, with an end, and nothing followed."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from commissions import rails

if TYPE_CHECKING:  # brings a program for the terminal along: only who sends money waits for it
    import httpx

TIMEOUT = {"connect": 5, "write": 10, "read": 20, "pool": 5}  # seconds
LARGEST = 1 << 20  # bytes of an answer that are read
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def settings_of(name: str) -> dict[str, Any] | None:
    """What the settings say about a rail; None when it is not set up."""
    return settings.RAILS.get(name)


def is_safe(url: str) -> bool:
    """https, or the machine itself, where tests and the demo play the far end."""
    parts = urlsplit(url)
    if parts.username or parts.password or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def call(method: str, url: str, **what: Any) -> "httpx.Response":
    """The answer, read whole. NotSent if no connection came about, Unclear for all other trouble.

    No proxy, no redirect and no password file of the machine has a say in where this goes.
    """
    import httpx

    if not is_safe(url):
        raise rails.NotSent(f"{urlsplit(url).hostname} is not a place that money may go through")
    try:
        with (
            httpx.Client(
                timeout=httpx.Timeout(**TIMEOUT), follow_redirects=False, trust_env=False
            ) as client,
            client.stream(method, url, **what) as response,
        ):
            return _read(response)
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise rails.NotSent(f"no connection ({type(exc).__name__})") from exc
    except httpx.HTTPError as exc:
        raise rails.Unclear(f"no answer ({type(exc).__name__})") from exc


def _read(response: "httpx.Response") -> "httpx.Response":
    import httpx

    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise rails.Unclear("the answer is far too long")
    return httpx.Response(
        response.status_code, headers={"content-type": "text/plain"}, content=bytes(body)
    )


def members(text: str) -> dict[str, Any]:
    """A JSON object; Unclear for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise rails.Unclear("the answer is not JSON") from exc
    if not isinstance(found, dict):
        raise rails.Unclear("the answer is no JSON object")
    return found


def inside(data: dict[str, Any], *path: str) -> dict[str, Any]:
    """The object at this path; empty if there is none."""
    for name in path:
        data = data.get(name) or {}
        if not isinstance(data, dict):
            return {}
    return data
