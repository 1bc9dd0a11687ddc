"""What is looked at of each affiliate: how its orders and clicks spread over the bands of a facet.

No facet knows of any fraud. Who makes up orders has to make up how they lie in all of these at
once, and in the same mix as people do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from aiassist.risk.alike import counted, distinct, numbered
from aiassist.risk.signs import ALIKE, DAY, OWN, Facts


class Facet(StrEnum):
    """The value is kept with scores: never another meaning for an old one."""

    AFTER = "after"  # seconds from click to order
    WEEKEND = "weekend"
    GAP = "gap"  # to its order before, beside what it is on average
    CLOSE = "close"  # days until a period that pays for sales ends
    HANDS = "hands"  # orders of the same buyer
    HOME = "home"  # buyers of the same address, if most of its orders are the affiliate's
    ELSEWHERE = "elsewhere"  # other affiliates with orders of the buyer
    AROUND = "around"  # other affiliates with orders from the address
    ALIKE = "alike"  # orders of nearly the same amount within two days
    PRODUCT = "product"  # of its most sold product
    RECEIVED = "received"  # days until the buyer has the goods
    FATE = "fate"  # kept, refunded before the settlement, after it
    CLICKS = "clicks"  # with an order, without
    VISITORS = "visitors"  # clicks of somebody new, and of the same again


@dataclass(frozen=True, slots=True)
class Look:
    """How a facet is looked at: where its bands meet, how many next to each other are looked at
    together at the most, and what makes honest affiliates alike in it, their "kind" or "category".
    Below the band `least` nobody is odd. `daily`: orders that come together count as one."""

    edges: tuple[float, ...]
    widest: int = 1
    like: str = "kind"
    least: int = 0
    daily: bool = False

    @property
    def bands(self) -> int:
        return len(self.edges) + 1

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Of bands, from the first to before the last; never all of them."""
        ends = range(1, self.bands + 1)
        return [
            (first, end)
            for first in range(self.least, self.bands)
            for end in ends
            if 0 < end - first <= self.widest and end - first < self.bands
        ]


