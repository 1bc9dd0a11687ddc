"""Which order lines a refund undoes, when the file does not say: pure, no database.

A shop's export often names only the buyer and the product of a return. It then undoes what that
buyer bought of it before: the latest line that has enough left and cost at least as much apiece,
or, if no single line has, the latest lines together. A refund that fits nowhere fits nowhere whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alliance.kernel.money import apportion


@dataclass(slots=True)
class Bought:
    """An order line as it stands: pieces and money not yet given back."""

    order: str
    line: str
    placed_at: datetime
    unit: Decimal
    pieces: int
    minor: int


@dataclass(frozen=True, slots=True)
class Part:
    bought: Bought
    pieces: int
    minor: int


def match(
    bought: Iterable[Bought], *, pieces: int, minor: int, unit: Decimal, at: datetime
) -> list[Part]:
    """The parts that make up the refund exactly, taken off `bought`; empty if it does not fit.

    `minor` is the whole refund, `unit` its price apiece in major units.
    """
    fitting = [
        one
        for one in bought
        if one.placed_at <= at and one.unit >= unit and one.pieces and one.minor
    ]
    # Same price first, then the latest; `sorted` keeps the file's order between equals.
    fitting.sort(key=lambda one: (one.unit == unit, one.placed_at), reverse=True)
    alone = next((o for o in fitting if o.pieces >= pieces and o.minor >= minor), None)
    parts = [Part(alone, pieces, minor)] if alone else _together(fitting, pieces, minor)
    for part in parts:
        part.bought.pieces -= part.pieces
        part.bought.minor -= part.minor
    return parts


def _together(fitting: Sequence[Bought], pieces: int, minor: int) -> list[Part]:
    taken: list[tuple[Bought, int]] = []
    for one in fitting:
        if pieces_left := pieces - sum(count for _one, count in taken):
            taken.append((one, min(one.pieces, pieces_left)))
    if sum(count for _one, count in taken) < pieces:
        return []
    shares = apportion(minor, [count for _one, count in taken])
    if any(share > one.minor for (one, _n), share in zip(taken, shares, strict=True)):
        return []
    return [
        Part(one, count, share) for (one, count), share in zip(taken, shares, strict=True) if share
    ]
