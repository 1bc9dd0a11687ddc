"""How units answer to their rate and coupon: a count's logarithm, bent at knots, for each unit.

Each unit has coefficients of its own, drawn from a mixture of a few kinds of answer (those who do
not care, those who do, those who only do from a threshold on), and the kinds are learned from all
units of the panel: expectation-maximisation over the units' Gaussian approximations, tiers
differing in how frequent each kind is. A common effect of each day takes out what all share.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aiassist.autopilot.facts import Array
from aiassist.autopilot.moods import Moods, filtered, moods_of

SMOOTH = 0.4  # a day, of the rate's impression that goes over to the new one
ROUNDS = 2  # a night; the next one goes on from there
STEEPEST = 4.0  # a slope that is believed
DAY_STIFF, DAY_USUAL = 80.0, 0.15  # of a day's effect, towards none; from where it lets go
GIVE = 0.7  # of how far units give way to a day's effect: with all of it, steps overshoot
LEVEL_SD = 1.0  # of a unit's level among its tier
STIFF = 6.0  # units' worth of the first guess that stays in each kind's spread


@dataclass
class Prior:
    """Kinds of answer; the first coefficient is the level and stands apart."""

    mean: Array  # kinds × slopes
    spread: Array  # kinds × slopes × slopes, covariances
    share: Array  # tiers × kinds
    guess: Array  # kinds × slopes × slopes: the first guess of the spreads

    def dump(self) -> dict[str, list[Any]]:
        return {
            "mean": self.mean.round(5).tolist(),
            "spread": self.spread.round(6).tolist(),
            "share": self.share.round(5).tolist(),
        }

    def precision(self) -> Array:
        """Tiers × coefficients × coefficients, of all kinds together; the level's comes first."""
        middle = self.share @ self.mean
        away = self.mean - middle[:, None]
        whole = np.einsum("tk,kpq->tpq", self.share, self.spread)
        whole += np.einsum("tk,tkp,tkq->tpq", self.share, away, away)
        found = np.zeros((len(whole), *(size + 1 for size in whole.shape[1:])))
        found[:, 0, 0] = 1 / LEVEL_SD**2
        found[:, 1:, 1:] = np.linalg.inv(whole)
        return found

    def load(self, kept: dict[str, list[Any]] | None) -> "Prior":
        if not kept or np.shape(kept["mean"]) != self.mean.shape:
            return self
        share = np.array(kept["share"], float)
        if share.shape != self.share.shape:
            share = self.share
        mean, spread = np.array(kept["mean"], float), np.array(kept["spread"], float)
        return Prior(mean, spread, share, self.guess)


@dataclass
class Fitted:
    """Units' coefficients: by kind, and mixed. `kind` is how likely each kind is."""

    mean: Array  # units × kinds × coefficients
    spread: Array  # units × kinds × coefficients × coefficients
    kind: Array  # units × kinds
    day: Array  # effects
    prior: Prior
    mood: Array = field(default_factory=lambda: np.zeros(0))  # of tomorrow, by unit
    moods: Moods = field(default_factory=Moods)

    @cached_property
    def mixed(self) -> Array:
        found: Array = np.einsum("uk,ukp->up", self.kind, self.mean)
        return found

    def coefficient(self, column: int | Array) -> tuple[Array, Array]:
        """Mean and variance of one coefficient of each unit."""
        rows, at = np.arange(len(self.mean)), np.broadcast_to(column, len(self.mean))
        mean, own = self.mean[rows, :, at], self.spread[rows, :, at, at]
        middle = (self.kind * mean).sum(axis=1)
        return middle, (self.kind * (own + mean**2)).sum(axis=1) - middle**2


