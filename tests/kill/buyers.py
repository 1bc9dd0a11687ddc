"""Buyers on links and coupon pages, from several threads: they remember what they were answered."""

import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from affiliates import visitors
from tests.kill.traffic import Shop

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer; nobody follows it."""

    def redirect_request(self, *asked: object) -> None:
        return None


class Buyers:
    """`claimed`: who was told that they have a coupon, by key. `codes`: which ones they saw.
    `clicked`: the click ids with which they were sent on."""

    def __init__(self, url: str, shop: Shop) -> None:
        self.url, self.shop, self.code = url, shop, ""
        self.claimed: set[str] = set()
        self.codes: set[str] = set()
        self.bought: set[str] = set()
        self.clicked: set[str] = set()
        self.refused = self.unanswered = 0
        self.lock = threading.Lock()
        self.opener = urllib.request.build_opener(_Stay)

    @contextmanager
    def come(self, code: str, threads: int) -> Iterator[None]:
        """They claim behind the link of that code as long as the block lasts."""
        self.code, over = code, threading.Event()

        def work() -> None:
            while not over.is_set():
                self._one()
                over.wait(0.1)  # the others have to get their turn, too

        workers = [threading.Thread(target=work) for _number in range(threads)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            over.set()
            for worker in workers:
                worker.join()

    def _one(self) -> None:
        """Follow the link to the shop. Then open its coupon page, tap twice, look again; every
        other one buys with the coupon."""
        for _click in range(5):
            _status, _cookie, shop = self._ask("", {}, "/r/")
            if click_id := shop.partition("click_id=")[2]:
                with self.lock:
                    self.clicked.add(click_id)
        status, cookie, page = self._ask("", {})
        token = re.search(r'name="t" value="([^"]+)"', page)
        if status != 200 or not token or not cookie:
            return
        key = visitors.visitor_key(cookie.partition("=")[2])
        for _tap in range(2):
            status, _cookie, _page = self._ask(cookie, {"t": token[1]})
            with self.lock:
                if status == 303:
                    self.claimed.add(key)
                elif status:
                    self.refused += 1
        status, _cookie, page = self._ask(cookie, {})
        shown = re.search(r"<output[^>]*>([A-Z2-7]{16})</output>", page)
        if status == 200 and shown:
            with self.lock:
                self.codes.add(shown[1])
                buys = len(self.codes) % 2 == 0
            if buys:
                self._buy(shown[1])

    def _buy(self, code: str) -> None:
        moment = datetime.now(UTC).isoformat()
        said = {
            "external_id": f"C-{code}",
            "state": "received",
            "currency": "CNY",
            **dict.fromkeys(("placed_at", "paid_at", "received_at", "reported_at"), moment),
            "coupon_code": code,
            "lines": [{"external_id": "1", "product_external_id": "P1", "amount_minor": 19400}],
        }
        if self.shop._says(f"C-{code}", said):
            with self.lock:
                self.bought.add(code)

    def _ask(self, cookie: str, form: dict[str, str], door: str = "/s/") -> tuple[int, str, str]:
        """Status (0: no answer), the cookie that was set, the page or where else to go."""
        request = urllib.request.Request(
            f"{self.url}{door}{self.code}",
            urllib.parse.urlencode(form).encode() if form else None,
            {"User-Agent": PERSON, "Cookie": cookie},
        )
        try:
            with self.opener.open(request, timeout=5) as answer:
                return self._read(answer.status, answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return self._read(exc.code, exc)
        except (OSError, ValueError):
            with self.lock:
                self.unanswered += 1
            return 0, "", ""

    def _read(self, status: int, answer: urllib.error.HTTPError) -> tuple[int, str, str]:
        if status >= 500:
            with self.lock:
                self.unanswered += 1
            return 0, "", ""
        return (
            status,
            answer.headers.get("Set-Cookie", "").partition(";")[0],
            answer.headers.get("Location") or answer.read().decode(),
        )
