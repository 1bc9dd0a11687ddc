"""Worked examples of the super category day (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.facts import Award
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.gmv_pot import following
from tests.campaigns.mechanics.facts import amounts, boards, order, orders, product, standing

MECHANIC = MECHANICS["super_category_day"]
RULES = MECHANIC.parse({"category": "phones"})  # 30 percent more; 1,000.00 from 100,000.00 sales on


def test_12_percent_become_the_promised_15_6():
    reward = MECHANIC.on_order(RULES, order(category="phones", slate_rate_bps=1_560))

    assert (reward.commission_bps, reward.rate_bps) == (1_560, 0)


@pytest.mark.parametrize(
    "facts",
    [
        order(category="phones", slate_rate_bps=1_559),  # less than 30 percent more
        order(category="tea", slate_rate_bps=2_000),
        order(category="phones"),
    ],
)
def test_other_products_and_smaller_raises_change_nothing(facts):
    assert MECHANIC.on_order(RULES, facts) is None


def test_the_reached_pot_is_shared_by_sales():
    board = [standing(1, gmv_minor=6_000_000), standing(2, gmv_minor=4_000_000), standing(3)]

    assert MECHANIC.on_close(RULES, board) == [
        Award(
            affiliate_id=1,
            amount_minor=60_000,
            why={"gmv_minor": 6_000_000, "all_minor": 10_000_000, "pot_minor": 100_000},
        ),
        Award(
            affiliate_id=2,
            amount_minor=40_000,
            why={"gmv_minor": 4_000_000, "all_minor": 10_000_000, "pot_minor": 100_000},
        ),
    ]


def test_below_the_first_step_there_is_nothing_to_share():
    assert MECHANIC.on_close(RULES, [standing(1, gmv_minor=9_999_999)]) == []
    assert following(RULES.pot, 9_999_999).pot_minor == 100_000
    assert following(RULES.pot, 10_000_000).pot_minor == 800_000
    assert following(RULES.pot, 100_000_000) is None


def test_three_equal_sellers_share_a_cent_that_does_not_divide():
    board = [standing(number, gmv_minor=5_000_000) for number in (3, 1, 2)]

    assert amounts(MECHANIC.on_close(RULES, board)) == {1: 33_334, 2: 33_333, 3: 33_333}


def test_what_speaks_against_a_product():
    assert MECHANIC.objections(RULES, product(offered_bps=1_300)) == []
    said = MECHANIC.objections(RULES, product(category="tea", offered_bps=1_299))
    assert [str(each) for each in said] == [
        "It is not in the category “phones”.",
        "Its commission rate must be at least 13% during the campaign.",
    ]


@given(board=boards(), data=st.data())
def test_the_awards_add_up_to_the_reached_pot_in_any_order(board, data):
    awards = MECHANIC.on_close(RULES, board)
    total = sum(one.gmv_minor for one in board)
    pots = [step.pot_minor for step in RULES.pot if step.gmv_minor <= total]

    assert sum(award.amount_minor for award in awards) == max(pots, default=0)
    assert sum(award.amount_minor for award in awards) <= MECHANIC.owes(RULES)
    assert all(award.amount_minor > 0 for award in awards)
    assert MECHANIC.on_close(RULES, data.draw(st.permutations(board))) == awards


@given(orders)
def test_a_rate_is_only_ever_raised_to_what_the_merchant_promised(facts):
    reward = MECHANIC.on_order(RULES, facts)

    assert reward is None or facts.rate_bps < reward.commission_bps == facts.slate_rate_bps


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "category"),
        ({"category": ""}, "category"),
        (
            {
                "category": "phones",
                "pot": [
                    {"gmv_minor": 100, "pot_minor": 10},
                    {"gmv_minor": 200, "pot_minor": 10},
                ],
            },
            "pot",
        ),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(wrong, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == field
