"""Worked examples of supermarket benefits (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.supermarket_benefits import Benefits, benefits
from tests.campaigns.mechanics.facts import extra, order, orders

MECHANIC = MECHANICS["supermarket_benefits"]
RULES = MECHANIC.parse({})  # from 99.00 on 20.00 off, from 199.00 on 60.00 off
BY_PIECES = MECHANIC.parse({"combination": "pieces"})  # from 2 pieces 10 %, from 3 pieces 25 %


@pytest.mark.parametrize(
    ("amount", "off", "card", "free_post"),
    [(9_899, 0, 0, True), (9_900, 2_000, 0, False), (19_900, 6_000, 1_000, True)],
)
def test_so_much_off_from_so_much_on(amount, off, card, free_post):
    assert benefits(RULES, pieces=1, amount_minor=amount) == Benefits(
        off_minor=off, pay_minor=amount - off, card_minor=card, free_post=free_post
    )


@pytest.mark.parametrize(("pieces", "off"), [(1, 0), (2, 1_990), (3, 4_975), (9, 4_975)])
def test_the_more_pieces_the_cheaper(pieces, off):
    assert benefits(BY_PIECES, pieces=pieces, amount_minor=19_900).off_minor == off


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


@given(
    rules=st.sampled_from([RULES, BY_PIECES]),
    pieces=st.integers(0, 50),
    amount=st.integers(0, 10**6),
    more=st.integers(0, 50),
)
def test_a_discount_never_exceeds_the_price_and_grows_with_the_pieces(rules, pieces, amount, more):
    basket = benefits(rules, pieces=pieces, amount_minor=amount)

    assert 0 <= basket.off_minor <= amount
    assert basket.off_minor + basket.pay_minor == amount
    assert benefits(rules, pieces=pieces + more, amount_minor=amount).off_minor >= basket.off_minor


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
