"""A made-up alliance, in which it is known who cheats and how.

Honest affiliates are of the kinds that simple rules take for cheats: cashback sites (clicks minutes
before the order, the same buyers again and again), group-buy leaders (neighbours of one address
order the same), livestreamers (heaps of one amount), shops' apparel (a third sent back), and many
with a handful of orders.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from aiassist.risk import Facts, Peer

DAYS, MONTH = 90, 30
MUCH, LITTLE = (0.25, 0.9), (0.05, 0.2)  # of an affiliate's orders are fake
CATEGORIES = ("apparel", "beauty", "food", "home", "digital", "baby")
Chance = np.random.Generator


@dataclass
class Book:
    """What the alliance sees of one affiliate; a row an order, all of one length."""

    at: np.ndarray  # days
    buyer: np.ndarray
    address: np.ndarray
    after: np.ndarray
    amount: np.ndarray
    settled: np.ndarray
    returned: np.ndarray
    clicks: int
    usual_after: float  # the median of its own buyers, seconds


@dataclass
class World:
    facts: Facts
    peers: dict[int, Peer]
    cheats: dict[int, str] = field(default_factory=dict)  # the name of what they do
    worth: dict[int, int] = field(default_factory=dict)  # sum of their orders


# --- Honest ---

# by archetype: how many of a hundred, kinds and how often, median orders, seconds and spread of
# the latency, orders per buyer, share of buyers at one of its own shared addresses, of one amount
ARCHETYPES = {
    "content": (38, {"small": 9, "ka": 1}, 90, 3_600, 1.8, 1.1, 0.03, 0.1),
    "cashback": (12, {"traffic": 8, "small": 2}, 220, 300, 1.2, 2.2, 0.03, 0.05),
    "leader": (15, {"tuanzhang": 9, "small": 1}, 120, 2_400, 1.2, 1.6, 0.15, 0.4),
    "live": (12, {"ka": 6, "small": 4}, 180, 180, 1.3, 1.1, 0.02, 0.7),
    "channel": (8, {"channel": 1}, 130, 5_400, 1.8, 1.2, 0.05, 0.1),
    "tiny": (15, {"small": 1}, 7, 3_600, 1.8, 1.1, 0.03, 0.1),
}


def _honest(chance: Chance, archetype: str, category: str, own: int) -> Book:
    _often, _kinds, usual, seconds, wide, per_buyer, together, one_amount = ARCHETYPES[archetype]
    most = 14 if archetype == "tiny" else 3_000
    n = int(np.clip(usual * np.exp(chance.normal(0, 0.7)), 2, most))
    seconds *= np.exp(chance.normal(0, 0.4))
    buyers = max(1, round(n / (1 + (per_buyer - 1) * chance.uniform(0.6, 1.4))))
    buyer = chance.integers(buyers, size=n)
    shared = chance.random(buyers) < together * chance.uniform(0.5, 1.5)
    address = np.arange(buyers) + 1000
    address[shared] = chance.integers(max(1, shared.sum() // 4), size=shared.sum())
    public = chance.random(buyers) < 0.08  # addresses that many of all affiliates' buyers share
    address = np.where(public, chance.integers(1, 40, size=buyers), own + address)[buyer]
    after = np.minimum(seconds * np.exp(chance.normal(0, wide, n)), 15 * 86_400 - 60)
    later = 0.06 * np.exp(chance.normal(0, 0.5))  # who thinks it over
    after = np.where(chance.random(n) < later, chance.uniform(1, 15, n) * 86_400, after)
    amount = np.maximum(500, 9_900 * np.exp(chance.normal(0, 0.8, n))).astype(int)
    at = chance.uniform(0, DAYS, n)
    if one_amount > 0.3:  # what was shown that evening
        evenings = chance.uniform(0, DAYS, max(2, n // 25))
        evening = chance.integers(len(evenings), size=n)
        at = np.minimum(evenings[evening] + chance.uniform(0, 0.15, n), DAYS - 1e-6)
        price = np.maximum(500, 8_900 * np.exp(chance.normal(0, 0.6, len(evenings)))).astype(int)
        amount = np.where(chance.random(n) < one_amount, price[evening], amount)
    back = (0.06 if category == "apparel" else 0.012) * (1.5 if archetype == "live" else 1)
    returned = chance.random(n) < chance.beta(20 * back, 20 * (1 - back))
    clicks = int(n / np.clip(0.03 * np.exp(chance.normal(0, 0.5)), 0.003, 0.3))
    settled = at < DAYS / 2
    return Book(at, own + buyer + 1, address, after, amount, settled, returned, clicks, seconds)


# --- Cheats: each turns some orders of an honest book into fakes ---

Fake = Callable[[Chance, Book, np.ndarray, int], None]


def ring(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Friends and second telephones buy: few hands, three to eight to an address."""
    hands = max(1, len(fakes) // int(chance.integers(2, 6)))
    hand = chance.integers(hands, size=len(fakes))
    book.buyer[fakes] = own + 500_000 + hand
    book.address[fakes] = own + 500_000 + hand // int(chance.integers(3, 9))


def flood(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Clicks are fired for masses of people; some buy anyway, at any time of the window."""
    book.after[fakes] = chance.uniform(0, 15 * 86_400, len(fakes))
    book.clicks += int(len(fakes) / chance.uniform(0.0005, 0.003))


def inject(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """A program fires the click when somebody stands at the till: later than the stand-down."""
    book.after[fakes] = chance.uniform(5.5, 19, len(fakes))


def refund(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Bought, paid out, sent back."""
    book.returned[fakes] = chance.random(len(fakes)) < 0.85


def heap(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """What is missing to a prize is bought in the last two days, the cheapest thing that counts."""
    price = int(book.amount.min() * chance.uniform(1, 1.5))
    book.amount[fakes] = price + chance.integers(0, max(2, price // 300), size=len(fakes))
    book.at[fakes] = MONTH * chance.integers(1, 4, size=len(fakes)) - chance.uniform(
        0.01, 1.9, len(fakes)
    )


def mimic(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Flooding that answers as fast as its own people: only the clicks are too many."""
    book.after[fakes] = np.minimum(
        book.usual_after * np.exp(chance.normal(0, 1.5, len(fakes))), 15 * 86_400 - 60
    )
    book.clicks += int(len(fakes) / chance.uniform(0.0005, 0.003))


def burst(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """A ring that works for three evenings, any amount, two telephones to an address."""
    hand = chance.integers(max(1, len(fakes) // 3), size=len(fakes))
    book.buyer[fakes] = own + 500_000 + hand
    book.address[fakes] = own + 500_000 + hand // 2
    evenings = chance.uniform(0, DAYS - 1, 3)
    book.at[fakes] = evenings[chance.integers(3, size=len(fakes))] + chance.uniform(
        0, 0.04, len(fakes)
    )


def patient(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Injection that has read how soon is too soon."""
    book.after[fakes] = chance.uniform(20, 90, len(fakes))


def early(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """What is missing to a prize, bought in the last week, at three prices."""
    prices = book.amount.min() * chance.uniform(1, 3, 3)
    book.amount[fakes] = prices[chance.integers(3, size=len(fakes))].astype(int)
    close = MONTH * chance.integers(1, 4, size=len(fakes))
    book.at[fakes] = close - chance.uniform(0.01, 6.9, len(fakes))


def mixed(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Two or three ways at once, so that none of them is much."""
    ways = [PLAIN[i] for i in chance.permutation(len(PLAIN))[: chance.integers(2, 4)]]
    for way, some in zip(ways, np.array_split(chance.permutation(fakes), len(ways)), strict=True):
        way(chance, book, some, own)


PLAIN: tuple[Fake, ...] = (ring, flood, inject, refund, heap)
TRIED: tuple[Fake, ...] = (mimic, burst)  # thresholds were chosen with these in sight, too
UNSEEN: tuple[Fake, ...] = (mixed, patient, early)  # and these chose nothing


# --- The whole ---


def world_make(
    seed: int,
    ways: Sequence[Fake],
    *,
    fakes: tuple[float, float] = MUCH,
    size: int = 600,
    cheats: float = 0.08,
) -> World:
    """`size` affiliates, of whom a share of `cheats` cheats in one of these ways: a share of their
    orders between these two is fake."""
    chance = np.random.default_rng(seed)
    names = [name for name, one in ARCHETYPES.items() for _i in range(one[0])]
    world, books = World(facts=None, peers={}), {}  # type: ignore[arg-type]
    for pk in range(1, size + 1):
        archetype = str(chance.choice(names))
        kinds = ARCHETYPES[archetype][1]
        kind = str(chance.choice([name for name, often in kinds.items() for _i in range(often)]))
        category = str(chance.choice(CATEGORIES))
        own = pk * 1_000_000
        book = _honest(chance, archetype, category, own)
        if archetype != "tiny" and chance.random() < cheats / 0.85:
            way = ways[int(chance.integers(len(ways)))]
            some = np.flatnonzero(chance.random(len(book.at)) < chance.uniform(*fakes))
            if len(some):
                way(chance, book, some, own)
                world.cheats[pk] = way.__name__
        world.peers[pk], books[pk] = Peer(kind, category), book
        world.worth[pk] = int(book.amount.sum())
    world.facts = _facts(books)
    return world


def _facts(books: dict[int, Book]) -> Facts:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(book, name) for book in books.values()])

    at = column("at")
    # Keys are made anew each month (affiliates.visitors), so nobody is known for longer.
    month = (at // MONTH).astype(int)
    return Facts(
        affiliate=np.repeat([*books], [len(book.at) for book in books.values()]),
        buyer=column("buyer") * 4 + month,
        address=column("address") * 4 + month,
        after=column("after"),
        amount=column("amount"),
        closing=at % MONTH > MONTH - 2,
        block=(at // 2).astype(int),
        settled=column("settled"),
        returned=column("returned"),
        clicks={pk: book.clicks for pk, book in books.items()},
    )
