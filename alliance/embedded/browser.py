"""Finds the Chromium that drives the browser tests."""

import os
import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> str | None:
    """The program `CHROMIUM` names, or the first known one that is installed."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    found = (shutil.which(name) for name in _NAMES)
    return next(filter(None, found), None) or next((p for p in _MAC if Path(p).exists()), None)
