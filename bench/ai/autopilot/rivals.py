"""What the autopilot is measured against: what merchants do today, and the best of one rate."""

import numpy as np

from bench.ai.autopilot import oracle
from bench.ai.autopilot.play import Seen
from bench.ai.autopilot.world import FEE, RATES, Array, World

TIER_STEPS = np.array([1.25, 1.0, 0.8])  # head, mid, tail: the usual price list


class Uniform:
    """One rate for all, always."""

    def __init__(self, rate_bps: float) -> None:
        self._rate = rate_bps

    def decide(self, seen: Seen) -> tuple[Array, Array]:
        size = len(seen.active)
        return np.full(size, self._rate), np.zeros(size, int)


def uniform_in_hindsight(world: World, target: float) -> Uniform:
    """The highest rate (to a hundredth of a bps) whose expected ROI is the target."""
    net, cost = oracle.tables(world)
    net, cost = (a[:, :, ::3].sum(axis=(0, 1)) for a in (net, cost))  # without a coupon
    roi = net / cost
    return Uniform(float(np.round(np.interp(-target, -roi, RATES), 2)))


class Tiers:
    """A price list by tier that would meet the target, if nothing were cancelled or late."""

    def __init__(self, tier: Array, target: float) -> None:
        self._rate = np.round(TIER_STEPS[tier] * 10_000 / (target * (1 + FEE)))

    def decide(self, seen: Seen) -> tuple[Array, Array]:
        return self._rate, np.zeros(len(self._rate), int)


class Proportional:
    """One rate for all, moved each day by how far the reported ROI of four weeks is off."""

    def __init__(self, target: float) -> None:
        self._target, self._rate = target, 10_000 / (target * (1 + FEE))

    def decide(self, seen: Seen) -> tuple[Array, Array]:
        last = slice(-28, None)
        order = seen.gmv[:, last] / np.maximum(seen.orders[:, last], 1)
        kept = (seen.orders - seen.cancels)[:, last] * order
        net = kept.sum() - (seen.refunds[:, last] * order).sum()
        cost = (kept * (seen.rate[:, last] * (1 + FEE) + seen.coupon[:, last]) / 10_000).sum()
        if seen.day > 0 and cost > 0:
            step = np.clip(0.15 * (net / cost / self._target - 1), -0.03, 0.03)
            self._rate = float(np.clip(self._rate * (1 + step), RATES[0], RATES[-1]))
        size = len(seen.active)
        return np.full(size, round(self._rate)), np.zeros(size, int)
