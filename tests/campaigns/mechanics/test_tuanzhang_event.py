"""Worked examples of an intermediary's event (docs/campaign-mechanics.md)."""

import pytest
from hypothesis import given

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from tests.campaigns.mechanics.facts import order, orders, product

MECHANIC = MECHANICS["tuanzhang_event"]
RULES = MECHANIC.parse({})  # commission from 10 percent on, service fee 1 to 20 percent


def test_rate_and_service_fee_are_what_the_merchant_promised():
    reward = MECHANIC.on_order(RULES, order(slate_rate_bps=2_000, slate_service_bps=300))

    assert (reward.commission_bps, reward.service_bps, reward.rate_bps) == (2_000, 300, 0)
    assert reward.why == {"usual_bps": 1_200, "promised_bps": 2_000, "service_bps": 300}


def test_where_the_usual_rate_is_higher_the_host_still_has_its_fee():
    reward = MECHANIC.on_order(RULES, order(slate_rate_bps=1_100, slate_service_bps=300))

    assert (reward.commission_bps, reward.service_bps) == (None, 300)


def test_a_product_that_is_not_on_the_slate_pays_no_fee():
    assert MECHANIC.on_order(RULES, order()) is None


def test_the_fee_ends_at_the_events_bound():
    assert MECHANIC.on_order(RULES, order(slate_service_bps=2_001)).service_bps == 2_000


def test_what_speaks_against_a_product():
    assert MECHANIC.objections(RULES, product(rate_bps=1_000, service_bps=100)) == []
    said = MECHANIC.objections(RULES, product(rate_bps=999, service_bps=99))
    assert [str(each) for each in said] == [
        "Its commission rate must be at least 10% during the campaign.",
        "The service fee lies between 1% and 20%.",
    ]


@given(orders)
def test_nothing_is_lowered_and_no_fee_is_above_what_was_promised(facts):
    reward = MECHANIC.on_order(RULES, facts)

    if reward is not None:
        assert 0 <= reward.service_bps <= min(facts.slate_service_bps, 2_000)
        assert reward.commission_bps is None or reward.commission_bps > facts.rate_bps


def test_bounds_that_cross_are_refused():
    with pytest.raises(Invalid) as said:
        MECHANIC.parse({"least_service_bps": 500, "most_service_bps": 400})
    assert said.value.field == "least_service_bps"


def test_an_affiliate_holds_it_and_merchants_enrol_products():
    assert (MECHANIC.hosted, MECHANIC.merchants_enrol) == (True, True)
