"""What a flight was worth, and whether it kept to the rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.autopilot import Guard, Plan, Status
from bench.ai.autopilot import rivals
from bench.ai.autopilot.play import Outcome, played
from bench.ai.autopilot.world import COUPONS, FIRST_BPS, RATES, World


@dataclass(frozen=True)
class Flight:
    family: str
    policy: str
    share: float  # of the oracle's net GMV
    roi: float  # of the target
    low: float  # fortnights more than a twentieth below the target
    changes: float  # of a rate, a day and affiliate
    broken: int

    @property
    def penalised(self) -> float:
        return self.share * min(self.roi, 1.0) ** 2


def flight(name: str, made: World, target: float, result: Outcome, best: float) -> Flight:
    return Flight(
        made.family,
        name,
        result.gmv / best,
        result.roi / target,
        result.low_windows(target),
        result.changes,
        broken(result) if name == "autopilot" else 0,
    )


def broken(result: Outcome, plans: Sequence[Plan] = ()) -> int:
    """How many offers went further than a day allows, than was ever tried, or than the limits.

    A stop goes to the least offers at once, so days on which one of `plans` stopped are left out.
    """
    start = np.full((len(result.rate), 1), FIRST_BPS)
    rate = np.hstack([start, result.rate])
    level = np.searchsorted(COUPONS, np.hstack([start * 0, result.coupon]))
    far = np.abs(np.diff(rate, axis=1)) > 200
    far |= np.abs(np.diff(level, axis=1)) > 1
    far |= rate[:, 1:] > np.maximum.accumulate(rate, axis=1)[:, :-1] + 300
    far |= rate[:, 1:] < np.minimum.accumulate(rate, axis=1)[:, :-1] - 300
    far |= (rate[:, 1:] < RATES[0]) | (rate[:, 1:] > RATES[-1])
    far[:, [day for day, plan in enumerate(plans) if plan.status is Status.SPENT]] = False
    return int(far.sum() + (~np.isin(result.coupon, COUPONS)).sum())


def share_of_unmoved(made: World, result: Outcome, last: Plan, rate_bps: int) -> float:
    """Net GMV in minor units that moving the moved brought beyond leaving all at `rate_bps`."""
    plain = played(made, rivals.Uniform(rate_bps))
    known = made.seen & (made.starts < 0)
    moved = [int(d.unit) for d in last.decisions if d.evidence.guard is not Guard.HOLDOUT]
    rows = np.intersect1d(moved, np.flatnonzero(known))
    return float(result.net[rows].sum() - plain.net[rows].sum())
