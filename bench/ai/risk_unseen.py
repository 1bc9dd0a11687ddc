"""Ways of cheating, and of being honest, that were written after the scorer was frozen.

Nothing in `aiassist.risk` was chosen with these in sight. Who changes the scorer after a look at
what becomes of them has to write others.
"""

import numpy as np

from bench.ai.risk_world import DAYS, MONTH, STRANGERS, Book, Chance, Fake

# --- Cheats ---


def brandbid(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Advertises under the shop's own name: whoever was on the way there anyway clicks."""
    book.after[fakes] = 150 * np.exp(chance.normal(0, 0.6, len(fakes)))
    clicks = int(len(fakes) / chance.uniform(0.15, 0.4))
    book.clicks, book.visitors = book.clicks + clicks, book.visitors + int(clicks * 0.9)


def voucher(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Gift cards in a circle: one product and amount, rotating accounts behind public addresses."""
    accounts = max(4, len(fakes) // 5)
    book.buyer[fakes] = own + 600_000 + chance.integers(accounts, size=len(fakes))
    book.address[fakes] = chance.integers(1, 40, size=len(fakes))
    book.product[fakes], book.amount[fakes] = own + 900, 50_000
    book.received[fakes] = chance.uniform(0.01, 0.4, len(fakes))


def pixel(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """The link loads as a picture on pages that the same people open again and again."""
    book.after[fakes] = np.minimum(chance.exponential(3 * 86_400, len(fakes)), 15 * 86_400 - 60)
    clicks = int(len(fakes) / chance.uniform(0.004, 0.01))
    book.clicks, book.visitors = book.clicks + clicks, book.visitors + int(clicks * 0.4)


def swap(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """A chat of forty people who buy through each other's links what they need anyway."""
    chat = STRANGERS + 50_000 + 40 * int(chance.integers(3))
    friend = chat + chance.integers(40, size=len(fakes))
    book.buyer[fakes], book.address[fakes] = friend, friend
    book.after[fakes] = 200 * np.exp(chance.normal(0, 0.7, len(fakes)))


def inflate(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Bought in the last days for a rank, sent back before the settlement."""
    book.refunded[fakes] = chance.random(len(fakes)) < 0.7
    book.returned[fakes] = False
    close = MONTH * chance.integers(1, 4, size=len(fakes))
    book.at[fakes] = close - chance.uniform(0.01, 5, len(fakes))


def split(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """A dealer's bulk order, cut into single ones in one go, a few times in a quarter."""
    deals = chance.uniform(0, DAYS - 1, max(1, len(fakes) // 30))
    deal = chance.integers(len(deals), size=len(fakes))
    book.at[fakes] = deals[deal] + chance.uniform(0, 0.08, len(fakes))
    book.buyer[fakes] = book.address[fakes] = own + 700_000 + deal
    book.product[fakes] = own + deal % 3
    book.amount[fakes] = book.amount.mean() * (1 + deal % 3)


def double(chance: Chance, book: Book, fakes: np.ndarray, own: int) -> None:
    """Each fake is a copy of one of its own real orders, by a buyer of whom nothing is known: there
    is no trace of it in anything that is looked at."""
    model = chance.integers(len(book.at), size=len(fakes))
    for column in (book.at, book.after, book.product, book.received):
        column[fakes] = column[model]
    book.at[fakes] = np.clip(
        book.at[fakes] + chance.normal(0, 1, len(fakes)).round(), 0, DAYS - 0.1
    )
    book.amount[fakes] = book.amount[model]


# --- Honest ---


def offices(chance: Chance, book: Book, own: int) -> None:
    """Sells to a handful of offices, who order every week from one address each."""
    office = chance.integers(max(3, len(book.at) // 8), size=len(book.at))
    book.buyer[:] = own + 800_000 + 4 * office + chance.integers(2, size=len(office))
    book.address[:] = own + 800_000 + office
    weekend = (book.at // 1 % 7) >= 5
    book.at[weekend] = np.maximum(book.at[weekend] - 2, 0)


def drops(chance: Chance, book: Book, own: int) -> None:
    """One thing a month, for which its followers wait: all within an hour, for one price."""
    drop = chance.uniform(2, 28, 3) + MONTH * np.arange(3)
    which = chance.integers(3, size=len(book.at))
    book.at[:] = drop[which] + chance.uniform(0, 0.05, len(which))
    book.product[:] = own + which
    book.amount[:] = (9_900 + 2_000 * which).astype(int)
    book.after[:] = 90 * np.exp(chance.normal(0, 0.8, len(which)))


NEW: tuple[Fake, ...] = (brandbid, voucher, pixel, swap, inflate, split, double)
ODD = (offices, drops)
