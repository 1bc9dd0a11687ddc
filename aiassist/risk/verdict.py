"""Whom an affiliate is compared with, and what is said of it then."""

from dataclasses import dataclass

from aiassist.risk.facets import Facet
from aiassist.risk.signs import Sign


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom an affiliate is like."""

    kind: str
    category: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A sign in which an affiliate has k of n, where its peers have `usual`, between `low` and
    `high` for nineteen of twenty. `chance`: that an honest one of them has as much. Of a
    facet, k lie in the bands from `first` to before `end`; the chance is that of any of them.
    `lately`: of the last days alone, and it was not so before."""

    sign: Sign | Facet
    k: int
    n: int
    usual: float
    low: float
    high: float
    peers: int
    chance: float
    first: int = 0
    end: int = 0
    lately: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """One affiliate. `chance`: that an honest one is as odd in any sign or facet, and `unusual` the
    share of honest ones to expect among all who are as odd (Benjamini-Hochberg). `false` is that
    share among those who stand out as much: what is only a way of working does not count there.
    `findings`: known signs, new facets, then facets, each the strongest first."""

    affiliate: int
    chance: float
    false: float
    unusual: float
    findings: tuple[Finding, ...]
