"""The angles compared: rarely is a wrong one named; what counts is settled and old enough."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import numpy as np

from affiliates.services.figures import clicks_count
from aiassist.copy import contest
from aiassist.copy.contest import Row, judge
from aiassist.models import CopyVariant
from aiassist.queries.contest import contest_of
from aiassist.services.copies import copy_write
from alliance.kernel import clock
from commissions.models import Settlement
from tests.cast import cast_make

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


def test_what_is_compared_is_settled_old_enough_and_of_texts_that_the_lot_chose(db):
    """Of the orders by one link: one before its text was drawn, two that count (of one the money
    went back), one clicked after the day until which months are settled."""
    march = datetime(2026, 3, 9, 12, tzinfo=clock.ZONE)
    with clock.at(march - timedelta(days=3)):
        cast = cast_make()
    place = {"zone": cast.zone, "channel": "weibo", "language": "zh", "drawn_only": True}
    with clock.at(march):
        copy_write(actor=cast.lin, affiliate=cast.affiliate, product=cast.product, **place)
    drawn = CopyVariant.objects.get()
    marks = {f"sub{n}": getattr(drawn.link, f"sub{n}") for n in range(1, 6)}
    for number, days in enumerate((-1, 1, 2, 40)):
        at = march + timedelta(days=days)
        with clock.at(at + timedelta(hours=1)):
            click = cast.click(link=drawn.link, at=at, **marks)
            cast.sold(f"T{number}", click_id=click)
            cast.received(f"T{number}", placed_at=clock.now(), paid_at=clock.now())
    with clock.at(march + timedelta(days=3)):
        cast.refunded("199.00", "T2")
    with clock.at(march + timedelta(days=80)):
        clicks_count()
        assert contest_of(cast.affiliate, "weibo", "zh")[1] is None  # no month is closed
        Settlement.objects.create(
            month=date(2026, 4, 1), currency="CNY", state="closed", closed_at=clock.now()
        )
        contest, until = contest_of(cast.affiliate, "weibo", "zh")

    assert march.date() < until < date(2026, 4, 18)
    arms = {arm.angle: arm for arm in contest.arms}
    kept = cast.commission("T1").net_minor
    assert (arms[drawn.angle].clicks, arms[drawn.angle].net_minor) == (2, kept)
    assert (arms[drawn.angle].bought, arms[drawn.angle].refunded) == (4, 1)
    assert {arm.clicks for angle, arm in arms.items() if angle != drawn.angle} == {0}
