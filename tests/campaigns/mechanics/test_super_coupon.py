"""Worked examples of the super coupon (docs/campaign-mechanics.md)."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.faces import wheel_of, worth_of
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.super_coupon import Share, next_share, share
from tests.campaigns.mechanics.facts import NOON, order, orders

MECHANIC = MECHANICS["super_coupon"]
RULES = MECHANIC.parse({})


@pytest.mark.parametrize(
    ("kind", "tier", "uses", "bps", "by"),
    [
        ("small", 0, 0, 5_500, "base"),
        ("small", 1, 99, 5_500, "base"),
        ("small", 2, 0, 6_500, "tier"),
        ("small", 2, 100, 7_000, "uses"),
        ("small", 3, 100, 7_500, "tier"),
        ("small", 5, 0, 7_500, "tier"),
        ("small", 3, 500, 8_000, "uses"),
        ("small", 0, 2_000, 9_000, "uses"),
        ("ka", 0, 0, 9_000, "ka"),
    ],
)
def test_the_best_share_of_the_table_counts(kind, tier, uses, bps, by):
    assert share(RULES, kind=kind, tier=tier, uses=uses) == Share(bps, by)


def test_an_order_with_a_coupon_raises_the_share_and_says_why():
    reward = MECHANIC.on_order(RULES, order(coupon_minor=1_000, affiliate_tier=3))

    assert reward.share_bps == 7_500
    assert (reward.rate_bps, reward.cap_minor, reward.commission_bps) == (0, 0, None)
    assert reward.why == {
        "coupon_minor": 1_000,
        "by": "tier",
        "table_bps": 7_500,
        "usual_bps": 5_500,
        "tier": 3,
        "used": 0,
    }


def test_an_order_without_a_coupon_gets_nothing():
    assert MECHANIC.on_order(RULES, order()) is None


def test_an_agreed_share_above_the_table_stays_and_the_use_is_on_record():
    reward = MECHANIC.on_order(RULES, order(coupon_minor=500, share_bps=9_200))

    assert reward.share_bps is None
    assert (reward.why["table_bps"], reward.why["usual_bps"]) == (5_500, 9_200)


def test_how_many_uses_are_missing_for_the_next_share():
    assert next_share(RULES, kind="small", tier=0, uses=0) == (100, 7_000)
    assert next_share(RULES, kind="small", tier=3, uses=120) == (380, 8_000)
    assert next_share(RULES, kind="small", tier=0, uses=2_000) is None
    assert next_share(RULES, kind="ka", tier=5, uses=0) is None
    # Who gets 75 percent anyway gains nothing by the step to 70.
    assert next_share(RULES, kind="small", tier=0, uses=0, usual_bps=7_500) == (500, 8_000)
    assert next_share(RULES, kind="small", tier=0, uses=0, usual_bps=9_000) is None


def test_the_coupon_is_without_threshold_once_a_day_and_good_for_a_day_or_until_the_end():
    terms = MECHANIC.coupon(RULES)

    assert terms.faces == ((500, 60), (1_000, 30), (2_000, 10))
    assert (terms.per_day, terms.in_all, terms.wins) == (1, None, True)
    assert terms.least_wait == timedelta(seconds=3)
    assert terms.valid_until(NOON, NOON + timedelta(hours=40)) == NOON + timedelta(hours=24)
    assert terms.valid_until(NOON, NOON + timedelta(hours=6)) == NOON + timedelta(hours=6)
    longer = MECHANIC.coupon(MECHANIC.parse({"until_end": False, "valid_hours": 48}))
    assert longer.valid_until(NOON, NOON) == NOON + timedelta(hours=48)


def test_a_thousand_coupons_are_600_of_5_300_of_10_and_100_of_20_yuan():
    wheel = wheel_of(MECHANIC.coupon(RULES).faces, size=1_000, seed="618")

    assert Counter(wheel) == {500: 6, 1_000: 3, 2_000: 1}
    assert worth_of(wheel, 1_000) == 800_000


@given(orders)
def test_a_share_is_only_ever_raised_and_never_above_the_whole(facts):
    reward = MECHANIC.on_order(RULES, facts)

    assert (reward is None) == (facts.coupon_minor == 0)
    if reward and reward.share_bps is not None:
        assert facts.share_bps < reward.share_bps <= 9_000


@given(tier=st.integers(0, 4), uses=st.integers(0, 3_000), more=st.integers(0, 3_000))
def test_neither_a_higher_tier_nor_more_uses_lower_the_share(tier, uses, more):
    low = share(RULES, kind="small", tier=tier, uses=uses)

    assert share(RULES, kind="small", tier=tier + 1, uses=uses).bps >= low.bps
    assert share(RULES, kind="small", tier=tier, uses=uses + more).bps >= low.bps


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tiers": [{"tier": 3, "share_bps": 7_500}, {"tier": 2, "share_bps": 8_000}]}, "tiers"),
        ({"tiers": [{"tier": 2, "share_bps": 7_500}, {"tier": 3, "share_bps": 6_500}]}, "tiers"),
        ({"uses": [{"uses": 9, "share_bps": 7_000}, {"uses": 9, "share_bps": 8_000}]}, "uses"),
        ({"faces": [{"face_minor": 500, "weight": 1}, {"face_minor": 500, "weight": 2}]}, "faces"),
        ({"faces": []}, "faces"),
        ({"ka_bps": 10_001}, "ka_bps"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(wrong, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == field