def bends(rate_log: Array, knots: Array) -> Array:
    """The log rate cut at the (log) knots: a column for what lies between each two.

    0 at the middle knot, so that a level is what a unit brings there.
    """
    edges = np.concatenate([[-np.inf], knots, [np.inf]])
    low, high = np.maximum(edges[:-1], -20), np.minimum(edges[1:], 40)
    middle = knots[len(knots) // 2]
    inside = np.clip(rate_log[..., None], low, high)
    found: Array = inside - np.clip(middle, low, high)
    return found


def impressions(rate_log: Array) -> Array:
    """What units believe their rate to be: an old rate is remembered for a while."""
    found = np.empty_like(rate_log)
    last = _first_known(rate_log)
    for day in range(rate_log.shape[1]):
        now = np.where(np.isnan(rate_log[:, day]), last, rate_log[:, day])
        last = last + SMOOTH * (now - last)
        found[:, day] = last
    return found


def _first_known(rows: Array) -> Array:
    known = ~np.isnan(rows)
    first = np.argmax(known, axis=1)
    return np.where(known.any(axis=1), np.nan_to_num(rows[np.arange(len(rows)), first]), 0.0)


def fit(
    count: Array,
    exposure: Array,
    rows: Array,
    weight: Array,
    tier: Array,
    prior: Prior,
    start: Array,
    days: bool = True,
) -> Fitted:
    """Coefficients such that a count's mean is exposure × exp(day + rows · coefficients).

    `rows`: units × days × coefficients, the first all ones. `weight`: 0 where there is no count.
    `start`: the coefficients of the last fit, units × coefficients, nan for new units. Without
    `days` there are neither effects of days nor moods.
    """
    panel = Counts(count, np.log(np.maximum(exposure, 1e-9)), rows, weight)
    level = _levels(count, exposure, weight, tier)
    coefficients = np.where(np.isnan(start), 0.0, start)
    coefficients[:, 0] = np.where(np.isnan(start[:, 0]), level, start[:, 0])
    effect, moods = np.zeros(rows.shape[1]), Moods() if days else Moods(0.01, 0.0, 0.0)
    if days:
        effect = _first_effect(panel, coefficients)
    for _ in range(ROUNDS):
        if days:
            effect = _days(panel, coefficients, effect, moods, prior, tier)
        mean = panel.mean(coefficients, effect)
        if days:
            moods = moods_of(count / np.maximum(mean, 1e-9) - 1, mean, weight)
        told = panel.told(coefficients, mean, moods)
        fitted = _mix(*told[:2], level, tier, prior, effect)
        prior, coefficients = fitted.prior, fitted.mixed.copy()
        coefficients[:, 1:] = np.clip(coefficients[:, 1:], -STEEPEST, STEEPEST)
    bent = np.concatenate([-coefficients, np.ones((len(level), 1))], axis=1)
    fitted.mood = (told[2] * bent).sum(axis=1)
    fitted.moods = moods
    return fitted


def _first_effect(panel: "Counts", coefficients: Array) -> Array:
    mean = panel.mean(coefficients, np.zeros(panel.count.shape[1])) * (panel.weight > 0)
    seen = (panel.count * (panel.weight > 0)).sum(axis=0)
    return np.asarray(np.log((seen + 10) / (mean.sum(axis=0) + 10)))


@dataclass(frozen=True)
class Counts:
    """Units × days of counts, and what is known of them."""

    count: Array
    log_exposure: Array
    rows: Array
    weight: Array

    def mean(self, coefficients: Array, effect: Array) -> Array:
        own = np.matmul(self.rows, coefficients[:, :, None])[:, :, 0]
        return np.asarray(np.exp(np.clip(self.log_exposure + effect + own, -20, 20)))

    def off(self, mean: Array) -> Array:
        """By how much of the mean each count is off, wild ones held back."""
        return np.asarray(np.clip(self.count / np.maximum(mean, 1e-9) - 1, -1, 3))

    def trust(self, mean: Array, scatter: float) -> Array:
        return np.asarray(self.weight * mean / (1 + scatter * mean))

    def told(self, coefficients: Array, mean: Array, moods: Moods) -> tuple[Array, Array, Array]:
        """What the counts say of each unit: precision, precision times coefficients, mood."""
        own = np.matmul(self.rows, coefficients[:, :, None])
        working = own + self.off(mean)[:, :, None]
        whole = np.concatenate([self.rows, working], axis=2)
        left = filtered(whole, self.trust(mean, moods.scatter), moods)
        rows, count = left.rows[:, :, :-1], left.rows[:, :, -1:]
        weighed = (rows * left.trust[:, :, None]).transpose(0, 2, 1)
        return np.matmul(weighed, rows), np.matmul(weighed, count)[:, :, 0], left.mood


def _levels(count: Array, exposure: Array, weight: Array, tier: Array) -> Array:
    """The log of what a unit's tier brings, for those who have nothing to show."""
    there = weight > 0
    total, base = (count * there).sum(axis=1), (exposure * there).sum(axis=1)
    tiers = np.bincount(tier, total) + 0.5, np.bincount(tier, base) + 0.5
    found: Array = np.log(tiers[0] / tiers[1])[tier]
    return found


def _days(
    panel: Counts, coefficients: Array, effect: Array, moods: Moods, prior: Prior, tier: Array
) -> Array:
    """The days' effects, a Newton step that lets every unit answer it with its coefficients.

    When everybody is moved at once, what the day did and what the rates did cannot be told apart
    by turns; together they can, as far as some units were left alone.
    """
    mean = panel.mean(coefficients, effect)
    trust = panel.trust(mean, moods.scatter + moods.variance)
    stiff = DAY_STIFF / (1 + (effect / DAY_USUAL) ** 2)
    right = (trust * panel.off(mean)).sum(axis=0) - stiff * effect
    weighed = panel.rows * trust[:, :, None]
    own = np.matmul(weighed.transpose(0, 2, 1), panel.rows) + prior.precision()[tier]
    root = np.linalg.cholesky(np.linalg.inv(own))
    lean = np.matmul(weighed, root).transpose(1, 0, 2).reshape(len(effect), -1)
    steep = np.diag(trust.sum(axis=0) + stiff) - GIVE * (lean @ lean.T)
    return np.asarray(effect + np.linalg.solve(steep, right))


def _mix(
    precise: Array, pull: Array, level: Array, tier: Array, prior: Prior, effect: Array
) -> Fitted:
    """Units' coefficients under each kind, how likely the kind is, and the kinds anew."""
    mean, spread, fits = _under_each(precise, pull, level, prior)
    likely = fits + np.log(prior.share[tier] + 1e-9)
    kind = np.exp(likely - likely.max(axis=1, keepdims=True))
    kind /= kind.sum(axis=1, keepdims=True)
    told = precise[:, 0, :1] > 1e-9
    return Fitted(mean, spread, kind, effect, _learned(mean, spread, kind * told, tier, prior))


def _under_each(
    precise: Array, pull: Array, level: Array, prior: Prior
) -> tuple[Array, Array, Array]:
    """Mean, covariance and log likelihood of each unit under each kind."""
    kinds, width = len(prior.mean), pull.shape[1]
    inverse = np.zeros((kinds, width, width))
    inverse[:, 0, 0] = 1 / LEVEL_SD**2
    inverse[:, 1:, 1:] = np.linalg.inv(prior.spread)
    centre = np.empty((len(pull), kinds, width))
    centre[:, :, 0] = level[:, None]
    centre[:, :, 1:] = prior.mean
    drawn = np.matmul(inverse, centre[:, :, :, None])[:, :, :, 0]
    whole = precise[:, None] + inverse
    spread, wish = np.linalg.inv(whole), pull[:, None] + drawn
    mean = np.matmul(spread, wish[:, :, :, None])[:, :, :, 0]
    gain = (wish * mean).sum(axis=2) - (drawn * centre).sum(axis=2)
    sizes = np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(whole)[1]
    return mean, spread, (gain + sizes) / 2


def _learned(mean: Array, spread: Array, kind: Array, tier: Array, prior: Prior) -> Prior:
    """The kinds that make the units' answers likeliest, held by what was thought before."""
    weight = kind.sum(axis=0)[:, None]
    slopes, own = mean[:, :, 1:].transpose(1, 0, 2), spread[:, :, 1:, 1:].transpose(1, 0, 2, 3)
    by_unit = kind.T[:, :, None]
    centre = ((by_unit * slopes).sum(axis=1) + 2 * prior.mean) / (weight + 2)
    away = slopes - centre[:, None]
    scatter = np.matmul((away * by_unit).transpose(0, 2, 1), away)
    scatter += (by_unit[:, :, :, None] * own).sum(axis=1)
    spread = (scatter + STIFF * prior.guess) / (weight[:, :, None] + STIFF)
    tiers = np.eye(len(prior.share))[tier]
    share = tiers.T @ kind + 4 * kind.sum(axis=0) / max(kind.sum(), 1) + 0.5
    return Prior(centre, spread, share / share.sum(axis=1, keepdims=True), prior.guess)


@dataclass(frozen=True)
class Kind:
    """A first guess: slopes, how much they differ between units, and how alike neighbours are."""

    slopes: list[float]
    sd: float
    alike: float


def first_prior(kinds: list[Kind], gift: Kind, tiers: int) -> Prior:
    """Of slopes bent at knots, and after them of what each step of a coupon brings more."""
    bends, gifts = len(kinds[0].slopes), len(gift.slopes)
    apart = np.arange(max(bends, gifts))
    far = np.abs(apart[:, None] - apart)
    guess = np.zeros((len(kinds), bends + gifts, bends + gifts))
    guess[:, bends:, bends:] = gift.sd**2 * gift.alike ** far[:gifts, :gifts]
    for row, kind in enumerate(kinds):
        guess[row, :bends, :bends] = kind.sd**2 * kind.alike ** far[:bends, :bends]
    return Prior(
        np.array([kind.slopes + gift.slopes for kind in kinds]),
        guess,
        np.full((tiers, len(kinds)), 1 / len(kinds)),
        guess,
    )
