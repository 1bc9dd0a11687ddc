"""Two hundred affiliates who answer to their rate and coupon, each in a way of their own.

Nothing here is known to the optimiser, and none of it is imported by it. Money is in minor units,
rates and coupons in bps; a day is counted from the first that a policy decides; before it lie
HISTORY days at one rate, which say nothing of how anybody answers to another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

AFFILIATES, HISTORY, DAYS = 200, 28, 120
FIRST_BPS, FEE = 750, 0.10  # the rate of the history; the alliance's fee on each commission
RATES = np.arange(150, 3001, 50)
COUPONS = np.array([0, 300, 600])
TIERS = {"head": 0.10, "mid": 0.30, "tail": 0.60}
ORDER_LAGS, CANCEL_LAGS, REFUND_LAG = 9, 18, 20  # days, from click and from order
AGES = ORDER_LAGS + max(CANCEL_LAGS, REFUND_LAG) + 1  # after so many days nothing happens any more

BEFORE = np.log(FIRST_BPS)


@dataclass
class World:
    """What is true. `demand` is a factor for each affiliate and day, the history's days first."""

    family: str
    tier: Array
    clicks: Array  # a day, at the first rate and without a coupon
    conversion: Array
    value: Array  # an order's mean, minor units
    cancels: Array  # the share of orders, of each affiliate
    refunds: Array  # the share of orders that is kept at first and given back after REFUND_LAG
    demand: Array
    cancel_factor: Array  # of each day
    inertia: Array  # how much of yesterday's impression of the rate stays
    coupon_pull: Array  # log of the factor that the largest coupon brings
    quality: Array  # the power of the response with which conversion follows the clicks
    starts: Array  # the first day on which the affiliate takes part
    seen: Array  # who has a history
    response: Callable[[int, Array], Array]  # day, log rate (one or many a row) → log factor
    group: Array  # within which affiliates take buyers from each other
    stolen: float = 0.0
    seed: int = 0

    @property
    def size(self) -> int:
        return len(self.tier)

    @property
    def days(self) -> int:
        return self.demand.shape[1] - HISTORY

    def coupon_log(self, coupon_bps: Array) -> Array:
        """The log factor of a coupon; half of the largest brings more than half."""
        share: Array = (coupon_bps / COUPONS[-1]) ** 0.75
        return self.coupon_pull[:, None] * share if share.ndim == 2 else self.coupon_pull * share

    def active(self, day: int) -> Array:
        found: Array = (self.starts <= day) & (self.demand[:, day + HISTORY] > 0)
        return found & (self.seen | (day >= 0))

    def lost(self, day: int) -> tuple[Array, Array]:
        """Shares of the day's orders that will be cancelled, and that will be given back late."""
        cancelled = np.minimum(self.cancels * self.cancel_factor[day + HISTORY], 0.9)
        return cancelled, (1 - cancelled) * self.refunds


