"""What the advisers keep, split by noun."""

from aiassist.models.assistant import Conversation, Turn
from aiassist.models.audience import Age, Audience, Gender, Goal, Region
from aiassist.models.matching import Dismissal, Matches
from aiassist.models.prompts import MILLION, PromptRun, Verdict, Why

__all__ = [
    "MILLION",
    "Age",
    "Audience",
    "Conversation",
    "Dismissal",
    "Gender",
    "Goal",
    "Matches",
    "PromptRun",
    "Region",
    "Turn",
    "Verdict",
    "Why",
]
