"""The operations desk's pages about advice."""

from aiassist.admin import autopilot, prompts, risk  # noqa: F401 - register their pages
