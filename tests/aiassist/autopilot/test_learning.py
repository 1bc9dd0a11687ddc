"""What units' answers and moods are read from."""

import numpy as np

from aiassist.autopilot.belief import _features, _priors
from aiassist.autopilot.moods import USUAL_VARIANCE, moods_of
from aiassist.autopilot.response import fit


def test_days_that_share_nothing_show_no_moods():
    off = np.tile([0.2, -0.2], (80, 20))  # each day the contrary of the one before
    found = moods_of(off, np.full_like(off, 400.0), np.ones_like(off))
    assert found.variance < USUAL_VARIANCE / 2


def test_the_inert_stay_told_from_the_elastic_when_these_are_raised_and_those_lowered():
    """As the autopilot does it, all on one day; and what the elastic do makes no other kind so."""
    chance = np.random.default_rng(3)
    size, days = 60, 80
    elastic = np.where(np.arange(size) % 3 == 0, 1.3, 0.0)
    rate = np.full((size, days), np.log(750.0))
    rate[:, 28:] += np.where(elastic > 0, 0.2, -0.2)[:, None] + chance.normal(0, 0.25, (size, 1))
    mean = np.exp(6 + elastic[:, None] * (rate - rate[:, :1]) + chance.normal(0, 0.06, days))
    count = chance.poisson(mean * chance.gamma(25, 1 / 25, mean.shape))
    rows = _features(rate, np.zeros_like(rate), (0,))[0]
    prior, start = _priors(0, 1)[0], np.full((size, rows.shape[2]), np.nan)
    for _night in range(20):
        told = fit(count, rate * 0 + 1, rows, rate * 0 + 1, np.zeros(size, int), prior, start)
        prior, start = told.prior, told.mixed
    moved = start[:, 1:5].mean(axis=1)  # the stretches they were moved through
    assert moved[elastic > 0].mean() - moved[elastic == 0].mean() > 0.7
    assert prior.mean[0, 1:5].mean() < 0.15
