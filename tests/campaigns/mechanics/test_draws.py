"""Draws that anybody can draw again (docs/campaign-mechanics.md, limited-time freebie)."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.mechanics.draws import drawn


def test_a_draw_can_be_drawn_again_from_its_seed():
    names = ["wu", "lin", "chen", "zhou"]

    assert drawn("618-10:00", names, 2) == ["zhou", "chen"]
    assert drawn("618-10:00", names[::-1], 2) == ["zhou", "chen"]
    assert drawn("618-20:00", names, 2) == ["chen", "zhou"]


@given(
    names=st.lists(st.text(max_size=4), max_size=30),
    count=st.integers(1, 10),
    seed=st.text(max_size=5),
)
def test_there_are_as_many_winners_as_places_or_names_and_each_wins_once(names, count, seed):
    won = drawn(seed, names, count)

    assert len(won) == len(set(won)) == min(count, len(set(names)))
    assert set(won) <= set(names)
