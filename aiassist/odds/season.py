"""How busy days are: weekdays, and the phases of a season, as shares of a plain average day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

FEW = 20.0  # orders of an average weekday that count beside those seen
BEFORE = 28  # days before a season that say what is plain
# How sure a phase's lift is, as the standard deviation of its logarithm.
SEEN, PAST, UNKNOWN = 0.15, 0.3, 0.5
QUIET = ("", "warm_up")


@dataclass(frozen=True, slots=True)
class Lift:
    """How many times the orders of a plain day a phase brings, and how sure that is."""

    times: float
    doubt: float


def weekdays(counts: np.ndarray, days: Sequence[date], phases: Sequence[str]) -> np.ndarray:
    """Seven factors around 1, from Monday on, of days outside of a season. `counts`: a row for each
    affiliate, a column for each day; large affiliates do not drown the others."""
    each = _level(counts)
    plain = np.array([phase == "" for phase in phases])
    mean = each[plain].mean() if plain.any() else 0.0
    number = np.array([day.weekday() for day in days])
    sums = np.array([each[plain & (number == w)].sum() for w in range(7)])
    seen = np.array([(plain & (number == w)).sum() for w in range(7)])
    factors = np.asarray((sums + FEW) / (seen * mean + FEW))
    return factors / factors.mean()


def lifts(
    counts: np.ndarray,
    days: Sequence[date],
    phases: Sequence[str],
    weekday: np.ndarray,
    doubt: float = SEEN,
) -> dict[str, Lift]:
    """What each phase in those days brought, beside the plain days before it."""
    each = _level(counts) / weekday[[day.weekday() for day in days]]
    named = np.array(phases)
    found: dict[str, Lift] = {}
    if not (named != "").any():
        return found
    begins = int(np.argmax(named != ""))
    plain = each[max(0, begins - BEFORE) : begins]
    if len(plain) < 7 or not plain.mean():
        return found
    for phase in dict.fromkeys(named[begins:]):
        of_it = each[named == phase]
        if phase and len(of_it):
            times = (of_it.sum() + FEW / 10) / (plain.mean() * len(of_it) + FEW / 10)
            found[str(phase)] = Lift(float(times), doubt)
    return found


def busyness(
    days: Sequence[date], phases: Sequence[str], weekday: np.ndarray, known: dict[str, Lift]
) -> tuple[np.ndarray, float]:
    """Each day beside a plain one, and the doubt about all of them together: a phase of which
    nothing is known is taken to be a plain day, with much doubt."""
    unknown = {"": Lift(1, 0)}
    each = [known.get(p) or unknown.get(p) or _guess(p) for p in phases]
    factors = weekday[[day.weekday() for day in days]] * np.array([one.times for one in each])
    weight = factors.sum()
    doubt = float((factors * [one.doubt for one in each]).sum() / weight) if weight else 0.0
    return factors, doubt


def _guess(phase: str) -> Lift:
    return Lift(1, UNKNOWN / 2 if phase in QUIET else UNKNOWN)


def _level(counts: np.ndarray) -> np.ndarray:
    """One row for all: each affiliate weighs less the more it sells."""
    mean = counts.mean(axis=1, keepdims=True)
    return np.asarray((counts / (1 + mean)).sum(axis=0))
