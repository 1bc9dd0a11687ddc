"""What is counted of each affiliate: k of n orders, or clicks, that look like a known fraud."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

import numpy as np

from aiassist.risk.alike import counted, distinct, numbered

DAY = 86_400  # seconds
SHARED = 2  # buyers of one address
OFTEN = 4  # orders of one buyer
OWN = 0.5  # of an address' orders at least are the affiliate's: else many go through it
LATE_SECONDS = 5 * DAY
HASTY_SECONDS = 20
ALIKE = 0.01  # amounts that differ by less are nearly the same
MANY = 5  # of them make a heap

OF_AFFILIATES = ("clicks", "visitors", "barred")
Counts = dict[int, tuple[int, int]]  # by affiliate: k of n


class Sign(StrEnum):
    """What was counted. The value is kept with scores: never another meaning for an old one."""

    RING = "ring"  # orders of several buyers who share an address
    AGAIN = "again"  # orders of a few buyers who order again and again
    LATE = "late"  # clicks that lay about until somebody happened to buy: flooding
    IDLE = "idle"  # clicks that bring no orders: flooding
    HASTY = "hasty"  # the click came when the order was as good as placed: injection
    RETURNED = "returned"  # refunded once the commission was settled
    HEAP = "heap"  # amounts nearly alike, just before a period closes


@dataclass(frozen=True, slots=True)
class Look:
    """How a sign is looked at. `few`: few of n are the sign, not many. `way`: it may be how
    somebody honest works, and always did: offices, neighbours, a sale at each month's end."""

    like: str  # what makes honest affiliates alike in it: their "kind" or "category"
    few: bool = False
    way: bool = False


SIGNS = {
    Sign.RING: Look("kind", way=True),
    Sign.AGAIN: Look("kind", way=True),
    Sign.LATE: Look("kind"),
    Sign.IDLE: Look("kind", few=True),
    Sign.HASTY: Look("kind"),
    Sign.RETURNED: Look("category"),
    Sign.HEAP: Look("kind", way=True),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """Orders as columns, a row an order. `buyer`, `address` and `product` are numbers, 0 where
    nothing is known; `amount` in minor units. `placed` is in seconds since a Monday's midnight
    here, `after` in seconds from click to order, nan without a click. `closes` are days until the
    next end of a period that pays for what was sold in it, `received` days from the order to its
    receipt, nan before. `fate` is -1 before the settlement; then 0 kept, 1 refunded before it, 2
    refunded after it.

    By affiliate, `clicks` of people, how many of them came from `visitors` who are new that day,
    and `barred` orders that came too soon after their click to earn.
    """

    affiliate: np.ndarray
    placed: np.ndarray
    buyer: np.ndarray
    address: np.ndarray
    product: np.ndarray
    after: np.ndarray
    amount: np.ndarray
    closes: np.ndarray
    received: np.ndarray
    fate: np.ndarray
    clicks: Mapping[int, int] = field(default_factory=dict)
    visitors: Mapping[int, int] = field(default_factory=dict)
    barred: Mapping[int, int] = field(default_factory=dict)

    def only(self, which: np.ndarray) -> "Facts":
        """Some of the orders; of clicks without one, nothing."""
        columns = [one.name for one in fields(self) if one.name not in OF_AFFILIATES]
        return Facts(**{name: getattr(self, name)[which] for name in columns})


def counts_of(facts: Facts) -> dict[Sign, Counts]:
    """By sign and affiliate: how many look like it, of how many."""
    clicked, known = ~np.isnan(facts.after), (facts.buyer > 0) & (facts.address > 0)
    with np.errstate(invalid="ignore"):
        late, hasty = facts.after > LATE_SECONDS, facts.after < HASTY_SECONDS
    orders = _sums(facts.affiliate, clicked)
    quick = _of(facts.affiliate, hasty, clicked)
    return {
        Sign.RING: _of(facts.affiliate, _in_ring(facts, known), known),
        Sign.AGAIN: _of(facts.affiliate, _again(facts), facts.buyer > 0),
        Sign.LATE: _of(facts.affiliate, late, clicked),
        Sign.IDLE: {
            pk: (min(orders.get(pk, 0), clicks), clicks) for pk, clicks in facts.clicks.items()
        },
        Sign.HASTY: {
            pk: (k + facts.barred.get(pk, 0), n + facts.barred.get(pk, 0))
            for pk in quick.keys() | facts.barred.keys()
            for k, n in [quick.get(pk, (0, 0))]
        },
        Sign.RETURNED: _of(facts.affiliate, facts.fate == 2, facts.fate >= 0),
        Sign.HEAP: _heaps(facts),
    }


def _sums(affiliate: np.ndarray, which: np.ndarray) -> dict[int, int]:
    found, count = np.unique(affiliate[which], return_counts=True)
    return dict(zip(found.tolist(), count.tolist(), strict=True))


def _of(affiliate: np.ndarray, sign: np.ndarray, among: np.ndarray) -> Counts:
    have = _sums(affiliate, sign & among)
    return {pk: (have.get(pk, 0), n) for pk, n in _sums(affiliate, among).items()}


def _in_ring(facts: Facts, known: np.ndarray) -> np.ndarray:
    """Orders from an address that several buyers of this affiliate share, and few of others."""
    address = facts.address[known]
    own = numbered(facts.affiliate[known], address)
    share = counted(own) / counted(address)
    ring = np.zeros(len(known), bool)
    ring[known] = (distinct(own, facts.buyer[known]) >= SHARED) & (share >= OWN)
    return ring


def _again(facts: Facts) -> np.ndarray:
    """Orders of a buyer who has many with this affiliate."""
    return counted(facts.affiliate, facts.buyer) >= OFTEN


def _heaps(facts: Facts) -> Counts:
    """By affiliate how many orders more its greatest heaps before each close have than its greatest
    at any other time, of all its orders. (Who streams has heaps on many evenings.)"""
    block, closing = (facts.placed // (2 * DAY)).astype(int), facts.closes < 2
    order = np.lexsort((facts.amount, block, closing, facts.affiliate))
    affiliates, place, n = np.unique(
        facts.affiliate[order], return_inverse=True, return_counts=True
    )
    spans = np.column_stack([facts.affiliate, closing, block])[order]
    alike, closing = _alike(spans, facts.amount[order]), closing[order]
    otherwise = np.zeros(len(affiliates), int)
    np.maximum.at(otherwise, place[~closing], alike[~closing])
    days = np.column_stack([place, block[order]])[closing]
    closes, at = np.unique(days, axis=0, return_inverse=True)
    before = np.zeros(len(closes), int)
    np.maximum.at(before, at.ravel(), alike[closing])
    more = np.where(before >= MANY, np.maximum(before - otherwise[closes[:, 0]], 0), 0)
    more = np.bincount(closes[:, 0], weights=more, minlength=len(affiliates)).astype(int)
    counts = zip(more.tolist(), n.tolist(), strict=True)
    return dict(zip(affiliates.tolist(), counts, strict=True))


def _alike(spans: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """For each row how many of the same span, an affiliate's days, have its amount or up to one
    hundredth more. Sorted by both."""
    fresh = (np.diff(spans, axis=0, prepend=spans[:1]) != 0).any(axis=1)
    # One scale for all: a hundred for each span of days, far more than a logarithm comes to.
    scale = fresh.cumsum() * 100 + np.log(np.maximum(amount, 1))
    return np.searchsorted(scale, scale + np.log1p(ALIKE), side="right") - np.arange(len(scale))
