"""Affiliates against their peers: which of them have orders that chance does not explain.

Statistics only; nothing here knows a database (docs/risk.md). `signs` counts known patterns, by the
usual of `peers`; `facets` counts how orders lie in whatever can be seen of them, by that of `laws`,
and `oddities` says who is odd; `scores` says who stands out.
"""

from aiassist.risk.facets import LOOKS, Facet
from aiassist.risk.oddities import Finding, Peer
from aiassist.risk.scores import Score, judge
from aiassist.risk.signs import SIGNS, Facts, Sign, counts_of

__all__ = [
    "LOOKS", "SIGNS", "Facet", "Facts", "Finding", "Peer", "Score", "Sign", "counts_of", "judge",
]  # fmt: skip
