"""Worked examples of freebies (docs/campaign-mechanics.md)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from campaigns.facts import Batch
from campaigns.mechanics import MECHANICS
from tests.campaigns.mechanics.facts import product

MECHANIC = MECHANICS["freebie"]
RULES = MECHANIC.parse({"winners": 2})  # 10:00 and 20:00, 30 minutes each
DRAW = MECHANIC.parse({"winners": 2, "mode": "draw"})


def at(hour, minute=0, day=18):
    return datetime(2026, 6, day, hour, minute, tzinfo=clock.ZONE)


def slots(rules, starts_at, ends_at):
    return [(each.opens_at, each.closes_at) for each in MECHANIC.batches(rules, starts_at, ends_at)]


def test_each_slot_of_each_day_has_its_coupons():
    assert MECHANIC.batches(RULES, at(0), at(0, day=19)) == [
        Batch(size=2, opens_at=at(10), closes_at=at(10, 30), by_lot=False),
        Batch(size=2, opens_at=at(20), closes_at=at(20, 30), by_lot=False),
    ]
    assert all(each.by_lot for each in MECHANIC.batches(DRAW, at(0), at(0, day=20)))
    assert len(slots(RULES, at(0), at(0, day=20))) == 4


def test_a_slot_that_the_campaign_cuts_has_none():
    assert slots(RULES, at(10), at(20, 30)) == [(at(10), at(10, 30)), (at(20), at(20, 30))]
    assert slots(RULES, at(10, 1), at(20, 29)) == []
    assert slots(RULES, at(21), at(12, day=19)) == [(at(10, day=19), at(10, 30, day=19))]


def test_the_coupon_pays_the_price_up_to_100_yuan_once_in_30_days():
    terms = MECHANIC.coupon(RULES)

    assert (terms.faces, terms.pause_days, terms.wins) == (((10_000, 1),), 30, False)
    assert terms.valid_until(at(10), at(10)) == at(10, day=19)


def test_a_product_above_the_limit_is_not_for_it():
    assert MECHANIC.objections(RULES, product(price_minor=10_000)) == []
    assert [str(each) for each in MECHANIC.objections(RULES, product(price_minor=10_001))] == [
        "It costs more than a free order pays."
    ]


@given(begins=st.integers(0, 3 * 24 * 60), lasts=st.integers(1, 5 * 24 * 60))
def test_slots_follow_one_another_and_lie_in_the_campaigns_time(begins, lasts):
    starts_at = at(0) + timedelta(minutes=begins)
    ends_at = starts_at + timedelta(minutes=lasts)
    found = slots(RULES, starts_at, ends_at)

    assert all(closes - opens == timedelta(minutes=30) for opens, closes in found)
    assert [moment for slot in found for moment in slot] == sorted({m for s in found for m in s})
    assert all(starts_at <= opens and closes <= ends_at for opens, closes in found)
    assert len(found) >= 2 * (lasts // (24 * 60)) - 1


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
