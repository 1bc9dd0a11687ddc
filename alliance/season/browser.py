"""Requests as they come in from outside: people with their browsers, shops with their keys."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 60.0  # seconds after which nobody tries again
AGENT = (
    "Mozilla/5.0 (Linux; Android 16; SM-S931B) AppleWebKit/537.36 Chrome/143.0 Mobile Safari/537.36"
)


@dataclass
class Watch:
    """How long answers took, by what was asked; and how many came late or not at all."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    again: int = 0  # asked once more, because no answer came or one that says nothing
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, what: str, seconds: float) -> None:
        with self.lock:
            self.seconds[what].append(seconds)

    def stumbled(self) -> None:
        with self.lock:
            self.again += 1

    def gave_up(self, what: str) -> None:
        with self.lock:
            self.failed[what] += 1

    def quantile(self, what: str, part: float) -> float:
        """Milliseconds within which that part of the answers was there; 0 where none was asked."""
        found = sorted(self.seconds[what])
        return 1000 * found[min(int(part * len(found)), len(found) - 1)] if found else 0.0


class Unanswered(Exception):
    """The system was away for longer than anybody waits."""


class Web:
    """One pool of connections for everybody; each person keeps their own cookies."""

    def __init__(self, url: str, connections: int) -> None:
        self.url, self.watch = url, Watch()
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._transport = httpx.HTTPTransport(verify=False, limits=limits)

    def person(self, address: str, language: str = "zh-CN,zh;q=0.9") -> "Person":
        client = httpx.Client(
            base_url=self.url,
            transport=self._transport,
            trust_env=False,
            timeout=30.0,
            headers={
                "User-Agent": AGENT,
                "Accept-Language": language,
                "X-Forwarded-For": address,
            },
        )
        return Person(client, self.watch)

    def close(self) -> None:
        self._transport.close()


class Person:
    """Somebody with a browser (or a shop's program). `ask` says again what nobody answered."""

    def __init__(self, client: httpx.Client, watch: Watch) -> None:
        self.client, self.watch = client, watch

    def ask(self, what: str, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer. No connection or a 5xx is asked again, as a person or a program would.

        503 with a page is an answer too where the door is shut on purpose: it comes back as it is
        once PATIENCE is over. Raises Unanswered when there was never any.
        """
        ends = time.monotonic() + PATIENCE
        wait = 0.1
        while True:
            began = time.monotonic()
            try:
                answer = self.client.request(method, path, **more)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                self.watch.took(what, time.monotonic() - began)
                return answer
            if time.monotonic() > ends:
                self.watch.gave_up(what)
                if answer is not None:
                    return answer
                raise Unanswered(f"{method} {path}")
            self.watch.stumbled()
            time.sleep(wait)
            wait = min(wait * 2, 2.0)

    def get(self, what: str, path: str, **more: Any) -> httpx.Response:
        return self.ask(what, "GET", path, **more)

    def post(self, what: str, path: str, data: dict[str, str], **more: Any) -> httpx.Response:
        """A form, with the token against forged ones that its page gave."""
        token = self.client.cookies.get("csrftoken")
        fields = {"csrfmiddlewaretoken": token, **data} if token else data
        return self.ask(what, "POST", path, data=fields, **more)

    def sign_in(self, email: str, password: str) -> None:
        """Through the door that everybody uses."""
        self.get("sign in", "/accounts/login/")
        answer = self.post("sign in", "/accounts/login/", {"login": email, "password": password})
        if answer.status_code != 302:
            raise AssertionError(f"{email} cannot sign in: {answer.status_code}")
