"""Faces on a wheel: weights kept, and the worth of a stock known to the cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.faces import LONGEST, wheel_of, worth_of


def test_one_face_is_a_wheel_of_one():
    assert wheel_of([(3000, 7)], size=100, seed="s") == [3000]
    assert worth_of([3000], 100) == 300_000


def test_weights_are_kept_exactly():
    wheel = wheel_of([(500, 60), (1000, 30), (2000, 10)], size=10_000, seed="618")

    assert sorted(wheel) == [500] * 6 + [1000] * 3 + [2000]
    assert worth_of(wheel, 10_000) == 1000 * (6 * 500 + 3 * 1000 + 2000)


def test_another_seed_is_another_order_of_the_same_faces():
    weighted = [(500, 50), (1000, 51)]
    one, other = (wheel_of(weighted, size=1000, seed=seed) for seed in ("a", "b"))

    assert one != other
    assert sorted(one) == sorted(other)


def test_a_stock_smaller_than_its_weights_shares_them_out():
    assert sorted(wheel_of([(500, 3333), (800, 6667)], size=3, seed="s")) == [500, 800, 800]


@pytest.mark.parametrize("weighted", [[], [(500, 0)], [(0, 1)], [(-5, 1)]])
def test_no_wheel_without_faces(weighted):
    with pytest.raises(ValueError, match="faces"):
        wheel_of(weighted, size=10, seed="s")


@given(
    weighted=st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(1, 10**4)), min_size=1, max_size=9
    ),
    size=st.integers(1, 5000),
)
def test_the_worth_is_the_sum_over_the_slots(weighted, size):
    wheel = wheel_of(weighted, size=size, seed="s")

    assert 1 <= len(wheel) <= min(size, LONGEST)
    assert worth_of(wheel, size) == sum(wheel[slot % len(wheel)] for slot in range(size))
