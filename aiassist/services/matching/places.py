"""The order that matched products are shown in."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiassist.matching import by_worth
from aiassist.models import Goal
from aiassist.services.matching.goods import NONE, Goods
from aiassist.services.matching.suiting import Suited

PLACES = 40
PER_MERCHANT = 8  # so that nobody is shown one shop
PER_CATEGORY = 16  # where there is something else to show
CANDIDATES = 200  # that commission may reorder


@dataclass(frozen=True, slots=True)
class Place:
    """A product, what speaks for it, the product that this names, by how many places its commission
    raised it, and whether the affiliate's goal names it. Products by key."""

    product: int
    why: str
    because: int | None
    raised: int
    favoured: bool

    def kept(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "why": self.why,
            "because": self.because,
            "raised": self.raised,
            "favoured": self.favoured,
        }


def placed(suited: Suited, goods: Goods, *, without: set[int]) -> list[Place]:
    """The first PLACES of what suits, none of `without` (keys of products)."""
    candidates = _best(suited.relevance, goods, without)
    worth = goods.conversion[candidates]
    if suited.wishes.goal != Goal.VOLUME:
        worth = worth * goods.price[candidates] * goods.rate[candidates]
    order = by_worth(suited.relevance[candidates], worth, PLACES)
    shown = []
    for now in _spread(candidates[order], goods):
        place = int(candidates[order[now]])
        why, because = suited.reason(place)
        key = int(goods.keys[place])
        shown.append(
            Place(
                product=key,
                why=why,
                because=None if because is None else int(goods.keys[because]),
                raised=int(order[now]) - now,
                favoured=key in suited.wishes.favoured,
            )
        )
    return shown


def _best(relevance: np.ndarray, goods: Goods, without: set[int]) -> np.ndarray:
    """Places of the CANDIDATES that suit most, the best first."""
    most = min(CANDIDATES + len(without), len(relevance))
    best = np.argpartition(-relevance, most - 1)[:most] if most else np.arange(0)
    # Of what suits alike, what sells; and then the older one, so that the order is always the same.
    best = best[np.lexsort((goods.keys[best], -goods.sales[best], -relevance[best]))]
    best = best[relevance[best] > relevance.max(initial=0) * 1e-4]
    kept = ~np.isin(goods.keys[best], list(without))
    return best[kept][:CANDIDATES]


def _spread(ordered: np.ndarray, goods: Goods) -> Iterator[int]:
    """Which of them are shown: of a merchant never too many, of a category only where nothing else
    is left."""
    of_merchant, of_category = Counter[int](), Counter[int]()
    shown, waiting = 0, []
    for now, place in enumerate(ordered):
        merchant, category = int(goods.merchant[place]), int(goods.category[place])
        if of_merchant[merchant] >= PER_MERCHANT or shown >= PLACES:
            continue
        if category != NONE and of_category[category] >= PER_CATEGORY:
            waiting.append(now)
            continue
        of_merchant[merchant] += 1
        of_category[category] += 1
        shown += 1
        yield now
    for now in waiting:
        merchant = int(goods.merchant[ordered[now]])
        if of_merchant[merchant] < PER_MERCHANT and shown < PLACES:
            of_merchant[merchant] += 1
            shown += 1
            yield now
