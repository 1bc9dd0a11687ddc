"""The canonical text of a statement: one line a row, chained by hashes (docs/statements.md).

`docs/verify_statement.py` knows the same columns and shares no code with this.
"""

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from alliance.kernel.exports import cell

VERSION = 1
START = bytes(32)  # the hash before the first line
NO_HEAD = "0" * 64  # what the first statement of an owner names as the head before it
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_TITLE = 60


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a kind of statement: what is told, what is told and summed, and the accounts,
    whose opening figure and rows lead to their closing figure."""

    words: tuple[str, ...]
    figures: tuple[str, ...]
    accounts: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return ("no", "kind", *self.words, *self.figures, *self.accounts)


FORMS: dict[str, Form] = {
    "affiliate": Form(
        words=("day", "reference", "order", "line", "title", "role", "received", "rate_bps"),
        figures=(
            *("estimated", "base", "commission", "share", "subsidy", "tech_fee", "net"),
            *("tax", "paid"),
        ),
        accounts=("payable", "frozen", "debt"),
    ),
    "merchant": Form(
        words=("day", "reference", "order", "line", "title", "rate_bps"),
        figures=("base", "commission", "service_fee", "special_fee", "subsidy"),
        accounts=("wallet", "reserved"),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a statement: its kind, and by column what is to be said; the rest is empty."""

    kind: str
    words: Mapping[str, str | int | date | None] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line says. `previous_head` is the last hash of the statement before."""

    number: str
    kind: str
    owner: int
    owner_name: str
    currency: str
    month: date
    issued_at: datetime
    key_id: str
    previous_number: str = ""
    previous_head: str = NO_HEAD


class Body:
    """The lines of a statement as text, one after the other; sums are taken on the way.

    `closing`, `count` and `by_kind` are known when the last line has been made.
    """

    def __init__(self, head: Head, opening: Mapping[str, int], rows: Iterable[Row]) -> None:
        self.form = FORMS[head.kind]
        self.head, self.opening, self.rows = head, dict(opening), rows
        self.by_kind: dict[str, dict[str, int]] = {}  # kind of row → rows, and sums by column
        self._made = 0

    @property
    def count(self) -> int:
        return sum(sums["rows"] for sums in self.by_kind.values())

    @property
    def closing(self) -> dict[str, int]:
        sums = self._sums()
        return {name: self.opening[name] + sums.get(name, 0) for name in self.form.accounts}

    def _sums(self) -> dict[str, int]:
        totals = dict.fromkeys((*self.form.figures, *self.form.accounts), 0)
        for sums in self.by_kind.values():
            for name in totals:
                totals[name] += sums.get(name, 0)
        return totals

    def lines(self) -> Iterator[str]:
        head, month = self.head, f"{self.head.month:%Y-%m}"
        issued_at = f"{head.issued_at:%Y-%m-%dT%H:%M:%SZ}"
        yield self._line(
            ["statement", VERSION, head.number, head.kind, head.owner, head.owner_name,
             head.currency, month, issued_at, head.key_id, head.previous_number,
             head.previous_head]
        )  # fmt: skip
        yield self._line(self.form.columns[1:])
        yield self._row(Row("opening", {}, self.opening))
        for row in self.rows:
            sums = self.by_kind.setdefault(row.kind, {"rows": 0})
            sums["rows"] += 1
            for name, minor in row.figures.items():
                sums[name] = sums.get(name, 0) + minor
            yield self._row(row)
        yield self._row(Row("closing", {}, self.closing))
        yield self._row(Row("total", {self.form.words[0]: self.count}, self._sums()))

    def _row(self, row: Row) -> str:
        form = self.form
        words = [row.words.get(name) for name in form.words]
        figures = [row.figures.get(name) for name in (*form.figures, *form.accounts)]
        return self._line([row.kind, *words, *figures])

    def _line(self, values: Iterable[object]) -> str:
        self._made += 1
        return ",".join([str(self._made), *map(_field, values)])


def short(title: str) -> str:
    """A title that leaves room for the figures."""
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"


def _field(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = cell(_UNSEEN.sub(" ", str(value)).strip()) if value is not None else ""
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def chained(lines: Iterable[str], head: "Chain") -> Iterator[str]:
    """Each line with its hash behind it, as it stands in the file."""
    for line in lines:
        yield f"{line},{head.add(line)}"


class Chain:
    """hash of a line = SHA-256(hash of the line before it, then the line's text)."""

    def __init__(self) -> None:
        self._last = START

    def add(self, line: str) -> str:
        self._last = hashlib.sha256(self._last + line.encode()).digest()
        return self._last.hex()

    @property
    def head(self) -> str:
        return self._last.hex()


def signed(key_id: str, head: str, signature: str) -> str:
    """The last line of the file."""
    return f"signature,ed25519,{key_id},{head},{signature}"


def read(line: str, form: Form) -> Row:
    """The row of a canonical line, back again (days and rates stay text)."""
    fields = dict(zip(form.columns, next(csv.reader([line])), strict=True))
    return Row(
        fields["kind"],
        {name: fields[name] for name in form.words},
        {name: int(fields[name] or 0) for name in (*form.figures, *form.accounts)},
    )
