"""Worked examples of the gift voucher (docs/campaign-mechanics.md)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.gift_voucher import cost, refusal
from tests.campaigns.mechanics.facts import NOON

MECHANIC = MECHANICS["gift_voucher"]
GIVEN = {"title": "谢谢你", "face_minor": 500, "count": 200, "per_buyer": 2, "use_days": 3}
RULES = MECHANIC.parse(GIVEN)


def test_200_vouchers_of_5_yuan_cost_1000_in_advance():
    assert cost(RULES) == 100_000
    assert MECHANIC.owes(RULES) == 100_000


def test_a_buyer_gets_two_and_has_three_days_to_use_them():
    terms = MECHANIC.coupon(RULES)

    assert (terms.faces, terms.per_day, terms.in_all) == (((500, 1),), None, 2)
    assert terms.valid_until(NOON, NOON) == NOON + timedelta(days=3)


@pytest.mark.parametrize(("points", "refused"), [(0, False), (17, False), (18, True), (48, True)])
def test_from_18_violation_points_on_there_is_no_right_to_give_vouchers(points, refused):
    assert (refusal(points) is not None) == refused


def test_the_refusal_says_why():
    assert str(refusal(18)) == "With 18 violation points or more you cannot give vouchers."


@given(face=st.integers(100, 10**6), count=st.integers(1, 10**4), most=st.integers(1, 10**4))
def test_what_is_paid_in_advance_covers_every_voucher(face, count, most):
    rules = GIVEN | {"face_minor": face, "count": count, "per_buyer": min(most, count)}

    assert cost(MECHANIC.parse(rules)) == face * count


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"face_minor": 99}, "face_minor"),
        ({"title": "一二三四五六七八九十一"}, "title"),
        ({"title": ""}, "title"),
        ({"per_buyer": 201}, "per_buyer"),
        ({"per_buyer": 0}, "per_buyer"),
        ({"use_days": 0}, "use_days"),
        ({"use_days": 8}, "use_days"),
        ({"count": 0}, "count"),
    ],
)
def test_a_voucher_out_of_bounds_is_refused(wrong, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(GIVEN | wrong)
    assert said.value.field == field


def test_a_name_of_ten_characters_fits_and_30_days_are_the_longest():
    assert MECHANIC.parse(GIVEN | {"title": "一二三四五六七八九十"}).title == "一二三四五六七八九十"
    assert MECHANIC.longest == timedelta(days=30)
