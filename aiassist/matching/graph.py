"""A filter on the graph of who took what, for many items.

GF-CF (Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021): what was
taken is passed to its neighbours over those who took both, and smoothed by the strongest patterns
of all. No parameter is fitted.
"""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

FACTORS = 256
SMOOTH = 0.3  # the weight of the patterns beside the neighbours, as published
SEED = 618


class GraphFilter:
    """`taken`: a row for each person, a column for each item, above 0 where it was taken.

    `factors` are cut to what the matrix can have. Items that nobody took score 0.
    """

    def __init__(
        self, taken: sparse.csr_matrix, *, factors: int = FACTORS, smooth: float = SMOOTH
    ) -> None:
        taken = taken.astype(np.float32)
        people, items = _weakened(taken, axis=1), _weakened(taken, axis=0)
        passed = sparse.diags(people) @ taken @ sparse.diags(items)
        self._near = (passed.T @ passed).tocsr()
        self._weak, self._smooth = items, smooth
        self._strong = np.divide(1, items, out=np.zeros_like(items), where=items > 0)
        factors = min(factors, min(taken.shape) - 1)
        self._patterns: Any = np.zeros((0, taken.shape[1]), np.float32)
        if factors > 0:
            start = np.random.default_rng(SEED).random(min(taken.shape)).astype(np.float32)
            self._patterns = svds(passed, k=factors, v0=start, return_singular_vectors="vh")[2]

    def scores(self, taken: sparse.csr_matrix) -> np.ndarray:
        """For each row of what somebody took, how well each item goes with it."""
        near = (taken @ self._near).toarray()
        known = (taken @ sparse.diags(self._weak)) @ self._patterns.T
        return near + self._smooth * (known @ self._patterns) * self._strong

    def speaks_most(self, taken: np.ndarray, item: int) -> int | None:
        """Which of the items that somebody took speaks most for this one: of those that somebody
        took together with it. None if nobody did."""
        said = self._near[taken, item].toarray().ravel()
        return int(taken[said.argmax()]) if said.size and said.max() > 0 else None


def _weakened(taken: sparse.csr_matrix, *, axis: int) -> np.ndarray:
    """One over the root of how often: who takes everything says little of each."""
    often = np.asarray(taken.sum(axis=axis)).ravel()
    return np.divide(1, np.sqrt(often), out=np.zeros_like(often), where=often > 0)
