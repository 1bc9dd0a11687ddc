"""What every format of statement comes to: arrivals with a reference that stays the same."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from alliance.kernel.money import Money

TOO_LARGE = 5 * 1024 * 1024  # bytes of a file
MOST = 2000  # arrivals in a file


@dataclass(frozen=True, slots=True)
class Arrival:
    """Money that came in. `ref` is the bank's own; empty where the bank gives none."""

    ref: str
    amount: Money
    booked_on: date
    text: str
    payer: str = ""
    account: str = ""
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    format: str
    account: str
    arrivals: tuple[Arrival, ...]


def named(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    """Each with a reference. Without the bank's, it is made of what the line says and which of
    several equal lines it is: the same line has the same one in every statement that shows it."""
    seen: Counter[tuple[str, str]] = Counter()
    result = []
    for arrival in arrivals:
        ref = arrival.ref or _fingerprint(arrival)
        seen[arrival.account, ref] += 1
        count = seen[arrival.account, ref]
        result.append(replace(arrival, ref=ref if count == 1 else f"{ref}#{count}"))
    return tuple(result)


def _fingerprint(arrival: Arrival) -> str:
    said = "\n".join(
        (arrival.booked_on.isoformat(), str(arrival.amount), arrival.text, arrival.payer)
    )
    return "line-" + hashlib.sha256(said.encode()).hexdigest()[:32]
