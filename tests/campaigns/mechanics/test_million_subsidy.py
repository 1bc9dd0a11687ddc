"""Worked examples of the million subsidy (docs/campaign-mechanics.md)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.million_subsidy import claim, increment, shared_out
from tests.campaigns.mechanics.facts import amounts, boards, standing

MECHANIC = MECHANICS["million_subsidy"]
RULES = MECHANIC.parse({"pot_minor": 100_000_000, "rate_bps": 500, "cap_minor": 2_000})


def sold(number, gmv_minor, *, before=0, orders=100_000):
    return standing(number, gmv_minor=gmv_minor, baseline_gmv_minor=before, orders=orders)


def test_while_the_pot_holds_each_gets_5_percent_of_what_came_on_top():
    board = [sold(1, 30_000_000, before=10_000_000), sold(2, 5_000_000, before=6_000_000)]

    assert amounts(MECHANIC.on_close(RULES, board)) == {1: 1_000_000}


def test_a_pot_that_is_too_small_is_shared_by_what_came_on_top():
    rules = MECHANIC.parse({"pot_minor": 100_000})
    board = [sold(1, 20_000_000), sold(2, 10_000_000), sold(3, 10_000_000, before=10_000_000)]

    awards = MECHANIC.on_close(rules, board)

    assert amounts(awards) == {1: 66_667, 2: 33_333}
    assert awards[0].why == {
        "increment_minor": 20_000_000,
        "baseline_minor": 0,
        "claim_minor": 1_000_000,
        "claims_minor": 1_500_000,
        "pot_minor": 100_000,
    }


def test_20_yuan_per_order_on_average_is_the_most():
    assert claim(RULES, sold(1, 10_000_000, orders=100)) == 200_000  # 5 % would be 5,000.00
    assert claim(RULES, sold(1, 10_000_000, orders=1_000)) == 500_000


def test_whose_claim_is_small_gets_it_and_the_others_share_the_rest():
    assert shared_out(90, claims=[10, 100, 100], weights=[100, 100, 100]) == [10, 40, 40]
    assert shared_out(100, claims=[10, 20, 30], weights=[1, 1, 1]) == [10, 20, 30]


@given(board=boards(), pot=st.integers(1, 1_000_000))
def test_the_pot_is_never_exceeded_and_wholly_shared_when_more_is_asked_for(board, pot):
    rules = MECHANIC.parse({"pot_minor": pot})
    claims = {one.affiliate_id: claim(rules, one) for one in board}
    paid = amounts(MECHANIC.on_close(rules, board))

    assert sum(paid.values()) == min(pot, sum(claims.values()))
    assert all(0 < paid[number] <= claims[number] for number in paid)
    assert all(increment(one) for one in board if one.affiliate_id in paid)


@given(board=boards(), data=st.data())
def test_the_order_of_the_standings_does_not_matter(board, data):
    again = data.draw(st.permutations(board))

    assert MECHANIC.on_close(RULES, again) == MECHANIC.on_close(RULES, board)


@given(board=boards(max_size=1), more=st.integers(0, 10**8))
def test_more_sales_never_claim_less(board, more):
    for one in board:
        assert claim(RULES, replace(one, gmv_minor=one.gmv_minor + more)) >= claim(RULES, one)


@pytest.mark.parametrize("wrong", [{"rate_bps": 1_001}, {"pot_minor": 0}, {"baseline_days": 0}])
def test_rules_that_make_no_sense_are_refused_by_name(wrong):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == next(iter(wrong))


def test_it_is_for_key_account_media_reviewed_and_not_shown_below_them():
    assert MECHANIC.audience == ("ka",)
    assert MECHANIC.reviewed
    assert MECHANIC.owes(RULES) == 100_000_000
