"""Worked examples of the super brand day (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from tests.campaigns.mechanics.facts import amounts, order, orders, product, standing

MECHANIC = MECHANICS["super_brand_day"]
RULES = MECHANIC.parse({"brand": "Lumen"})  # 30 percent more; 1,000.00 from 100,000.00 sales on


def test_12_percent_become_the_promised_15_6():
    reward = MECHANIC.on_order(RULES, order(brand="LUMEN ", slate_rate_bps=1_560))

    assert (reward.commission_bps, reward.rate_bps) == (1_560, 0)


@pytest.mark.parametrize(
    "facts",
    [
        order(brand="Lumen", slate_rate_bps=1_559),  # less than 30 percent more
        order(brand="Other", slate_rate_bps=2_000),
        order(brand="Lumen"),
    ],
)
def test_other_products_and_smaller_raises_change_nothing(facts):
    assert MECHANIC.on_order(RULES, facts) is None


def test_the_pot_that_all_reach_is_shared_and_its_greatest_must_be_in_the_budget():
    board = [standing(1, gmv_minor=6_000_000), standing(2, gmv_minor=4_000_000)]

    assert amounts(MECHANIC.on_close(RULES, board)) == {1: 60_000, 2: 40_000}
    assert MECHANIC.owes(RULES) == 2_000_000


def test_what_speaks_against_a_product():
    assert MECHANIC.objections(RULES, product(brand="lumen", offered_bps=1_300)) == []
    said = MECHANIC.objections(RULES, product(brand="Other", offered_bps=1_299))
    assert [str(each) for each in said] == [
        "It is not of the brand “Lumen”.",
        "Its commission rate must be at least 13% during the campaign.",
    ]


@given(orders)
def test_a_rate_is_only_ever_raised_to_what_the_merchant_promised(facts):
    reward = MECHANIC.on_order(RULES, facts)

    assert reward is None or facts.rate_bps < reward.commission_bps == facts.slate_rate_bps


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "brand"),
        ({"brand": ""}, "brand"),
        (
            {
                "brand": "Lumen",
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
