"""What is believed of every unit at every offer, and what is supposed for a while to find out."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.autopilot import response
from aiassist.autopilot.facts import Array, Policy, State, Unit
from aiassist.autopilot.offers import Arms
from aiassist.autopilot.panel import Panel

KNOTS = np.log(np.array([500, 750, 950, 1200, 1500, 1900]))
KINDS = [  # of answers: hardly any, some, much, and much only from somewhere on
    response.Kind([0.1] * 7, 0.12, 0.9),
    response.Kind([0.6] * 7, 0.3, 0.9),
    response.Kind([1.3] * 7, 0.35, 0.9),
    response.Kind([0.2, 0.5, 1.2, 1.5, 1.2, 0.6, 0.2], 0.6, 0.6),
]
ALIKE = 0.7  # steps of a coupon: whom a small one draws, a larger one draws further
FADE = 0.995  # a day, of what a day says about how units answer
SUPPOSE = 0.5  # of the way from what is believed to what is drawn, in the beginning
BOLDER = 1.6  # times that for coupons: of them the past says least, and being wrong costs little
SUPPOSE_DAYS = 45  # after so many days e times less
SUPPOSED_FOR = 4  # days that a supposition is kept
RECENT = 7  # days that say what tomorrow's level is


@dataclass
class Belief:
    """Of each unit: tomorrow's level, and by how much an offer's rate and coupon change it."""

    clicks: response.Fitted
    conversion: response.Fitted
    each_click: Array  # units × days: orders that a click brings
    level: Array  # orders a day where all factors are 1
    factor: Array  # units × arms, the mean of what could be true
    supposed: Array  # units × arms, as if one draw of it were
    fall: Array  # units: standard deviations by which the last days lie below what was expected
    state: State

    def elasticity(self, rate_bps: Array) -> tuple[Array, Array]:
        """At each unit's rate, and its standard deviation."""
        bend = 1 + np.searchsorted(KNOTS, np.log(rate_bps))
        clicks, conversion = self.clicks.coefficient(bend), self.conversion.coefficient(1)
        return clicks[0] + conversion[0], np.sqrt(clicks[1] + conversion[1])


def _features(rate_log: Array, coupon: Array, coupons: Sequence[int]) -> tuple[Array, Array]:
    """Columns for clicks and for conversion; the first of each is the level."""
    steps = [
        np.clip((coupon - low) / (high - low), 0, 1)
        for low, high in zip((0, *coupons[:-1]), coupons, strict=True)
        if high > low
    ]
    gifts = np.stack(steps, axis=-1) if steps else np.zeros((*np.shape(rate_log), 0))
    one = np.ones((*np.shape(rate_log), 1))
    bends = response.bends(rate_log, KNOTS)
    whole = bends.sum(axis=-1, keepdims=True)
    return np.concatenate([one, bends, gifts], -1), np.concatenate([one, whole, gifts], -1)


def _priors(gifts: int, tiers: int) -> tuple[response.Prior, response.Prior]:
    """Of clicks and of conversion."""
    return (
        response.first_prior(KINDS, response.Kind([0.04] * gifts, 0.08, ALIKE), tiers),
        response.first_prior(
            [response.Kind([0.0], 0.1, 0.0)], response.Kind([0.06] * gifts, 0.1, ALIKE), tiers
        ),
    )


def belief_of(
    panel: Panel, units: Sequence[Unit], arms: Arms, policy: Policy, state: State
) -> Belief:
    """Learns from the panel, starting from what `state` remembers."""
    names = sorted({unit.tier for unit in units})
    tier = np.array([names.index(unit.tier) for unit in units])
    impressions = response.impressions(panel.rate_log)
    rows = _features(impressions, panel.coupon, policy.coupons_bps)
    clicks, conversion = _fits(panel, rows, units, tier, state)
    draws, seeds = _draws(state, units, policy)
    trust = SUPPOSE * np.exp(-max(policy.today - policy.first_day, 0) / SUPPOSE_DAYS)
    at_arms = _features(np.log(arms.rate), arms.coupon.astype(float), policy.coupons_bps)
    parts = list(zip((clicks, conversion), at_arms, strict=True))
    mood = clicks.day[-RECENT:].mean()
    believed = np.prod([_believed(*part) for part in parts], axis=0)
    bent = len(KNOTS) + 1, 1
    drawn = np.sum([_supposed(*p, draws, b) for p, b in zip(parts, bent, strict=True)], axis=0)
    return Belief(
        clicks=clicks,
        conversion=conversion,
        each_click=np.exp(np.einsum("udp,up->ud", rows[1], conversion.mixed)),
        level=np.exp(clicks.mixed[:, 0] + conversion.mixed[:, 0] + mood + clicks.mood),
        factor=believed,
        supposed=believed ** (1 - trust) * np.exp(trust * drawn),
        fall=_fall(panel, rows[0], clicks),
        state=_kept(units, clicks, conversion, seeds),
    )


