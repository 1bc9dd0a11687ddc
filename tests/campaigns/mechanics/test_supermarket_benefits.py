"""Worked examples of supermarket benefits (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from tests.campaigns.mechanics.facts import extra, order, orders

MECHANIC = MECHANICS["supermarket_benefits"]
RULES = MECHANIC.parse({})  # 5.00 for a new buyer, a card of 10.00 from 100.00 on


def test_a_new_buyer_is_5_yuan_for_the_affiliate():
    reward = MECHANIC.on_order(RULES, order(base_minor=4_000, new_buyer=True))

    assert extra(reward, 4_000) == 500
    assert reward.why == {"new_buyer": True, "bonus_minor": 500, "card_minor": 0}


def test_a_return_card_is_written_down_and_costs_the_campaign_nothing():
    reward = MECHANIC.on_order(RULES, order(base_minor=10_000))

    assert (reward.rate_bps, reward.cap_minor) == (0, 0)
    assert reward.why == {"new_buyer": False, "bonus_minor": 0, "card_minor": 1_000}


def test_a_small_order_of_a_known_buyer_gets_nothing():
    assert MECHANIC.on_order(RULES, order(base_minor=9_999)) is None


@given(orders)
def test_the_bonus_is_for_new_buyers_and_never_above_the_order(facts):
    reward = MECHANIC.on_order(RULES, facts)
    paid = extra(reward, facts.base_minor) if reward else 0

    assert 0 <= paid <= min(500, facts.base_minor)
    assert facts.new_buyer or paid == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (
            {"by_pieces": [{"pieces": 3, "off_bps": 500}, {"pieces": 2, "off_bps": 900}]},
            "by_pieces",
        ),
        ({"by_amount": [{"amount_minor": 100, "off_minor": 100}]}, "by_amount"),
        ({"by_amount": [{"amount_minor": 0, "off_minor": 1}]}, "by_amount.0.amount_minor"),
    ],
)
def test_steps_that_make_no_sense_are_refused(wrong, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == field
