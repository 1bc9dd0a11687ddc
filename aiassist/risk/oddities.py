"""Who is odd in any facet at all, beside affiliates of its kind, and beside its own past."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import logit, ndtr

from aiassist.risk.facets import LOOKS, Facet, Spread
from aiassist.risk.laws import LEAST_SPREAD, Laws, laws_of
from aiassist.risk.verdict import Finding, Peer

LEAST_ORDERS = 15  # below, chance explains anything
LEAST = 8  # of them that a facet can look at
# What matters, not only what is certain: so many orders more than peers would have, and this share
# of them all.
LEAST_MORE, LEAST_SHARE = 5, 0.1
PEERS = 20  # at least, to be the measure; with fewer, all are
EVERYONE = 10  # at least
MISFITS = 0.01  # of honest affiliates work as those of another kind do, and are measured by these
SHOWN = 0.003  # who is odder in a facet than that is told so
Oddity = tuple[float, tuple[Finding, ...]]
NOTHING: Oddity = (1.0, ())


def oddities(
    counts: Spread, peers: Mapping[int, Peer], before: Spread | None = None
) -> dict[int, Oddity]:
    """By affiliate with enough orders, the chance that an honest one is as odd in any facet, and in
    what it is. With `before`, counts of an earlier time, only what is odd beside the affiliate's
    own past, too: the milder of the two. Who has no past has not changed."""
    judged = (counts.orders >= LEAST_ORDERS) & np.isin(counts.affiliates, list(peers))
    pks = counts.affiliates[judged].tolist()
    if len(pks) < EVERYONE:
        return {}
    past = _rows(before, pks) if before else {}
    tables = [
        _Table(facet, bands[judged], past.get(facet)) for facet, bands in counts.bands.items()
    ]
    kinds = np.array([peers[pk].kind for pk in pks])
    categories = np.array([peers[pk].category for pk in pks])
    by_category = {
        table.facet: _by_group(table, categories)
        for table in tables
        if LOOKS[table.facet].like == "category"
    }
    groups = {kind: kinds == kind for kind in np.unique(kinds) if (kinds == kind).sum() >= PEERS}
    everyone = np.ones(len(pks), bool)
    chance, as_kind = np.zeros(len(pks)), np.zeros(len(pks), int)
    looks = []
    for number, (kind, who) in enumerate((groups or {"": everyone}).items()):
        looks.append([by_category.get(one.facet) or one.looked(who, everyone) for one in tables])
        said = together(np.array([look.chance for look in looks[-1]]))
        said = np.where((kinds == kind) | ~np.isin(kinds, [*groups]), said, MISFITS * said)
        as_kind[said > chance] = number
        chance = np.maximum(chance, said)
    # Facets are no experiment: that half of all are odder than half should be says by how much the
    # chances are too small.
    chance **= 1 / max(1.0, float(np.log(np.median(chance)) / np.log(0.5)))
    return {
        pk: (float(chance[i]), _findings(tables, looks[as_kind[i]], i)) for i, pk in enumerate(pks)
    }


def together(chances: np.ndarray) -> np.ndarray:
    """Of several chances (rows) that need not be independent: Cauchy's combination."""
    mean = (1 / np.tan(np.pi * np.clip(chances, 1e-300, 0.5))).mean(axis=0)
    return np.where(mean > 1e-9, np.arctan(1 / np.maximum(mean, 1e-9)) / np.pi, 0.5)


def changes(k0: np.ndarray, n0: np.ndarray, k1: np.ndarray, n1: np.ndarray) -> np.ndarray:
    """For each affiliate (a row) and rate (a column) the chance that an honest one goes from k0 of
    n0 to k1 of n1 or more: rates of the honest move, too, by as much as most do. 1 without a past.
    """
    known = (n0[:, 0] >= LEAST_ORDERS) & (n1[:, 0] >= LEAST)
    chance = np.ones(k1.shape)
    if known.sum() < EVERYONE:
        return chance
    k0, n0, k1, n1 = k0[known], n0[known], k1[known], n1[known]
    moved = logit((k1 + 0.5) / (n1 + 1)) - logit((k0 + 0.5) / (n0 + 1))
    p = (k0 + k1 + 0.5) / (n0 + n1 + 1)
    by_chance = (1 / n0 + 1 / n1) / (p * (1 - p))
    moved -= np.median(moved, axis=0)
    usual = (1.48 * np.median(abs(moved), axis=0)) ** 2 - np.median(by_chance, axis=0)
    spread = np.sqrt(by_chance + np.maximum(usual, LEAST_SPREAD**2))
    chance[known] = ndtr(-moved / spread)
    return chance


