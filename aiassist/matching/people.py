"""Who reaches people alike: what is known of somebody who has not taken anything yet."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

EVERYBODY = 0.05  # the weight of who has nothing in common


class Alike:
    """`traits` of everybody, a set of words each, and what they have `taken`: a row each."""

    def __init__(self, traits: Sequence[Iterable[str]], taken: sparse.csr_matrix) -> None:
        self._places: dict[str, int] = {}
        for some in traits:
            for trait in some:
                self._places.setdefault(trait, len(self._places))
        self._taken = taken.astype(np.float32)
        self._traits = self._matrix(traits)

    def scores(self, traits: Sequence[Iterable[str]]) -> np.ndarray:
        """For each set of traits, how much each item is taken by those who share them."""
        shared = (self._matrix(traits) @ self._traits.T).toarray()
        return (shared + EVERYBODY) @ self._taken

    def _matrix(self, traits: Sequence[Iterable[str]]) -> sparse.csr_matrix:
        known = self._places
        rows = [sorted({known[one] for one in some if one in known}) for some in traits]
        starts = np.cumsum([0, *map(len, rows)])
        columns = np.array([column for row in rows for column in row], np.int32)
        sizes = np.maximum(np.diff(starts), 1)
        values = np.repeat(1 / np.sqrt(sizes), np.diff(starts)).astype(np.float32)
        shape = (len(rows), max(len(known), 1))
        return sparse.csr_matrix((values, columns, starts), shape=shape)
