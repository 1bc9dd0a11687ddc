"""Buyers: by which link they come, what they do on its page, and what happens to what they buy."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from alliance.demo.dice import Dice
from alliance.season.browser import Web
from alliance.season.night import Night
from alliance.season.shops import Sale, Shops
from alliance.season.world import Way, World

BUYS = 0.30  # of those who click
DELIVERED, CANCELLED = 0.86, 0.07  # of what is bought; the rest comes at midnight
REFUNDED, IN_PART = 0.10, 0.6  # of what was delivered
LAST_VISITOR = 0.86  # of the evening: what they buy still has to travel


@dataclass
class Told:
    """What the visitors saw. Compared with the database in the end."""

    clicks: int = 0
    pages: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: Counter[str] = field(default_factory=Counter)

    def count(self, what: str) -> None:
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)


class Visitors:
    def __init__(self, night: Night, world: World, web: Web, shops: Shops, seed: int) -> None:
        self.night, self.world, self.web, self.shops, self.seed = night, world, web, shops, seed
        self.told = Told()

    def come(self, number: int) -> None:
        """One visitor, from the link to the goodbye."""
        dice = random.Random(f"{self.seed}-{number}")
        way = self.world.shopping(Dice("season", self.seed, number))
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        person = self.web.person(address)
        answer = person.get("click", f"/r/{way.code}")
        if answer.status_code != 302:
            raise AssertionError(f"/r/{way.code}: {answer.status_code}")
        self.told.count("clicks")
        (click_id,) = parse_qs(urlsplit(answer.headers["Location"]).query)["click_id"]
        if dice.random() < BUYS:
            self.buy(dice, way, click_id)

    def buy(
        self, dice: random.Random, way: Way, click_id: str, code: str = "", face: int = 0
    ) -> Sale:
        """Order and pay; then the goods travel, or the buyer thinks better of it."""
        amount = max(way.price_minor - face, 1)
        sale = self.shops.sell(way, amount_minor=amount, click_id=click_id, code=code, face=face)
        luck = dice.random()
        if luck < CANCELLED:
            self.night.after(dice.uniform(0.02, 0.25), lambda: self.shops.cancel(sale))
        elif luck < CANCELLED + DELIVERED:
            self.night.after(dice.uniform(0.03, 0.3), lambda: self._delivered(dice, sale))
        return sale

    def _delivered(self, dice: random.Random, sale: Sale) -> None:
        self.shops.deliver(sale)
        if dice.random() < REFUNDED:
            part = dice.uniform(0.1, 0.5) if dice.random() < IN_PART else 1.0
            minor = max(1, int(sale.amount_minor * part))
            self.night.after(dice.uniform(0.01, 0.2), lambda: self.shops.refund(sale, minor))
