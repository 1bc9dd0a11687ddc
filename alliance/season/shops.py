"""The merchants' shops: they report over the API, and remember what they were told."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from alliance.demo.load.stage import CURRENCY
from alliance.kernel import clock
from alliance.season.browser import Person, Web
from alliance.season.world import Way, World

SAID = {200, 201}


class Refused(AssertionError):
    """A report that ought to be taken was not."""


@dataclass
class Sale:
    """An order as its shop knows it. `sent`: what it reported so far, with the key of each call."""

    number: str
    way: Way
    amount_minor: int
    click_id: str
    coupon_code: str
    face_minor: int
    placed_at: datetime
    state: str = "paid"
    received_at: datetime | None = None
    void_at: datetime | None = None
    refunds: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        return self.state == "paid"

    @property
    def left_minor(self) -> int:
        return self.amount_minor - sum(self.refunds.values())

    def body(self, refund: tuple[str, int] | None = None) -> dict[str, Any]:
        """What the shop says of it now."""
        now = clock.now().isoformat()
        said: dict[str, Any] = {
            "external_id": self.number,
            "state": self.state,
            "currency": CURRENCY,
            "placed_at": self.placed_at.isoformat(),
            "paid_at": self.placed_at.isoformat(),
            "reported_at": now,
            "click_id": self.click_id,
            "coupon_code": self.coupon_code,
            "lines": [
                {
                    "external_id": f"{self.number}-1",
                    "product_external_id": self.way.product,
                    "amount_minor": self.amount_minor,
                }
            ],
        }
        if self.received_at:
            said["received_at"] = self.received_at.isoformat()
        if self.void_at:
            said |= {"void_at": self.void_at.isoformat(), "void_reason": "买家申请退款"}
        if refund:
            number, minor = refund
            line = {"line_external_id": f"{self.number}-1", "amount_minor": minor}
            said["refunds"] = [{"external_id": number, "refunded_at": now, **line}]
        return said


class Shops:
    """All shops of the night. Safe to use from many threads."""

    def __init__(self, world: World, web: Web, prefix: str) -> None:
        self.prefix = prefix
        self.sales: dict[str, Sale] = {}
        self.lock = threading.Lock()
        self.repeated = 0  # reports that said nothing new, and changed nothing
        self._programs: dict[str, Person] = {}
        for code, token in world.tokens.items():
            program = web.person("203.0.113.7")
            program.client.headers["Authorization"] = f"Bearer {token}"
            self._programs[code] = program

    def sell(
        self, way: Way, *, amount_minor: int, click_id: str, code: str = "", face: int = 0
    ) -> Sale:
        """A buyer has paid, and the shop reports it at once."""
        with self.lock:
            number = f"{self.prefix}{len(self.sales) + 1:06d}"
            sale = self.sales[number] = Sale(
                number, way, amount_minor, click_id, code, face, clock.now()
            )
        with sale.lock:
            self._report(sale)
        return sale

    def deliver(self, sale: Sale) -> None:
        """The buyer has the goods."""
        with sale.lock:
            if sale.is_open:
                sale.state, sale.received_at = "received", clock.now()
                self._report(sale)

    def cancel(self, sale: Sale) -> None:
        """The buyer does not want it any more, before it came."""
        with sale.lock:
            if sale.is_open:
                sale.state, sale.void_at = "void", clock.now()
                self._report(sale)

    def refund(self, sale: Sale, minor: int) -> None:
        """Money back after the goods have come: a part of it, or all."""
        with sale.lock:
            if sale.state == "received" and 0 < minor <= sale.left_minor:
                number = f"R-{sale.number}-{len(sale.refunds) + 1}"
                sale.refunds[number] = minor
                self._report(sale, (number, minor))

    def _report(self, sale: Sale, refund: tuple[str, int] | None = None) -> None:
        body = sale.body(refund)
        key = f"{sale.number}/{len(sale.sent)}"
        self._send(sale, key, body)
        sale.sent.append((key, body))

    def _send(self, sale: Sale, key: str, body: dict[str, Any]) -> str:
        answer = self._programs[sale.way.shop].ask(
            "report", "POST", "/api/v1/orders", json=body, headers={"Idempotency-Key": key}
        )
        if answer.status_code not in SAID:
            raise Refused(f"{sale.number}: {answer.status_code} {answer.text[:300]}")
        return str(answer.json()["change"])

    def storm(self, dice: random.Random) -> list[Callable[[], None]]:
        """Every report so far again, as jobs: out of order, half of them as new calls."""
        with self.lock:
            told = [(sale, call) for sale in self.sales.values() for call in list(sale.sent)]
        dice.shuffle(told)
        jobs: list[Callable[[], None]] = []
        for number, (sale, (key, body)) in enumerate(told):
            fresh = f"{key}/again{number}" if dice.random() < 0.5 else key
            jobs.append(partial(self._again, sale, fresh, body))
        return jobs

    def _again(self, sale: Sale, key: str, body: dict[str, Any]) -> None:
        self._send(sale, key, body)
        with self.lock:
            self.repeated += 1
