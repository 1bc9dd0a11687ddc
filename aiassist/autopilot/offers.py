"""Which offers are best together, and how far towards them a day may go."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.autopilot.facts import Array, Guard, Policy


@dataclass(frozen=True)
class Arms:
    """Every offer there is: coupons within rates."""

    rate: Array
    coupon: Array

    @classmethod
    def of(cls, policy: Policy) -> "Arms":
        low, high, grid = policy.min_rate_bps, policy.max_rate_bps, policy.grid_bps
        inside = np.arange(-(-low // grid) * grid, high + 1, grid)
        rates = np.unique(np.concatenate([[low], inside, [high]]))
        coupons = np.array(policy.coupons_bps)
        return cls(np.repeat(rates, len(coupons)), np.tile(coupons, len(rates)))

    def nearest(self, rate: Array, coupon: Array) -> Array:
        """The arms nearest to given offers; the coupon's level comes first."""
        off = np.abs(self.rate - rate[:, None]) + 10 * np.abs(self.coupon - coupon[:, None])
        return np.asarray(np.argmin(off, axis=1))

    def price(self, policy: Policy) -> Array:
        """What an offer costs, as a share of GMV that is paid for."""
        fee = 1 + policy.fee_bps / 10_000
        return np.asarray((self.rate * fee + self.coupon) / 10_000)


@dataclass(frozen=True)
class Multipliers:
    """What a unit of ROI slack, and one of budget, is worth in GMV."""

    roi: float
    budget: float
    target: float

    @property
    def threshold(self) -> float:
        """The marginal ROI at which all offers stop."""
        return (self.roi * self.target + self.budget) / (1 + self.roi)


@dataclass(frozen=True)
class Expected:
    """Units × arms: net GMV and cost of a day, as believed and as supposed for a while.

    What is supposed (a draw from what could be true) chooses; what is believed keeps the account.
    """

    net: Array
    cost: Array
    supposed_net: Array
    supposed_cost: Array

    def score(self, by: Multipliers) -> Array:
        weight = by.roi * by.target + by.budget
        return np.asarray(self.supposed_net * (1 + by.roi) - self.supposed_cost * weight)


def multipliers(
    expected: Expected, allowed: Array, target: float, slack: float, most_cost: float | None,
    held: Array, held_arm: Array,
) -> tuple[Multipliers, Array]:  # fmt: skip
    """The least that meet the target with `slack` (GMV a day) in hand, and the arms they choose.

    `held` units stay on their arm and count all the same.
    """
    rows = np.arange(len(held))

    def chosen(by: Multipliers) -> Array:
        score = np.where(allowed, expected.score(by), -np.inf)
        return np.asarray(np.where(held, held_arm, np.argmax(score, axis=1)))

    def roi_met(by: Multipliers) -> bool:
        arm = chosen(by)
        spare = expected.net[rows, arm].sum() - target * expected.cost[rows, arm].sum()
        return bool(spare + slack >= 0)

    def with_budget(budget: float) -> Multipliers:
        low, high = 0.0, 30.0
        if roi_met(Multipliers(0.0, budget, target)):
            return Multipliers(0.0, budget, target)
        for _ in range(26):
            middle = (low + high) / 2
            met = roi_met(Multipliers(middle, budget, target))
            low, high = (low, middle) if met else (middle, high)
        return Multipliers(high, budget, target)

    found = with_budget(0.0)
    if most_cost is None or expected.cost[rows, chosen(found)].sum() <= most_cost:
        return found, chosen(found)
    low, high = 0.0, 20 * target
    for _ in range(18):
        middle = (low + high) / 2
        found = with_budget(middle)
        within = expected.cost[rows, chosen(found)].sum() <= most_cost
        low, high = (low, middle) if within else (middle, high)
    found = with_budget(high)
    return found, chosen(found)


def marginal_roi(expected: Expected, arms: Arms, arm: Array) -> Array:
    """What the next unit of cost brings in net GMV: between each arm and the next higher rate."""
    rows, levels = np.arange(len(arm)), int((arms.rate == arms.rate[0]).sum())
    low = np.minimum(arm, max(len(arms.rate) - 1 - levels, 0))
    high = np.minimum(low + levels, len(arms.rate) - 1)
    more = expected.net[rows, high] - expected.net[rows, low]
    dearer = expected.cost[rows, high] - expected.cost[rows, low]
    return np.divide(more, dearer, out=np.zeros_like(more), where=dearer > 0)


@dataclass(frozen=True)
class Reach:
    """How far each unit may be moved: today, and at all for now. Rates in bps, by unit."""

    rate: Array  # in force
    coupon: Array
    low: Array
    high: Array
    least: Array
    most: Array
    floor: Array  # the merchant's limits
    ceiling: Array

    @classmethod
    def of(
        cls, rate: Array, coupon: Array, policy: Policy, limits: tuple[Array, Array],
        tried: tuple[Array, Array],
    ) -> "Reach":  # fmt: skip
        """`limits`: the merchant's for each unit; `tried`: the lowest and highest it ever had.

        The merchant's limits come first: a rate outside them, because they were drawn closer, is
        inside at once.
        """
        floor, ceiling = limits
        least = np.clip(tried[0] - policy.max_reach_bps, floor, ceiling)
        most = np.clip(tried[1] + policy.max_reach_bps, floor, ceiling)
        low = np.clip(rate - policy.max_change_bps, floor, ceiling)
        high = np.clip(rate + policy.max_change_bps, floor, ceiling)
        low, high = np.maximum(low, least), np.minimum(high, most)
        return cls(rate, coupon, low, high, least, most, floor, ceiling)

    def allowed(self, arms: Arms) -> Array:
        """Units × arms: what may be aimed at."""
        rate = arms.rate[None]
        return np.asarray((rate >= self.least[:, None]) & (rate <= self.most[:, None]))

    def unraised(self) -> Array:
        """The rates in force, as far as the limits allow."""
        return np.clip(self.rate, self.low, self.high)

    def step(self, rate: Array, coupon: Array, levels: Sequence[int]) -> tuple[Array, Array]:
        """The offers of today on the way to those aimed at."""
        known = np.array(levels)
        here = np.argmin(np.abs(known - self.coupon[:, None]), axis=1)
        there = np.clip(np.searchsorted(known, coupon), here - 1, here + 1)
        return np.clip(rate, self.low, self.high), known[there]

    def guards(self, aimed: Array, given: Array) -> list[Guard]:
        """What kept each unit's rate from going further."""
        found = [Guard.NONE] * len(aimed)
        for row, rate in enumerate(aimed):
            if given[row] != rate:
                found[row] = Guard.CHANGE
            elif rate in (self.floor[row], self.ceiling[row]):
                found[row] = Guard.LIMIT
            elif rate in (self.least[row], self.most[row]):
                found[row] = Guard.REACH
        return found
