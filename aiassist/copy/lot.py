"""Which angle stands first for a product: by lot, or the chosen one; a tenth never changes."""

from collections.abc import Collection
from datetime import date
from hashlib import sha256

from aiassist.models import Angle

FIRST = Angle.PRICE  # the yardstick: the hold-out always gets it
HELD_OUT = 10  # per cent of products and weeks


def drawn_angle(
    *,
    affiliate: int,
    product: int,
    channel: str,
    language: str,
    day: date,
    chosen: str = "",
    stopped: Collection[str] = (),
) -> str:
    """The same all week, another week perhaps another. `stopped` angles are not drawn."""
    year, week, _weekday = day.isocalendar()
    said = f"{affiliate}/{product}/{channel}/{language}/{year}-{week}"
    number = int.from_bytes(sha256(said.encode()).digest()[:8])
    held_out, rest = number % 100 < HELD_OUT, number // 100
    if held_out:
        return FIRST
    if chosen and chosen not in stopped:
        return chosen
    among = [angle for angle in Angle.values if angle == FIRST or angle not in stopped]
    return among[rest % len(among)]
