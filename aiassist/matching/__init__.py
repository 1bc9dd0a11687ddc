"""Matching affiliates to products by what they and those alike have clicked and sold.

Nothing is trained: both models are linear filters that one look at the interactions gives.
`GraphFilter` is for many items, `NextItem` for few whose order in time counts. Judged on published
tables by `bench/ai/matching.py`.
"""

from aiassist.matching.graph import GraphFilter
from aiassist.matching.sequence import NextItem

__all__ = ["GraphFilter", "NextItem"]
