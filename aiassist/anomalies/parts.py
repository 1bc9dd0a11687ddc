"""What a change is made of: whose figures differ from their usual share of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Who = TypeVar("Who")
LEAST = 0.2  # of the change: less explains nothing


@dataclass(frozen=True, slots=True)
class Part(Generic[Who]):
    """One whose share of the change this is. More than 1 where others went the other way."""

    who: Who
    value: float
    usual: float
    share: float


def made_of(
    now: Mapping[Who, float], before: Sequence[Mapping[Who, float]], *, usual: float
) -> list[Part[Who]]:
    """Those who make up the difference between the sum of `now` and the `usual` sum, the greatest
    first. Everybody's usual is its share of the hours `before`."""
    change = sum(now.values()) - usual
    past: dict[Who, float] = {}
    for hour in before:
        for who, value in hour.items():
            past[who] = past.get(who, 0.0) + value
    total = sum(past.values())
    found = []
    for who in now.keys() | past.keys():
        value, expected = now.get(who, 0.0), past.get(who, 0.0) / total * usual if total else 0.0
        share = (value - expected) / change if change else 0.0
        if share >= LEAST:
            found.append(Part(who, value, expected, share))
    return sorted(found, key=lambda part: (-part.share, -part.value))
