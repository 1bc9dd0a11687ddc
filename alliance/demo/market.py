"""Who brings whom to what: chance choices that follow reach, taste, season and sales."""

from datetime import date, datetime, timedelta
from functools import cache

from alliance.demo.catalogue import ProductFacts, products
from alliance.demo.dice import Dice, Urn, shares
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.people import DEMO_AFFILIATE, AffiliateFacts, affiliates
from alliance.demo.rhythm import day_weight, moment_at, passed
from alliance.demo.shelves import categories

IN_SEASON, OUT_OF_SEASON = 2.2, 0.6
TASTE = (6.0, 3.0, 2.0, 1.5)  # how much an affiliate posts of its first, second, ... shelf
LIVELY_DAYS, LIVELY_BPS = 3, 2500  # of the last days, this share is the demo affiliate's own
LIVELY_SHOP_BPS = 1500  # and this share of what is bought is from the demo merchant's shop
ELSEWHERE = 0.25  # and of all that it does not care for
BUYERS_PER_ORDER = 0.55


class Market:
    """The market of the days from `start` to `end` as it is known at `known_at`."""

    def __init__(self, dice: Dice, start: date, end: date, known_at: datetime) -> None:
        self.dice, self.start, self.end, self.known_at = dice, start, end, known_at
        self._brought: dict[tuple[int, int], Urn[AffiliateFacts]] = {}

    def moments(self, count: int) -> list[datetime]:
        """`count` moments in order, in the rhythm of the year, none after `known_at`."""
        days = [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]
        parts = [passed(day, self.known_at) for day in days]
        weights = [
            day_weight(day) * part * (0.88 + 0.24 * self.dice.roll())
            for day, part in zip(days, parts, strict=True)
        ]
        found = []
        for day, part, many in zip(days, parts, shares(count, weights), strict=True):
            positions = sorted(self.dice.roll() * part for _ in range(many))
            found += [moment_at(day, position) for position in positions]
        return found

    def affiliate(self, day: date) -> AffiliateFacts:
        """Somebody who had joined by then, by reach; the demo's own affiliate grows all year."""
        if (self.end - day).days < LIVELY_DAYS and self.dice.chance(LIVELY_BPS):
            return affiliates()[DEMO_AFFILIATE]
        key = (day.year, day.month)
        if key not in self._brought:
            able = [
                affiliate
                for affiliate in affiliates().values()
                if not affiliate.waiting and affiliate.joined_on(self.end).replace(day=1) <= day
            ]
            grown = (day - self.start).days / max((self.end - self.start).days, 1)
            growth = {DEMO_AFFILIATE: 0.6 + 3.4 * grown}
            self._brought[key] = Urn(able, [a.reach * growth.get(a.code, 1.0) for a in able])
        while True:
            affiliate = self._brought[key].draw(self.dice)
            if affiliate.joined_on(self.end) <= day:
                return affiliate

    def product(self, affiliate: AffiliateFacts | None, day: date) -> ProductFacts:
        """What sells that month; from an affiliate, what suits its audience."""
        if (self.end - day).days < LIVELY_DAYS and self.dice.chance(LIVELY_SHOP_BPS):
            return _shop_sellers(DEMO_MERCHANT, day.month).draw(self.dice)
        shelf = (_tastes(affiliate.code) if affiliate else _shelves()).draw(self.dice)
        return _sellers(shelf, day.month).draw(self.dice)

    def another(self, product: ProductFacts, day: date) -> ProductFacts:
        """Something from the same shop."""
        return _shop_sellers(product.merchant, day.month).draw(self.dice)


def _appeal(product: ProductFacts, month: int) -> float:
    season = 1.0
    if product.months:
        season = IN_SEASON if month in product.months else OUT_OF_SEASON
    return product.monthly_sales * season


@cache
def _sellers(shelf: str, month: int) -> Urn[ProductFacts]:
    found = [product for product in products() if product.category == shelf]
    return Urn(found, [_appeal(product, month) for product in found])


@cache
def _shop_sellers(merchant: str, month: int) -> Urn[ProductFacts]:
    found = [product for product in products() if product.merchant == merchant]
    return Urn(found, [_appeal(product, month) for product in found])


@cache
def _shelf_sales() -> dict[str, int]:
    sales = dict.fromkeys(categories(), 0)
    for product in products():
        sales[product.category] += product.monthly_sales
    return sales


@cache
def _shelves() -> Urn[str]:
    return Urn(list(_shelf_sales()), list(_shelf_sales().values()))


@cache
def _tastes(code: str) -> Urn[str]:
    liked = dict(zip(affiliates()[code].shelves, TASTE, strict=False))
    whole = sum(_shelf_sales().values())
    weights = [
        liked.get(shelf, 0.0) + ELSEWHERE * sold / whole * len(_shelf_sales())
        for shelf, sold in _shelf_sales().items()
    ]
    return Urn(list(_shelf_sales()), weights)
