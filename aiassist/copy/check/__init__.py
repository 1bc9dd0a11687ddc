"""The gate for every promotional text: true, lawful, labelled, and leading nowhere else.

    verdict = check(text, facts, Channel.MOMENTS, "zh", clock.now())
    text = verdict.usable   # as given, or repaired; None: write it anew, verdict.findings say why

It reads no database: what is true comes in as `Facts`, read just before. A text that was true once
is checked again before it goes out again (`verdict.withdrawn`). Titles go through `neutralised` on
their way into a prompt or a template. Reasons are in the active language. See docs/copy-check.md.
"""

from datetime import datetime

from aiassist.copy.check.examine import examine
from aiassist.copy.check.injection import neutralised
from aiassist.copy.check.repair import repaired
from aiassist.copy.check.rules import Rule, Source
from aiassist.copy.check.verdict import (
    Channel,
    CouponFacts,
    Facts,
    Finding,
    Language,
    Level,
    Verdict,
)

LONGEST = 5_000  # characters: nothing is looked for in more, and no channel takes more

__all__ = [
    "LONGEST",
    "Channel",
    "CouponFacts",
    "Facts",
    "Finding",
    "Language",
    "Level",
    "Rule",
    "Source",
    "Verdict",
    "check",
    "neutralised",
]


def check(text: str, facts: Facts | None, channel: Channel, language: str, at: datetime) -> Verdict:
    """Hold a text in `language` ("zh", "de", "en") for `channel` to every rule at the moment `at`.

    Without facts (no product chosen) figures are not judged, and claims are to be looked at.
    ValueError for a text of more than LONGEST characters.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a text of {len(text)} characters is not looked at")
    found = examine(text, facts, channel, language, at)
    if not found:
        return Verdict(text, found)
    better = repaired(text, found, channel, language)
    if better is not None and examine(better, facts, channel, language, at):
        better = None
    return Verdict(text, found, better)
