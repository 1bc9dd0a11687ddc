"""How far long work is, in one shape for every page that waits for a worker.

`templates/parts/progress.html` draws it; the page it stands on asks again by itself while it is
`going`, with htmx for the part and without JavaScript for the whole page (`templates/base.html`
reads `work` of the context).
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total`, in whatever the worker counts; a `total` of 0 is not known (yet).

    `words` say what was done so far, for who reads; `going`: a worker has not ended with it.
    """

    done: int
    total: int
    words: Any
    going: bool = True

    @property
    def percent(self) -> int | None:
        """Whole percent, and not a hundred before the end; None where the total is not known."""
        if not self.going:
            return 100
        return min(self.done * 100 // self.total, 99) if self.total > 0 else None

    @property
    def part_bps(self) -> int | None:
        """The same in basis points, for who writes it."""
        return None if self.percent is None else self.percent * 100
