"""Titles are data. What in them speaks to a program is cut out, and never let through."""

import re

from affiliates.pasted import unled
from aiassist import guard
from aiassist.copy.check import folding
from aiassist.copy.check.phrases import either, phrases

TITLE = 120  # characters of a title that a text may carry
_ORDERS = re.compile(either(phrases("orders")["orders"]))
_BLOB = re.compile(
    r"(?<![\w/])(?=\w*[A-Z])(?=\w*[a-z])(?=[\w+/]*[\d=])[A-Za-z\d+]{20,}[A-Za-z\d+/]*={0,2}"
)
# Signs that turn the direction of writing, and letters that nobody sees.
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]+")


def spots(text: str) -> list[tuple[int, int]]:
    """Where the text speaks to a program, or hides what it says."""
    folded = folding.plain(text)
    found = [folded.span(*match.span()) for match in _ORDERS.finditer(folded.signs)]
    found += [match.span() for match in _BLOB.finditer(text)]
    found += [match.span() for match in _TURNED.finditer(text)]
    return sorted(found)


def neutralised(title: str) -> str:
    """A title that can stand in a prompt or a text: harmless, and not too long."""
    return harmless(title)[:TITLE].strip()


def harmless(words: str) -> str:
    """A merchant's words in one line, without what is hidden, orders, links and share codes.

    From an order on nothing is kept: what follows belongs to it. "" if nothing remains.
    """
    line = unled(guard.without_addresses(guard.seen(words), ""))
    cut = min((start for start, _ in spots(line)), default=len(line))
    return line[:cut].rstrip(" .,，。;；:：!！-–—|/\\\"'“”{[(（【<")
