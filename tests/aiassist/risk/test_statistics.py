"""What is usual, who stands out, and what is counted: on vectors that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from aiassist.risk import Facet, Facts, Peer, Sign, counts_of
from aiassist.risk.facets import spread_of
from aiassist.risk.laws import laws_of
from aiassist.risk.peers import Law, law_of_most
from aiassist.risk.scores import judge


def facts(**columns) -> Facts:
    """Orders of affiliate 1 that nothing is known of, unless otherwise said."""
    n = len(next(iter(columns.values())))
    plain = {
        "affiliate": np.ones(n, int),
        "placed": np.zeros(n),
        "buyer": np.zeros(n, int),
        "address": np.zeros(n, int),
        "product": np.zeros(n, int),
        "after": np.full(n, np.nan),
        "amount": np.arange(1, n + 1) * 1000,
        "closes": np.full(n, 20.0),
        "received": np.full(n, np.nan),
        "fate": np.full(n, -1),
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

    back = facts(fate=[2, 0, -1])
    assert counts_of(back)[Sign.RETURNED] == {1: (1, 2)}

    before = [1000, 1005, 1009, 1009, 1008, 1003, 2000]  # six nearly alike before the close
    at_last = facts(amount=[*before, *range(5000, 9000, 500)], closes=[1.0] * 7 + [9.0] * 8)
    assert counts_of(at_last)[Sign.HEAP] == {1: (5, 15)}  # at other times one
    streamer = replace(at_last, amount=np.array([*before, *[3000] * 8]))
    assert counts_of(streamer)[Sign.HEAP] == {1: (0, 15)}


def test_who_stands_out_among_peers_and_nobody_where_all_are_alike():
    chance = np.random.default_rng(3)
    peers = {pk: Peer("small", "food") for pk in range(1, 101)}
    honest = facts(
        affiliate=np.repeat([*peers], 60),
        placed=chance.uniform(0, 90 * 86_400, 6_000),
        after=3_600 * np.exp(chance.normal(0, 1.5, 6_000)),
        amount=chance.integers(1_000, 90_000, 6_000),
    )

    assert not [score for score in judge(honest, peers) if score.false <= 0.01]

    hasty, between = (np.where(np.arange(6_000) < 36, after, honest.after) for after in (9, 240))
    first, second = judge(replace(honest, after=hasty), peers)[:2]
    assert first.affiliate == 1
    assert first.false < 1e-3 < 0.01 < second.false
    known = {one.sign: one for one in first.findings}[Sign.HASTY]
    assert (known.k, known.n, known.peers) == (36, 60, 100)
    assert known.low <= known.usual <= known.high < 0.1

    # Four minutes are no sign of anything known, but nobody else has them so often. It always had:
    # that is a way of working.
    first, second = judge(replace(honest, after=between), peers)[:2]
    assert first.affiliate == 1
    assert first.unusual < 0.01 < min(first.false, second.unusual)
    odd = first.findings[0]
    assert (odd.sign, odd.n, odd.lately) == (Facet.AFTER, 60, False)
    assert odd.first <= 3 < odd.end  # from three to ten minutes

    # If it began a month ago, it is not.
    moments = np.where(np.arange(6_000) < 60, honest.placed * 2 / 3, honest.placed)
    moments[:36] = 60 * 86_400 + honest.placed[:36] / 3
    first, second = judge(replace(honest, after=between, placed=moments), peers)[:2]
    assert first.affiliate == 1
    assert first.false < 0.01 < second.false
    assert (first.findings[0].sign, first.findings[0].lately) == (Facet.AFTER, True)

    # Neighbours who always were are how somebody works; those of a month ago, and those whom nobody
    # came before, are looked at first.
    alone = np.arange(6_000) + 1
    home = np.where(np.arange(6_000) < 60, 7, alone)
    for placed, of_all, stands_out in (
        (honest.placed, home, False),
        (moments, np.where(np.arange(6_000) < 36, 7, alone), True),
        (80 * 86_400 + honest.placed / 9, home, True),
    ):
        where = np.where(np.arange(6_000) < 60, placed, honest.placed)
        ring = replace(honest, placed=where, buyer=alone, address=of_all)
        first = judge(ring, peers)[0]
        assert (first.affiliate, first.findings[0].sign) == (1, Sign.RING)
        assert first.unusual < 0.01
        assert (first.false < 0.01) == stands_out

    few = replace(honest, affiliate=np.where(np.arange(6_000) < 46, 2, honest.affiliate))
    assert 1 not in {score.affiliate for score in judge(replace(few, after=hasty), peers)}


def test_how_orders_lie_in_facets():
    day = 86_400
    some = facts(
        affiliate=[1, 1, 1, 1, 2],
        placed=[0, 5 * day, 5 * day, 12 * day, 0],  # Monday, two on a Saturday, and one on the next
        buyer=[1, 1, 2, 0, 1],
        address=[9, 9, 9, 9, 8],
        product=[4, 4, 5, 0, 4],
        amount=[1000, 1004, 3000, 9000, 1000],
        closes=[1.0, 5, 5, 20, 1],
        received=[0.2, np.nan, 3, 3, 3],
        fate=[0, 1, 2, -1, 0],
    )
    some = replace(some, clicks={1: 40}, visitors={1: 30}, barred={1: 2})
    bands = {facet: rows[0].tolist() for facet, rows in spread_of(some).bands.items()}
    assert bands[Facet.AFTER][0] == 2  # barred: there are no other clicks
    assert bands[Facet.WEEKEND] == [1, 3]
    assert bands[Facet.CLOSE] == [1, 2, 0, 1]
    assert bands[Facet.HANDS] == [1, 2, 0, 0, 0]
    assert bands[Facet.HOME][1:] == [3, 0]
    assert bands[Facet.ELSEWHERE] == [1, 2, 0, 0]
    assert bands[Facet.AROUND] == [4, 0, 0, 0]
    assert bands[Facet.PRODUCT] == [1, 2]
    assert bands[Facet.RECEIVED] == [1, 0, 0, 2, 0, 0]
    assert bands[Facet.FATE] == [1, 1, 1]
    assert bands[Facet.CLICKS] == [0, 40]
    assert bands[Facet.VISITORS] == [30, 10]


def test_laws_of_many_rates_at_once_are_those_of_most_peers():
    chance = np.random.default_rng(4)
    rates = 1 / (1 + np.exp(-chance.normal([-2, 0], [0.5, 0.8], (300, 2))))
    n = chance.integers(50, 300, (300, 1))
    k = chance.binomial(n, rates)
    k[:9, 0] = n[:9, 0] * 0.9  # cheats
    laws = laws_of(k, n)

    assert laws.centre == pytest.approx([-2, 0], abs=0.15)
    assert laws.spread == pytest.approx([0.5, 0.8], abs=0.12)
    (tails,) = laws.tails(np.array([[180, 180]]), np.array([[200]]))
    assert tails[0] < 1e-6 < 1e-3 < tails[1] < 0.02


def test_no_orders_are_nothing_to_judge():
    assert counts_of(facts(affiliate=[])) == {sign: {} for sign in Sign}
    assert judge(facts(affiliate=[]), {}) == []
