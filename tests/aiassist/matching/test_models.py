"""Linear filters on who took what: examples small enough to see through."""

import numpy as np
import pytest
from scipy import sparse

from aiassist.matching import Alike, Content, GraphFilter, Matcher, NextItem, sequence

# Two tastes: the first four people take items 0 to 3, the others 4 to 7. Nobody takes item 8.
TASTES = np.array(
    [
        [1, 1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 1, 0, 0, 0, 0, 0],
        [1, 0, 1, 1, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 1, 0, 1, 0],
        [0, 0, 0, 0, 1, 0, 1, 1, 0],
    ]
)


def row(*items: int) -> sparse.csr_matrix:
    return sparse.csr_matrix([[float(item in items) for item in range(9)]])


@pytest.fixture
def graph() -> GraphFilter:
    return GraphFilter(sparse.csr_matrix(TASTES), factors=2)


def test_those_alike_decide(graph):
    (scores,) = graph.scores(row(0, 1))
    assert scores[2] > 0
    assert scores[3] > 0
    assert max(scores[4:]) == pytest.approx(0, abs=1e-5)


def test_an_item_that_nobody_took_and_a_person_who_took_nothing_score_nothing(graph):
    assert graph.scores(row(0, 4))[0, 8] == 0
    assert not graph.scores(row()).any()


def test_who_takes_everything_says_less_of_each():
    """Item 1 was taken with 0 by somebody who takes all, item 2 by one who took just the two."""
    taken = np.array([[1, 1, 1, 1, 1, 1], [1, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 0]])
    (scores,) = GraphFilter(sparse.csr_matrix(taken), factors=0).scores(
        sparse.csr_matrix([[1.0, 0, 0, 0, 0, 0]])
    )
    assert scores[2] > scores[1]


def test_the_same_of_the_same(graph):
    again = GraphFilter(sparse.csr_matrix(TASTES), factors=2)
    assert np.array_equal(graph.scores(row(0, 5)), again.scores(row(0, 5)))


def test_more_patterns_than_there_can_be_are_cut():
    assert GraphFilter(sparse.csr_matrix(TASTES), factors=500).scores(row(0)).shape == (1, 9)


def test_what_followed_comes_next():
    model = NextItem([[0, 1, 2], [0, 1, 2], [3, 1, 0]], 4, ridge=1)
    after_one = model.scores([[0, 1]])[0]
    assert after_one[2] == max(after_one[2], after_one[3])


def test_the_latest_counts_most():
    model = NextItem([[0, 1], [0, 1], [2, 3], [2, 3]], 4, ridge=1)
    latest_zero, latest_two = model.scores([[2, 0], [0, 2]])
    assert latest_zero[1] > latest_zero[3]
    assert latest_two[3] > latest_two[1]


def test_an_item_does_not_speak_for_itself():
    """Else whatever was bought would be shown again."""
    model = NextItem([[0, 1], [1, 2]], 3, ridge=1, followed=0)
    assert model.scores([[0]])[0, 0] == 0


def test_too_many_items_are_refused(monkeypatch):
    monkeypatch.setattr(sequence, "MOST_ITEMS", 3)
    with pytest.raises(ValueError, match="4 items are too many"):
        NextItem([[0]], 4)


TITLES = ["龙井绿茶", "碧螺春绿茶", "儿童自行车", "山地自行车", "雨前龙井茶", "Kinderfahrrad"]


def test_a_new_thing_is_like_those_called_alike():
    content = Content(TITLES, [[] for _ in TITLES])
    like = content.alike(np.array([4, 5]), np.array([0, 1, 2, 3])).toarray()
    assert like[0].argmax() == 0
    assert like[0].sum() == pytest.approx(1)
    assert like[1].sum() == pytest.approx(0, abs=1e-3)  # shares no sign with any


def test_marks_alone_will_do_and_nothing_known_is_no_error():
    content = Content(["", "", ""], [["tea"], ["bike"], ["tea"]])
    assert content.alike(np.array([2]), np.array([0, 1])).toarray()[0].argmax() == 0
    assert content.alike(np.array([2]), np.array([], int)).shape == (1, 0)
    assert Content([], []).alike(np.array([], int), np.array([], int)).shape == (0, 0)


@pytest.mark.parametrize("few", [0, 100])
def test_what_nobody_took_has_the_scores_of_what_it_is_like(few):
    """Item 9 is like item 2, which goes with what the first person took; both ways of matching."""
    histories = [[int(item) for item in np.flatnonzero(person)] for person in TASTES]
    like = sparse.csr_matrix(([1.0], ([0], [2])), shape=(1, 9))
    matcher = Matcher(histories, 9, like, few=few)
    scores = matcher.scores([[0, 1], []])
    assert 0 < scores[0, 9] <= 0.9
    assert scores[0, [0, 1]].tolist() == [0, 0]
    assert not scores[1].any()
    assert matcher.speaks_most([2, 4], 9) == 2
    assert matcher.speaks_most([4], 9) is None


def test_people_alike_speak_for_who_took_nothing():
    taken = sparse.csr_matrix(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]]))
    alike = Alike([["women", "tea"], ["men", "bikes"], ["men"]], taken)
    assert alike.scores([["men", "bikes", "unheard of"]])[0].argmax() == 1
    assert (alike.scores([[]])[0] > 0).all()  # what everybody takes, a little