LOOKS = {
    Facet.AFTER: Look((20, 60, 180, 600, 1_800, 7_200, 28_800, DAY, 5 * DAY), widest=3),
    Facet.WEEKEND: Look((0.5,), daily=True),
    Facet.GAP: Look((0.01, 0.1, 0.5, 1.5, 4), widest=2),
    Facet.CLOSE: Look((2, 7, 14), widest=2, daily=True),
    Facet.HANDS: Look((1.5, 2.5, 3.5, 6.5), widest=3),
    Facet.HOME: Look((1.5, 3.5), widest=2, least=1),
    Facet.ELSEWHERE: Look((0.5, 1.5, 3.5), widest=3),
    Facet.AROUND: Look((0.5, 1.5, 4.5), widest=3),
    Facet.ALIKE: Look((1.5, 3.5, 7.5), widest=3, least=1),
    Facet.PRODUCT: Look((0.5,), least=1),
    Facet.RECEIVED: Look((0.5, 1, 2, 4, 8), widest=2, like="category"),
    Facet.FATE: Look((0.5, 1.5), widest=2, like="category"),
    Facet.CLICKS: Look((0.5,)),
    Facet.VISITORS: Look((0.5,)),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """`affiliates` in order, how many `orders` each has, and by facet a row for each affiliate: how
    many lie in each band."""

    affiliates: np.ndarray
    orders: np.ndarray
    bands: Mapping[Facet, np.ndarray]


def spread_of(facts: Facts) -> Spread:
    affiliates, place, orders = np.unique(facts.affiliate, return_inverse=True, return_counts=True)
    values = {
        Facet.AFTER: facts.after,
        Facet.WEEKEND: (facts.placed // DAY % 7 >= 5).astype(float),
        Facet.GAP: _gaps(facts, place, orders),
        Facet.CLOSE: facts.closes,
        Facet.HANDS: _known(counted(place, facts.buyer), facts.buyer),
        Facet.HOME: _at_home(facts, place),
        Facet.ELSEWHERE: _known(distinct(facts.buyer, place) - 1, facts.buyer),
        Facet.AROUND: _known(distinct(facts.address, place) - 1, facts.address),
        Facet.ALIKE: _alike(facts, place),
        Facet.PRODUCT: _most(place, facts.product),
        Facet.RECEIVED: facts.received,
        Facet.FATE: np.where(facts.fate < 0, np.nan, facts.fate),
    }
    bands = {facet: _bands(LOOKS[facet], one, place, len(orders)) for facet, one in values.items()}
    together = _together(facts, place)
    for facet, look in LOOKS.items():
        if look.daily:
            bands[facet] = np.rint(bands[facet] / together[:, None]).astype(int)
    pks = affiliates.tolist()
    bands[Facet.AFTER][:, 0] += np.array([facts.barred.get(pk, 0) for pk in pks], dtype=int)
    clicks = np.array([facts.clicks.get(pk, 0) for pk in pks], dtype=int)
    visitors = np.array([facts.visitors.get(pk, 0) for pk in pks], dtype=int)
    clicked = np.bincount(place[~np.isnan(facts.after)], minlength=len(orders))
    for facet, part in ((Facet.CLICKS, clicked), (Facet.VISITORS, visitors)):
        some = np.minimum(part, clicks)
        bands[facet] = np.column_stack([some, clicks - some])
    return Spread(affiliates, orders, bands)


def _together(facts: Facts, place: np.ndarray) -> np.ndarray:
    """How many orders come together, on the same day: of an affiliate, where three of ten come with
    fewer. Who sells in one evening a week has so many less that say when it sells."""
    same = counted(place, facts.placed // DAY)
    order = np.lexsort((same, place))
    orders = np.bincount(place)
    return same[order][np.cumsum(orders) - orders + (0.3 * orders).astype(int)]


def _bands(look: Look, values: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """By affiliate how many values lie in each band; what is not known (nan) in none."""
    known = ~np.isnan(values)
    band = np.searchsorted(look.edges, values[known], side="right")
    at = place[known] * look.bands + band
    return np.bincount(at, minlength=size * look.bands).reshape(size, look.bands)


def _known(values: np.ndarray, key: np.ndarray) -> np.ndarray:
    return np.where(key > 0, values, np.nan)


def _gaps(facts: Facts, place: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Time since the affiliate's order before, of what it would be if all came evenly."""
    order = np.lexsort((facts.placed, place))
    gap = np.full(len(order), np.nan)
    if len(order):
        whole = max(np.ptp(facts.placed), 1)
        same = np.diff(place[order]) == 0
        gap[order[1:][same]] = np.diff(facts.placed[order])[same]
        gap *= orders[place] / whole
    return gap


def _at_home(facts: Facts, place: np.ndarray) -> np.ndarray:
    """Buyers of this affiliate at the address of an order; 1 if most of its orders are others'."""
    own = counted(place, facts.address)
    buyers = distinct(numbered(place, facts.address), facts.buyer)
    buyers = np.where(own >= OWN * counted(facts.address), buyers, 1)
    return np.where((facts.buyer > 0) & (facts.address > 0), buyers, np.nan)


def _alike(facts: Facts, place: np.ndarray) -> np.ndarray:
    """How many orders of the affiliate in the same two days have nearly its amount."""
    days = numbered(place, facts.placed // (2 * DAY))
    # One scale for all: a hundred for each span of days, far more than a logarithm comes to.
    scale = days * 100 + np.log(np.maximum(facts.amount, 1))
    order = np.sort(scale)
    wide = np.log1p(ALIKE) / 2
    return (
        np.searchsorted(order, scale + wide, side="right")
        - np.searchsorted(order, scale - wide, side="left")
    ).astype(float)


def _most(place: np.ndarray, key: np.ndarray) -> np.ndarray:
    """1 for orders of what the affiliate has most orders of, 0 for others, nan if not known."""
    if not len(key):
        return np.zeros(0)
    count = np.where(key > 0, counted(place, key), 0)
    order = np.lexsort((key, -count, place))
    first = np.unique(place[order], return_index=True)[1]
    return _known((key == key[order[first]][place]).astype(float), key)
