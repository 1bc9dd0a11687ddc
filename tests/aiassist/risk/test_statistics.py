"""What is usual, who stands out, and what is counted: on vectors that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from aiassist.risk import Facts, Peer, Sign, counts_of, judge
from aiassist.risk.peers import Law, law_of_most

NONE = np.zeros(0)


def facts(**columns) -> Facts:
    """Orders of affiliate 1 that nothing is known of, unless otherwise said."""
    n = len(next(iter(columns.values())))
    plain = {
        "affiliate": np.ones(n, int),
        "buyer": np.zeros(n, int),
        "address": np.zeros(n, int),
        "after": np.full(n, np.nan),
        "amount": np.arange(1, n + 1) * 1000,
        "block": np.zeros(n, int),
        "closing": np.zeros(n, bool),
        "settled": np.zeros(n, bool),
        "returned": np.zeros(n, bool),
    }
    return Facts(**{**plain, **{name: np.array(column) for name, column in columns.items()}})


def test_the_law_of_all_rates_alike_gives_each_count_the_same_chance():
    flat = Law(mean=0.5, spread=1 / 3)  # beta(1, 1): of 9, each of 0 to 9 has one chance in ten

    assert flat.tail(7, 9) == pytest.approx(0.3)
    assert flat.tail(0, 9) == pytest.approx(1)
    assert flat.tail(2, 9, few=True) == pytest.approx(0.3)
    assert flat.range == pytest.approx((0.025, 0.975))


def test_cheats_among_peers_do_not_bend_their_law():
    chance = np.random.default_rng(1)
    n = np.full(220, 100)
    k = chance.binomial(n, chance.beta(3, 57, 220))  # 5 % on average
    cheating = k.copy()
    cheating[:20] = chance.binomial(100, 0.6, 20)

    honest, robust = (law_of_most([*zip(some, n, strict=True)]) for some in (k, cheating))

    assert cheating.sum() / n.sum() > 0.09
    assert robust.mean == pytest.approx(honest.mean, abs=0.006)
    assert robust.spread == pytest.approx(honest.spread, abs=0.012)
    assert robust.tail(60, 100) < 1e-6


def test_chances_of_honest_affiliates_are_as_frequent_as_they_say():
    chance = np.random.default_rng(2)
    n = chance.integers(200, 400, 900)
    k = chance.binomial(n, chance.beta(4, 36, 900))
    law = law_of_most([*zip(k, n, strict=True)])

    tails = np.array([law.tail(*one) for one in zip(k, n, strict=True)])

    for share in (0.01, 0.05, 0.2, 0.5, 0.8):
        assert np.mean(tails <= share) == pytest.approx(share, abs=0.045)


def test_what_counts_as_a_sign():
    own = facts(  # of three buyers at one address, one alone, and one with four orders
        buyer=[1, 2, 3, 4, 5, 5, 5, 5, 0], address=[7, 7, 7, 8, 9, 9, 9, 9, 0]
    )
    assert counts_of(own)[Sign.RING] == {1: (3, 8)}
    assert counts_of(own)[Sign.AGAIN] == {1: (4, 8)}
    unknown = replace(own, buyer=np.where(own.buyer == 3, 0, own.buyer))
    assert counts_of(unknown)[Sign.RING] == {1: (2, 7)}  # who says nothing is nobody else
    many = np.concatenate([own.address, [7] * 9])  # others' buyers come from there, too
    shared = facts(affiliate=[1] * 9 + [2] * 9, buyer=[*own.buyer, *range(10, 19)], address=many)
    assert counts_of(shared)[Sign.RING][1] == (0, 8)

    day = 86_400
    clicked = replace(
        facts(after=[5, 19, 20, day, 5 * day, 6 * day, np.nan]), clicks={1: 400}, barred={1: 2}
    )
    counts = counts_of(clicked)
    assert counts[Sign.HASTY] == {1: (4, 8)}
    assert counts[Sign.LATE] == {1: (1, 6)}
    assert counts[Sign.IDLE] == {1: (6, 400)}

    back = facts(settled=[True, True, False], returned=[True, False, False])
    assert counts_of(back)[Sign.RETURNED] == {1: (1, 2)}

    before = [1000, 1005, 1009, 1009, 1008, 1003, 2000]  # six nearly alike before the close
    at_last = facts(amount=[*before, *range(5000, 9000, 500)], closing=[True] * 7 + [False] * 8)
    assert counts_of(at_last)[Sign.HEAP] == {1: (5, 15)}  # at other times one
    streamer = replace(at_last, amount=np.array([*before, *[3000] * 8]))
    assert counts_of(streamer)[Sign.HEAP] == {1: (0, 15)}


def test_who_stands_out_among_peers_and_nobody_where_all_are_alike():
    chance = np.random.default_rng(3)
    peers = {pk: Peer("small", "food") for pk in range(1, 101)}
    counts = {sign: {} for sign in Sign}
    counts[Sign.HEAP] = dict.fromkeys(peers, (0, 60))
    counts[Sign.HASTY] = {pk: (int(chance.binomial(60, 0.02)), 60) for pk in peers}

    assert not [score for score in judge(counts, peers) if score.false <= 0.01]

    counts[Sign.HASTY][42] = (30, 60)
    first, second = judge(counts, peers)[:2]
    assert first.affiliate == 42
    assert first.false < 1e-6 < 0.01 < second.false
    (finding,) = first.findings
    assert (finding.sign, finding.k, finding.n, finding.peers) == (Sign.HASTY, 30, 60, 100)
    assert finding.low <= finding.usual <= finding.high < 0.1

    tiny = {sign: dict.fromkeys(peers, (0, 60)) | {7: (14, 14)} for sign in Sign}
    assert 7 not in {score.affiliate for score in judge(tiny, peers)}
    assert judge({sign: {} for sign in Sign}, {}) == []


def test_no_orders_are_nothing_to_count():
    assert counts_of(Facts(*[NONE.astype(int)] * 3, NONE, *[NONE.astype(int)] * 2,
                           *[NONE.astype(bool)] * 3)) == {sign: {} for sign in Sign}  # fmt: skip
