"""The angles compared: rarely is a wrong one named; what counts is settled and old enough."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np

from aiassist.copy import contest
from aiassist.copy.contest import Row, judge

ANGLES = ("price", "use", "season", "trust")
DAY = date(2026, 1, 1)


def world(dice, lift, *, weeks=26, products=40, clicks=30) -> list[Row]:
    """Products that differ more than their texts do; a lot for each of them and each week."""
    worth, sells = dice.lognormal(6.5, 0.6, products), dice.beta(4, 60, products)
    rows = []
    for week in range(weeks):
        angles = np.where(dice.random(products) < 0.1, 0, dice.integers(4, size=products))
        came = dice.poisson(clicks, products)
        up = np.array([lift.get(angle, 1) for angle in ANGLES])[angles]
        bought = dice.binomial(came, np.minimum(sells * up, 1))
        day = DAY + timedelta(weeks=week)
        rows += [
            Row(ANGLES[angles[n]], n, day, int(came[n]), int(bought[n] * worth[n]), int(bought[n]))
            for n in range(products)
        ]
    return rows


def winners(lift, count, seed):
    dice = np.random.default_rng(seed)
    return [judge(world(dice, lift), {}, ANGLES, "price").winner for _each in range(count)]


def test_a_wrong_winner_is_rarely_named_and_a_clear_one_is_found():
    alike = winners({}, 60, seed=1)
    clear = winners({"trust": 1.8}, 15, seed=2)

    assert sum(map(bool, alike)) <= 6  # 3 are to be expected at most
    assert clear.count("trust") >= 10
    assert set(clear) <= {"trust", ""}


def test_looks_are_at_fixed_sizes_whenever_somebody_asks():
    rows = world(np.random.default_rng(3), {"trust": 1.8})
    full = judge(rows, {}, ANGLES, "price")
    assert full.look > 2
    assert full.sure == 1 - contest.ERROR / 2**full.look
    assert full.next_clicks == contest.FIRST_LOOK * 2**full.look

    said: dict[int, set[tuple]] = defaultdict(set)
    for week in range(2, 26):
        known = [row for row in rows if row.day < DAY + timedelta(weeks=week)]
        judged = judge(known, {}, ANGLES, "price")
        said[judged.look].add(tuple(arm.best for arm in judged.arms))
    assert len(said) > 2
    assert all(len(each) == 1 for each in said.values())  # the same in every week until the next
    few = judge([row for row in rows if row.product < 15], {}, ANGLES, "price")
    assert (few.look, few.winner, few.arms[0].best) == (0, "", None)


def test_an_angle_of_which_too_much_comes_back_is_stopped():
    rows = world(np.random.default_rng(4), {"use": 3})
    bought = {"price": (200, 20), "use": (200, 90), "season": (20, 15), "trust": (200, 34)}
    judged = judge(rows, bought, ANGLES, "price")

    assert [arm.angle for arm in judged.arms if arm.stopped] == ["use"]
    assert judged.winner != "use"
    assert next(arm for arm in judged.arms if arm.angle == "use").best is None
