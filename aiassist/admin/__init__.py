"""The operations desk's pages about advice."""

from aiassist.admin import anomalies, autopilot, prompts, risk  # noqa: F401 - register their pages