def world_of(family: str, seed: int, days: int = DAYS, size: int = AFFILIATES) -> World:
    """The same affiliates for the same `family`, `seed`, `days` and `size`."""
    chance = np.random.default_rng([seed, *family.encode()])
    tier = np.repeat(np.arange(3), _shares(size))
    clicks = np.array([1500.0, 300.0, 50.0])[tier] * chance.lognormal(-0.18, 0.6, size)
    bad = chance.random(size) < 0.06
    cancels = np.where(bad, chance.beta(9, 11, size), chance.beta(6, 50, size))
    refunds = np.where(bad, chance.beta(4, 16, size), chance.beta(2, 60, size))
    late = chance.random(size) < 0.10
    made = World(
        family=family,
        tier=tier,
        clicks=clicks,
        conversion=np.clip(0.03 * chance.lognormal(0, 0.35, size), 0.004, 0.2),
        value=np.round(12_000 * chance.lognormal(0, 0.4, size)),
        cancels=cancels,
        refunds=refunds,
        demand=_demand(chance, size, days),
        cancel_factor=np.ones(HISTORY + days),
        inertia=chance.uniform(0.4, 0.75, size),
        coupon_pull=np.minimum(0.25 * chance.lognormal(-0.2, 0.7, size), 0.9),
        quality=chance.normal(-0.05, 0.08, size),
        starts=np.where(late, chance.integers(1, days // 2 + 1, size), -HISTORY),
        seen=~late & (chance.random(size) > 0.22),
        response=_flat,
        group=np.arange(size) % 10,
        seed=seed,
    )
    FAMILIES[family](made, chance)
    return made


def _shares(size: int) -> list[int]:
    heads, mids = round(size * TIERS["head"]), round(size * TIERS["mid"])
    return [heads, mids, size - heads - mids]


def _flat(_day: int, log_rate: Array) -> Array:
    return np.zeros_like(log_rate)


def _demand(chance: np.random.Generator, size: int, days: int) -> Array:
    """Common mood and weekday, and what is beyond Poisson."""
    total = HISTORY + days
    weekday = np.array([0.96, 0.95, 0.97, 1.0, 1.06, 1.08, 0.98])[np.arange(total) % 7]
    common = _mood(chance, 1, total, 0.85, 0.06)
    spread = chance.gamma(25, 1 / 25, (size, total))
    return np.asarray(weekday * np.exp(common) * spread)


def _mood(chance: np.random.Generator, size: int, days: int, keep: float, spread: float) -> Array:
    """AR(1) with the given standard deviation in the long run."""
    steps = chance.normal(0, spread * np.sqrt(1 - keep**2), (size, days))
    mood = np.empty((size, days))
    mood[:, 0] = chance.normal(0, spread, size)
    for day in range(1, days):
        mood[:, day] = keep * mood[:, day - 1] + steps[:, day]
    return mood


# How they answer. Each family sets `response`; log factors are 0 at the history's rate.


def _curved(made: World, curve: Callable[[int, Array], Array]) -> None:
    """`curve` takes rows of log rates; what it says at the first rate is taken off."""
    start = np.full((made.size, 1), BEFORE)

    def response(day: int, log_rate: Array) -> Array:
        rows = log_rate if log_rate.ndim == 2 else log_rate[:, None]
        found = curve(day, rows) - curve(-HISTORY, start)
        return found if log_rate.ndim == 2 else np.asarray(found[:, 0])

    made.response = response


def _elasticities(made: World, chance: np.random.Generator) -> Array:
    mean, spread = np.array([0.5, 0.7, 0.9])[made.tier], np.array([0.25, 0.35, 0.45])[made.tier]
    found: Array = np.clip(chance.normal(mean, spread), 0.03, 2.0)[:, None]
    return found


def power(made: World, chance: np.random.Generator) -> None:
    """Each percent more of a rate brings the same percent of buyers."""
    elastic = _elasticities(made, chance)
    _curved(made, lambda _day, rate: elastic * (rate - BEFORE))


def _steps(made: World, chance: np.random.Generator) -> tuple[Array, Array]:
    middle = np.log(np.array([900, 1100, 1300])[made.tier] * chance.lognormal(0, 0.25, made.size))
    return middle[:, None], chance.uniform(1.5, 3.5, made.size)[:, None]


def logit(made: World, chance: np.random.Generator) -> None:
    """Little, then much, then no more to be had."""
    middle, steep = _steps(made, chance)
    _curved(made, lambda _day, rate: _sigmoid(steep * (rate - middle)))


def _sigmoid(rows: Array) -> Array:
    """The log of the logistic function."""
    return np.asarray(-np.logaddexp(0, -rows))


def shock618(made: World, chance: np.random.Generator) -> None:
    """Three weeks of up to four times the traffic, more cancelled; four of the largest leave."""
    power(made, chance)
    day = np.arange(-HISTORY, made.days)
    peak = made.days * 0.5
    feast = 3 * np.exp(-(((day - peak) / (made.days * 0.06)) ** 2))
    made.demand *= 1 + feast
    made.cancel_factor = 1 + 0.6 * feast / 3
    large = np.argsort(-made.clicks * made.conversion * made.value)[:12]
    gone = chance.choice(large, 4, replace=False)
    made.demand[gone, HISTORY + int(made.days * 0.35) :] = 0


def bimodal(made: World, chance: np.random.Generator) -> None:
    """Some do not care, some care much, some only from a threshold on."""
    kind = chance.choice(3, made.size, p=[0.45, 0.35, 0.20])[:, None]
    elastic = np.where(kind == 0, 0.03, np.clip(chance.normal(1.3, 0.2, (made.size, 1)), 0.7, 2))
    threshold = np.log(chance.uniform(850, 1600, (made.size, 1)))
    jump = np.log(chance.uniform(2.0, 4.0, (made.size, 1)))

    def curve(_day: int, rate: Array) -> Array:
        above = jump * np.exp(_sigmoid(25 * (rate - threshold)))
        return np.where(kind == 2, above, elastic * (rate - BEFORE))

    _curved(made, curve)


def cannibals(made: World, chance: np.random.Generator) -> None:
    """A third of what a better rate brings to one is taken from others of the same group."""
    power(made, chance)
    made.stolen = 0.35


def competitor(made: World, chance: np.random.Generator) -> None:
    """From a day on, three of five need a third more to be moved as before."""
    middle, steep = _steps(made, chance)
    moved = (chance.random((made.size, 1)) < 0.6) * np.log(1.35)
    jump = int(made.days * 0.4)
    _curved(made, lambda day, rate: _sigmoid(steep * (rate - middle - (day >= jump) * moved)))


def drift(made: World, chance: np.random.Generator) -> None:
    """Elasticities wander: what was learned grows old."""
    elastic = _elasticities(made, chance)
    path = np.cumsum(chance.normal(0, 0.03, (made.size, made.days)), axis=1)

    def curve(day: int, rate: Array) -> Array:
        wandered = elastic + (path[:, day, None] if day >= 0 else 0)
        return np.asarray(np.clip(wandered, 0.03, 2.0) * (rate - BEFORE))

    _curved(made, curve)


def moods(made: World, chance: np.random.Generator) -> None:
    """Every affiliate has good and bad weeks of its own, which look like the doing of a rate."""
    power(made, chance)
    made.demand *= np.exp(_mood(chance, made.size, HISTORY + made.days, 0.9, 0.12))


def motley(made: World, chance: np.random.Generator) -> None:
    """Every kind at once, and the tier says nothing about it."""
    kind = chance.integers(0, 4, made.size)[:, None]
    elastic = np.clip(chance.gamma(2.0, 0.4, (made.size, 1)), 0.05, 2.0)
    middle = np.log(chance.uniform(700, 1700, (made.size, 1)))
    steep = chance.uniform(1.5, 4.0, (made.size, 1))

    def curve(_day: int, rate: Array) -> Array:
        forms = [
            elastic * (rate - BEFORE),
            _sigmoid(steep * (rate - middle)),
            0.9 * np.exp(_sigmoid(20 * (rate - middle))),
            0.05 * (rate - BEFORE),
        ]
        return np.asarray(np.choose(kind, forms))

    _curved(made, curve)


FAMILIES: dict[str, Callable[[World, np.random.Generator], None]] = {
    "power": power,
    "logit": logit,
    "shock618": shock618,
    "bimodal": bimodal,
    "cannibals": cannibals,
    "competitor": competitor,
    "drift": drift,
    "motley": motley,
    "moods": moods,
}
