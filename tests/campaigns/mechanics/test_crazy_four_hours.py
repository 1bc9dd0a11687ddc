"""Worked examples of crazy four hours (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given

from campaigns.mechanics import MECHANICS
from campaigns.mechanics.raised import least_rate
from tests.campaigns.mechanics.facts import order, orders, product

MECHANIC = MECHANICS["crazy_four_hours"]
RULES = MECHANIC.parse({})  # the first 500 pieces, at least half as much again


def test_12_percent_become_the_promised_20():
    reward = MECHANIC.on_order(RULES, order(slate_rate_bps=2_000))

    assert (reward.commission_bps, reward.rate_bps, reward.cap_minor) == (2_000, 0, 0)
    assert reward.why == {"usual_bps": 1_200, "promised_bps": 2_000}


@pytest.mark.parametrize(
    ("before", "quantity", "raised"), [(0, 500, True), (499, 1, True), (499, 2, False)]
)
def test_only_a_line_within_the_first_500_pieces_is_raised(before, quantity, raised):
    facts = order(slate_rate_bps=2_000, product_pieces_before=before, quantity=quantity)

    assert (MECHANIC.on_order(RULES, facts) is not None) == raised


@pytest.mark.parametrize(("promised", "raised"), [(0, None), (1_799, None), (1_800, 1_800)])
def test_half_as_much_again_is_the_least(promised, raised):
    reward = MECHANIC.on_order(RULES, order(slate_rate_bps=promised))

    assert (reward and reward.commission_bps) == raised


def test_the_least_rate_is_rounded_up():
    assert least_rate(1_000, 5_000) == 1_500
    assert least_rate(333, 5_000) == 500  # 499.5
    assert least_rate(0, 5_000) == 1


def test_what_speaks_against_a_product():
    assert MECHANIC.objections(RULES, product(offered_bps=1_500, stock=500)) == []
    assert MECHANIC.objections(RULES, product(offered_bps=1_500)) == []  # stock is not known
    said = MECHANIC.objections(RULES, product(offered_bps=1_499, stock=499))
    assert [str(each) for each in said] == [
        "Its commission rate must be at least 15% during the campaign.",
        "There must be 500 pieces of it in stock.",
    ]


@given(orders)
def test_a_rate_is_only_ever_raised_to_what_the_merchant_promised(facts):
    reward = MECHANIC.on_order(RULES, facts)

    if reward is not None:
        assert facts.rate_bps < reward.commission_bps == facts.slate_rate_bps
        assert facts.product_pieces_before + facts.quantity <= 500
