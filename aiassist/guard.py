"""What outsiders write is data on its way to a model, and a model is an outsider on the way back.

Nothing here depends on which model it is, or on what it was told.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from publicsuffixlist import PublicSuffixList

LONGEST = 500  # characters of one text among the facts
MOST = 200  # entries of one list or object among them
_DEEPEST = 8

# What nobody sees: controls, zero-width and bidirectional marks, tags, surrogates, private
# characters; and selectors and fillers, in which whole messages can be hidden.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:[/\\]{2}|mailto:|javascript:)\S+", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])(?:[/:]\S*)?")
_NAME = re.compile(
    r"(?<![\w.-])(?:[\w.+-]+@)?(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?:[/:?#]\S*)?", re.IGNORECASE
)
# A dot that is not written as one: evil。com, evil[.]com, evil点com.
_OTHER_DOT = re.compile(
    r"(?<=[a-z0-9])(?:[。․・点]|\s?[\[({]\s?(?:\.|dot|点)\s?[\])}]\s?)(?=[a-z]{2})", re.IGNORECASE
)


def seen(text: str) -> str:
    """The text without what nobody sees. Line breaks stay, tabs become spaces."""
    plain = text.replace("\t", " ")
    kept = (c for c in plain if c == "\n" or unicodedata.category(c) not in _UNSEEN)
    return _FILLERS.sub("", "".join(kept))


def data(facts: Any) -> Any:
    """Facts for a prompt: each text as it is seen, cut to LONGEST; lists cut to MOST; what JSON
    does not know as its text."""
    return each_text(facts, lambda text: _cut(seen(text)), most=MOST)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def each_text(
    value: Any, change: Callable[[str], str], *, most: int | None = None, depth: int = 0
) -> Any:
    """The same JSON value with each text changed, keys included."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple) and depth == _DEEPEST:
        return None
    if isinstance(value, Mapping):
        pairs = list(value.items())[:most]
        return {
            change(str(key)): each_text(inner, change, most=most, depth=depth + 1)
            for key, inner in pairs
        }
    if isinstance(value, list | tuple):
        return [each_text(inner, change, most=most, depth=depth + 1) for inner in value[:most]]
    return change(str(value))


def without_addresses(text: str, instead: str = "…") -> str:
    """The text with each web or mail address replaced, however it is spelled: with or without a
    scheme, in wide letters, with a Chinese full stop for a dot. Without any it stays as it is."""
    plain = _OTHER_DOT.sub(".", unicodedata.normalize("NFKC", seen(text)))
    found = {one[0] for pattern in (_SCHEME, _NUMBERS) for one in pattern.finditer(plain)}
    found |= {one[0] for one in _NAME.finditer(plain) if _is_host(one[0])}
    for address in sorted(found, key=len, reverse=True):
        plain = plain.replace(address, instead)
    return plain if found else text


def has_address(value: Any) -> bool:
    """Whether an address is anywhere in a JSON value."""
    return bool(each_text(value, without_addresses) != each_text(value, str))


_FIGURE = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_PLACE = re.compile(r"^\s*\d{1,2}[.)、]\s*")


def figures(value: Any) -> set[str]:
    """Every figure in a JSON value, however it is written: its digits, without zeros before and
    behind, so that 1,234.50, 1.234,5 and 123450 minor units are one. A place in a list is none."""
    found: set[str] = set()
    for text in _leaves(value):
        plain = _PLACE.sub(" ", unicodedata.normalize("NFKC", text))
        found |= {re.sub(r"\D", "", one).strip("0") for one in _FIGURE.findall(plain)}
    return found - {""}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield str(value)


def _is_host(name: str) -> bool:
    host = re.split("[/:?#]", name.lower().rpartition("@")[2], maxsplit=1)[0]
    return bool(_suffixes().privatesuffix(host))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
