"""Shops that report to the API from several threads, and remember what was acknowledged."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any


class Shop:
    """Reports of one month. `orders` and `refunds`: what the API answered with success."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.numbers = count(1)
        self.orders: dict[str, dict[str, str]] = {}
        self.refunds: set[str] = set()
        self.unanswered = 0
        self.lock = threading.Lock()

    @contextmanager
    def open(self, month: datetime, clicks: list[str], seed: int, threads: int) -> Iterator[None]:
        """Orders of that month come in as long as the block lasts."""
        closed = threading.Event()

        def work(number: int) -> None:
            dice = random.Random(f"{seed}-{number}")
            while not closed.is_set():
                self._one(dice, month, dice.choice(clicks))
                closed.wait(0.1)  # the worker has to keep up, or nothing else gets its turn

        workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            closed.set()
            for worker in workers:
                worker.join()

    def _one(self, dice: random.Random, month: datetime, click_id: str) -> None:
        """An order that the buyer has received, and now and then a refund of an earlier one."""
        with self.lock:
            number, known = f"K{next(self.numbers)}", list(self.orders.items())[-50:]
        placed = month + timedelta(days=3, minutes=dice.randrange(10_000))
        received = (placed + timedelta(days=2)).isoformat()
        facts = {
            "external_id": number,
            "state": "received",
            "currency": "CNY",
            "placed_at": placed.isoformat(),
            "paid_at": placed.isoformat(),
            "received_at": received,
        }
        line = {"external_id": "1", "product_external_id": "P1", "amount_minor": 19900}
        said = {**facts, "reported_at": received, "click_id": click_id, "lines": [line]}
        if self._says(number, said):
            with self.lock:
                self.orders[number] = facts
        if known and dice.random() < 0.3:
            self._refund(*dice.choice(known), dice.randrange(100, 9900))

    def _refund(self, order: str, facts: dict[str, str], minor: int) -> None:
        """Half of the order at most; a second one of the same order is the same refund."""
        number = f"R-{order}"
        refund = {
            "external_id": number,
            "line_external_id": "1",
            "amount_minor": minor,
            "refunded_at": facts["received_at"],
        }
        if self._says(number, {**facts, "refunds": [refund]}):
            with self.lock:
                self.refunds.add(number)

    def _says(self, key: str, body: dict[str, Any]) -> bool:
        """Whether we were told that it is taken. Anything else may have been taken or not."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/orders",
            json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except urllib.error.HTTPError as exc:
            if exc.code < 500 and exc.code not in (409, 422):
                raise AssertionError(f"{exc.code}: {exc.read()!r}") from exc
            self.unanswered += 1
            return False
        except OSError:
            self.unanswered += 1
            return False
        return True
