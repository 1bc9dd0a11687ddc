"""The autopilot: rates and coupons that meet a merchant's ROI target with the most sales.

Pure: cohorts in, offers out (`decide`), nothing kept but a JSON state in the caller's hands.
"""

from aiassist.autopilot.facts import (
    Aged,
    Cohort,
    Decision,
    Evidence,
    Guard,
    History,
    Plan,
    Policy,
    State,
    Status,
    Unit,
    Uplift,
)
from aiassist.autopilot.pilot import decide, resumed

__all__ = [
    "Aged", "Cohort", "Decision", "Evidence", "Guard", "History", "Plan", "Policy", "State",
    "Status", "Unit", "Uplift", "decide", "resumed",
]  # fmt: skip
