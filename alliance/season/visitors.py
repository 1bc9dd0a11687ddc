"""Buyers: by which link they come, what they do on its page, and what happens to what they buy."""

import html
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

from alliance.demo.dice import Dice
from alliance.season.browser import Person, Web
from alliance.season.night import Night
from alliance.season.shops import Sale, Shops
from alliance.season.world import Way, World

LAST_VISITOR = 0.86  # of the evening: what they buy still has to travel
TO_COUPON = 0.62  # come by the coupon page, the others by the plain link
CLAIM, TWICE, BACK, FORGED = 0.85, 0.15, 0.10, 0.03  # tap, double tap, come again, skip the page
BUY_WITH, BUY_WITHOUT = 0.55, 0.25
CANCELLED, DELIVERED = 0.07, 0.86  # of what is bought; the rest comes at midnight
REFUNDED, IN_PART = 0.12, 0.6  # of what was delivered

_TOKEN = re.compile(r'name="t" value="([^"]+)"')
_CODE = re.compile(r"<output[^>]*>([A-Z2-7]{16})</output>")
_USE = re.compile(r'<a class="do" href="([^"]+)"')
_FACE = re.compile(r'class="worth">.*?<b>([^<]+)</b>', re.DOTALL)
_DIGITS = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as its buyer sees it, and the address at which it is used."""

    code: str
    face_minor: int
    use: str


@dataclass
class Told:
    """What the visitors saw. Compared with the database in the end."""

    figures: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)  # claims, by the answer's status
    coupons: dict[str, Coupon] = field(default_factory=dict)  # what they were told is theirs
    doubted: list[str] = field(default_factory=list)  # what should never be seen
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        with self.lock:
            self.figures[what] += 1

    def has(self, coupon: Coupon) -> None:
        with self.lock:
            before = self.coupons.setdefault(coupon.code, coupon)
            if before.face_minor != coupon.face_minor:
                self.doubted.append(f"coupon {coupon.code} had two faces")

    def differs(self, first: Coupon, again: Coupon | None) -> None:
        with self.lock:
            if again is None or again.code != first.code:
                self.doubted.append(f"who has {first.code} was shown something else")


class Visitors:
    def __init__(self, night: Night, world: World, web: Web, shops: Shops, seed: int) -> None:
        self.night, self.world, self.web, self.shops, self.seed = night, world, web, shops, seed
        self.told = Told()

    def come(self, number: int) -> None:
        """One visitor, from the link to the goodbye."""
        dice = random.Random(f"{self.seed}-{number}")
        way = self.world.shopping(Dice("season", self.seed, number))
        person = self.web.person(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        if dice.random() >= TO_COUPON:
            self._by_link(dice, way, person, BUY_WITHOUT)
        elif coupon := self._by_page(dice, way, person):
            if dice.random() < BUY_WITH:
                self._use(dice, way, coupon)
        elif dice.random() < BUY_WITHOUT:
            self._by_link(dice, way, person, 1.0)

    def _by_link(self, dice: random.Random, way: Way, person: Person, buys: float) -> None:
        answer = person.get("click", f"/r/{way.code}")
        if answer.status_code != 302:
            raise AssertionError(f"/r/{way.code}: {answer.status_code}")
        self.told.count("clicks")
        (click_id,) = parse_qs(urlsplit(answer.headers["Location"]).query)["click_id"]
        if dice.random() < buys:
            self.buy(dice, way, click_id)

    # --- The coupon page --------------------------------------------------------------------------

    def _by_page(self, dice: random.Random, way: Way, person: Person) -> Coupon | None:
        """Open the page; most claim. None: no coupon, for whatever reason."""
        address = f"/s/{way.code}"
        if dice.random() < FORGED:  # a program that has never seen the page
            self._refused(person.ask("claim", "POST", address, data={"t": "x" * 40}))
            return None
        page = person.get("page", address)
        self.told.count("pages")
        token = _TOKEN.search(page.text)
        if page.status_code != 200 or token is None:
            self.told.count("too late")
            return None
        if dice.random() >= CLAIM:
            return None
        coupon = self._claim(person, address, token[1])
        if coupon and dice.random() < TWICE:  # a double tap: the same request once more
            self.told.differs(coupon, self._claim(person, address, token[1]))
        if coupon and dice.random() < BACK:
            self.told.differs(coupon, _coupon(person.get("page", address).text))
        return coupon

    def _claim(self, person: Person, address: str, token: str) -> Coupon | None:
        answer = person.ask("claim", "POST", address, data={"t": token})
        if answer.status_code != 303:
            self._refused(answer)
            return None
        coupon = _coupon(person.get("page", answer.headers["Location"]).text)
        if coupon is None:
            raise AssertionError(f"{address}: claimed, and the page shows no coupon")
        self.told.has(coupon)
        return coupon

    def _refused(self, answer: httpx.Response) -> None:
        with self.told.lock:
            self.told.refused[answer.status_code] += 1

    # --- Buying -----------------------------------------------------------------------------------

    def _use(self, dice: random.Random, way: Way, coupon: Coupon) -> None:
        """On to the shop, which takes the coupon off at the checkout."""
        brought = parse_qs(urlsplit(coupon.use).query)
        (click_id,) = brought["click_id"]
        self.buy(dice, way, click_id, coupon)

    def buy(
        self, dice: random.Random, way: Way, click_id: str, coupon: Coupon | None = None
    ) -> Sale:
        """Order and pay; then the goods travel, or the buyer thinks better of it."""
        face = coupon.face_minor if coupon else 0
        sale = self.shops.sell(
            way,
            amount_minor=max(way.price_minor - face, 0),
            click_id=click_id,
            code=coupon.code if coupon else "",
            face=face,
        )
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


def _coupon(page: str) -> Coupon | None:
    """What the page says is the visitor's own."""
    code, use, face = _CODE.search(page), _USE.search(page), _FACE.search(page)
    if code is None or use is None or face is None:
        return None
    return Coupon(code[1], int(_DIGITS.sub("", face[1])), html.unescape(use[1]))
