"""Who stands out among peers, and in what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from aiassist.risk.facets import Facet, spread_of
from aiassist.risk.oddities import LEAST_ORDERS, Finding, Peer, oddities
from aiassist.risk.peers import law_of_most
from aiassist.risk.signs import SIGNS, Counts, Facts, Sign, counts_of

LEAST = 8  # of them that a sign can look at
# What matters, not only what is certain: so many orders more than peers would have, and this share
# of them all (for what should be many, of what is usual).
LEAST_MORE, LEAST_SHARE = 5, 0.15
LOOKS = 2  # at known patterns, and at anything that is odd
PEERS, CLOSE_PEERS = 10, 20  # at least: of the same kind or category, of both


@dataclass(frozen=True, slots=True)
class Score:
    """One affiliate. `chance`: that an honest affiliate stands out so in any sign; `false`: the
    share of honest ones to expect among all who stand out at least as much (Benjamini-Hochberg).
    `findings` are what adds to it: known signs, then facets, each the strongest first."""

    affiliate: int
    chance: float
    false: float
    findings: tuple[Finding, ...]


def judge(facts: Facts, peers: Mapping[int, Peer]) -> list[Score]:
    """Each affiliate of `peers` that has enough orders, the most striking first."""
    counts, general = counts_of(facts), oddities(spread_of(facts), peers)
    orders = counts[Sign.HEAP]  # looks at each order
    judged = {pk for pk, (_k, n) in orders.items() if n >= LEAST_ORDERS and pk in peers}
    found: dict[int, list[Finding]] = {}
    for sign, of_sign in counts.items():
        enough = {pk: of_sign[pk] for pk in judged & of_sign.keys() if of_sign[pk][1] >= LEAST}
        for pk, finding in _findings(sign, enough, peers):
            found.setdefault(pk, []).append(finding)
    if not found:
        return []
    signs = len(counts)
    chances = {}
    for pk, of in found.items():
        odd, findings = general.get(pk, (1.0, ()))
        known = signs * min(one.chance for one in of)
        chances[pk] = min(1.0, LOOKS * min(known, odd))
        of.extend(findings)
    falses = false_discovery_control(np.maximum(list(chances.values()), 1e-300))
    scores = [
        Score(pk, chance, float(false), _striking(found[pk]))
        for (pk, chance), false in zip(chances.items(), falses, strict=True)
    ]
    return sorted(scores, key=lambda score: (score.chance, score.affiliate))


def _striking(findings: list[Finding]) -> tuple[Finding, ...]:
    shown = [one for one in findings if one.chance <= 0.01]
    return tuple(sorted(shown, key=lambda one: (isinstance(one.sign, Facet), one.chance)))


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
