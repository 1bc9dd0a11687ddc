"""The words the autopilot speaks: what it is told, and what it answers. Plain data, no database.

Amounts are minor units, rates and coupons bps of an order's value, days plain numbers that grow by
one (`date.toordinal()`). A cohort is a day's clicks of one unit at one rate and coupon: the rate is
locked at the click, so whatever an order becomes later belongs to the day of its click.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
State = dict[str, Any]  # whatever `decide` wants to remember: JSON, kept by the caller


@dataclass(frozen=True)
class Policy:
    """What the merchant signed. ROI is net GMV over what the merchant pays for it."""

    roi_target: float
    today: int  # the day whose rates are decided; cohorts reach to yesterday
    first_day: int  # of the period over which the target is to be met
    days_left: int  # today's included
    min_rate_bps: int
    max_rate_bps: int
    budget_minor: int | None = None  # of the whole period
    grid_bps: int = 50
    coupons_bps: tuple[int, ...] = (0,)  # the levels that may be given, ascending
    max_change_bps: int = 200  # of a rate, a day
    max_reach_bps: int = 300  # beyond any rate this unit ever had
    fee_bps: int = 1_000  # of the commission, the alliance's own
    clawback: bool = False  # whether a late refund takes its commission back
    roi_floor: float = 0.8  # of the target; matured ROI below it ends the flight
    margin: float = 0.003  # of the target, kept in hand
    holdout_bps: int = 500  # of the units, left at their manual offer for comparison
    killed: bool = False  # the merchant or the desk has said stop
    seed: int = 0


@dataclass(frozen=True)
class Unit:
    """An affiliate and a product group; of the smallest affiliates, a tier and a group."""

    key: str
    tier: str
    rate_bps: int  # in force now
    coupon_bps: int
    manual_rate_bps: int  # to go back to
    manual_coupon_bps: int = 0
    pinned: bool = False  # a person holds the rate; it is learned from, and left alone
    min_rate_bps: int = 0  # closer limits than the policy's, where its product group has such
    max_rate_bps: int = 10_000


class Cohort(NamedTuple):
    """Counts and amounts so far. A unit on offer that had no clicks is told with none."""

    unit: str
    day: int
    rate_bps: int
    coupon_bps: int
    clicks: int
    orders: int  # all that were placed, cancelled ones too
    cancels: int  # undone before they were confirmed: no commission
    refunds: int  # given back after they were confirmed
    gmv_minor: int  # of `orders`


class Aged(NamedTuple):
    """Over all units: what happened `age` days after the clicks of `day` (0: the same day)."""

    day: int
    age: int
    orders: int
    cancels: int
    refunds: int


@dataclass(frozen=True)
class History:
    """Cohorts as columns; `unit` numbers the units as they are handed to `decide`."""

    unit: Array
    day: Array
    rate_bps: Array
    coupon_bps: Array
    clicks: Array
    orders: Array
    cancels: Array
    refunds: Array
    gmv_minor: Array
    aged: Array  # rows of Aged

    @classmethod
    def of(
        cls, units: Sequence[Unit], cohorts: Iterable[Cohort], aged: Iterable[Aged]
    ) -> "History":
        """Cohorts of units that are not among `units` are left out."""
        number = {unit.key: row for row, unit in enumerate(units)}
        rows = [(number[c.unit], *c[1:]) for c in cohorts if c.unit in number]
        unit, day, rate, coupon, *counts = np.array(rows, np.int64).reshape(-1, 9).T
        clicks, orders, cancels, refunds, gmv = counts
        ages = np.array(list(aged), np.int64).reshape(-1, 5)
        return cls(unit, day, rate, coupon, clicks, orders, cancels, refunds, gmv, ages)


class Status(StrEnum):
    FLYING = "flying"
    FROZEN = "frozen"  # too little is known, or nothing new has come: rates stay
    KILLED = "killed"  # back to the manual offers
    SPENT = "spent"  # nearly all of the budget is owed: the lowest offers


class Guard(StrEnum):
    """What held an offer back."""

    NONE = ""
    PINNED = "pinned"
    HOLDOUT = "holdout"
    CHANGE = "change"  # as much as a day allows
    REACH = "reach"  # as far as this unit was ever tried
    LIMIT = "limit"  # the merchant's least or most
    WITHHELD = "withheld"  # sales fell: no reward for that
    BUDGET = "budget"
    FROZEN = "frozen"
    KILLED = "killed"


@dataclass(frozen=True)
class Evidence:
    """Why. None where nothing was reckoned, because the whole stands still."""

    elasticity: float | None  # percent more net GMV for a percent more of the rate
    elasticity_sd: float | None
    marginal_roi: float | None  # net GMV that the next unit of cost would bring here
    threshold: float | None  # the marginal ROI at which all units are meant to stop
    gmv_minor: int  # expected of the day, net
    cost_minor: int
    guard: Guard


@dataclass(frozen=True)
class Decision:
    unit: str
    rate_bps: int
    coupon_bps: int
    evidence: Evidence


@dataclass(frozen=True)
class Uplift:
    """Against what the held-out units say would have been, since the period began."""

    gmv_minor: int
    gmv_sd_minor: int
    cost_minor: int
    cost_sd_minor: int
    roi: float | None  # None where the cost cannot be told from nothing
    roi_low: float | None  # nine of ten times it lies between these
    roi_high: float | None
    units: int  # held out


@dataclass(frozen=True)
class Plan:
    """A day's decisions, one for each unit in the order given, and where the whole stands.

    Figures are None where nothing was reckoned. `multipliers`: what a minor unit of ROI slack and
    of budget would be worth in net GMV (`roi_multiplier`, `budget_multiplier`).
    """

    status: Status
    reason: str  # empty while flying; few_orders, few_days, stale, killed, below_floor, budget
    decisions: tuple[Decision, ...]
    state: State
    roi: float | None  # of all cohorts of the period, pending ones as they are expected to end
    matured_roi: float | None  # of the latest cohorts in which hardly anything can happen any more
    bank_minor: int | None  # net GMV above (below) what the target and its margin ask so far
    spent_minor: int | None  # of the budget, pending included
    multipliers: dict[str, float]
    uplift: Uplift | None = None
