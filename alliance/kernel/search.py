"""What the search field of every page finds. Each app answers for its own things, in `search.py`,
out of what its queries let the reader see: what is another's is not found, whatever was typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.functional import Promise

from alliance.kernel.http import key_in

MOST = 5  # of one kind
LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """What was typed, and what it may mean."""

    text: str

    @classmethod
    def read(cls, text: str) -> "Asked":
        return cls(" ".join(text.replace("\x00", "").split())[:LONGEST])

    @property
    def searches(self) -> bool:
        """Long enough to look for parts of words; a single Chinese sign is."""
        return len(self.text) > 1 or not self.text.isascii()

    @cached_property
    def key(self) -> int:
        """The plain number, with or without a #; 0 if it is none."""
        return key_in(self.text.removeprefix("#"))

    def numbered(self, prefix: str) -> int:
        """12 of "V12" for the prefix "V", in either case; 0 if it is none."""
        head, rest = self.text[: len(prefix)], self.text[len(prefix) :]
        return key_in(rest) if head.upper() == prefix.upper() else 0

    def is_whole(self, name: str) -> bool:
        """Whether somebody typed all of a number or code, not a part of it."""
        return name.casefold() == self.text.casefold()


@dataclass(frozen=True, slots=True)
class Hit:
    """`exact`: an id that somebody had in hand. A single one is gone to at once."""

    what: str | Promise
    icon: str
    title: str
    url: str
    note: str = ""
    exact: bool = False


def best_first(hits: Iterable[Hit]) -> list[Hit]:
    """Exact ones before others; what two ways lead to, once, by the better one."""
    found: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda hit: not hit.exact):
        found.setdefault(hit.url, hit)
    return list(found.values())
