"""What is usual among peers: how much they sell, how unevenly, how their pace drifts, how often one
falls silent for good, and what part of their orders is lost.

Orders of a day are Poisson, around a rate of the affiliate's own times the day's busyness times a
chance of the day (a gamma law of mean 1 and shape `burst`): negative binomial. The rates of peers
follow a gamma law. What lies back counts less: a half each HALF_LIFE days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HALF_LIFE = 14.0  # days
LEAST_PEERS = 10
LOSS_WEIGHT = 20.0  # orders of the peers beside one's own
OWN_BURST = 20.0  # days of the peers beside one's own, where all sell plenty
SILENT_DAYS = 14
MOST_BURST, LEAST_BURST = 50.0, 0.15


@dataclass(frozen=True, slots=True)
class Track:
    """An affiliate's orders, by day up to yesterday, the oldest first; days before `first` it was
    no member. Of the orders old enough to judge (`judged`), `lost` were called off or sent back.
    `amounts`, `squares`: sums over `sold` orders of their amount and its square, minor units."""

    counts: np.ndarray
    first: int = 0
    judged: int = 0
    lost: int = 0
    sold: int = 0
    amounts: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Usual:
    """Rates by gamma(`shape`, `per`), orders on a plain day; `burst` the shape of a day's chance;
    `drift` the standard deviation of the logarithm of a pace's change over the days ahead;
    `silence` the chance per day of falling silent for good; `loss` the lost part; an order is worth
    `amount` on average, with `spread` between the orders of one affiliate and `apart` between the
    affiliates' averages (standard deviations, minor units)."""

    shape: float = 0.3
    per: float = 1.0
    burst: float = 2.0
    drift: float = 0.4
    silence: float = 1 / 365
    loss: float = 0.1
    amount: float = 0.0
    spread: float = 0.0
    apart: float = 0.0
    peers: int = 0


def usual_of(tracks: Sequence[Track], busy: np.ndarray, ahead: int) -> Usual:
    """What the peers tell about the `ahead` days to come. `busy`: the busyness of each past day.
    Without enough of them, what is assumed of anybody."""
    if len(tracks) < LEAST_PEERS:
        return Usual(peers=len(tracks))
    counts = np.array([track.counts for track in tracks], float)
    first = np.array([track.first for track in tracks])
    there = np.arange(counts.shape[1])[None, :] >= first[:, None]
    exposed = there * busy[None, :]
    burst = _burst(counts, exposed)
    shape, per = _prior(*_evidence(counts, exposed), burst)
    made = Usual(shape=shape, per=per, burst=burst, peers=len(tracks))
    drift, silence = _change(counts, exposed, made, max(7, min(ahead, 28)))
    judged, lost = (sum(getattr(t, name) for t in tracks) for name in ("judged", "lost"))
    amount, spread, apart = _amounts(tracks)
    return Usual(
        shape, per, burst, drift, silence, (lost + 1) / (judged + 10), amount, spread, apart,
        len(tracks),
    )  # fmt: skip


def belief(
    counts: np.ndarray, exposed: np.ndarray, shape: float, per: float, burst: float
) -> tuple[np.ndarray, np.ndarray]:
    """Shape and rate of what is believed of each row's pace. Uneven days tell less."""
    orders, days = _evidence(counts, exposed)
    seen = (days > 0).astype(float)
    uneven = 1 + (orders / np.maximum(days, 1e-9)) * seen / burst
    return shape + orders / uneven, per + days / uneven


def burst_of(track: Track, busy: np.ndarray, usual: Usual) -> float:
    """How uneven the affiliate's own days are, drawn to what is usual."""
    exposed = (np.arange(len(busy)) >= track.first) * busy
    over, under = _uneven(track.counts[None, :].astype(float), exposed[None, :])
    share = (over[0] + OWN_BURST / usual.burst) / (under[0] + OWN_BURST)
    return float(1 / np.clip(share, 1 / MOST_BURST, 1 / LEAST_BURST))


