"""Which face each coupon of a stock has. Pure; amounts in minor units.

A stock of weighted faces is a wheel: slot n has the face at place (n - 1) of it, round and round.
So what a stock can cost is known to the cent before it opens, whatever order its slots go in.
"""

import random
from collections.abc import Sequence
from itertools import accumulate
from math import gcd

from alliance.kernel.money import apportion

LONGEST = 1000  # faces on a wheel


def wheel_of(weighted: Sequence[tuple[int, int]], *, size: int, seed: str) -> list[int]:
    """A wheel for `size` slots from (face, weight), shuffled by `seed`.

    The weights are kept exactly where their sum, made as small as it goes, fits on a wheel or in
    the stock; else as closely as the wheel can. Raises ValueError where nothing has any weight.
    """
    faces = [(face, weight) for face, weight in weighted if weight > 0]
    if not faces or min(face for face, _weight in faces) <= 0 or size < 1:
        raise ValueError("a wheel needs faces above zero with weights, and slots")
    divisor = gcd(*(weight for _face, weight in faces))
    whole = sum(weight for _face, weight in faces) // divisor
    places = apportion(min(whole, size, LONGEST), [weight for _face, weight in faces])
    wheel = [
        face for (face, _weight), count in zip(faces, places, strict=True) for _ in range(count)
    ]
    random.Random(seed).shuffle(wheel)  # noqa: S311 - no secret: it is written down
    return wheel


def worth_of(wheel: Sequence[int], size: int) -> int:
    """What `size` slots on this wheel are worth together."""
    turns, rest = divmod(size, len(wheel))
    return turns * sum(wheel) + (list(accumulate(wheel))[rest - 1] if rest else 0)
