"""Which series stand out at the last hour, so that a quiet week has about no finding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.anomalies.series import DAY, Array, Key, Series
from aiassist.anomalies.usual import Usual, usual_of

FALSE = 0.004  # of what is found in an hour, by chance at most
FACTOR = 1.5  # less than that is nobody's concern
SHOWN = 2 * DAY  # hours of the curve
USUAL = 2.0  # standard deviations that are called usual
STRAYS = 0.1  # as long as nothing better is known: hours differ from each other by a tenth
KNOWN = 100  # hours by which it is known better
TAIL = 0.98  # what lies beyond is far out; how fast that thins out is learned from the past


@dataclass(frozen=True, slots=True)
class Finding:
    """A series at its last hour, in its own values.

    `low` to `high` is usual; `chance` that an hour is so far out by itself. `striking`: to be told,
    which also asks for FACTOR and money. The curves are of the last SHOWN hours.
    """

    key: Key
    kin: str
    value: float
    low: float
    usual: float
    high: float
    score: float  # standard deviations beyond what any explanation allows; below zero: a fall
    chance: float
    effect: float  # minor units between the value and the usual bound
    record: bool  # more (or fewer) than in any hour of its kind before
    striking: bool
    values: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    @property
    def out(self) -> bool:
        """Whether it is still beyond what is usual."""
        return not self.low <= self.value <= self.high

    @property
    def up(self) -> bool:
        return self.score > 0


@dataclass(frozen=True, slots=True)
class _Judged:
    series: Series
    usual: Usual
    scores: Array
    strays: float


def judge(
    series: Sequence[Series], *, least_minor: int, false: float = FALSE
) -> dict[Key, Finding]:
    """Every series of which it is known what is usual. `least_minor`: what has to be at stake."""
    judged = [_scored(one, usual) for one, usual in zip(series, usual_of(series), strict=True)]
    judged = [one for one in judged if not np.isnan(one.scores[-1])]
    if not judged:
        return {}
    from scipy.stats import false_discovery_control  # takes most of a second to load

    chances = _chances(judged)
    rates = false_discovery_control(np.maximum(chances, 1e-300))
    found = [
        _finding(one, float(chance), rate <= false, least_minor)
        for one, chance, rate in zip(judged, chances, rates, strict=True)
    ]
    return {one.key: one for one in found}


def _scored(series: Series, usual: Usual) -> _Judged:
    strays = _strays(usual)
    over = _deviations(usual.value, usual.upper, strays)
    under = _deviations(usual.value, usual.lower, strays)
    scores = np.where(over > 0, over, np.where(under < 0, under, 0.0))
    unknown = np.isnan(usual.value) | np.isnan(usual.upper)
    return _Judged(series, usual, np.where(unknown, np.nan, scores), strays)


def _strays(usual: Usual) -> float:
    """By how much hours differ beyond chance, as a share of them, in the busier half of hours."""
    value, middle = usual.value[:-1], usual.middle[:-1]
    known = ~(np.isnan(value) | np.isnan(middle)) & (middle > 0)
    if known.sum() < KNOWN:
        return STRAYS * 3
    value, middle = value[known], middle[known]
    busy = middle >= np.median(middle)
    off = np.log((value[busy] + 0.5) / (middle[busy] + 0.5))
    spread = 1.4826 * np.median(np.abs(off - np.median(off)))
    by_chance = float(np.median(1 / (middle[busy] + 0.5)))
    return float(np.sqrt(max(spread**2 - by_chance, STRAYS**2 / 4)))


def _deviations(value: Array, bound: Array, strays: float) -> Array:
    """Counts that vary by chance and by so much: about standard normal where they only do that."""
    return (_root(value) - _root(bound)) / np.sqrt(1 + strays**2 * np.maximum(bound, 0))


def _root(count: Array) -> Array:
    return 2 * np.sqrt(np.maximum(count, 0) + 0.375)


def _chances(judged: list[_Judged]) -> Array:
    """How often an hour of the past, of any series, was as far out: counted up to the tail, and
    beyond it by how fast that thinned out. Never less than if the deviations were normal's tenfold.
    """
    past = np.concatenate([np.abs(one.scores[:-1]) for one in judged])
    past = np.sort(past[~np.isnan(past)])
    now = np.abs([one.scores[-1] for one in judged])
    if len(past) < KNOWN:
        return np.ones_like(now)
    begins, far = np.quantile(past, [TAIL, 1 - (1 - TAIL) / 4])
    thins = max((far - begins) / np.log(4), 0.4)
    inside = 1 - np.searchsorted(past, now, side="left") / len(past)
    beyond = (1 - TAIL) * np.exp(-np.maximum(now - begins, 0) / thins)
    return np.where(now > begins, beyond, np.maximum(inside, 1 - TAIL))


def _finding(one: _Judged, chance: float, rare: bool, least_minor: int) -> Finding:
    unit, usual = one.series.unit, one.usual
    lows, highs = _band(usual.lower, one.strays, -USUAL), _band(usual.upper, one.strays, USUAL)
    value, score = float(usual.value[-1]), float(one.scores[-1])
    bound = float(usual.upper[-1] if score > 0 else usual.lower[-1])
    effect = abs(value - bound) * unit * one.series.worth
    much = value >= FACTOR * bound if score > 0 else value <= bound / FACTOR
    past = one.series.usable[:-1]
    past = past[~np.isnan(past)]
    most = past.max(initial=0.0) if score > 0 else past.min(initial=np.inf)
    return Finding(
        key=one.series.key,
        kin=one.series.kin,
        value=value * unit,
        low=float(lows[-1]) * unit,
        usual=bound * unit,
        high=float(highs[-1]) * unit,
        score=score,
        chance=chance,
        effect=effect,
        record=bool(value * unit > most if score > 0 else value * unit < most),
        striking=bool(rare and much and effect >= least_minor),
        values=_curve(usual.value * unit),
        lows=_curve(lows * unit),
        highs=_curve(highs * unit),
    )


def _band(bound: Array, strays: float, deviations: float) -> Array:
    """The count that is so many standard deviations off."""
    at = _root(bound) + deviations * np.sqrt(1 + strays**2 * np.maximum(bound, 0))
    return np.maximum((np.maximum(at, 0) / 2) ** 2 - 0.375, 0)


def _curve(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.nan_to_num(values[-SHOWN:]))
