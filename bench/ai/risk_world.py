"""A made-up alliance, in which it is known who cheats and how.

Honest affiliates are of the kinds that simple rules take for cheats: cashback sites (clicks minutes
before the order, the same buyers again and again), group-buy leaders (neighbours of one address
order the same), livestreamers (heaps of one amount), shops' apparel (a third sent back), and many
with a handful of orders.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields

import numpy as np

from aiassist.risk import Facts, Peer

DAYS, MONTH = 90, 30
BEGAN = DAYS - MONTH  # who does something lately does it since
MUCH, LITTLE = (0.25, 0.9), (0.05, 0.2)  # of an affiliate's orders are fake
CATEGORIES = ("apparel", "beauty", "food", "home", "digital", "baby")
Chance = np.random.Generator


@dataclass
class Book:
    """What the alliance sees of one affiliate; a row an order, all of one length."""

    at: np.ndarray  # days since a Monday
    buyer: np.ndarray
    address: np.ndarray
    after: np.ndarray
    amount: np.ndarray
    product: np.ndarray
    received: np.ndarray  # days after the order
    refunded: np.ndarray  # before the settlement
    returned: np.ndarray  # after it
    settled: np.ndarray
    clicks: int
    visitors: int
    usual_after: float  # the median of its own buyers, seconds


@dataclass
class World:
    facts: Facts
    peers: dict[int, Peer]
    cheats: dict[int, str] = field(default_factory=dict)  # the name of what they do
    odd: dict[int, str] = field(default_factory=dict)  # honest, in a way of their own
    worth: dict[int, int] = field(default_factory=dict)  # sum of their orders


# --- Honest ---

# by archetype: how many of a hundred, kinds and how often, median orders, seconds and spread of
# the latency, orders per buyer, share of buyers at one of its own shared addresses, of one amount,
# of buyers who also buy through others, the hour of most orders
ARCHETYPES = {
    "content": (38, {"small": 9, "ka": 1}, 90, 3_600, 1.8, 1.1, 0.03, 0.1, 0.2, 20),
    "cashback": (12, {"traffic": 8, "small": 2}, 220, 300, 1.2, 2.2, 0.03, 0.05, 0.35, 14),
    "leader": (15, {"tuanzhang": 9, "small": 1}, 120, 2_400, 1.2, 1.6, 0.15, 0.4, 0.1, 10),
    "live": (12, {"ka": 6, "small": 4}, 180, 180, 1.3, 1.1, 0.02, 0.7, 0.2, 21),
    "channel": (8, {"channel": 1}, 130, 5_400, 1.8, 1.2, 0.05, 0.1, 0.25, 15),
    "tiny": (15, {"small": 1}, 7, 3_600, 1.8, 1.1, 0.03, 0.1, 0.2, 20),
}
SHOPPERS, OWN, STRANGERS = 20_000, 1_000_000, 900_000_000  # who buys through several affiliates
WEIGHTS = np.exp(np.random.default_rng(0).normal(0, 1, SHOPPERS)).cumsum()
GOODS_DAYS = {"digital": 2.5, "food": 3.0}  # until they are there; else 4


def _honest(chance: Chance, archetype: str, category: str, own: int) -> Book:
    traits = ARCHETYPES[archetype]
    _often, _kinds, usual, seconds, wide, per_buyer, together, one_amount, others, usual_hour = (
        traits
    )
    most = 14 if archetype == "tiny" else 3_000
    n = int(np.clip(usual * np.exp(chance.normal(0, 0.7)), 2, most))
    seconds *= np.exp(chance.normal(0, 0.4))
    hour = (usual_hour + chance.normal(0, 2.5)) % 24
    buyer, address = _buyers(chance, n, per_buyer, together, others, own)
    after = np.minimum(seconds * np.exp(chance.normal(0, wide, n)), 15 * 86_400 - 60)
    later = 0.06 * np.exp(chance.normal(0, 0.5))  # who thinks it over
    after = np.where(chance.random(n) < later, chance.uniform(1, 15, n) * 86_400, after)
    goods = max(3, int(30 * np.exp(chance.normal(0, 0.8))))
    popular = np.arange(1, goods + 1) ** -chance.uniform(0.2, 1.3)
    product = chance.choice(goods, n, p=popular / popular.sum())
    price = np.maximum(500, 9_900 * np.exp(chance.normal(0, 0.7, goods))).astype(int)
    amount = _prices(chance, price[product])
    at = _moments(chance, n, hour)
    if one_amount > 0.3:  # what was shown that evening
        evenings = chance.integers(0, DAYS, max(2, n // 25)) + chance.normal(hour, 1.5) / 24
        evening = chance.integers(len(evenings), size=n)
        at = np.clip(evenings[evening] + chance.uniform(0, 0.15, n), 0, DAYS - 1e-6)
        shown = chance.integers(goods, size=len(evenings))[evening]
        same = chance.random(n) < one_amount
        product, amount = np.where(same, shown, product), np.where(same, price[shown], amount)
    if chance.random() < 0.3:  # who hurries before a period ends, as many honest people do
        hurried = chance.random(n) < chance.uniform(0, 0.25)
        close = MONTH * chance.integers(1, 4, n)
        at = np.where(hurried, close - 1 - chance.integers(0, 6, n) + at % 1 * 0.999, at)
    back = (0.06 if category == "apparel" else 0.012) * (1.5 if archetype == "live" else 1)
    returned = chance.random(n) < chance.beta(20 * back, 20 * (1 - back))
    soon = 0.25 if category == "apparel" else 0.06
    refunded = chance.random(n) < chance.beta(20 * soon, 20 * (1 - soon))
    days = GOODS_DAYS.get(category, 4.0) * np.exp(chance.normal(0, 0.25))
    received = days * np.exp(chance.normal(0, 0.45, n))
    forgot = chance.random(n) < chance.beta(6, 14)  # the shop takes it for received after ten days
    received = np.where(forgot, days + 10 + chance.uniform(0, 0.5, n), received)
    clicks = int(n / np.clip(0.03 * np.exp(chance.normal(0, 0.5)), 0.003, 0.3))
    return Book(
        at=at,
        buyer=buyer,
        address=address,
        after=after,
        amount=amount,
        product=own + product,
        received=received,
        refunded=refunded,
        returned=returned & ~refunded,
        settled=at < DAYS / 2,
        clicks=clicks,
        visitors=int(clicks * chance.beta(14, 6)),
        usual_after=seconds,
    )


def _buyers(
    chance: Chance, n: int, per_buyer: float, together: float, others: float, own: int
) -> tuple[np.ndarray, np.ndarray]:
    """Who buys, and from which address."""
    buyers = max(1, round(n / (1 + (per_buyer - 1) * chance.uniform(0.6, 1.4))))
    buyer = own + 1 + np.arange(buyers)
    address = own + 1000 + np.arange(buyers)
    shared = chance.random(buyers) < together * chance.uniform(0.5, 1.5)
    address[shared] = own + chance.integers(max(1, shared.sum() // 4), size=shared.sum())
    roams = chance.random(buyers) < chance.beta(8 * others, 8 * (1 - others))
    known = np.searchsorted(WEIGHTS, chance.uniform(0, WEIGHTS[-1], buyers))
    buyer = np.where(roams, STRANGERS + known, buyer)
    address = np.where(roams & ~shared, STRANGERS + known, address)
    public = chance.random(buyers) < 0.08  # addresses that many of all affiliates' buyers share
    address = np.where(public, chance.integers(1, 40, size=buyers), address)
    order = chance.integers(buyers, size=n)
    return buyer[order], address[order]


def _prices(chance: Chance, price: np.ndarray) -> np.ndarray:
    """What is paid: the price, or with coupons and several pieces something else."""
    other = chance.random(len(price)) < chance.uniform(0.3, 0.8)
    return np.where(other, price * chance.uniform(0.6, 1.9, len(price)), price).astype(int)


def _moments(chance: Chance, n: int, hour: float) -> np.ndarray:
    """Days, more of them on weekends or fewer, and hours of an affiliate's own liking."""
    hours = np.arange(24)
    apart = np.minimum(abs(hours - hour), 24 - abs(hours - hour))
    liked = 0.25 + np.exp(-(apart**2) / 18) + 0.5 * np.exp(-((hours - 12) ** 2) / 8)
    liked[1:6] *= 0.3
    liked = chance.dirichlet(60 * liked / liked.sum() + 0.05)
    weekend = np.exp(chance.normal(0, 0.4))
    days = np.where(np.arange(DAYS) % 7 >= 5, weekend, 1.0)
    days *= chance.gamma(4, 0.25, DAYS)
    day = chance.choice(DAYS, n, p=days / days.sum())
    return day + (chance.choice(24, n, p=liked) + chance.random(n)) / 24


