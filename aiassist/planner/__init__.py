"""The planning organizer 智能规划: an affiliate's week of posts, drafted from what is known of it.

`facts` gathers, `draft` and `hours` decide (pure, the same for the same facts), `reasons` says why,
`ical` hands the week to calendars. What is kept and changed: `aiassist.services.planner`.
"""

from aiassist.planner.draft import Draft, Slot, drafted
from aiassist.planner.facts import week_of

__all__ = ["Draft", "Slot", "drafted", "week_of"]
