"""What the advisers keep, split by noun."""

from aiassist.models.anomalies import (
    HOUR,
    MONEY,
    AnomalyNote,
    HourFigure,
    Measure,
    NoteState,
    Source,
)
from aiassist.models.assistant import Conversation, Turn
from aiassist.models.audience import Age, Audience, Gender, Goal, Region
from aiassist.models.autopilot import (
    Autopilot,
    AutopilotDecision,
    AutopilotGroup,
    AutopilotMode,
    AutopilotNight,
    AutopilotPolicy,
    AutopilotState,
    DecisionState,
    GroupKind,
    KeptPlan,
    NightOutcome,
    StopReason,
)
from aiassist.models.copies import (
    Angle,
    CopyChoice,
    CopyRun,
    CopyRunLine,
    CopyTake,
    CopyVariant,
    Origin,
)
from aiassist.models.matching import Dismissal, Matches
from aiassist.models.odds import TaskOdds
from aiassist.models.planner import CalendarFeed, PlannedPost, PostState, Target, WeekPlan
from aiassist.models.prompts import MILLION, PromptRun, Verdict, Why
from aiassist.models.risk import ReviewState, RiskPolicy, RiskReview, RiskScore

__all__ = [
    "HOUR",
    "MILLION",
    "MONEY",
    "Age",
    "Angle",
    "AnomalyNote",
    "Audience",
    "Autopilot",
    "AutopilotDecision",
    "AutopilotGroup",
    "AutopilotMode",
    "AutopilotNight",
    "AutopilotPolicy",
    "AutopilotState",
    "CalendarFeed",
    "Conversation",
    "CopyChoice",
    "CopyRun",
    "CopyRunLine",
    "CopyTake",
    "CopyVariant",
    "DecisionState",
    "Dismissal",
    "Gender",
    "Goal",
    "GroupKind",
    "HourFigure",
    "KeptPlan",
    "Matches",
    "Measure",
    "NightOutcome",
    "NoteState",
    "Origin",
    "PlannedPost",
    "PostState",
    "PromptRun",
    "Region",
    "ReviewState",
    "RiskPolicy",
    "RiskReview",
    "RiskScore",
    "Source",
    "StopReason",
    "Target",
    "TaskOdds",
    "Turn",
    "Verdict",
    "WeekPlan",
    "Why",
]
