"""What could be had by one who knows every curve, and every day's demand beforehand.

For each affiliate and block of days one arm (rate and coupon) of the full grid, so that the net
GMV is the largest that meets the target (and the budget) over the whole time: the linear
relaxation of a multiple-choice knapsack, solved by its multipliers. No inertia, no guardrails, no
fixed group: a bound for any policy rather than a policy.
"""

from dataclasses import dataclass

import numpy as np

from bench.ai.autopilot.world import COUPONS, FEE, HISTORY, RATES, Array, World

BLOCK = 10  # days for which an arm is kept


@dataclass
class Best:
    """GMV and cost in minor units; `arm` has a number for each affiliate and block."""

    gmv: float
    cost: float
    arm: Array


def tables(world: World) -> tuple[Array, Array]:
    """Net GMV and cost of each affiliate, block and arm; arms run through coupons, then rates."""
    blocks = -(-world.days // BLOCK)
    log_rate = np.broadcast_to(np.log(RATES), (world.size, len(RATES)))
    pull = world.coupon_log(np.broadcast_to(COUPONS, (world.size, len(COUPONS))))
    price = (RATES[:, None] * (1 + FEE) + COUPONS[None, :]).ravel() / 10_000
    net = np.zeros((world.size, blocks, len(price)))
    cost = np.zeros_like(net)
    for block in range(blocks):
        days = range(block * BLOCK, min(world.days, (block + 1) * BLOCK))
        for day in days:
            kept, back = _kept(world, day)
            answer = world.response(day, log_rate) * (1 + world.quality[:, None])
            factor = np.exp(answer[:, :, None] + pull[:, None, :]).reshape(world.size, -1)
            net[:, block] += (kept - back)[:, None] * factor
            cost[:, block] += kept[:, None] * factor * price
    return net, cost


def _kept(world: World, day: int) -> tuple[Array, Array]:
    """Of the first rate: GMV that is not cancelled, and what of it is given back."""
    cancelled, refunded = world.lost(day)
    base = world.clicks * world.demand[:, day + HISTORY] * world.active(day)
    gross = base * world.conversion * world.value
    return gross * (1 - cancelled), gross * refunded


def best(world: World, target: float, budget: float | None = None) -> Best:
    """The most GMV whose ROI is `target`, at a cost of at most `budget`."""
    if world.stolen:
        return _best_of_rivals(world, target)
    return chosen(*tables(world), target, budget)


def chosen(net: Array, cost: Array, target: float, budget: float | None = None) -> Best:
    """The relaxation's optimum over tables of net GMV and cost by affiliate, block and arm."""
    found = _by_target(net, cost, target, 0.0)
    if budget is None or found.cost <= budget:
        return found
    low, high = 0.0, 2 * target
    for _ in range(40):
        middle = (low + high) / 2
        found = _by_target(net, cost, target, middle)
        low, high = (middle, high) if found.cost > budget else (low, middle)
    return _by_target(net, cost, target, high)


def _by_target(net: Array, cost: Array, target: float, dear: float) -> Best:
    """The target's multiplier by bisection; what is left between two arms is shared out."""

    def at(weight: float) -> tuple[float, float, Array]:
        arm = np.argmax(net * (1 + weight) - cost * (weight * target + dear), axis=2)[:, :, None]
        gains, costs = (np.take_along_axis(a, arm, 2).sum() for a in (net, cost))
        return float(gains), float(costs), arm[:, :, 0]

    low, high = 0.0, 60.0
    if (start := at(low))[0] >= target * start[1]:
        return Best(*start)
    for _ in range(50):
        middle = (low + high) / 2
        gains, costs, _arm = at(middle)
        low, high = (low, middle) if gains >= target * costs else (middle, high)
    under, over = at(low), at(high)
    short, spare = under[0] - target * under[1], over[0] - target * over[1]
    share = spare / (spare - short) if spare > short else 0.0
    gmv = share * under[0] + (1 - share) * over[0]
    paid = share * under[1] + (1 - share) * over[1]
    return Best(gmv, paid, over[2])


def _best_of_rivals(world: World, target: float) -> Best:
    """Where affiliates take from each other, an arm is worth less by what it takes from its group.

    For each multiplier of the target a damped first-order search, judged with the true interaction.
    """
    net, cost = tables(world)
    pulls, base = _pulls(world)
    of_group = np.eye(world.group.max() + 1)[:, world.group]
    before = np.maximum(of_group @ base, 1e-9)

    def at(weight: float) -> tuple[float, float, Array]:
        crowd, worth = np.ones_like(before), np.zeros_like(before)
        value = net * (1 + weight) - cost * weight * target
        for _ in range(10):
            press = crowd**-world.stolen
            charge = world.stolen * press / crowd * worth / before
            arm = np.argmax(
                press[world.group, :, None] * value - charge[world.group, :, None] * pulls, axis=2
            )[:, :, None]
            crowd = (crowd + of_group @ _at(pulls, arm) / before) / 2
            worth = of_group @ _at(value, arm)
        press = (of_group @ _at(pulls, arm) / before)[world.group] ** -world.stolen
        return float((press * _at(net, arm)).sum()), float((press * _at(cost, arm)).sum()), arm

    low, high = 0.0, 20.0
    for _ in range(14):
        middle = (low + high) / 2
        gains, costs, _arm = at(middle)
        low, high = (low, middle) if gains >= target * costs else (middle, high)
    gains, costs, arm = at(high)
    return Best(gains, costs, arm[:, :, 0])


def _at(table: Array, arm: Array) -> Array:
    return np.asarray(np.take_along_axis(table, arm, 2)[:, :, 0])


def _pulls(world: World) -> tuple[Array, Array]:
    """Clicks by affiliate, block and arm before any are taken, and those of the first rate."""
    blocks = -(-world.days // BLOCK)
    base = np.zeros((world.size, blocks))
    for day in range(world.days):
        base[:, day // BLOCK] += world.clicks * world.demand[:, day + HISTORY] * world.active(day)
    answer = world.response(0, np.broadcast_to(np.log(RATES), (world.size, len(RATES))))
    pull = 0.4 * world.coupon_log(np.broadcast_to(COUPONS, (world.size, len(COUPONS))))
    factor = np.exp(answer[:, :, None] + pull[:, None, :]).reshape(world.size, 1, -1)
    return base[:, :, None] * factor, base
