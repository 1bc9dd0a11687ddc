"""What the advisers keep, split by noun."""

from aiassist.models.matching import Dismissal, Matches
from aiassist.models.prompts import MILLION, PromptRun, Verdict, Why

__all__ = ["MILLION", "Dismissal", "Matches", "PromptRun", "Verdict", "Why"]
