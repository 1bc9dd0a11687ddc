"""Worked examples of leaderboards (docs/campaign-mechanics.md)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.leaderboard import Place, board, value
from tests.campaigns.mechanics.facts import NOON, amounts, boards, standing

MECHANIC = MECHANICS["leaderboard"]
RULES = MECHANIC.parse({})  # 5,000.00 from 50,000.00; 3,000.00 from 30,000.00; 1,000.00 from 10,000
BY_ORDERS = MECHANIC.parse(
    {"metric": "orders", "prizes": [{"prize_minor": 100_000, "least_orders": 10}]}
)


def sold(number, gmv_minor, **given):
    return standing(number, gmv_minor=gmv_minor, **given)


def test_the_first_three_get_their_prizes_in_the_order_of_their_sales():
    awards = MECHANIC.on_close(
        RULES, [sold(1, 1_000_000), sold(2, 6_000_000), sold(3, 4_000_000), sold(4, 900_000)]
    )

    assert amounts(awards) == {2: 500_000, 3: 300_000, 1: 100_000}
    assert [award.rank for award in awards] == [1, 2, 3]
    assert awards[0].why == {"metric": "gmv", "value": 6_000_000, "prize": 1}


def test_who_does_not_reach_the_first_prize_gets_the_second_and_nobody_overtakes():
    awards = MECHANIC.on_close(RULES, [sold(1, 4_999_999), sold(2, 3_500_000)])

    assert amounts(awards) == {1: 300_000, 2: 100_000}


def test_a_tie_goes_to_who_was_there_first_and_then_to_the_lower_number():
    early, late = NOON, NOON + timedelta(seconds=1)
    places = board(
        RULES,
        [
            sold(4, 6_000_000),
            sold(3, 6_000_000, reached_at=late),
            sold(2, 6_000_000, reached_at=late),
            sold(9, 6_000_000, reached_at=early),
        ],
    )

    assert [place.affiliate_id for place in places] == [9, 2, 3, 4]


def test_one_legal_entity_has_one_entry_its_best():
    places = board(
        RULES,
        [
            sold(1, 6_000_000, legal_entity="north"),
            sold(2, 7_000_000, legal_entity="north"),
            sold(3, 5_000_000),
            sold(4, 5_000_000),
        ],
    )

    assert [place.affiliate_id for place in places] == [2, 3, 4]


def test_violation_points_and_nothing_sold_are_off_the_board():
    assert board(RULES, [sold(1, 6_000_000, violation_points=1), sold(2, 0)]) == []
    lenient = MECHANIC.parse({"most_points": 6})
    assert len(board(lenient, [sold(1, 6_000_000, violation_points=6)])) == 1


def test_the_board_says_what_is_missing_to_overtake():
    assert board(BY_ORDERS, [standing(1, orders=12), standing(2, orders=9)]) == [
        Place(rank=1, affiliate_id=1, value=12, prize=1, prize_minor=100_000, missing=0),
        Place(rank=2, affiliate_id=2, value=9, prize=None, prize_minor=0, missing=4),
    ]


@pytest.mark.parametrize(
    ("metric", "expected"), [("orders", 3), ("gmv", 60_000), ("commission", 7_000)]
)
def test_what_the_board_counts(metric, expected):
    rules = MECHANIC.parse({"metric": metric, "prizes": [{"prize_minor": 1}]})

    assert value(rules, standing(orders=3, gmv_minor=60_000, commission_minor=7_000)) == expected


@given(standings=boards(), data=st.data())
def test_places_are_1_to_n_whatever_the_order_of_the_input(standings, data):
    places = board(RULES, standings)

    assert [place.rank for place in places] == list(range(1, len(places) + 1))
    assert len({place.affiliate_id for place in places}) == len(places)
    assert board(RULES, data.draw(st.permutations(standings))) == places


@given(standings=boards())
def test_a_better_place_never_gets_less_and_each_prize_is_given_once(standings):
    places = board(RULES, standings)
    prizes = [place.prize_minor for place in places]
    given_out = [place.prize for place in places if place.prize]

    assert prizes == sorted(prizes, reverse=True)
    assert len(given_out) == len(set(given_out))
    assert sum(amounts(MECHANIC.on_close(RULES, standings)).values()) <= MECHANIC.owes(RULES)


@pytest.mark.parametrize(
    "prizes",
    [
        [],
        [{"prize_minor": 0}],
        [{"prize_minor": 100}, {"prize_minor": 200}],
        [{"prize_minor": 200}, {"prize_minor": 100, "least_minor": 1}],
    ],
)
def test_prizes_that_make_no_sense_are_refused(prizes):
    with pytest.raises(Invalid) as said:
        MECHANIC.parse({"prizes": prizes})
    assert said.value.field.startswith("prizes")


def test_all_prizes_together_are_what_the_budget_must_hold():
    assert MECHANIC.owes(RULES) == 900_000
