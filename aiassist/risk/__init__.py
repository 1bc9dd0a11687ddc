"""Affiliates against their peers: which of them have orders that chance does not explain.

Statistics only; nothing here knows a database (docs/risk.md). `signs` counts known patterns, by the
usual of `peers`; `facets` counts how orders lie in whatever can be seen of them, by that of `laws`,
and `oddities` says who is odd; `scores.judge` says who stands out, in the words of `verdict`. It
is not among the names here: its statistics take most of a second to load, for the night alone.
"""

from aiassist.risk.facets import LOOKS, Facet
from aiassist.risk.signs import SIGNS, Facts, Sign, counts_of
from aiassist.risk.verdict import Finding, Peer, Score

__all__ = [
    "LOOKS", "SIGNS", "Facet", "Facts", "Finding", "Peer", "Score", "Sign", "counts_of",
]  # fmt: skip
