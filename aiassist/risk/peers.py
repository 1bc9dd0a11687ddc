"""What is usual among peers: a beta-binomial law that a few frauds among them cannot bend.

Peers differ from each other by more than chance: each has a rate of its own, and the rates follow a
beta law. It is fitted by likelihood with contamination: each peer is one of the law, or, with a
small chance, anything at all. A peer far off is so left out by as much as it is far off, and who is
near counts whole; a hard cut would make the law too narrow, and honest affiliates stand out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, betaln, expit, gammaln, logit

ODD = 0.05  # of peers that may be anything
TRIMMED = 0.01  # who has a smaller chance than that takes no part in the second fit
LEAST_SPREAD, MOST_SPREAD = 1e-4, 0.6


@dataclass(frozen=True, slots=True)
class Law:
    """Rates of peers: their mean, and how far apart they lie (0: all alike, 1: all or nothing)."""

    mean: float
    spread: float

    @property
    def shape(self) -> tuple[float, float]:
        whole = (1 - self.spread) / self.spread
        return self.mean * whole, (1 - self.mean) * whole

    @property
    def range(self) -> tuple[float, float]:
        """Between which rates nineteen of twenty peers lie."""
        low, high = betaincinv(*self.shape, [0.025, 0.975])
        return float(low), float(high)

    def tail(self, k: int, n: int, *, few: bool = False) -> float:
        """The chance that one of these peers has k of n or more; if `few`, k or fewer."""
        counts = np.arange(0, k + 1) if few else np.arange(k, n + 1)
        return float(min(np.exp(_logs(counts, np.full(len(counts), n), *self.shape)).sum(), 1.0))


def law_of_most(counts: Sequence[tuple[int, int]], *, few: bool = False) -> Law:
    """The law of peers (k, n), fitted again without those whom it gives no chance."""
    law = law_of(*zip(*counts, strict=True))
    kept = [one for one in counts if law.tail(*one, few=few) >= TRIMMED]
    return law if len(kept) == len(counts) else law_of(*zip(*kept, strict=True))


def law_of(k: Sequence[int] | np.ndarray, n: Sequence[int] | np.ndarray) -> Law:
    """The law of peers of which each has k of n (n above 0)."""
    k, n = np.asarray(k, float), np.asarray(n, float)
    usual = (np.median(k / n) * len(n) + k.sum() / n.sum()) / (len(n) + 1)
    start = np.array([logit(np.clip(usual, 1e-3, 1 - 1e-3)), logit(0.05)])
    free, odd = _choices(k, n), np.log(ODD) - np.log(n + 1)

    def unlikely(at: np.ndarray) -> float:
        law = _law(at)
        honest = np.log1p(-ODD) + free + _betas(k, n, *law.shape)
        doubt = ((at - start) ** 2 / (2 * np.array([9.0, 4.0]))).sum()
        return float(-np.logaddexp(honest, odd).sum() + doubt)

    from scipy.optimize import minimize  # only a night's reckoning waits for it to load

    return _law(minimize(unlikely, start, method="Nelder-Mead", options={"maxiter": 300}).x)


def _law(at: np.ndarray) -> Law:
    return Law(
        float(np.clip(expit(at[0]), 1e-6, 1 - 1e-6)),
        float(np.clip(expit(at[1]), LEAST_SPREAD, MOST_SPREAD)),
    )


def _logs(k: np.ndarray, n: np.ndarray, a: float, b: float) -> np.ndarray:
    return _choices(k, n) + _betas(k, n, a, b)


def _choices(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _betas(k: np.ndarray, n: np.ndarray, a: float, b: float) -> np.ndarray:
    return betaln(k + a, n - k + b) - betaln(a, b)
