"""What suits somebody by what they took: what those alike took, and what is like it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from aiassist.matching.graph import GraphFilter
from aiassist.matching.sequence import NextItem

FEW_ITEMS = 4_000  # up to here the order in time is weighed as well: a matter of seconds
NEW = 2.0  # the weight of what nobody took: docs/matching.md says what it costs and brings
NEW_MOST = 0.9  # and never as much as the best of what is known


class Matcher:
    """`histories`: for each person the items (0 to `known` - 1) that they took, the first one
    first. `like`: for each new item the known ones it is like (`Content.alike`)."""

    def __init__(
        self,
        histories: Sequence[Sequence[int]],
        known: int,
        like: sparse.csr_matrix,
        *,
        few: int = FEW_ITEMS,
    ) -> None:
        self._known, self._like = known, like
        self._model: Any = None
        if len(histories) > 1 and known:
            if known <= few:
                self._model = NextItem(histories, known)
            else:
                self._model = GraphFilter(matrix(histories, known))

    def scores(self, histories: Sequence[Sequence[int]]) -> np.ndarray:
        """A row for each history, a column for each known item and then for each new one: 1 for the
        best, 0 for what does not suit or is theirs already."""
        scores = self._of_known(histories)
        own = matrix(histories, self._known)
        own = sparse.diags(1 / np.sqrt(np.maximum(own.sum(axis=1).A1, 1))) @ own
        # What somebody took speaks for what is like it, together with what goes with it.
        fresh = (self._like @ (scores + own.toarray()).T).T
        return np.hstack([scores, np.minimum(NEW * fresh, NEW_MOST)])

    def speaks_most(self, taken: Sequence[int], item: int) -> int | None:
        """Which of what somebody took speaks most for this item: for a known one what goes with it,
        for a new one what it is like. None if nothing does."""
        own = np.array(taken, int)
        if item < self._known:
            return None if self._model is None else self._model.speaks_most(own, item)
        row = self._like[item - self._known]
        theirs = np.isin(row.indices, own)
        return int(row.indices[(row.data * theirs).argmax()]) if theirs.any() else None

    def _of_known(self, histories: Sequence[Sequence[int]]) -> np.ndarray:
        if self._model is None:
            return np.zeros((len(histories), self._known), np.float32)
        in_order = isinstance(self._model, NextItem)
        asked = histories if in_order else matrix(histories, self._known)
        scores = np.maximum(np.array(self._model.scores(asked), np.float32), 0)
        for row, history in enumerate(histories):
            scores[row, history] = 0
            most = scores[row].max(initial=0)
            scores[row] = scores[row] / most if most > 0 and history else 0
        return scores


def matrix(histories: Sequence[Sequence[int]], items: int) -> sparse.csr_matrix:
    """1 where somebody took something."""
    rows = [sorted(set(history)) for history in histories]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([item for row in rows for item in row], np.int32)
    values = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), items))
