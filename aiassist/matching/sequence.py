"""What comes next, for few items whose order in time counts.

EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019) on a history in which
the latest counts most, and beside it how often one item followed another within three steps.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import linalg, sparse

RIDGE = 200.0
FORGET = 2.0  # a history's weight falls to 1/e in so many steps
STEPS = 3
FOLLOWED = 0.1  # the weight of what followed beside what goes together
MOST_ITEMS = 20_000  # whose squares are inverted: three gigabytes


class NextItem:
    """`histories`: for each person the items (0 to `items` - 1) in the order of time.

    Raises ValueError for more than MOST_ITEMS items.
    """

    def __init__(
        self,
        histories: Sequence[Sequence[int]],
        items: int,
        *,
        ridge: float = RIDGE,
        followed: float = FOLLOWED,
    ) -> None:
        if items > MOST_ITEMS:
            raise ValueError(f"{items} items are too many to weigh each against each")
        self._items, self._followed = items, followed
        self._together = _weights(_matrix(histories, items, lambda _age: 1.0), ridge)
        self._after = _successions(histories, items)

    def scores(self, histories: Sequence[Sequence[int]]) -> np.ndarray:
        """For each history, how likely each item comes next."""
        recent = _matrix(histories, self._items, lambda age: float(np.exp(-age / FORGET)))
        return recent @ self._together + self._followed * (recent @ self._after).toarray()

    def speaks_most(self, taken: np.ndarray, item: int) -> int | None:
        """Which of the items that somebody took speaks most for this one; None if none does."""
        followed = self._after[taken, item].toarray().ravel() if taken.size else np.zeros(0)
        said = self._together[taken, item] + self._followed * followed
        return int(taken[said.argmax()]) if said.size and said.max() > 0 else None


def _matrix(histories, items: int, weight) -> sparse.csr_matrix:  # type: ignore[no-untyped-def]
    cells = [
        (row, item, weight(age))
        for row, history in enumerate(histories)
        for age, item in enumerate(reversed(history))
    ]
    return _sparse(cells, (len(histories), items))


def _weights(taken: sparse.csr_matrix, ridge: float) -> np.ndarray:
    """How much each item speaks for each other one; none for itself."""
    together = (taken.T @ taken).toarray()
    diagonal = np.diag_indices_from(together)
    together[diagonal] += ridge
    inverse = linalg.inv(together, overwrite_a=True, check_finite=False)
    inverse /= -inverse[diagonal]
    inverse[diagonal] = 0
    return inverse


def _successions(histories: Sequence[Sequence[int]], items: int) -> sparse.csr_matrix:
    cells = [
        (item, history[place + step], 1 / step)
        for history in histories
        for place, item in enumerate(history)
        for step in range(1, min(STEPS, len(history) - place - 1) + 1)
    ]
    followed = _sparse(cells, (items, items))
    often = np.asarray(followed.sum(axis=1)).ravel()
    return (sparse.diags(1 / np.sqrt(np.maximum(often, 1))) @ followed).tocsr()


def _sparse(cells: Iterable[tuple[int, int, float]], shape: tuple[int, int]) -> sparse.csr_matrix:
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    return sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=shape)
