"""Worked examples of the bargain channel (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.bargain_channel import cheap
from tests.campaigns.mechanics.facts import extra, order, orders, product

MECHANIC = MECHANICS["bargain_channel"]
RULES = MECHANIC.parse({})  # 19.90, or 80 percent of the market; 5 percent commission; 0.50 extra


@pytest.mark.parametrize(
    ("price", "median", "admitted"),
    [
        (1_990, None, True),
        (1_991, None, False),
        (1_991, 2_488, False),  # 80 percent are 19.904
        (1_991, 2_489, True),
        (8_000, 10_000, True),
        (8_001, 10_000, False),
    ],
)
def test_cheap_is_below_19_90_or_80_percent_of_the_market(price, median, admitted):
    assert cheap(RULES, price_minor=price, median_minor=median) == admitted


def test_an_order_earns_50_cents_beside_its_commission():
    reward = MECHANIC.on_order(RULES, order(base_minor=1_990, rate_bps=500))

    assert extra(reward, 1_990) == 50
    assert reward.commission_bps is None
    assert reward.why == {"bonus_minor": 50, "rate_bps": 500}


def test_a_promised_rate_counts():
    reward = MECHANIC.on_order(RULES, order(base_minor=1_990, rate_bps=300, slate_rate_bps=800))

    assert (reward.commission_bps, extra(reward, 1_990)) == (800, 50)


def test_below_5_percent_there_is_no_extra():
    assert MECHANIC.on_order(RULES, order(rate_bps=499)) is None


def test_a_small_order_has_the_promised_rate_and_no_extra():
    reward = MECHANIC.on_order(RULES, order(base_minor=499, slate_rate_bps=1_500))

    assert (reward.commission_bps, reward.cap_minor) == (1_500, 0)
    assert MECHANIC.on_order(RULES, order(base_minor=499)) is None


def test_what_speaks_against_a_product():
    assert MECHANIC.objections(RULES, product(price_minor=1_990)) == []
    said = MECHANIC.objections(RULES, product(price_minor=1_991, rate_bps=499))
    assert [str(each) for each in said] == [
        "It is not cheap enough for the channel.",
        "Its commission rate must be at least 5% during the campaign.",
    ]


@given(price=st.integers(0, 10**6), median=st.integers(0, 10**6), less=st.integers(0, 10**6))
def test_a_lower_price_is_never_less_cheap(price, median, less):
    if cheap(RULES, price_minor=price, median_minor=median):
        assert cheap(RULES, price_minor=max(0, price - less), median_minor=median)


@given(orders)
def test_the_extra_is_never_above_the_order_and_no_rate_is_lowered(facts):
    reward = MECHANIC.on_order(RULES, facts)

    if reward is not None:
        assert 0 <= extra(reward, facts.base_minor) <= min(50, facts.base_minor)
        assert reward.commission_bps is None or reward.commission_bps > facts.rate_bps


def test_a_channel_that_admits_nothing_is_refused():
    with pytest.raises(Invalid) as said:
        MECHANIC.parse({"most_price_minor": 0, "most_of_median_bps": 0})
    assert said.value.field == "most_price_minor"
