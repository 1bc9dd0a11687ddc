"""Matching affiliates to products by what they and those alike have clicked and sold.

Nothing is trained for long: each model is what one look at the data gives. `GraphFilter` is for
many items, `NextItem` for few whose order in time counts, `Content` for items that nobody took,
`Alike` for people who took nothing; `Matcher` puts the first three together, and
`by_worth` lets commission change the order a little. Judged on published
tables by `bench/ai/matching.py`.
"""

from aiassist.matching.content import Content
from aiassist.matching.graph import GraphFilter
from aiassist.matching.matcher import Matcher, matrix
from aiassist.matching.people import Alike
from aiassist.matching.sequence import NextItem
from aiassist.matching.worth import by_worth

__all__ = ["Alike", "Content", "GraphFilter", "Matcher", "NextItem", "by_worth", "matrix"]
