"""Units have moods: a good week is no proof of a good rate.

What a count says of a rate is weighed as if each unit's level wandered (an AR(1) in the logarithm),
by a Kalman filter over all units at once: days that lie close together share a mood, so only
contrasts within it tell much.
"""

from dataclasses import dataclass

import numpy as np

from aiassist.autopilot.facts import Array

USUAL_SCATTER, USUAL_VARIANCE, USUAL_KEEP = 0.04, 0.015, 0.85
USUAL_WEIGHT = 2_000.0  # days of units that the usual counts for
NEAR, FAR = 1, 6  # days between which the fading of a mood is read


@dataclass(frozen=True)
class Moods:
    """Variances of a count's logarithm: of a single day, and of the mood that fades by `keep`."""

    scatter: float = USUAL_SCATTER
    variance: float = USUAL_VARIANCE
    keep: float = USUAL_KEEP


def moods_of(off: Array, mean: Array, weight: Array) -> Moods:
    """Read from how far counts are off their mean (as a share of it), and for how long."""
    there = (weight > 0) & (mean > 20)
    off = np.where(there, np.clip(off, -1, 1.5), 0)
    near, far = (_together(off, there, gap) for gap in (NEAR, FAR))
    known = there.sum() / (there.sum() + USUAL_WEIGHT)
    shared = max(near[0], 0.0)
    fades = USUAL_KEEP
    if shared > 0:
        fades = np.clip(max(far[0], 0) / shared, 0.15, 0.85) ** (1 / (FAR - NEAR))
    keep = known * fades + (1 - known) * USUAL_KEEP
    variance = known * shared / keep + (1 - known) * USUAL_VARIANCE
    alone = ((off**2 - 1 / np.maximum(mean, 1)) * there).sum() / max(there.sum(), 1) - variance
    scatter = known * max(alone, 0.002) + (1 - known) * USUAL_SCATTER
    return Moods(*(float(x) for x in np.clip([scatter, variance, keep], 0.002, [1, 0.3, 0.95])))


def _together(off: Array, there: Array, gap: int) -> tuple[float, int]:
    both = there[:, gap:] & there[:, :-gap]
    count = int(both.sum())
    return float((off[:, gap:] * off[:, :-gap] * both).sum() / max(count, 1)), count


@dataclass(frozen=True)
class Filtered:
    """What is left of each day when the mood of the days before is taken out."""

    rows: Array  # units × days × columns
    trust: Array  # units × days
    mood: Array  # units × columns: tomorrow's mood, as a combination of the columns


def filtered(rows: Array, trust: Array, moods: Moods) -> Filtered:
    """`rows`: units × days × columns; `trust`: 1 / the variance of a day without its mood."""
    size, days, width = rows.shape
    if not moods.variance:
        return Filtered(rows, trust, np.zeros((size, width)))
    mood, variance = np.zeros((size, width)), np.full(size, moods.variance)
    left, weight = np.empty_like(rows), np.empty_like(trust)
    fresh = (1 - moods.keep**2) * moods.variance
    for day in range(days):
        left[:, day] = rows[:, day] - mood
        weight[:, day] = trust[:, day] / (1 + variance * trust[:, day])
        gain = variance * weight[:, day]
        mood = moods.keep * (mood + gain[:, None] * left[:, day])
        variance = moods.keep**2 * variance * (1 - gain) + fresh
    return Filtered(left, weight, mood)
