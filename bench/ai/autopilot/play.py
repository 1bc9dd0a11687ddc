"""A world played day by day: what a policy may see, what it decides, and what came of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.ai.autopilot.world import (
    AGES,
    BEFORE,
    CANCEL_LAGS,
    FEE,
    FIRST_BPS,
    HISTORY,
    ORDER_LAGS,
    REFUND_LAG,
    Array,
    World,
)


def _delays(fade: float, lags: range) -> Array:
    """Shares of what happens after so many days; nothing before the first of `lags`."""
    share = np.array([0.0] * lags.start + [fade**lag for lag in lags])
    return np.asarray(share / share.sum())


ORDER_DELAY = _delays(0.55, range(ORDER_LAGS))
CANCEL_DELAY = _delays(0.82, range(1, CANCEL_LAGS + 1))


@dataclass
class Seen:
    """What the books of a merchant show on the morning of `day`; rows are affiliates.

    Columns are the days of the clicks, the history's first, up to yesterday. `aged` has, over all
    affiliates, a row for each day of clicks and a column for each age in days: orders, cancels and
    refunds. Amounts are minor units.
    """

    day: int
    active: Array
    rate: Array
    coupon: Array
    clicks: Array
    orders: Array
    cancels: Array
    refunds: Array
    gmv: Array
    aged: tuple[Array, Array, Array]


class Policy(Protocol):
    def decide(self, seen: Seen) -> tuple[Array, Array]:
        """Rates and coupons in bps, one for each affiliate, for the clicks of `seen.day`."""


@dataclass
class Outcome:
    """Of each affiliate and decided day: what was offered, and what came of it in the end."""

    rate: Array
    coupon: Array
    net: Array  # minor units: neither cancelled nor given back
    cost: Array  # minor units: commission, fee, coupons

    @property
    def gmv(self) -> float:
        return float(self.net.sum())

    @property
    def roi(self) -> float:
        return float(self.net.sum() / self.cost.sum())

    @property
    def changes(self) -> float:
        """Of the rate, a day and affiliate."""
        return float((np.diff(self.rate, axis=1) != 0).mean())

    def low_windows(self, target: float, days: int = 14) -> float:
        """The share of windows whose ROI is more than a twentieth below the target."""
        net, cost = (
            np.convolve(a.sum(axis=0), np.ones(days), "valid") for a in (self.net, self.cost)
        )
        return float((net / cost < 0.95 * target).mean())


def played(world: World, policy: Policy, noise: int = 0, *, history: bool = False) -> Outcome:
    """The same outcome for the same world, policy and `noise`. With `history`, that of the days
    before the first decided one, too."""
    chance = np.random.default_rng([world.seed, noise, 1])
    size, total = world.size, HISTORY + world.days
    rate, coupon = np.full((size, total), FIRST_BPS), np.zeros((size, total), int)
    clicks = np.zeros((size, total), int)
    value = np.zeros((size, total))
    coming = np.zeros((3, size, total, AGES), np.int32)  # orders, cancels, refunds by age
    known = np.zeros((3, size, total), np.int64)
    impression = np.full(size, BEFORE)
    for column in range(total):
        day = column - HISTORY
        _reveal(coming, known, column)
        if day >= 0:
            seen = _seen(world, column, rate, coupon, clicks, known, value, coming)
            rate[:, column], coupon[:, column] = policy.decide(seen)
        keep = world.inertia if column else 0
        impression = keep * impression + (1 - keep) * np.log(rate[:, column])
        clicks[:, column], value[:, column] = _day(
            world, chance, day, impression, coupon[:, column], coming[:, :, column]
        )
    since = 0 if history else HISTORY
    ends = coming.sum(axis=3)[:, :, since:] * value[None, :, since:]
    kept = ends[0] - ends[1]
    offered, given = rate[:, since:], coupon[:, since:]
    cost = kept * (offered * (1 + FEE) + given) / 10_000
    return Outcome(offered, given, kept - ends[2], cost)


def expected(world: World, day: int, impression: Array, coupon: Array) -> tuple[Array, Array]:
    """Clicks and conversion to be expected of each affiliate."""
    answer = world.response(day, impression)
    pull = world.coupon_log(coupon)
    base = world.clicks * world.demand[:, day + HISTORY] * world.active(day)
    clicks = base * np.exp(answer + 0.4 * pull)
    if world.stolen:
        clicks *= taken(world, base, clicks) ** -world.stolen
    return clicks, np.minimum(world.conversion * np.exp(world.quality * answer + 0.6 * pull), 0.6)


def taken(world: World, base: Array, clicks: Array) -> Array:
    """How far each affiliate's group draws more than it did without the rates' doing."""
    before = np.bincount(world.group, base)
    return np.asarray((np.bincount(world.group, clicks) / np.maximum(before, 1e-9))[world.group])


def _day(
    world: World,
    chance: np.random.Generator,
    day: int,
    impression: Array,
    coupon: Array,
    coming: Array,
) -> tuple[Array, Array]:
    """Draws the day's clicks and all that will come of them."""
    mean, conversion = expected(world, day, impression, coupon)
    clicks = chance.poisson(mean)
    orders = chance.binomial(clicks, conversion)
    coming[0, :, :ORDER_LAGS] = chance.multinomial(orders, ORDER_DELAY)
    cancelled, refunded = world.lost(day)
    for lag in range(ORDER_LAGS):
        ordered = coming[0, :, lag]
        dead = chance.binomial(ordered, cancelled)
        back = chance.binomial(ordered - dead, np.minimum(refunded / (1 - cancelled), 1))
        coming[1, :, lag : lag + CANCEL_LAGS + 1] += chance.multinomial(dead, CANCEL_DELAY)
        coming[2, :, lag + REFUND_LAG] += back
    shape = 4.0 * np.maximum(orders, 1)
    return clicks, world.value * chance.gamma(shape) / shape


def _reveal(coming: Array, known: Array, column: int) -> None:
    """Yesterday's facts are known in the morning."""
    days = np.arange(max(0, column - AGES), column)
    known[:, :, days] += coming[:, :, days, column - 1 - days]


def _seen(
    world: World, column: int, rate: Array, coupon: Array, clicks: Array, known: Array,
    value: Array, coming: Array,
) -> Seen:  # fmt: skip
    days, ages = np.arange(column)[:, None], np.arange(AGES)[None, :]
    aged = np.where(days + ages < column, coming[:, :, :column].sum(axis=1), 0)
    orders, cancels, refunds = known[:, :, :column]
    return Seen(
        day=column - HISTORY,
        active=world.active(column - HISTORY),
        rate=rate[:, :column],
        coupon=coupon[:, :column],
        clicks=clicks[:, :column],
        orders=orders,
        cancels=cancels,
        refunds=refunds,
        gmv=orders * value[:, :column],
        aged=(aged[0], aged[1], aged[2]),
    )
