"""Worked examples of freebies (docs/campaign-mechanics.md)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.freebie import next_slot, slot_at, winners
from tests.campaigns.mechanics.facts import product

MECHANIC = MECHANICS["freebie"]
RULES = MECHANIC.parse({"winners": 2})  # 10:00 and 20:00, 30 minutes each
DRAW = MECHANIC.parse({"winners": 2, "mode": "draw"})


def at(hour, minute=0, day=18):
    return datetime(2026, 6, day, hour, minute, tzinfo=clock.ZONE)


def test_the_first_two_buyers_win_and_nobody_twice():
    assert winners(RULES, ["wu", "wu", "lin", "chen"], seed="") == ["wu", "lin"]


def test_a_draw_can_be_drawn_again_from_its_seed():
    buyers = ["wu", "lin", "chen", "zhou"]

    assert winners(DRAW, buyers, seed="618-10:00") == ["zhou", "chen"]
    assert winners(DRAW, buyers[::-1], seed="618-10:00") == ["zhou", "chen"]
    assert winners(DRAW, buyers, seed="618-20:00") == ["chen", "zhou"]


def test_slots_open_and_close_in_the_alliances_zone():
    assert slot_at(RULES, at(9, 59)) is None
    assert slot_at(RULES, at(10)) == (at(10), at(10, 30))
    assert slot_at(RULES, at(10, 29)) == (at(10), at(10, 30))
    assert slot_at(RULES, at(10, 30)) is None
    assert next_slot(RULES, at(10)) == (at(20), at(20, 30))
    assert next_slot(RULES, at(21)) == (at(10, day=19), at(10, 30, day=19))


def test_the_coupon_pays_the_price_up_to_100_yuan_once_in_30_days():
    terms = MECHANIC.coupon(RULES)

    assert (terms.faces, terms.pause_days, terms.wins) == (((10_000, 1),), 30, False)
    assert terms.valid_until(at(10), at(10)) == at(10, day=19)


def test_a_product_above_the_limit_is_not_for_it():
    assert MECHANIC.objections(RULES, product(price_minor=10_000)) == []
    assert [str(each) for each in MECHANIC.objections(RULES, product(price_minor=10_001))] == [
        "It costs more than a free order pays."
    ]


@given(
    buyers=st.lists(st.text(max_size=4), max_size=30),
    count=st.integers(1, 10),
    mode=st.sampled_from(["first", "draw"]),
    seed=st.text(max_size=5),
)
def test_there_are_as_many_winners_as_places_or_buyers_and_each_wins_once(
    buyers, count, mode, seed
):
    won = winners(MECHANIC.parse({"winners": count, "mode": mode}), buyers, seed=seed)

    assert len(won) == len(set(won)) == min(count, len(set(buyers)))
    assert set(won) <= set(buyers)


@given(minutes=st.integers(0, 3 * 24 * 60))
def test_the_next_slot_lies_ahead_and_is_open_when_it_opens(minutes):
    moment = at(0) + timedelta(minutes=minutes)
    slot = next_slot(RULES, moment)

    assert moment < slot[0] <= moment + timedelta(hours=14)
    assert slot_at(RULES, slot[0]) == slot


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ([], "slots"),
        ([{"opens": "10:00", "minutes": 30}, {"opens": "10:29", "minutes": 5}], "slots"),
        ([{"opens": "20:00", "minutes": 5}, {"opens": "10:00", "minutes": 5}], "slots"),
        ([{"opens": "23:45", "minutes": 16}], "slots"),
        ([{"opens": "25:00", "minutes": 5}], "slots.0.opens"),
    ],
)
def test_slots_that_make_no_sense_are_refused(slots, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse({"slots": slots})
    assert said.value.field == field
