"""Drawing lots so that anybody can draw them again: the lot of a name is a hash of seed and name.

The seed is written down before the names are known and published with the result. No order of the
names, no process and no moment changes what was drawn.
"""

import hashlib
from collections.abc import Iterable, Sequence

from alliance.kernel.money import apportion


def lot(seed: str, name: str) -> int:
    """A whole number below 2^256, as good as any other for somebody without the seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{name}".encode()).digest())


def drawn(seed: str, names: Iterable[str], count: int) -> list[str]:
    """The `count` names with the lowest lots; each name once."""
    return sorted(set(names), key=lambda name: (lot(seed, name), name))[:count]


def face_drawn(faces: Sequence[tuple[int, int]], seed: str, name: str) -> int:
    """One of (face, weight) by weight, for the claim of that name.

    ValueError when the weights say nothing.
    """
    total = sum(weight for _face, weight in faces)
    if total <= 0:
        raise ValueError("no face has any weight")
    place = lot(seed, name) % total
    for face, weight in faces:
        place -= weight
        if place < 0:
            return face
    raise ValueError("weights must not be negative")


def stock_by_face(faces: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """`count` coupons shared out over (face, weight): (face, coupons), none lost."""
    parts = apportion(count, [weight for _face, weight in faces])
    return [(face, part) for (face, _weight), part in zip(faces, parts, strict=True)]
