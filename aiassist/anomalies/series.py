"""A figure by the hour, and which figures tell of the same thing."""

from dataclasses import dataclass, field

import numpy as np

DAY, WEEK = 24, 168  # hours
LOOKED_AT = 4 * WEEK  # past hours by which a series says how much it strays anyway
HISTORY = LOOKED_AT + 8 * WEEK  # hours that are needed for all of it

Key = tuple[str, int | None]  # what is measured; of which campaign, or of everything
Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Series:
    """The last HISTORY hours or fewer, the last of them to be judged; nan where there was nothing
    to count yet.

    `unit`: what one order (or click) adds to the value: 1 for counts, an average for money.
    `worth`: of one of the value, in minor units of what is sold. `kin`: series that rise and fall
    together because they tell of the same. `exposed`: of how many it may be a share, by hour.
    `driver`: of a campaign, the whole's figure that it goes with. `out`: hours of a note that is
    open, which say nothing about what is usual.
    """

    key: Key
    values: Array
    kin: str
    unit: float = 1.0
    worth: float = 0.0
    exposed: Array | None = None
    driver: Array | None = None
    # Buyers buy more readily in a season: by which power of the others' rise it may rise.
    readily: float = 1.5
    leads: bool = False  # it speaks for its kin when others ask whether everything rises
    out: Array | None = field(default=None)

    @property
    def whole(self) -> bool:
        return self.key[1] is None

    @property
    def usable(self) -> Array:
        """The values that may say what is usual."""
        return self.values if self.out is None else np.where(self.out, np.nan, self.values)
