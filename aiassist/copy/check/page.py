"""A folded text that figures are read from, and the clause around each of them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from aiassist.copy.check.figures import number
from aiassist.copy.check.phrases import either, phrases

_CLAUSE = re.compile(r"[。！!?？;；,，\n|]|\.\s")
_REACH = 8  # signs between an amount and the word that says what it is
_SAID = phrases("figures")


class Kind(Enum):
    """What a figure is about."""

    MONEY = auto()
    PAID = auto()  # part of the price that is paid, in percent: 7折 is 70
    OFF = auto()  # part of the price that is saved, in percent
    PERCENT = auto()  # of something else
    DAY = auto()
    HOUR = auto()  # in minutes from midnight
    LEFT = auto()  # of the coupon's time
    SOLD = auto()
    SIZE = auto()  # with its unit
    BARE = auto()


class Role(Enum):
    """What an amount is said to be."""

    PRICE = auto()
    AFTER = auto()
    LIST = auto()
    COUPON = auto()
    THRESHOLD = auto()
    BELOW = auto()  # the price is said to be lower


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure in signs[start:end] of the folded text. `value` is None if it cannot be read."""

    kind: Kind
    start: int
    end: int
    value: Decimal | None = None
    role: Role = Role.PRICE
    unit: str = ""  # of money: the ISO codes that it may be; of what is left: d, h, m, …
    year: int | None = None
    days: tuple[tuple[int, int], ...] = ()  # (month, day), as it may be read
    ends: bool | None = None  # said to be an end, a beginning, or neither
    about: bool = False  # more than, or about


_BEFORE = {Role[name.upper()]: either(some) for name, some in _SAID["roles_before"].items()}
_AFTER = {Role[name.upper()]: either(some) for name, some in _SAID["roles_after"].items()}
_DAYS = {name: either(some) for name, some in _SAID["days"].items()}


class Page:
    """Each pattern takes what it understands and leaves the rest to the next."""

    def __init__(self, signs: str, language: str) -> None:
        self.signs, self.language = signs, language
        self._rest = signs

    def take(
        self, pattern: str, read: Callable[[re.Match[str]], Mention | None]
    ) -> Iterator[Mention]:
        """What `read` makes of the pattern's matches. None leaves one to others."""
        for match in re.finditer(pattern, self._rest):
            mention = read(match)
            if mention is not None:
                self._blank(*match.span())
                yield mention

    def pass_over(self, pattern: str) -> None:
        """Nothing is read from what the pattern matches."""
        for match in re.finditer(pattern, self._rest):
            self._blank(*match.span())

    def _blank(self, start: int, end: int) -> None:
        self._rest = f"{self._rest[:start]}{chr(0) * (end - start)}{self._rest[end:]}"

    def before(self, at: int, reach: int = 24) -> str:
        """The clause up to here."""
        return _CLAUSE.split(self.signs[max(0, at - reach) : at])[-1]

    def after(self, at: int, reach: int = 24) -> str:
        """The clause from here on."""
        return _CLAUSE.split(self.signs[at : at + reach])[0]

    def number(self, written: str | None) -> Decimal | None:
        return number(written, self.language) if written else None

    def role(self, start: int, end: int) -> Role:
        """What the nearest word says that the amount is; a word before it goes first."""
        before, after = self.before(start), self.after(end)
        if said := _nearest(_said_before(before)):
            return said
        if re.match(r"\s?(?:元|块)?的?(?:\S{0,3})券后?\D{0,8}\d", after):
            return Role.COUPON  # of “20元券后到手79” this is the 20
        return _nearest(_said_after(after)) or Role.PRICE

    def ends(self, start: int, end: int) -> bool | None:
        """Whether the clause says that something ends then, or begins; None: neither."""
        before, after = self.before(start), self.after(end)
        hour = r"\s*(?:\d+[点:]\d*)?\s*"
        if re.search(rf"{_DAYS['start_before']}\s*$", before):
            return False
        if re.match(hour + _DAYS["start_after"], after):
            return False
        if re.search(rf"{_DAYS['end_before']}[\s:：]*(?:the )?$", before):
            return True
        near = rf"[^\d]{{0,6}}{_DAYS['end_after']}|{hour}{_DAYS['end_after']}"
        return True if re.match(near, after) else None


_Said = tuple[int, int, Role]  # how far away, how long (negative), what


def _said_before(clause: str) -> Iterator[_Said]:
    for role, words in _BEFORE.items():
        for match in re.finditer(words, clause):
            gap = clause[match.end() :]
            if len(gap) <= _REACH + 4 and not re.search(r"\d", gap):
                yield len(gap), -len(match[0]), role


def _said_after(clause: str) -> Iterator[_Said]:
    """A word that another figure follows belongs to that one."""
    for role, words in _AFTER.items():
        match = re.search(words, clause)
        if match and match.start() <= _REACH and not re.search(r"\d", clause[: match.end() + 3]):
            yield match.start(), -len(match[0]), role


def _nearest(said: Iterator[_Said]) -> Role | None:
    found = min(said, key=lambda one: one[:2], default=None)
    return found[2] if found else None
