"""Worked examples of guaranteed-earnings tasks (docs/domain.md §5.1)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.facts import ApplicantFacts, Award
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.guaranteed_task import (
    Progress,
    most,
    progress,
    refusals,
    reward,
)
from tests.campaigns.mechanics.facts import boards, standing

MECHANIC = MECHANICS["guaranteed_task"]
LADDER = MECHANIC.parse({})
SUM = MECHANIC.parse({"stack": "sum"})
FLOOR = MECHANIC.parse({"mode": "floor", "guaranteed_minor": 3_000})
PER_ORDER = MECHANIC.parse({"mode": "per_order", "bonus_minor": 100, "first_orders": 50})
BY_SALES = MECHANIC.parse(
    {
        "metric": "gmv",
        "tiers": [
            {"gmv_minor": 100_000, "reward_bps": 100},
            {"gmv_minor": 500_000, "reward_bps": 300},
        ],
        "cap_minor": 40_000,
    }
)
EVERY = pytest.mark.parametrize(
    "rules",
    [LADDER, SUM, FLOOR, PER_ORDER, BY_SALES],
    ids=["ladder", "sum", "floor", "per_order", "by_sales"],
)
EFFORT = {"links": 20, "clicks": 200, "visitors": 100, "active_days": 5}


@pytest.mark.parametrize(
    ("orders", "earned"), [(0, 0), (1, 200), (4, 200), (5, 1_200), (19, 1_200), (21, 6_000)]
)
def test_the_best_step_of_the_ladder_pays(orders, earned):
    assert reward(LADDER, standing(orders=orders)) == earned


def test_with_sum_all_steps_pay():
    assert reward(SUM, standing(orders=21)) == 7_400
    assert most(SUM) == 7_400


@pytest.mark.parametrize(("commission", "earned"), [(1_840, 1_160), (3_100, 0), (0, 3_000)])
def test_the_floor_tops_the_commission_up(commission, earned):
    assert reward(FLOOR, standing(commission_minor=commission, **EFFORT)) == earned


@pytest.mark.parametrize("missed", EFFORT)
def test_without_the_whole_effort_the_floor_pays_nothing(missed):
    short = standing(**EFFORT | {missed: EFFORT[missed] - 1})

    assert reward(FLOOR, short) == 0
    assert progress(FLOOR, short) == Progress(reward_minor=0, next_minor=3_000, missing={missed: 1})


def test_63_orders_at_1_yuan_for_the_first_50_are_50_yuan():
    assert reward(PER_ORDER, standing(orders=63)) == 5_000
    assert reward(PER_ORDER, standing(orders=7)) == 700


def test_a_percentage_is_of_the_sales_and_ends_at_the_cap():
    assert reward(BY_SALES, standing(gmv_minor=99_999)) == 0
    assert reward(BY_SALES, standing(gmv_minor=100_000)) == 1_000
    assert reward(BY_SALES, standing(gmv_minor=500_000)) == 15_000
    assert reward(BY_SALES, standing(gmv_minor=2_000_000)) == 40_000
    assert most(BY_SALES) == 40_000


def test_what_accepting_reserves():
    assert [most(rules) for rules in (LADDER, FLOOR, PER_ORDER)] == [6_000, 3_000, 5_000]
    assert most(MECHANIC.parse({"cap_minor": 5_000})) == 5_000


def test_progress_says_what_the_next_step_asks_for():
    four = progress(LADDER, standing(orders=4))

    assert (four.reward_minor, four.next_minor, four.missing) == (200, 1_200, {"orders": 1})
    assert four.next_tier == LADDER.tiers[1]
    assert progress(SUM, standing(orders=4)).next_minor == 1_400
    assert progress(LADDER, standing(orders=20)) == Progress(reward_minor=6_000)
    assert progress(BY_SALES, standing(gmv_minor=60_000)).missing == {"gmv_minor": 40_000}
    assert progress(PER_ORDER, standing(orders=3)) == Progress(
        reward_minor=300, next_minor=400, missing={"orders": 1}
    )
    assert progress(PER_ORDER, standing(orders=50)) == Progress(reward_minor=5_000)
    assert progress(FLOOR, standing(**EFFORT)) == Progress(reward_minor=3_000)


def test_closing_awards_those_that_earned_something():
    assert MECHANIC.on_close(LADDER, [standing(1), standing(2, orders=5, gmv_minor=90_000)]) == [
        Award(
            affiliate_id=2,
            amount_minor=1_200,
            why={"mode": "ladder", "orders": 5, "gmv_minor": 90_000, "most_minor": 6_000},
        )
    ]


READY = ApplicantFacts(age_days=3, month_minor=44_000, this_month=2)


def test_who_may_accept():
    assert refusals(LADDER, READY) == []
    for one, reason in (
        ({"age_days": 2}, "You can accept tasks after 3 days as a member."),
        ({"named": False}, "Please say first where your money is to go."),
        ({"running": 1}, "You already have a task that runs: finish it first."),
        ({"this_month": 3}, "You have had all tasks of this month."),
        (
            {"month_minor": 44_001},
            "With this task you could earn more than tasks may pay in a month.",
        ),
    ):
        assert [str(each) for each in refusals(LADDER, replace(READY, **one))] == [reason]


@EVERY
@given(board=boards())
def test_a_reward_is_never_negative_and_never_above_what_was_reserved(rules, board):
    assert all(0 <= reward(rules, each) <= most(rules) for each in board)


@EVERY
@given(board=boards(max_size=1), more=st.integers(0, 50), sales=st.integers(0, 10**7))
def test_more_orders_and_more_effort_never_pay_less(rules, board, more, sales):
    for one in board:
        better = replace(
            one,
            orders=one.orders + more,
            gmv_minor=one.gmv_minor + sales,
            links=one.links + more,
            clicks=one.clicks + more,
            visitors=one.visitors + more,
            active_days=one.active_days + more,
        )
        assert reward(rules, better) >= reward(rules, one)


@EVERY
@given(board=boards(max_size=1))
def test_with_what_is_missing_the_reward_is_what_progress_promised(rules, board):
    for one in board:
        ahead = progress(rules, one)
        assert ahead.reward_minor == reward(rules, one)
        if ahead.next_minor is None:
            assert ahead.missing == {}
            continue
        gained = {name: getattr(one, name) + lacks for name, lacks in ahead.missing.items()}
        assert all(lacks > 0 for lacks in ahead.missing.values())
        if rules is BY_SALES:  # at the threshold; a percentage of more sales is more
            assert reward(rules, replace(one, **gained)) >= ahead.next_minor
        else:
            assert reward(rules, replace(one, **gained)) == ahead.next_minor


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tiers": []}, "tiers"),
        ({"tiers": [{"orders": 0, "reward_minor": 100}]}, "tiers"),
        ({"tiers": [{"orders": 5, "reward_minor": 1}, {"orders": 5, "reward_minor": 2}]}, "tiers"),
        ({"tiers": [{"orders": 5}]}, "tiers"),
        ({"tiers": [{"orders": 5, "reward_minor": 1, "reward_bps": 1}]}, "tiers"),
        ({"tiers": [{"orders": 5, "reward_bps": 100}]}, "cap_minor"),
        ({"metric": "gmv"}, "tiers"),
        ({"mode": "floor", "guaranteed_minor": 0}, "guaranteed_minor"),
        ({"mode": "per_order", "bonus_minor": 0}, "bonus_minor"),
        ({"mode": "both"}, "mode"),
        ({"accept_hours": 0}, "accept_hours"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(wrong, field):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse(wrong)
    assert said.value.field == field
