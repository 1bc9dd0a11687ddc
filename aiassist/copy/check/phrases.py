"""The lists of phrases/*.toml, as patterns."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_PLACE = Path(__file__).parent / "phrases"


@cache
def phrases(name: str) -> dict[str, Any]:
    """A file, as it is."""
    return tomllib.loads((_PLACE / f"{name}.toml").read_text())


def either(some: list[str]) -> str:
    """One of these, as a piece of a pattern."""
    return f"(?:{'|'.join(some)})"
