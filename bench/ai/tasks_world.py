"""Alliances that are made up, in which tasks are played to their end. The estimator is never
imported here, and knows none of these laws: paces that wander, days that burst in two ways, weekday
habits, seasons, holidays, people who stop for good, orders that are called off or come too late.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

HISTORY = 90
TO_RECEIVE = 15  # days from the end of the task to the cut-off
NEVER = 10_000
OPENS = date(2026, 5, 31)  # the season's opening; main days from 15 June to the 18th


@dataclass(frozen=True)
class Family:
    """What is special about an alliance."""

    name: str
    season: bool = False
    past: bool = False  # the season of the year before was recorded
    holidays: bool = False  # affiliates pause for a week or three and come back
    pushes: bool = False  # with the task affiliates do more than before, or less
    shock: bool = False  # all sell less from some day in the task on, and nobody announced it
    size: int = 80


FAMILIES = (
    Family("plain"),
    Family("season, one recorded", season=True, past=True),
    Family("season, none recorded", season=True),
    Family("holidays", holidays=True),
    Family("seven affiliates", size=7),
    Family("affiliates push", pushes=True),
    Family("unannounced slump", shock=True),
)


@dataclass
class World:
    """`day` 0 is the task's first; orders by affiliate, day, amount (minor units), and the days on
    which they were lost or received (NEVER: not at all). `joined` by affiliate."""

    days: int
    begins: date
    size: int
    joined: np.ndarray
    who: np.ndarray
    day: np.ndarray
    amount: np.ndarray
    lost: np.ndarray
    received: np.ndarray
    past: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # a year before, if recorded

    @property
    def cut_off(self) -> int:
        return self.days + TO_RECEIVE

    def date_of(self, day: int) -> date:
        return self.begins + timedelta(days=day)

    def valid_at_end(self) -> np.ndarray:
        """Of each order, whether it counts in the end."""
        return (
            (self.day >= 0)
            & (self.day < self.days)
            & (self.lost > self.cut_off)
            & (self.received <= self.cut_off)
        )


def phase(day: date) -> str:
    """Of the season: what the calendar says."""
    if date(day.year, 5, 24) <= day < OPENS.replace(day.year):
        return "warm_up"
    if OPENS.replace(day.year) <= day < date(day.year, 6, 15):
        return "opening"
    if date(day.year, 6, 15) <= day < date(day.year, 6, 19):
        return "main"
    return "closing" if date(day.year, 6, 19) <= day < date(day.year, 6, 21) else ""


def world_make(seed: int, family: Family) -> World:
    """An alliance with a task; another for each seed."""
    chance = np.random.default_rng([618, seed, len(family.name)])
    days = int(chance.choice([7, 14, 21]))
    begins = date(2026, 6, 3 + seed % 9) if family.season else date(2026, 3, 1 + seed % 28)
    calendar = [begins + timedelta(days=n) for n in range(-HISTORY, days)]
    joined = np.where(
        chance.random(family.size) < 0.2, chance.integers(-60, 1, family.size), -HISTORY
    )
    lifted = {"": 1.0, "warm_up": 0.9, "closing": 1.2} | {
        "opening": float(chance.lognormal(0.4, 0.25)),
        "main": float(chance.lognormal(0.8, 0.3)),
    }
    habit = chance.dirichlet(np.full(7, 25.0)) * 7
    people = _paces(chance, family, days)
    pace = people * _busy(chance, family, calendar, habit, lifted)
    pace *= np.arange(-HISTORY, days)[None, :] >= joined[:, None]
    counts = chance.poisson(pace * _bursts(chance, pace.shape))
    past = np.zeros((0, 0))
    if family.past:
        before = {p: x * float(chance.lognormal(0, 0.15)) for p, x in lifted.items()}
        year = [date(2025, 4, 24) + timedelta(days=n) for n in range(58)]
        usual = np.exp(chance.normal(-0.9, 1.2, (family.size, 1)))
        lively = usual * _busy(chance, family, year, habit, before)
        past = chance.poisson(lively * _bursts(chance, lively.shape))
    return _orders(chance, counts, days, begins, joined, past)


def _paces(chance: np.random.Generator, family: Family, days: int) -> np.ndarray:
    """Orders a day of each affiliate, wandering, some growing or fading, some stopping."""
    n, length = family.size, HISTORY + days
    wander = np.cumsum(chance.normal(0, 0.05, (n, length)) + chance.normal(0, 0.006, (n, 1)), 1)
    pace = np.exp(chance.normal(-0.9, 1.3, (n, 1)) + wander)
    stops = chance.geometric(1 / 220, n)
    pace *= np.arange(length)[None, :] < stops[:, None]
    if family.holidays:
        for row in pace:
            for _time in range(int(chance.poisson(1.2))):
                since = int(chance.integers(0, length))
                row[since : since + int(chance.integers(7, 21))] = 0
    if family.pushes:
        pace[:, HISTORY:] *= chance.lognormal(0.25, 0.4, (n, 1))
    if family.shock:
        pace[:, HISTORY + int(chance.integers(1, days)) :] *= 0.45
    return np.asarray(pace)


def _busy(
    chance: np.random.Generator,
    family: Family,
    calendar: list[date],
    habit: np.ndarray,
    lifted: dict[str, float],
) -> np.ndarray:
    """Weekdays, each affiliate a little its own way, and the season, to which not all take."""
    own = habit * chance.lognormal(0, 0.15, (family.size, 7))
    busy = own[:, [day.weekday() for day in calendar]]
    if family.season:
        takes = chance.uniform(0.3, 1.4, (family.size, 1))
        busy = busy * np.array([lifted[phase(day)] for day in calendar])[None, :] ** takes
    return np.asarray(busy)


def _bursts(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Two kinds of people: steady ones, and those who post now and then, to many."""
    steady = chance.gamma(3.0, 1 / 3.0, shape)
    hits = np.where(chance.random(shape) < 0.12, 5.0, 0.45)
    return np.where(chance.random((shape[0], 1)) < 0.65, steady, hits)


def _orders(
    chance: np.random.Generator,
    counts: np.ndarray,
    days: int,
    begins: date,
    joined: np.ndarray,
    past: np.ndarray,
) -> World:
    who, place = np.nonzero(counts)
    often = counts[who, place]
    who, day = np.repeat(who, often), np.repeat(place - HISTORY, often)
    price = np.exp(chance.normal(8.6, 0.5, len(counts)))  # some 54.00 on average
    amount = np.maximum(500, price[who] * chance.lognormal(0, 0.7, len(who))).astype(int)
    part = chance.beta(2.2, 15, len(counts))
    gone = chance.random(len(who)) < part[who]
    lost = np.where(gone, day + 1 + chance.exponential(6, len(who)).astype(int), NEVER)
    received = day + 2 + chance.negative_binomial(4, 0.45, len(who))
    received = np.where(lost < received, NEVER, received)
    return World(days, begins, len(counts), joined, who, day, amount, lost, received, past)
