"""Figures that stand out from what is usual at their hour: arrays in, findings out. Pure.

docs/anomalies.md has the reasoning; `bench.ai.anomalies` measures it.
"""

from aiassist.anomalies.judge import Finding, judge
from aiassist.anomalies.parts import Part, made_of
from aiassist.anomalies.series import DAY, HISTORY, WEEK, Key, Series

__all__ = ["DAY", "HISTORY", "WEEK", "Finding", "Key", "Part", "Series", "judge", "made_of"]
