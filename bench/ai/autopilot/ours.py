"""The autopilot in the simulator's seat: the only place where the two meet."""

import json

import numpy as np

from aiassist.autopilot import History, Plan, Policy, State, Unit, decide
from bench.ai.autopilot.play import Seen
from bench.ai.autopilot.world import COUPONS, FEE, FIRST_BPS, HISTORY, RATES, Array, World

NAMES = "head", "mid", "tail"


class Ours:
    """As in the product: its state goes through JSON every night."""

    def __init__(
        self, world: World, target: float, budget: float | None = None, holdout_bps: int = 0
    ) -> None:
        self._tier, self._days = world.tier, world.days
        self._target, self._holdout = target, holdout_bps
        self._budget = None if budget is None else round(budget)
        self._state: State = {}
        self.plans: list[Plan] = []

    def decide(self, seen: Seen) -> tuple[Array, Array]:
        rows = np.flatnonzero(seen.active)
        units = [
            Unit(
                str(row), NAMES[self._tier[row]], int(seen.rate[row, -1]),
                int(seen.coupon[row, -1]), FIRST_BPS,
            )
            for row in rows
        ]  # fmt: skip
        plan = decide(_history(seen, rows), self._policy(seen), units, self._state)
        self._state = json.loads(json.dumps(plan.state))
        self.plans.append(plan)
        rate, coupon = seen.rate[:, -1].copy(), seen.coupon[:, -1].copy()
        rate[rows] = [decision.rate_bps for decision in plan.decisions]
        coupon[rows] = [decision.coupon_bps for decision in plan.decisions]
        return rate, coupon

    def _policy(self, seen: Seen) -> Policy:
        return Policy(
            roi_target=self._target,
            today=HISTORY + seen.day,
            first_day=HISTORY,
            days_left=self._days - seen.day,
            min_rate_bps=int(RATES[0]),
            max_rate_bps=int(RATES[-1]),
            budget_minor=self._budget,
            coupons_bps=tuple(int(c) for c in COUPONS),
            fee_bps=round(FEE * 10_000),
            holdout_bps=self._holdout,
        )


def _history(seen: Seen, rows: Array) -> History:
    clicked = seen.clicks[rows] > 0
    days = np.arange(clicked.shape[1])
    began = np.where(clicked.any(axis=1), np.argmax(clicked, axis=1), len(days))
    unit, day = np.nonzero(days >= began[:, None])  # before, it did not take part
    at = rows[unit], day
    when, age = np.nonzero(np.sum(seen.aged, axis=0))
    aged = np.column_stack([when, age, *(table[when, age] for table in seen.aged)])
    return History(
        unit,
        day,
        seen.rate[at],
        seen.coupon[at],
        seen.clicks[at],
        seen.orders[at],
        seen.cancels[at],
        seen.refunds[at],
        np.round(seen.gmv[at]).astype(np.int64),
        aged,
    )
