"""The odds of a task as statistics: what they must be whatever the figures are."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from aiassist.odds import (
    Left,
    Lift,
    Track,
    Usual,
    ahead_of,
    busyness,
    lifts,
    needed_more,
    usual_of,
    waiting_chance,
    weekdays,
)
from aiassist.odds.usual import belief

BUSY = np.ones(90)
USUAL = Usual(shape=1, per=1, burst=3, drift=0.2, silence=0.002, loss=0.1, amount=5_000,
              spread=2_000, apart=1_500, peers=50)  # fmt: skip


def track(a_day: float, days: int = 90) -> Track:
    """Evenly so many a day, for the last so many days."""
    counts = np.zeros(90)
    begun = 90 - days
    each = np.floor(np.arange(1, days + 1) * a_day) - np.floor(np.arange(days) * a_day)
    counts[begun:] = each
    sold = int(counts.sum())
    return Track(counts, begun, sold, sold // 10, sold, 5_000.0 * sold, 5_000.0**2 * sold * 1.1)


def left(days: int, **facts) -> Left:
    return Left(np.ones(days), np.ones(days), **facts)


def ends(a_day: float, days: int, **facts):
    return ahead_of(track(a_day), BUSY, USUAL, left(days, **facts), [1, 2, 3])


def test_the_same_facts_and_seed_give_the_same():
    one, same = ends(1, 7), ends(1, 7)
    assert (one.orders == same.orders).all()
    assert (one.amounts == same.amounts).all()
    other = ahead_of(track(1), BUSY, USUAL, left(7), [1, 2, 4])
    assert abs(other.orders_reach(5).likely - one.orders_reach(5).likely) < 0.03


def test_what_is_reached_and_can_not_be_lost_is_certain():
    sure = ends(0.1, 3, done=5).orders_reach(5)
    assert (sure.likely, sure.low, sure.high) == (1, 1, 1)
    over = ends(3, 0, done=4, waiting=np.array([0.5]))  # no day is left, one order may be lost
    assert over.orders_reach(4).likely == 1
    assert over.orders_reach(5).likely == pytest.approx(0.5, abs=0.02)
    assert over.orders_reach(6).likely == 0


def test_more_days_a_better_pace_more_done_and_a_lower_step_make_it_likelier():
    by_step = [ends(1, 10).orders_reach(least).likely for least in (1, 5, 10, 20)]
    by_days = [ends(1, days).orders_reach(8).likely for days in (2, 6, 10, 20)]
    by_pace = [ends(pace, 10).orders_reach(8).likely for pace in (0.1, 0.5, 1, 3)]
    by_done = [ends(1, 5, done=done).orders_reach(8).likely for done in (0, 2, 4, 8)]
    assert by_step == sorted(by_step, reverse=True)
    for rising in (by_days, by_pace, by_done):
        assert rising == sorted(rising)
        assert rising[-1] - rising[0] > 0.4
    by_sales = [ends(1, 10).amounts_reach(minor).likely for minor in (1_000, 20_000, 90_000)]
    assert by_sales == sorted(by_sales, reverse=True)


def test_little_history_makes_a_wide_interval_and_says_so():
    much = ends(1, 7).orders_reach(5)
    new = ahead_of(Track(np.zeros(90), first=88), BUSY, USUAL, left(7), [1])
    few = ahead_of(track(1, days=20), BUSY, USUAL, left(7), [1])
    assert new.little
    assert not few.little
    wide = new.orders_reach(5)
    assert (wide.high - wide.low) / wide.likely > 3 * (much.high - much.low) / much.likely


def test_long_silence_is_taken_for_leaving():
    gone = track(2)
    gone.counts[-25:] = 0
    assert ahead_of(gone, BUSY, USUAL, left(7), [1]).orders_reach(3).likely < 0.3
    gone.counts[-2:] = 2  # it is back
    assert ahead_of(gone, BUSY, USUAL, left(7), [1]).orders_reach(3).likely > 0.6


def test_vectors_by_hand():
    # One order a day for ever: 0.5 ** (age / 14) over 90 days sums to 20.47; uneven: 1 + 1 / 4.
    weight = sum(0.5 ** (age / 14) for age in range(90))
    shape, per = belief(np.ones((1, 90)), np.ones((1, 90)), 2.0, 3.0, 4.0)
    assert shape[0] == pytest.approx(2 + weight / 1.25)
    assert per[0] == pytest.approx(3 + weight / 1.25)
    # Half of a loss of 20 % is still to come after five days: 0.1 of the 0.9 that are there.
    assert waiting_chance(np.array([5.0]), 0.2, np.array([1.0]))[0] == pytest.approx(8 / 9)
    # Ends 0 to 9, each as likely: three more than there would be bring 8 half the time.
    assert needed_more(np.arange(10), 8, 0.5) == 4
    assert needed_more(np.arange(10), 2, 0.5) == 0
    assert needed_more(np.array([-np.inf, -np.inf, 5]), 8, 0.5) == 0  # beyond help
    # A known pace without any doubt, nothing lost: Poisson. P(N >= 5 | 7) = 0.827.
    certain = replace(USUAL, shape=1e7, per=1e7, burst=1e6, drift=0.0, silence=0.0, loss=0.0)
    known = ahead_of(Track(np.zeros(90)), BUSY, certain, left(7), [5]).orders_reach(5)
    assert known.likely == pytest.approx(0.827, abs=0.01)
    assert known.high - known.low < 0.1


def test_weekdays_and_seasons_are_found_and_an_unknown_one_is_in_doubt():
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(90)]  # a Monday
    phases = [""] * 80 + ["opening"] * 10
    each = np.array([2.0 if day.weekday() >= 5 else 1.0 for day in days])
    each[80:] *= 3
    counts = np.tile(each * 10, (20, 1))
    weekday = weekdays(counts, days, phases)
    assert weekday[6] / weekday[0] == pytest.approx(2, abs=0.15)
    lifted = lifts(counts, days, phases, weekday)
    assert lifted["opening"].times == pytest.approx(3, abs=0.15)
    factors, doubt = busyness(days, phases, weekday, lifted)
    assert factors[85] / factors[71] == pytest.approx(3, abs=0.15)  # two Tuesdays
    _same, unsure = busyness(days[80:], phases[80:], weekday, {})
    assert unsure > 2 * doubt
    assert busyness(days[80:], phases[80:], weekday, {"opening": Lift(3, 0.1)})[1] < 0.2


def test_peers_tell_what_is_usual():
    chance = np.random.default_rng(1)
    paces = chance.gamma(2, 0.5, 200)  # mean 1, shape 2
    counts = chance.poisson(paces[:, None] * chance.gamma(2, 0.5, (200, 90)))
    tracks = [Track(row.astype(float), 0, 50, 5, 10, 50_000.0, 2.6e8) for row in counts]
    usual = usual_of(tracks, BUSY, 14)
    assert usual.shape / usual.per == pytest.approx(1, abs=0.15)
    assert usual.shape == pytest.approx(2, abs=0.7)
    assert usual.burst == pytest.approx(2, abs=0.6)
    assert usual.loss == pytest.approx(0.1, abs=0.01)
    assert usual.amount == 5_000
    assert usual.drift < 0.35
    assert usual.silence < 0.002
    assert usual_of(tracks[:5], BUSY, 14) == Usual(peers=5)  # too few to tell
