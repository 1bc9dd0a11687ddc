"""Worked examples of commission doubling (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from tests.campaigns.mechanics.facts import extra, order

MECHANIC = MECHANICS["double_commission"]


def test_12_percent_doubled_is_a_subsidy_of_another_12_percent_up_to_20_yuan():
    reward = MECHANIC.on_order(MECHANIC.parse({}), order())

    assert (reward.rate_bps, reward.cap_minor) == (1_200, 2_000)
    assert extra(reward, 19_900) == 2_000  # 12 % of 199.00 are 23.88
    assert extra(reward, 5_000) == 600


def test_tripled_is_twice_the_rate_on_top():
    assert MECHANIC.on_order(MECHANIC.parse({"multiple_bps": 30_000}), order()).rate_bps == 2_400


def test_an_order_without_commission_has_nothing_to_double():
    assert MECHANIC.on_order(MECHANIC.parse({}), order(rate_bps=0)) is None


@given(rate=st.integers(0, 9_000), multiple=st.integers(10_001, 50_000), base=st.integers(0, 10**9))
def test_the_subsidy_exceeds_neither_the_base_nor_the_cap(rate, multiple, base):
    rules = MECHANIC.parse({"multiple_bps": multiple})
    reward = MECHANIC.on_order(rules, order(rate_bps=rate, base_minor=base))

    assert reward is None or 0 < reward.rate_bps <= 10_000
    assert reward is None or 0 <= extra(reward, base) <= min(base, rules.cap_minor)


@pytest.mark.parametrize("wrong", [{"multiple_bps": 10_000}, {"cap_minor": 0}, {"multipel": 2}])
def test_rules_that_make_no_sense_are_refused_by_name(wrong):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == next(iter(wrong))
