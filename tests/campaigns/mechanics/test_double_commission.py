"""Worked examples of commission doubling (docs/campaign-mechanics.md)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.facts import OrderFacts
from campaigns.mechanics import MECHANICS

MECHANIC = MECHANICS["double_commission"]


def facts(**given):
    usual = {
        "placed_at": datetime(2026, 6, 18, tzinfo=UTC),
        "base_minor": 19_900,
        "merchant_id": 1,
        "shop_id": 1,
        "affiliate_id": 1,
        "rate_bps": 1_200,
    }
    return OrderFacts(**usual | given)


def test_12_percent_doubled_is_a_subsidy_of_another_12_percent_up_to_20_yuan():
    reward = MECHANIC.on_order(MECHANIC.parse({}), facts())
    assert (reward.rate_bps, reward.cap_minor) == (1_200, 2_000)


def test_tripled_is_twice_the_rate_on_top():
    assert MECHANIC.on_order(MECHANIC.parse({"multiple_bps": 30_000}), facts()).rate_bps == 2_400


def test_an_order_without_commission_has_nothing_to_double():
    assert MECHANIC.on_order(MECHANIC.parse({}), facts(rate_bps=0)) is None


@given(rate=st.integers(0, 9_000), multiple=st.integers(10_001, 50_000))
def test_the_subsidy_never_exceeds_the_base(rate, multiple):
    reward = MECHANIC.on_order(MECHANIC.parse({"multiple_bps": multiple}), facts(rate_bps=rate))
    assert reward is None or 0 < reward.rate_bps <= 10_000


@pytest.mark.parametrize("wrong", [{"multiple_bps": 10_000}, {"cap_minor": 0}, {"multipel": 2}])
def test_rules_that_make_no_sense_are_refused_by_name(wrong):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == next(iter(wrong))
