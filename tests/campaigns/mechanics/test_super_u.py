"""Worked examples of the super U selection (docs/campaign-mechanics.md)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.super_u import picks, score
from tests.campaigns.mechanics.facts import extra, order, orders, product

MECHANIC = MECHANICS["super_u"]
RULES = MECHANIC.parse({})

GOOD = product(
    rate_bps=1_500,
    offered_bps=2_000,
    stock=500,
    rating_centi=460,
    refund_bps=400,
    lowest_price_minor=9_900,
    category_rate_bps=1_800,
    category_refund_bps=500,
    epc_micro=12_000_000,
    conversion_bps=250,
)


def test_a_valid_order_is_1_yuan():
    reward = MECHANIC.on_order(RULES, order())

    assert (reward.rate_bps, reward.cap_minor, reward.why) == (10_000, 100, {"bonus_minor": 100})
    assert extra(reward, 19_900) == 100


@pytest.mark.parametrize(("base", "earns"), [(499, False), (500, True)])
def test_an_order_counts_from_5_yuan_on(base, earns):
    assert (MECHANIC.on_order(RULES, order(base_minor=base)) is not None) == earns


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (
            {"offered_bps": 1_799},
            "Its commission rate is below 18%, what the better quarter of its category has.",
        ),
        ({"lowest_price_minor": 9_899}, "It was cheaper in the last 30 days."),
        ({"stock": 499}, "There must be 500 pieces of it in stock."),
        ({"rating_centi": 459}, "Its rating is below 4.60 stars."),
        ({"refund_bps": 501}, "More of it is sent back than 5%."),
        ({"refund_bps": 1_001, "category_refund_bps": None}, "More of it is sent back than 10%."),
    ],
)
def test_what_speaks_against_a_product(change, objection):
    assert MECHANIC.objections(RULES, GOOD) == []
    said = MECHANIC.objections(RULES, replace(GOOD, **change))
    assert [str(each) for each in said] == [objection]


def test_what_is_not_known_is_not_asked():
    assert MECHANIC.objections(RULES, product()) == []


def test_the_score_is_epc_times_conversion_times_the_margin_that_stays():
    assert score(GOOD) == 12_000_000 * 250 * 2_000 * 9_600 // 10_000
    assert score(replace(GOOD, refund_bps=10_000)) == 0


def test_each_category_has_its_own_best():
    rules = MECHANIC.parse({"per_category": 2})
    offered = [
        replace(GOOD, product_id=1, epc_micro=1),
        replace(GOOD, product_id=2, epc_micro=3),
        replace(GOOD, product_id=3, epc_micro=3),
        replace(GOOD, product_id=4, epc_micro=9, stock=1),
        replace(GOOD, product_id=5, epc_micro=1, category="tea"),
    ]

    assert picks(rules, offered) == [2, 3, 5]
    assert picks(rules, offered, {"phones": 1}) == [2, 5]
    assert picks(rules, offered, {"phones": 2, "tea": 2}) == []


_PRODUCTS = st.lists(
    st.tuples(st.sampled_from(["phones", "tea"]), st.integers(0, 5), st.integers(0, 600)),
    max_size=20,
).map(
    lambda rows: [
        replace(GOOD, product_id=n, category=category, epc_micro=epc, stock=stock)
        for n, (category, epc, stock) in enumerate(rows, 1)
    ]
)


@given(products=_PRODUCTS, most=st.integers(1, 5), data=st.data())
def test_the_best_are_picked_whatever_the_order(products, most, data):
    rules = MECHANIC.parse({"per_category": most})
    chosen = picks(rules, products)

    assert picks(rules, data.draw(st.permutations(products))) == chosen
    for category in ("phones", "tea"):
        fine = [each for each in products if each.category == category and each.stock >= 500]
        own = [score(each) for each in fine if each.product_id in chosen]
        left = [score(each) for each in fine if each.product_id not in chosen]
        assert len(own) == min(most, len(fine))
        assert not left or not own or min(own) >= max(left)
    assert set(chosen) <= {each.product_id for each in products if each.stock >= 500}


@given(orders)
def test_the_bonus_is_never_above_the_order(facts):
    reward = MECHANIC.on_order(RULES, facts)

    assert reward is None or 0 < extra(reward, facts.base_minor) <= min(100, facts.base_minor)


@pytest.mark.parametrize("wrong", [{"bonus_minor": 0}, {"per_category": 0}, {"bonus_minor": 10**6}])
def test_rules_that_make_no_sense_are_refused_by_name(wrong):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == next(iter(wrong))
