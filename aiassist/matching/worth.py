"""How far what something is worth may change an order by relevance."""

import numpy as np

LOSS = 0.02  # of the discounted relevance of the first places, at most
WEIGHTS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)  # of the worth, tried from the first


def by_worth(relevance: np.ndarray, worth: np.ndarray, places: int) -> np.ndarray:
    """The order by relevance times a power of the worth: with weight 1 that is what showing it
    earns. The greatest weight is taken that costs the first `places` no more than LOSS of their
    relevance, each place discounted as usual (nDCG). `relevance` falls; so does the order's."""
    plain = np.arange(len(relevance))
    if not relevance.any():
        return plain
    worth = np.maximum(worth, 1e-9) / max(worth.max(), 1e-9)
    discounts = 1 / np.log2(np.arange(2, len(relevance) + 2))
    discounts[places:] = 0
    best = (relevance * discounts).sum()
    for weight in WEIGHTS:
        order = np.argsort(-(relevance * worth**weight), kind="stable")
        if (relevance[order] * discounts).sum() >= (1 - LOSS) * best:
            return order
    return plain
