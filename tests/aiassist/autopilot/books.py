"""Small books to fly on: a few units whose clicks follow their rate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aiassist.autopilot import Aged, Cohort, History, Policy, Unit

DAYS = 40
POLICY = Policy(
    roi_target=8.0,
    today=DAYS,
    first_day=10,
    days_left=30,
    min_rate_bps=300,
    max_rate_bps=2_500,
    coupons_bps=(0, 300, 600),
    holdout_bps=0,
)


def policy(**changes: Any) -> Policy:
    return replace(POLICY, **changes)


def units(count: int = 6, **changes: Any) -> list[Unit]:
    first = Unit("0", "mid", rate_bps=900, coupon_bps=0, manual_rate_bps=750)
    return [replace(first, **{"key": str(number)} | changes) for number in range(count)]


def cohorts(
    of: Sequence[Unit], *, days: int = DAYS, elastic: float = 0.8, clicks: int = 400, lost: int = 1
) -> list[Cohort]:
    """Every unit at a rate that wanders around 7.5 %; of ten orders `lost` are cancelled."""
    chance = np.random.default_rng(7)
    found = []
    for unit in of:
        for day in range(days):
            rate = 750 + 50 * int(chance.integers(-3, 4))
            came = int(chance.poisson(clicks * (rate / 750) ** elastic))
            orders = came // 20
            cancels, gmv = orders * lost // 10, orders * 10_000
            found.append(Cohort(unit.key, day, rate, 0, came, orders, cancels, 0, gmv))
    return found


def aged(of: Sequence[Cohort]) -> list[Aged]:
    """Orders on the day of the click, cancels three days later."""
    found = []
    for day in sorted({cohort.day for cohort in of}):
        same = [cohort for cohort in of if cohort.day == day]
        found.append(Aged(day, 0, sum(c.orders for c in same), 0, 0))
        found.append(Aged(day, 3, 0, sum(c.cancels for c in same), 0))
    return found


def history(of: Sequence[Unit], rows: Sequence[Cohort] | None = None, **how: Any) -> History:
    rows = cohorts(of, **how) if rows is None else rows
    return History.of(of, rows, aged(rows))
