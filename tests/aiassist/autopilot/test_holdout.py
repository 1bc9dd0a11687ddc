"""How sure it is what held-out affiliates say of the others."""

import numpy as np
import pytest

from aiassist.autopilot.holdout import growth_of


@pytest.mark.parametrize("largest", [1, 30])  # times the others
def test_what_is_said_to_hold_nine_of_ten_times_does(largest):
    """Also where one of the held-out has most of the sales, and so hardly differs from the sum."""
    chance, held = np.random.default_rng(618), []
    for _ in range(2_000):
        past = chance.lognormal(0, 0.5, 60)
        past[0] *= largest
        now = 1.5 * past * chance.lognormal(0, 0.2, 60)
        out, rest = slice(0, 10), slice(10, 60)
        growth, sd = growth_of(now[out], past[out], past[rest])
        held.append(abs(growth - now[rest].sum() / past[rest].sum()) <= 1.645 * sd)
    assert 0.8 < np.mean(held) < 0.97


def test_one_who_began_the_day_before_does_not_make_it_useless():
    past, rest = np.full(10, 1_000_000.0), np.full(190, 1_000_000.0)
    now = past * np.linspace(1.8, 2.2, 10)
    _growth, usual = growth_of(now, past, rest)
    past[0], now[0] = 100.0, 2_000_000.0
    assert growth_of(now, past, rest)[1] < 3 * usual
