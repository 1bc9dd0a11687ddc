"""The rest of a task, played many times: how many valid orders it ends with, and what they come to.

Two levels. The outer draws what is not known: the affiliate's pace, whether it has fallen silent,
what part is lost. The inner draws what chance does with it. A probability is a mean over all; its
interval says how much the probability itself depends on what is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aiassist.odds.usual import LOSS_WEIGHT, Track, Usual, belief, burst_of

OUTER, INNER = 200, 150
INTERVAL = (10, 90)  # percentiles
LOSS_HALF_LIFE = 5.0  # days in which half of what gets lost is lost
LEAST_ORDERS, LEAST_DAYS = 5, 14  # with less history nothing is said but a range
WIDE = 0.6  # an interval wider than that is no answer either


@dataclass(frozen=True, slots=True)
class Left:
    """What remains of a task. `busy`: for each day ahead its busyness, a part of a day less;
    `in_time`: the chance that an order of that day is received by the cut-off; `doubt` about the
    busyness of all. `done`: valid orders that stay, `waiting`: for each valid one that is not
    received yet, the chance that it stays. `done_minor`: what all of them are worth now."""

    busy: np.ndarray
    in_time: np.ndarray
    doubt: float = 0.0
    done: int = 0
    waiting: np.ndarray = field(default_factory=lambda: np.zeros(0))
    done_minor: int = 0


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely something is, and between what the likelihood lies with four chances in five."""

    likely: float
    low: float
    high: float

    @property
    def vague(self) -> bool:
        return self.high - self.low > WIDE


@dataclass(frozen=True, slots=True)
class Ahead:
    """Ends of the task: `orders` and `amounts` (minor units), a row for each thing that may be;
    `active`: on how many of the days ahead something comes. `little`: too little history."""

    orders: np.ndarray
    amounts: np.ndarray
    active: np.ndarray
    little: bool

    def orders_reach(self, least: int) -> Chance:
        return self.reach(self.orders >= least)

    def amounts_reach(self, least_minor: int) -> Chance:
        return self.reach(self.amounts >= least_minor)

    @staticmethod
    def reach(reached: np.ndarray) -> Chance:
        """The chance of what is true of some of the ends."""
        each = reached.mean(axis=1)
        low, high = np.percentile(each, INTERVAL)
        return Chance(float(reached.mean()), float(low), float(high))


def ahead_of(own: Track, busy: np.ndarray, usual: Usual, left: Left, seed: Sequence[int]) -> Ahead:
    """The task's ends for the affiliate, of whom `own` is known on days as busy as `busy`. The same
    facts and seed give the same."""
    chance = np.random.default_rng(list(seed))
    exposed = (np.arange(len(busy)) >= own.first) * busy
    burst = burst_of(own, busy, usual)
    # Always drawn in the same order, so that the figures of a day can be compared.
    shape, per = belief(
        own.counts[None, :].astype(float), exposed[None, :], usual.shape, usual.per, burst
    )
    pace = chance.gamma(shape[0], 1 / per[0], (OUTER, 1))
    loss = chance.beta(*_loss(own, usual), (OUTER, 1))
    gone = chance.random((OUTER, INNER)) > _alive(own, exposed, shape[0] / per[0], burst, usual)
    strayed = np.hypot(usual.drift, left.doubt)
    sway = np.exp(strayed * chance.standard_normal((OUTER, INNER)) - strayed**2 / 2)
    days = len(left.busy)
    stops = np.minimum(chance.geometric(max(usual.silence, 1e-9), (OUTER, INNER)), days)
    stops = np.where(gone, 0, stops)
    sums = np.concatenate([[0.0], np.cumsum(left.busy * left.in_time)])
    squares = np.concatenate([[0.0], np.cumsum((left.busy * left.in_time) ** 2)])
    steady = sums[stops] ** 2 / np.maximum(squares[stops], 1e-12) * burst
    day = chance.gamma(np.maximum(steady, 1e-3)) / np.maximum(steady, 1e-3)
    new = chance.poisson(pace * (1 - loss) * sway * day * sums[stops])
    stay = _staying(left.waiting, chance)
    amounts = _amounts(own, usual, left, new, stay, chance)
    usually = left.busy.mean() if days else 0.0
    quiet = (1 + pace * sway * usually / burst) ** -burst
    active = chance.binomial(stops, 1 - quiet)
    return Ahead(left.done + stay + new, amounts, active, _little(own))


