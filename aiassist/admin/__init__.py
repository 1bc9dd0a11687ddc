"""The operations desk's pages about advice."""

from aiassist.admin import autopilot, prompts  # noqa: F401 - register their pages
