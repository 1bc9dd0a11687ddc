"""Affiliates against their peers: which of them have orders that chance does not explain.

Statistics only; nothing here knows a database (docs/risk.md). `signs` counts, `peers` says what is
usual, `scores` says who stands out.
"""

from aiassist.risk.scores import Finding, Peer, Score, judge
from aiassist.risk.signs import SIGNS, Facts, Sign, counts_of

__all__ = ["SIGNS", "Facts", "Finding", "Peer", "Score", "Sign", "counts_of", "judge"]
