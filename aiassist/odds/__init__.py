"""How likely a task is to be completed, and how sure that is (docs/task-odds.md).

Statistics only; nothing here knows a database. `season` says how busy days are, `usual` what peers
tell, `ahead` plays the rest of a task.
"""

from aiassist.odds.ahead import (
    Ahead,
    Chance,
    Left,
    ahead_of,
    loss_of,
    needed_more,
    waiting_chance,
    worth_of,
)
from aiassist.odds.season import Lift, busyness, lifts, weekdays
from aiassist.odds.usual import Track, Usual, usual_of

__all__ = [
    "Ahead",
    "Chance",
    "Left",
    "Lift",
    "Track",
    "Usual",
    "ahead_of",
    "busyness",
    "lifts",
    "loss_of",
    "needed_more",
    "usual_of",
    "waiting_chance",
    "weekdays",
    "worth_of",
]