def _evidence(counts: np.ndarray, exposed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orders, and plain days on which they came, both counting less the further back."""
    age = np.arange(counts.shape[1] - 1, -1, -1)
    weight = 0.5 ** (age / HALF_LIFE)
    return counts @ weight, exposed @ weight


def _uneven(counts: np.ndarray, exposed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row what its days vary beyond chance, and what that is to be held against."""
    age = np.arange(counts.shape[1] - 1, -1, -1)
    near = 0.5 ** (age / (2 * HALF_LIFE))
    rate = (counts * near).sum(axis=1) / np.maximum((exposed * near).sum(axis=1), 1e-9)
    usual = rate[:, None] * exposed
    weight = near / (1 + usual.mean(axis=1, keepdims=True)) ** 2
    over = (((counts - usual) ** 2 - usual) * (exposed > 0) * weight).sum(axis=1)
    return over, (usual**2 * weight).sum(axis=1)


def _burst(counts: np.ndarray, exposed: np.ndarray) -> float:
    over, under = _uneven(counts, exposed)
    share = (over.sum() + 0.5) / (under.sum() + 1)
    return float(1 / np.clip(share, 1 / MOST_BURST, 1 / LEAST_BURST))


def _prior(orders: np.ndarray, days: np.ndarray, burst: float) -> tuple[float, float]:
    """The gamma law of the rates: their mean, and their variance without that of chance."""
    rates = orders / np.maximum(days, 1e-9)
    rates = rates[days > 2]
    if not len(rates) or not rates.sum():
        return 0.3, 3.0
    mean = rates.mean()
    effective = np.maximum(days[days > 2], 1)
    chance = ((rates + rates**2 / burst) / effective).mean()
    variance = max(rates.var() - chance, mean**2 / 20)
    return float(np.clip(mean**2 / variance, 0.05, 20)), float(mean / variance)


def _change(
    counts: np.ndarray, exposed: np.ndarray, made: Usual, ahead: int
) -> tuple[float, float]:
    """How far the pace of those days ahead strayed from what had been believed before, and how
    often somebody fell silent: looked up at three moments of the past."""
    days = counts.shape[1]
    square = weight = silent = watched = 0.0
    for cut in (days - ahead, days - ahead - 14, days - ahead - 28):
        if cut < 14:
            continue
        shape, per = belief(counts[:, :cut], exposed[:, :cut], made.shape, made.per, made.burst)
        then = exposed[:, cut : cut + ahead].sum(axis=1)
        expected, came = shape / per * then, counts[:, cut : cut + ahead].sum(axis=1)
        lively = (counts[:, cut - 14 : cut].sum(axis=1) >= 3) & (exposed[:, cut - 14] > 0)
        gone = lively & (counts[:, cut:].sum(axis=1) == 0) & (days - cut >= SILENT_DAYS)
        chance = (1 + expected / (made.burst * ahead)) ** (-made.burst * ahead)
        silent += max(0.0, float((gone * (1 - chance)).sum()))
        watched += float(lively.sum()) * (days - cut)
        some = lively & ~gone & (expected >= 2)
        if some.sum() < 5:
            continue
        common = came[some].sum() / expected[some].sum()
        hoped = expected[some] * common
        known = hoped + hoped**2 / (made.burst * ahead) + hoped**2 / shape[some]
        each = 1 / (1 + hoped) ** 2
        square += float((((came[some] - hoped) ** 2 - known) * each).sum())
        square += float(np.log(np.clip(common, 0.3, 3)) ** 2 * (hoped**2 * each).sum())
        weight += float((hoped**2 * each).sum())
    prior = 5.0
    strayed = (square + prior * 0.25**2) / (weight + prior)
    return float(np.sqrt(np.clip(strayed, 0.1**2, 1))), (silent + 0.5) / (watched + 180)


def _amounts(tracks: Sequence[Track]) -> tuple[float, float, float]:
    """Average amount of an order, its spread within an affiliate, and between them."""
    sold = np.array([track.sold for track in tracks], float)
    sums = np.array([track.amounts for track in tracks])
    squares = np.array([track.squares for track in tracks])
    if not sold.sum():
        return 0.0, 0.0, 0.0
    some = sold >= 2
    mean = float(sums.sum() / sold.sum())
    if not some.any():
        return mean, mean, mean / 2
    means = sums[some] / sold[some]
    within = np.maximum(squares[some] - sold[some] * means**2, 0).sum() / (sold[some] - 1).sum()
    between = max(float(means.var() - (within / sold[some]).mean()), (mean / 10) ** 2)
    typical = float(np.average(means, weights=sold[some] / (sold[some] + 10)))
    return typical, float(np.sqrt(within)), float(np.sqrt(between))