def waiting_chance(age: np.ndarray, loss: float, in_time: np.ndarray) -> np.ndarray:
    """For an order of that age in days: the chance that it is neither lost nor received too
    late. Half of what gets lost is lost in LOSS_HALF_LIFE days."""
    still = loss * 0.5 ** (age / LOSS_HALF_LIFE)
    return np.asarray((1 - still / (1 - loss + still)) * in_time)


def needed_more(ends: np.ndarray, least: int, chance: float) -> int:
    """How much more an affiliate has to bring than it is going to, so that `least` is reached with
    that chance. 0 where it is already that likely, or where nothing makes it so (ends of minus
    infinity are beyond help)."""
    ordered = np.sort(ends, axis=None)
    place = float(ordered[int((len(ordered) - 1) * (1 - chance))])
    return max(0, int(np.ceil(least - place))) if np.isfinite(place) else 0


def loss_of(own: Track, usual: Usual) -> float:
    """The part of its orders that gets lost, as far as one can tell."""
    a, b = _loss(own, usual)
    return a / (a + b)


def worth_of(own: Track, usual: Usual) -> float:
    """What an order of its is worth on average, minor units, as far as one can tell."""
    return _worth(own, usual)[0]


def _loss(own: Track, usual: Usual) -> tuple[float, float]:
    kept = own.judged - own.lost
    return max(LOSS_WEIGHT * usual.loss + own.lost, 1e-3), LOSS_WEIGHT * (1 - usual.loss) + kept


def _alive(own: Track, exposed: np.ndarray, pace: float, burst: float, usual: Usual) -> float:
    """The chance that it has not fallen silent for good, by how long it has been quiet."""
    sold = np.flatnonzero(own.counts)
    if not len(sold):
        return 1.0  # it never began
    quiet = exposed[sold[-1] + 1 :]
    # What it sold before it went quiet, not after: else the silence itself would explain it.
    before = max(0, sold[-1] - 27)
    usually = own.counts[before : sold[-1] + 1].sum() / max(exposed[before : sold[-1] + 1].sum(), 1)
    usually = min(usually, 4 * pace + 0.2)
    by_day = (1 + usually * quiet / burst) ** -burst
    still = np.concatenate([[1.0], np.cumprod(by_day)])
    h = usual.silence
    left_at = h * (1 - h) ** np.arange(len(quiet)) * still[:-1]
    stayed = (1 - h) ** len(quiet) * still[-1]
    return float(stayed / (stayed + left_at.sum()))


def _staying(waiting: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    if not len(waiting):
        return np.zeros((OUTER, INNER), int)
    # Those alike are drawn together.
    rounded, often = np.unique(np.round(waiting, 2), return_counts=True)
    drawn = [chance.binomial(n, p, (OUTER, INNER)) for p, n in zip(rounded, often, strict=True)]
    return np.asarray(np.sum(drawn, axis=0))


def _amounts(
    own: Track,
    usual: Usual,
    left: Left,
    new: np.ndarray,
    stay: np.ndarray,
    chance: np.random.Generator,
) -> np.ndarray:
    """What the orders are worth: the affiliate's own average, drawn to that of its peers."""
    mean, spread, doubt = _worth(own, usual)
    drawn = np.maximum(mean + doubt * chance.standard_normal((len(new), 1)), mean / 5)
    many = new * (drawn / spread) ** 2 if spread else new * 1e6
    fresh = np.where(
        new > 0, chance.gamma(np.maximum(many, 1e-9)) * (drawn * new / np.maximum(many, 1e-9)), 0
    )
    had = left.done + len(left.waiting)
    kept = left.done_minor * ((left.done + stay) / had if had else 0)
    return np.asarray(np.floor(kept + fresh))


def _worth(own: Track, usual: Usual) -> tuple[float, float, float]:
    """Average and spread of its orders' amounts, and how unsure the average is."""
    within, between = usual.spread**2, usual.apart**2
    if not own.sold:
        return usual.amount, usual.spread, usual.apart
    mine = own.amounts / own.sold
    variance = (own.squares / own.sold - mine**2) * own.sold
    spread2 = (variance + 10 * within) / (own.sold + 10)
    noise = max(spread2, (mine / 10) ** 2) / own.sold
    trust = between / (between + noise) if between else 1.0
    mean = trust * mine + (1 - trust) * usual.amount
    return mean, float(np.sqrt(max(spread2, 0))), float(np.sqrt(trust * noise))


def _little(own: Track) -> bool:
    return len(own.counts) - own.first < LEAST_DAYS or own.counts.sum() < LEAST_ORDERS
