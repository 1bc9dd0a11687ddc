"""Texts with slots: our own sentences, or a model's, in the shape of the channel."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiassist.copy.check.label import LABELS
from aiassist.copy.slots import filled, slots_in
from aiassist.models import Angle

TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class Words:
    """The two sentences that make an angle: the first, and what follows it."""

    lead: str
    more: str


@cache
def texts(language: str) -> Mapping[str, Any]:
    return tomllib.loads((TEXTS / f"{language}.toml").read_text())


def words_of(language: str, angle: str, known: Collection[str]) -> Words:
    """Our own, the first of which all slots are known."""
    return next(
        Words(*pair)
        for pair in texts(language)["angles"][angle]
        if slots_in(" ".join(pair)) <= set(known)
    )


def draft(
    language: str, channel: str, angle: str, known: Collection[str], words: Words | None = None
) -> str:
    """The whole text with its slots, labelled: with our own `words` unless others are given."""
    said = texts(language)
    words = words or words_of(language, angle, known)
    parts = {
        "lead": words.lead,
        "more": words.more,
        "facts": next(line for line in said["facts"] if slots_in(line) <= set(known)),
        "subject": said["subjects"][angle],
    }
    shape = said["shapes"][channel]
    kept = {name: f"{{{name}}}" for name in slots_in(shape) - set(parts)}
    return LABELS[language] + filled(shape, parts | kept)


def drafts(language: str, channel: str, known: Collection[str]) -> dict[str, str]:
    """Our own text for each angle."""
    return {angle: draft(language, channel, angle, known) for angle in Angle.values}
