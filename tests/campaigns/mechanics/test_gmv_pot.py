"""A pot that grows with the sales of all (docs/campaign-mechanics.md, super brand day)."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.facts import Award
from campaigns.mechanics.gmv_pot import DEFAULT, following, greatest, shared
from tests.campaigns.mechanics.facts import amounts, boards, standing


def test_the_reached_pot_is_shared_by_sales():
    board = [standing(1, gmv_minor=6_000_000), standing(2, gmv_minor=4_000_000), standing(3)]

    assert shared(DEFAULT, board) == [
        Award(
            affiliate_id=1,
            amount_minor=60_000,
            why={"gmv_minor": 6_000_000, "all_minor": 10_000_000, "pot_minor": 100_000},
        ),
        Award(
            affiliate_id=2,
            amount_minor=40_000,
            why={"gmv_minor": 4_000_000, "all_minor": 10_000_000, "pot_minor": 100_000},
        ),
    ]


def test_below_the_first_step_there_is_nothing_to_share():
    assert shared(DEFAULT, [standing(1, gmv_minor=9_999_999)]) == []
    assert following(DEFAULT, 9_999_999).pot_minor == 100_000
    assert following(DEFAULT, 10_000_000).pot_minor == 800_000
    assert following(DEFAULT, 100_000_000) is None


def test_three_equal_sellers_share_a_cent_that_does_not_divide():
    board = [standing(number, gmv_minor=5_000_000) for number in (3, 1, 2)]

    assert amounts(shared(DEFAULT, board)) == {1: 33_334, 2: 33_333, 3: 33_333}


@given(board=boards(), data=st.data())
def test_the_awards_add_up_to_the_reached_pot_in_any_order(board, data):
    awards = shared(DEFAULT, board)
    total = sum(one.gmv_minor for one in board)
    pots = [step.pot_minor for step in DEFAULT if step.gmv_minor <= total]

    assert sum(award.amount_minor for award in awards) == max(pots, default=0)
    assert sum(award.amount_minor for award in awards) <= greatest(DEFAULT)
    assert all(award.amount_minor > 0 for award in awards)
    assert shared(DEFAULT, data.draw(st.permutations(board))) == awards
