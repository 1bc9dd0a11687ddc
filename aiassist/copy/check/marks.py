"""A verdict laid over its text, for a page that marks what was found."""

from dataclasses import dataclass
from itertools import pairwise

from aiassist.copy.check.verdict import Finding, Level, Verdict


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text, with the numbers of the findings that lie over it and the worst level."""

    text: str
    numbers: tuple[int, ...] = ()
    level: str = ""


def pieces(verdict: Verdict) -> list[Piece]:
    """The whole text in pieces; findings count from 1, as the verdict has them."""
    numbered = [(n, one) for n, one in enumerate(verdict.findings, 1) if one.start < one.end]
    edges = {0, len(verdict.text)} | {edge for _, one in numbered for edge in (one.start, one.end)}
    cuts = sorted(edges)
    return [_piece(verdict.text, start, end, numbered) for start, end in pairwise(cuts)]


def _piece(text: str, start: int, end: int, numbered: list[tuple[int, Finding]]) -> Piece:
    over = [(n, one) for n, one in numbered if one.start <= start and end <= one.end]
    blocked = any(one.level == Level.BLOCK for _, one in over)
    level = (Level.BLOCK if blocked else Level.REVIEW).value if over else ""
    return Piece(text[start:end], tuple(n for n, _ in over), level)
