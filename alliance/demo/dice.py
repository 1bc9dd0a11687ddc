"""Chance that comes out the same everywhere.

`random.Random.random()` is the one method whose sequence Python promises to keep between versions;
the others (choice, shuffle, gauss) may change. So everything here is made of it, and of arithmetic
that IEEE 754 defines to the last bit.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Dice:
    """One named stream of chance. Another name is another stream, so parts grow on their own."""

    def __init__(self, *name: str | int) -> None:
        seed = "/".join(map(str, ("taoke", 618, *name)))
        self.roll = Random(seed).random  # noqa: S311 - play, not secrets

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self.roll() * n)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, bps: int) -> bool:
        """True in `bps` of 10,000 cases."""
        return self.roll() * 10_000 < bps

    def pick(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """`count` different things (all of them if there are fewer), in their own order."""
        left = list(range(len(things)))
        taken = [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]
        return [things[index] for index in sorted(taken)]


class Urn(Generic[T]):
    """Things with weights, drawn in logarithmic time."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self._things = things
        self._steps = list(accumulate(weights))

    def draw(self, dice: Dice) -> T:
        index = bisect_right(self._steps, dice.roll() * self._steps[-1])
        return self._things[min(index, len(self._things) - 1)]


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` in proportion to the weights: whole numbers that add up to it exactly."""
    steps = list(accumulate(weights))
    marks = [0, *(round(total * step / steps[-1]) for step in steps)]
    return [after - before for before, after in pairwise(marks)]
