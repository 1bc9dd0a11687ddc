"""What is usual among peers: laws of rates that a few frauds among them cannot bend.

Peers differ from each other by more than chance: each has a rate of its own, and the logits of the
rates follow a normal law. It is fitted by likelihood with contamination: each peer is one of the
law, or, with a small chance, anything at all. A peer far off is so left out by as much as it is far
off, and who is near counts whole; a hard cut would make the law too narrow, and honest affiliates
stand out. Many rates are fitted at once, a column each.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc, expit, gammaln, logit, ndtr

ODD = 0.05  # of peers that may be anything
ROUNDS = 25
FITTED = 1_000  # peers say enough, whoever they are
USUAL_SPREAD, DOUBT = 0.5, 3.0  # what is thought of the spread before, as if of so many peers
LEAST_SPREAD, RARE_SPREAD = 0.25, 0.75
RARE = 0.01  # nobody knows of anything how much rarer it is
# Where a rate may lie around its law's centre, in spreads, and how likely.
PLACES = np.linspace(-7, 7, 57)
WEIGHTS = np.exp(-(PLACES**2) / 2) / np.exp(-(PLACES**2) / 2).sum()
RATES = expit(np.linspace(-14, 9, 139))
FAR = 2.0  # nearer than so many deviations, the normal law is near enough


@dataclass(frozen=True, slots=True)
class Laws:
    """Of each rate the centre and spread of its logits among peers."""

    centre: np.ndarray
    spread: np.ndarray

    @property
    def usual(self) -> np.ndarray:
        return expit(self.centre)

    def range(self, rate: int) -> tuple[float, float]:
        """Between which rates nineteen of twenty peers lie."""
        reach = 1.96 * self.spread[rate]
        return float(expit(self.centre[rate] - reach)), float(expit(self.centre[rate] + reach))

    def off(self, k: np.ndarray, n: np.ndarray) -> np.ndarray:
        """How many deviations k of n lie above what is usual, nearly."""
        p = self.usual
        wide = np.sqrt(self.spread**2 + 1 / np.maximum(n * p * (1 - p), 0.3))
        return (logit((k + 0.25) / (n + 0.5)) - self.centre) / wide

    @property
    def weights(self) -> np.ndarray:
        """Of each law (a row) how likely RATES are. A rare thing is rarer still for many peers and
        common for none: a beta law of the same mean and variance says so, and the logits do not."""
        p = expit(self.centre[:, None] + self.spread[:, None] * PLACES)
        mean = (p @ WEIGHTS)[:, None]
        whole = mean * (1 - mean) / ((p - mean) ** 2 @ WEIGHTS)[:, None] - 1
        rare = mean * whole * np.log(RATES) + (1 - mean) * whole * np.log1p(-RATES)
        off = (logit(RATES) - self.centre[:, None]) / self.spread[:, None]
        logs = np.where(self.centre[:, None] > 0, -(off**2) / 2, rare)
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    def tails(self, k: np.ndarray, n: np.ndarray) -> np.ndarray:
        """For each affiliate (a row) and rate (a column) the chance of a peer's k of n or more."""
        chance = ndtr(-self.off(k, n))
        far, rate = np.nonzero((chance < ndtr(-FAR)) & (k > 0))
        k, n = k[far, rate], np.broadcast_to(n, k.shape)[far, rate]
        more = bdtrc(k[:, None] - 1.0, n[:, None], RATES)
        chance[far, rate] = (more * self.weights[rate]).sum(axis=1)
        return chance


def laws_of(k: np.ndarray, n: np.ndarray) -> Laws:
    """The laws of peers of which each (a row) has k of n at each rate (a column)."""
    some = slice(None, None, len(k) // FITTED + 1)
    k, n = k[some].astype(float), np.broadcast_to(n, k.shape)[some].astype(float)
    pooled = (k.sum(axis=0) + 0.5) / (n.sum(axis=0) + 1)
    own = (k + pooled) / (n + 1)
    centre = first = (np.median(logit(own), axis=0) + logit(pooled)) / 2
    spread = np.full(k.shape[1], USUAL_SPREAD)
    choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    odd = np.log(ODD) - np.log(n + 1)
    at = logit(own)
    for _round in range(ROUNDS):
        at, tight = _likeliest(at, k, n, centre, spread)
        p = expit(at)
        likely = choices + k * np.log(p) + (n - k) * np.log1p(-p)
        likely += -(((at - centre) / spread) ** 2) / 2 - np.log(spread) - np.log(tight) / 2
        honest = expit(np.log1p(-ODD) + likely - odd)
        weight = honest.sum(axis=0)
        centre = ((honest * at).sum(axis=0) + 0.5 * first) / (weight + 0.5)
        apart = (honest * ((at - centre) ** 2 + 1 / tight)).sum(axis=0)
        spread = np.sqrt((apart + DOUBT * USUAL_SPREAD**2) / (weight + DOUBT))
        spread = np.maximum(spread, LEAST_SPREAD)
    raised = np.maximum(centre, logit(RARE))
    rare = np.maximum(spread - (raised - centre) / 1.96, RARE_SPREAD)
    return Laws(raised, np.where(raised > centre, rare, spread))


def _likeliest(
    at: np.ndarray, k: np.ndarray, n: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each peer's likeliest logit, two steps from `at`, and how sharply it is known there."""
    for _step in range(2):
        p = expit(at)
        tight = n * p * (1 - p) + 1 / spread**2
        at = at + np.clip((k - n * p - (at - centre) / spread**2) / tight, -1.5, 1.5)
    p = expit(at)
    return at, n * p * (1 - p) + 1 / spread**2
