"""The word tables and drawings of the demo, as files a non-programmer can edit."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The table in `name`.toml, in the order in which it is written."""
    with (HERE / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def drawing(name: str) -> str:
    """The inside of `drawings/name.svg`."""
    return (HERE / "drawings" / f"{name}.svg").read_text(encoding="utf-8").strip()
