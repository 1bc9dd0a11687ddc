"""Who stands out among peers, and in what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from aiassist.risk.facets import Facet, spread_of
from aiassist.risk.oddities import LEAST_ORDERS, NOTHING, oddities
from aiassist.risk.peers import law_of_most
from aiassist.risk.signs import DAY, SIGNS, Counts, Facts, Sign, counts_of
from aiassist.risk.verdict import Finding, Peer, Score

LEAST = 8  # of them that a sign can look at
# What matters, not only what is certain: so many orders more than peers would have, and this share
# of them all (for what should be many, of what is usual).
LEAST_MORE, LEAST_SHARE = 5, 0.15
LOOKS = 4  # at known patterns, and at anything that is odd; at all orders, and at the last ones
LATELY = 30 * DAY  # what began in this time is new; before it, somebody's own past
AS_BEFORE = 0.5  # of today's rate: who had so much of a sign before has always worked so
PEERS, CLOSE_PEERS = 10, 20  # at least: of the same kind or category, of both


def judge(facts: Facts, peers: Mapping[int, Peer]) -> list[Score]:
    """Each affiliate of `peers` that has enough orders, the oddest first."""
    if not len(facts.placed):
        return []
    counts = counts_of(facts)
    known = _known(counts, peers)
    lately = facts.placed >= facts.placed.max() - LATELY
    before, now = facts.only(~lately), facts.only(lately)
    counts_before, counts_now = counts_of(before), counts_of(now)
    always = _always(counts_before, counts_now)
    known_now = _known(counts_now, peers, lately=True)
    general = oddities(spread_of(facts), peers)
    began = oddities(spread_of(now), peers, spread_of(before)) if len(before.placed) else {}
    chances, standing, shown = {}, {}, {}
    for pk in known:
        signs = (*known[pk], *known_now.get(pk, ()))
        (odd, facets), (new, news) = general.get(pk, NOTHING), began.get(pk, NOTHING)
        held = [one for one in signs if (pk, one.sign) not in always]
        standing[pk] = min(1.0, LOOKS * min(len(counts) * _least(held), new))
        chances[pk] = min(standing[pk], LOOKS * min(len(counts) * _least(signs), odd))
        shown[pk] = _striking((*signs, *news, *facets))
    unusual, false = _false(chances), _false(standing)
    scores = [Score(pk, chances[pk], false[pk], unusual[pk], shown[pk]) for pk in known]
    return sorted(scores, key=lambda score: (score.chance, score.affiliate))


def _known(
    counts: Mapping[Sign, Counts], peers: Mapping[int, Peer], *, lately: bool = False
) -> dict[int, list[Finding]]:
    """By affiliate with enough orders what each sign says."""
    orders = counts[Sign.HEAP]  # looks at each order
    judged = {pk for pk, (_k, n) in orders.items() if n >= LEAST_ORDERS and pk in peers}
    found: dict[int, list[Finding]] = {}
    for sign, of_sign in counts.items():
        if lately and sign == Sign.HEAP:  # a month does not say what somebody does otherwise
            continue
        enough = {pk: of_sign[pk] for pk in judged & of_sign.keys() if of_sign[pk][1] >= LEAST}
        for pk, finding in _findings(sign, enough, peers):
            found.setdefault(pk, []).append(replace(finding, lately=lately))
    return found


def _least(findings: Iterable[Finding]) -> float:
    return min((one.chance for one in findings), default=1.0)


def _always(before: Mapping[Sign, Counts], now: Mapping[Sign, Counts]) -> set[tuple[int, Sign]]:
    """Affiliates and signs that may be how they work, if they have long had as much of them."""
    return {
        (pk, sign)
        for sign, look in SIGNS.items()
        if look.way
        for pk, (k, n) in before[sign].items()
        for k1, n1 in [now[sign].get(pk, (0, 0))]
        if n >= LEAST and k * n1 >= AS_BEFORE * k1 * n
    }


def _false(chances: Mapping[int, float]) -> dict[int, float]:
    if not chances:
        return {}
    from scipy.stats import false_discovery_control  # takes most of a second to load

    falses = false_discovery_control(np.maximum(list(chances.values()), 1e-300))
    return dict(zip(chances, falses.tolist(), strict=True))


def _striking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each sign or facet once: known signs, what is new, and what is odd."""
    shown: dict[Sign | Facet, Finding] = {}
    for one in sorted(findings, key=lambda one: (_rank(one), one.chance)):
        if one.chance <= 0.01:
            shown.setdefault(one.sign, one)
    return tuple(shown.values())


def _rank(finding: Finding) -> int:
    return isinstance(finding.sign, Facet) * (2 - finding.lately)


def _findings(
    sign: Sign, counts: Counts, peers: Mapping[int, Peer]
) -> Iterator[tuple[int, Finding]]:
    """For each affiliate the mildest of what is said by its peers and by its close peers."""
    look = SIGNS[sign]
    groups: dict[tuple[str, ...], list[int]] = {}
    for pk in counts:
        wide = getattr(peers[pk], look.like)
        for group in ((), (wide,), (peers[pk].kind, peers[pk].category)):
            groups.setdefault(group, []).append(pk)
    laws = {
        group: _Group([counts[pk] for pk in members], look.few)
        for group, members in groups.items()
        if len(members) >= (PEERS, PEERS, CLOSE_PEERS)[len(group)]
    }
    for pk, (k, n) in counts.items():
        wide, close = (getattr(peers[pk], look.like),), (peers[pk].kind, peers[pk].category)
        known = [laws[group] for group in (wide, close) if group in laws]
        known = known or ([laws[()]] if () in laws else [])
        if known:
            said = [group.finding(sign, k, n, few=look.few) for group in known]
            yield pk, max(said, key=lambda one: one.chance)


class _Group:
    """Affiliates who are alike, and the law of them."""

    def __init__(self, members: list[tuple[int, int]], few: bool) -> None:
        self._law, self._members = law_of_most(members, few=few), len(members)
        self._low, self._high = self._law.range

    def finding(self, sign: Sign, k: int, n: int, *, few: bool) -> Finding:
        usual = self._law.mean
        more = usual * n - k if few else k - usual * n
        least = max(LEAST_MORE, LEAST_SHARE * (usual * n if few else n))
        chance = self._law.tail(k, n, few=few) if more >= least else 1.0
        return Finding(sign, k, n, usual, self._low, self._high, self._members, chance)