# --- Cheats: each turns some orders of an honest book into fakes ---

Fake = Callable[[Chance, Book, np.ndarray, int], None]
Odd = Callable[[Chance, Book, int], None]


def _fire(chance: Chance, book: Book, sold: int) -> None:
    """Clicks of masses of people, of whom so many buy; as many of them new as of its own."""
    fired = int(sold / chance.uniform(0.0005, 0.003))
    book.visitors += int(fired * book.visitors / book.clicks)
    book.clicks += fired


def ring(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Friends and second telephones buy: few hands, three to eight to an address."""
    hands = max(1, len(fakes) // int(chance.integers(2, 6)))
    hand = chance.integers(hands, size=len(fakes))
    book.buyer[fakes] = own + 500_000 + hand
    book.address[fakes] = own + 500_000 + hand // int(chance.integers(3, 9))


def flood(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Clicks are fired for masses of people; some buy anyway, at any time of the window."""
    book.after[fakes] = chance.uniform(0, 15 * 86_400, len(fakes))
    _fire(chance, book, len(fakes))


def inject(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """A program fires the click when somebody stands at the till: later than the stand-down."""
    book.after[fakes] = chance.uniform(5.5, 19, len(fakes))


def refund(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Bought, paid out, sent back."""
    book.returned[fakes] = chance.random(len(fakes)) < 0.85
    book.refunded[fakes] &= ~book.returned[fakes]


def heap(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """What is missing to a prize is bought in the last two days, the cheapest thing that counts."""
    price = int(book.amount.min() * chance.uniform(1, 1.5))
    book.product[fakes] = book.product[book.amount.argmin()]
    book.amount[fakes] = price + chance.integers(0, max(2, price // 300), size=len(fakes))
    book.at[fakes] = MONTH * chance.integers(1, 4, size=len(fakes)) - chance.uniform(
        0.01, 1.9, len(fakes)
    )


def mimic(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Flooding that answers as fast as its own people: only the clicks are too many."""
    book.after[fakes] = np.minimum(
        book.usual_after * np.exp(chance.normal(0, 1.5, len(fakes))), 15 * 86_400 - 60
    )
    _fire(chance, book, len(fakes))


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
    which = chance.integers(3, size=len(fakes))
    book.amount[fakes] = prices[which].astype(int)
    book.product[fakes] = own + which
    close = MONTH * chance.integers(1, 4, size=len(fakes))
    book.at[fakes] = close - chance.uniform(0.01, 6.9, len(fakes))


def mixed(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Two or three ways at once, so that none of them is much."""
    ways = [PLAIN[i] for i in chance.permutation(len(PLAIN))[: chance.integers(2, 4)]]
    for way, some in zip(ways, np.array_split(chance.permutation(fakes), len(ways)), strict=True):
        way(chance, book, some, own)


# --- Honest in a way of their own, and known: thresholds were chosen with these in sight ---


def campus(chance: Chance, book: Book, own: int) -> None:
    """Leads a dormitory: all of its buyers live in three houses."""
    book.address[:] = own + 400_000 + chance.integers(3, size=len(book.at))


def regulars(chance: Chance, book: Book, own: int) -> None:
    """Few buyers, who order what they need every other week."""
    book.buyer[:] = own + 400_000 + chance.integers(max(2, len(book.at) // 16), size=len(book.at))
    book.address[:] = book.buyer


def market(chance: Chance, book: Book, own: int) -> None:
    """One thing at one price, in the last evenings of each month."""
    close = MONTH * chance.integers(1, 4, size=len(book.at))
    book.at[:] = close - chance.integers(1, 3, len(book.at)) + chance.uniform(0.8, 0.95)
    book.product[:], book.amount[:] = own, 4_900


def teaser(chance: Chance, book: Book, own: int) -> None:
    """Shows on Mondays what may be bought from Friday on."""
    book.after[:] = chance.uniform(4, 5, len(book.at)) * 86_400
    book.at[:] = book.at // 7 * 7 + 4 + chance.uniform(0.3, 1, len(book.at))
    book.at[:] = np.minimum(book.at, DAYS - 1e-6)


PLAIN: tuple[Fake, ...] = (ring, flood, inject, refund, heap)
TRIED: tuple[Fake, ...] = (mimic, burst)  # thresholds were chosen with these in sight, too
LOOKED: tuple[Fake, ...] = (mixed, patient, early)  # unseen once, and seen since
OWN_WAYS: tuple[Odd, ...] = (campus, regulars, market, teaser)


# --- The whole ---


def world_make(
    seed: int,
    ways: Sequence[Fake],
    *,
    fakes: tuple[float, float] = MUCH,
    size: int = 600,
    cheats: float = 0.08,
    odd: Sequence[Odd] = (),
    lately: bool = False,
    changes: bool = False,
) -> World:
    """`size` affiliates, of whom a share of `cheats` cheats in one of these ways: a share of their
    orders between these two is fake. One in twenty-five of the others is honest in one of `odd`.
    If `lately`, who cheats began a month ago; if `changes`, the odd ones did."""
    chance = np.random.default_rng(seed)
    names = [name for name, one in ARCHETYPES.items() for _i in range(one[0])]
    world, books = World(facts=None, peers={}), {}  # type: ignore[arg-type]
    for pk in range(1, size + 1):
        archetype = str(chance.choice(names))
        kinds = ARCHETYPES[archetype][1]
        kind = str(chance.choice([name for name, often in kinds.items() for _i in range(often)]))
        category = str(chance.choice(CATEGORIES))
        own = pk * OWN
        book = _honest(chance, archetype, category, own)
        if archetype != "tiny" and chance.random() < cheats / 0.85:
            way = ways[int(chance.integers(len(ways)))]
            fake = chance.random(len(book.at)) < chance.uniform(*fakes)
            some = np.flatnonzero(fake & (book.at >= BEGAN) if lately else fake)
            if len(some):
                way(chance, book, some, own)
                if lately:
                    book.at[some] = BEGAN + book.at[some] % MONTH
                world.cheats[pk] = way.__name__
        elif odd and archetype != "tiny" and chance.random() < 0.04:
            one = odd[int(chance.integers(len(odd)))]
            before = deepcopy(book)
            one(chance, book, own)
            if changes:
                book.at[:] = BEGAN + book.at % MONTH
                _keep(book, before, before.at < BEGAN)
            world.odd[pk] = one.__name__
        world.peers[pk], books[pk] = Peer(kind, category), book
        world.worth[pk] = int(book.amount.sum())
    world.facts = _facts(books, world.peers)
    return world


def _keep(book: Book, before: Book, which: np.ndarray) -> None:
    """These orders as they were."""
    for one in fields(Book):
        column = getattr(book, one.name)
        if isinstance(column, np.ndarray):
            column[which] = getattr(before, one.name)[which]


def _facts(books: dict[int, Book], peers: dict[int, Peer]) -> Facts:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(book, name) for book in books.values()])

    at = column("at")
    sizes = [len(book.at) for book in books.values()]
    # Keys are made anew each month (affiliates.visitors), so nobody is known for longer.
    month = (at // MONTH).astype(int)
    fate = np.where(column("returned"), 2, column("refunded").astype(int))
    received = column("received")
    return Facts(
        affiliate=np.repeat([*books], sizes),
        placed=at * 86_400,
        buyer=column("buyer") * 4 + month,
        address=column("address") * 4 + month,
        product=column("product") + 1,
        after=column("after"),
        amount=column("amount"),
        closes=MONTH - at % MONTH,
        received=np.where(at + received < DAYS, received, np.nan),
        fate=np.where(column("settled"), fate, -1),
        clicks={pk: book.clicks for pk, book in books.items()},
        visitors={pk: book.visitors for pk, book in books.items()},
    )
