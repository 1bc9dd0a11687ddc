"""What people tell their advisers, by noun."""

from aiassist.forms.audience import AudienceForm
from aiassist.forms.copies import CopyForm, OwnWordsForm
from aiassist.forms.copy_check import CopyCheckForm
from aiassist.forms.planner import MoveForm, WeekForm
from aiassist.forms.policy import PolicyForm, initial_of

__all__ = [
    "AudienceForm",
    "CopyCheckForm",
    "CopyForm",
    "MoveForm",
    "OwnWordsForm",
    "PolicyForm",
    "WeekForm",
    "initial_of",
]