def _fits(
    panel: Panel, rows: tuple[Array, Array], units: Sequence[Unit], tier: Array, state: State
) -> tuple[response.Fitted, response.Fitted]:
    gifts = rows[0].shape[2] - len(KNOTS) - 2
    priors = _priors(gifts, int(tier.max()) + 1)
    kept = state.get("priors", {})
    clicks_before, orders_before = (
        _remembered(state, units, name, part.shape[2])
        for name, part in zip(("clicks", "orders"), rows, strict=True)
    )
    weight = panel.there * FADE ** np.arange(panel.days)[::-1]
    clicks = response.fit(
        panel.clicks, np.ones_like(panel.clicks), rows[0], weight, tier,
        priors[0].load(kept.get("clicks")), clicks_before,
    )  # fmt: skip
    exposed = panel.clicks * panel.ripe
    conversion = response.fit(
        panel.orders, exposed, rows[1], weight * (exposed > 0), tier,
        priors[1].load(kept.get("orders")), orders_before, days=False,
    )  # fmt: skip
    return clicks, conversion


def _kept(
    units: Sequence[Unit],
    clicks: response.Fitted,
    conversion: response.Fitted,
    seeds: list[list[int]],
) -> State:
    own = zip(
        units, clicks.mixed.round(5).tolist(), conversion.mixed.round(5).tolist(), seeds,
        strict=True,
    )  # fmt: skip
    return {
        "priors": {"clicks": clicks.prior.dump(), "orders": conversion.prior.dump()},
        "units": {u.key: {"clicks": c, "orders": o, "draw": draw} for u, c, o, draw in own},
    }


def _remembered(state: State, units: Sequence[Unit], name: str, width: int) -> Array:
    found = np.full((len(units), width), np.nan)
    for row, unit in enumerate(units):
        kept = state.get("units", {}).get(unit.key, {}).get(name)
        if kept is not None and len(kept) == width:
            found[row] = kept
    return found


def _draws(state: State, units: Sequence[Unit], policy: Policy) -> tuple[Array, list[list[int]]]:
    """Standard normal numbers for each unit, the same until its supposition is over.

    Kept is only the seed and its last day, not the numbers.
    """
    kept = []
    width = 1 + 40
    numbers = np.empty((len(units), width))
    for row, unit in enumerate(units):
        name = zlib.crc32(unit.key.encode())
        seed, until = state.get("units", {}).get(unit.key, {}).get("draw", [0, -1])
        if until < policy.today:
            spare = name % SUPPOSED_FOR if until < 0 else 0  # not all on the same day
            seed, until = policy.today, policy.today + SUPPOSED_FOR - 1 - spare
        kept.append([seed, until])
        numbers[row] = np.random.default_rng([policy.seed, seed, name]).standard_normal(width)
    return numbers, kept


def _fall(panel: Panel, rows: Array, fitted: response.Fitted) -> Array:
    """How odd it is, in standard deviations, that the last days brought so little."""
    last = slice(-RECENT, None)
    own = np.einsum("udp,up->ud", rows[:, last], fitted.mixed)
    mean = np.exp(np.clip(own + fitted.day[last], -20, 20))
    mean = (mean * panel.there[:, last]).sum(axis=1)
    seen = (panel.clicks[:, last] * panel.there[:, last]).sum(axis=1)
    moods = fitted.moods
    spread = np.sqrt(1 / np.maximum(mean, 1) + moods.scatter / RECENT + moods.variance)
    return np.asarray(-np.log((seen + 5) / (mean + 5)) / spread)


def _believed(fitted: response.Fitted, arm_rows: Array) -> Array:
    """Units × arms: the mean factor over all that could be true, against the level."""
    slopes = arm_rows[:, 1:]
    line = np.matmul(fitted.mean[:, :, 1:], slopes.T)
    pairs = (slopes[:, :, None] * slopes[:, None, :]).reshape(len(slopes), -1)
    own = fitted.spread[:, :, 1:, 1:]
    spread = np.matmul(own.reshape(*own.shape[:2], -1), pairs.T)
    factor = np.exp(np.clip(line + np.minimum(spread / 2, 0.3), -4, 4))
    return np.asarray((fitted.kind[:, :, None] * factor).sum(axis=1))


def _supposed(fitted: response.Fitted, arm_rows: Array, draws: Array, bends: int) -> Array:
    """Units × arms: the log factor if what was drawn were true: a kind, and its slopes."""
    from scipy.special import ndtr  # takes half a second to load

    slopes = arm_rows[:, 1:]
    width = slopes.shape[1]
    kind = np.argmax(ndtr(draws[:, :1]) < np.cumsum(fitted.kind, axis=1) + 1e-9, axis=1)
    rows = np.arange(len(kind))
    root = np.linalg.cholesky(fitted.spread[rows, kind, 1:, 1:] + 1e-9 * np.eye(width))
    away = np.einsum("upq,uq->up", root, draws[:, 1 : 1 + width])
    away[:, bends:] *= BOLDER
    drawn = fitted.mean[rows, kind, 1:] + away
    return np.asarray(np.clip(drawn @ slopes.T, -3, 3))
