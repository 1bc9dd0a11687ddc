"""What is usual for a series at each hour: from the same hours before, and how far today is from
them, be it by its own last day or by what everything else does.

Two bounds instead of one expectation: a rise has to be more than every explanation allows, a fall
less than any. A season that lifts everything, its end, and a slow day explain themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.anomalies.series import DAY, LOOKED_AT, WEEK, Array, Series

LEAST = 3  # same hours that were seen before, to call anything usual
LEAST_HOURS = 12  # of a campaign that is younger than three days
SOFT = 10.0  # counted to both sides of a ratio, so that few are no lift
SPAN = LOOKED_AT + 1 + DAY  # hours that are reckoned with; of the first day only its level is asked


@dataclass(frozen=True, slots=True)
class Usual:
    """By hour, the last LOOKED_AT hours and the present one: the bounds and the middle, in units.
    nan where nothing is usual yet."""

    lower: Array
    middle: Array
    upper: Array
    value: Array


def usual_of(series: Sequence[Series]) -> list[Usual]:
    references = [_reference(one) if one.whole else None for one in series]
    lifts = {
        one.kin: _ratio(_before(one.values, 0) / one.unit, reference / one.unit)
        for one, reference in zip(series, references, strict=True)
        if one.leads and reference is not None
    }
    return [
        _of_campaign(one)
        if reference is None
        else _of_whole(one, reference, [lifts[kin] for kin in lifts if kin != one.kin])
        for one, reference in zip(series, references, strict=True)
    ]


def _reference(one: Series) -> Array:
    """The median of the same hour and weekday in eight weeks before."""
    rates = one.usable if one.exposed is None else one.usable / np.maximum(one.exposed, 1.0)
    past = _median([_before(rates, WEEK * weeks) for weeks in range(1, 9)], LEAST)
    return past if one.exposed is None else past * np.maximum(_before(one.exposed, 0), 1.0)


def _of_whole(one: Series, reference: Array, others: list[Array]) -> Usual:
    own = _level(_before(one.usable, 0), reference)
    least = np.fmin.reduce(others) if others else np.ones_like(own)
    most = np.fmax.reduce(others) if others else np.ones_like(own)
    risen = np.where(least > 1, least**one.readily, least)
    fallen = np.maximum(most, 1.0)  # that everything falls below the usual is told
    return _cut(
        one,
        lower=reference * np.fmin(own, fallen),
        middle=reference * own,
        upper=reference * np.fmax(own, risen),
    )


def _of_campaign(one: Series) -> Usual:
    """Beside the whole, the same hours of the last days, or of a young one its last hours."""
    driver = np.ones_like(one.values) if one.driver is None else one.driver + 1.0
    share = one.usable / driver
    days = range(DAY, 8 * DAY, DAY)
    plain = _median([_before(one.usable, hours) for hours in days], LEAST)
    now = _before(driver, 0)
    along = _median([_before(share, hours) for hours in days], LEAST) * now
    young = _median([_before(share, hours) for hours in range(1, DAY + 1)], LEAST_HOURS) * now
    along = np.where(np.isnan(along), young, along)
    return _cut(one, lower=np.fmin(plain, along), middle=along, upper=np.fmax(plain, along))


def _cut(one: Series, **bounds: Array) -> Usual:
    last = LOOKED_AT + 1
    value = _before(one.values, 0)[-last:] / one.unit
    lower, middle, upper = (bound[-last:] / one.unit for bound in bounds.values())
    return Usual(lower, middle, upper, value)


def _level(values: Array, reference: Array) -> Array:
    """How far the last day was from the usual: the median of its hours' ratios, weighed by what is
    usual in each."""
    back = range(1, DAY + 1)
    ratio, weight = values / np.maximum(reference, 1e-9), np.where(np.isnan(values), 0, reference)
    ratios = np.stack([_ago(ratio, hours) for hours in back])
    weights = np.nan_to_num(np.stack([_ago(weight, hours) for hours in back]))
    order = np.argsort(np.nan_to_num(ratios, nan=np.inf), axis=0)
    sorted_weights = np.take_along_axis(weights, order, 0).cumsum(axis=0)
    total = sorted_weights[-1]
    place = (sorted_weights < total / 2).sum(axis=0)
    level = np.take_along_axis(np.take_along_axis(ratios, order, 0), place[None], 0)[0]
    return np.where((total > 0) & ~np.isnan(level), np.clip(level, 0.05, 50), 1.0)


def _ratio(value: Array, reference: Array) -> Array:
    return (value + SOFT) / (reference + SOFT)


def _before(values: Array, hours: int) -> Array:
    """The values of SPAN hours, as they were so many hours ago."""
    return _ago(values, hours)[-SPAN:] if len(values) >= SPAN else _ago(_padded(values), hours)


def _padded(values: Array) -> Array:
    return np.concatenate([np.full(SPAN - len(values), np.nan), values])


def _ago(values: Array, hours: int) -> Array:
    shifted = np.full(len(values), np.nan)
    if hours < len(values):
        shifted[hours:] = values[: len(values) - hours]
    return shifted


def _median(samples: Iterable[Array], least: int) -> Array:
    """Of what is known; nan where that is fewer than `least`."""
    stacked = np.sort(np.stack(list(samples)), axis=0)  # nan comes last
    known = (~np.isnan(stacked)).sum(axis=0)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    high = np.minimum(high, len(stacked) - 1)
    columns = np.arange(stacked.shape[1])
    middle = (stacked[low, columns] + stacked[high, columns]) / 2
    return np.where(known >= least, middle, np.nan)
