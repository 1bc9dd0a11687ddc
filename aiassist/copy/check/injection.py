"""Titles are data. What in them speaks to a program is cut out, and never let through."""

import re
import unicodedata

from aiassist.copy.check import folding
from aiassist.copy.check.phrases import either, phrases

TITLE = 120  # characters of a title that a text may carry
_ORDERS = re.compile(either(phrases("orders")["orders"]))
_BLOB = re.compile(
    r"(?<![\w/])(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])(?=[\w+/]*[\d+/=])[A-Za-z\d+/]{24,}={0,2}"
)
# Signs that turn the direction of writing, and letters that nobody sees.
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]+")
_UNSEEN = re.compile("[\u200b-\u200f\u2060-\u2065\u206a-\u206f\ufeff]")


def spots(text: str) -> list[tuple[int, int]]:
    """Where the text speaks to a program, or hides what it says."""
    folded = folding.plain(text)
    found = [folded.span(*match.span()) for match in _ORDERS.finditer(folded.signs)]
    found += [match.span() for match in _BLOB.finditer(text)]
    found += [match.span() for match in _TURNED.finditer(text)]
    return sorted(found)


def neutralised(title: str) -> str:
    """A title that can stand in a prompt or a text: one line, nothing hidden, no orders in it.

    From an order on nothing is kept: what follows belongs to it. "" if nothing remains.
    """
    visible = _UNSEEN.sub("", _TURNED.sub("", title))
    line = " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in visible).split())
    cut = min((start for start, _ in spots(line)), default=len(line))
    return line[:cut].rstrip(" .,，。;；:：!！-–—|/\\\"'“”{[(（【<")[:TITLE].strip()
