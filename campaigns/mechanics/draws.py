"""Drawing lots so that anybody can draw them again: the lot of a name is a hash of seed and name.

The seed is written down before the names are known and published with the result. No order of the
names, no process and no moment changes what was drawn.
"""

import hashlib
from collections.abc import Iterable


def lot(seed: str, name: str) -> int:
    """A whole number below 2^256, as good as any other for somebody without the seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{name}".encode()).digest())


def drawn(seed: str, names: Iterable[str], count: int) -> list[str]:
    """The `count` names with the lowest lots; each name once."""
    return sorted(set(names), key=lambda name: (lot(seed, name), name))[:count]