def _rows(counts: Spread, pks: list[int]) -> dict[Facet, np.ndarray]:
    """The bands of these affiliates; of who is not there, nothing."""
    place = np.minimum(np.searchsorted(counts.affiliates, pks), len(counts.affiliates) - 1)
    there = (counts.affiliates[place] == pks)[:, None]
    return {facet: np.where(there, bands[place], 0) for facet, bands in counts.bands.items()}


@dataclass
class _Look:
    """At one facet of all: the chance of each, at which rate, and by which law of how many."""

    chance: np.ndarray
    rate: np.ndarray
    measure: np.ndarray  # the place of its law among `laws`
    laws: list[tuple[Laws, int]]


class _Table:
    """Of one facet how many lie in each range of bands (k), of how many (n), a row an affiliate."""

    def __init__(self, facet: Facet, bands: np.ndarray, before: np.ndarray | None) -> None:
        self.facet, self._ranges = facet, LOOKS[facet].ranges
        self._k, self._n = self._counted(bands)
        self._enough = self._n[:, 0] >= LEAST
        self._lately = before is not None
        # How likely so great a change is among all: no change is asked for without a past.
        self._changed = np.zeros(self._k.shape)
        if facet == Facet.PRODUCT and self._lately:  # in less time one is always more of all
            self._changed += 1
        elif before is not None:
            self._changed = changes(*self._counted(before), self._k, self._n)

    def _counted(self, bands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = np.concatenate([np.zeros((len(bands), 1), int), bands.cumsum(axis=1)], axis=1)
        k = np.stack([sums[:, end] - sums[:, first] for first, end in self._ranges], axis=1)
        return k, sums[:, -1:]

    def looked(self, peers: np.ndarray, whom: np.ndarray) -> _Look:
        """`whom` by the law of `peers`; where those are too few, nobody is odd."""
        peers, whom = peers & self._enough, whom & self._enough
        size = len(self._n)
        look = _Look(np.ones(size), np.zeros(size, int), np.zeros(size, int), [])
        if peers.sum() < EVERYONE:
            return look
        laws = laws_of(self._k[peers], self._n[peers])
        k, n = self._k[whom], self._n[whom]
        # Of clicks nearly all bring nothing: what matters is measured by those that do.
        of = n * np.minimum(laws.usual, 1 - laws.usual) if self.facet == Facet.CLICKS else n
        matters = k - n * laws.usual >= np.maximum(LEAST_MORE, LEAST_SHARE * of)
        tails = np.where(matters, np.maximum(laws.tails(k, n), self._changed[whom]), 1.0)
        look.rate[whom] = tails.argmin(axis=1)
        look.chance[whom] = np.minimum(1, tails.min(axis=1) * LOOKS[self.facet].bands)
        look.laws.append((laws, int(peers.sum())))
        return look

    def finding(self, look: _Look, i: int) -> Finding:
        rate = int(look.rate[i])
        laws, peers = look.laws[look.measure[i]]
        first, end = self._ranges[rate]
        k, n, usual = int(self._k[i, rate]), int(self._n[i, 0]), float(laws.usual[rate])
        (low, high), chance = laws.range(rate), float(look.chance[i])
        return Finding(self.facet, k, n, usual, low, high, peers, chance, first, end, self._lately)


def _by_group(table: _Table, groups: np.ndarray) -> _Look:
    """Each by the law of its own group; of all, if that is small."""
    size = len(groups)
    whole = _Look(np.ones(size), np.zeros(size, int), np.zeros(size, int), [])
    for group in np.unique(groups):
        who = groups == group
        look = table.looked(who if who.sum() >= PEERS else np.ones(size, bool), who)
        whole.chance[who], whole.rate[who] = look.chance[who], look.rate[who]
        whole.measure[who] = len(whole.laws)
        whole.laws += look.laws
    return whole


def _findings(tables: list[_Table], looks: list[_Look], i: int) -> tuple[Finding, ...]:
    return tuple(
        table.finding(look, i)
        for table, look in zip(tables, looks, strict=True)
        if look.chance[i] <= SHOWN
    )
