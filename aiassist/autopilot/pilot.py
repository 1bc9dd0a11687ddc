"""One night's work: from the cohorts so far to tomorrow's offers, each with its evidence."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aiassist.autopilot.account import Account, account_of, costs
from aiassist.autopilot.belief import Belief, belief_of
from aiassist.autopilot.facts import (
    Array,
    Decision,
    Evidence,
    Guard,
    History,
    Plan,
    Policy,
    State,
    Status,
    Unit,
)
from aiassist.autopilot.holdout import held_out, uplift_of
from aiassist.autopilot.offers import Arms, Expected, Multipliers, Reach, marginal_roi, multipliers
from aiassist.autopilot.panel import Fate, fate_of, panel_of

BANK_DAYS = 14  # over which a surplus or a shortage is spread
STICKY = 0.01  # of a unit's GMV: what a change must bring
FEW_ORDERS, FEW_DAYS, STALE_DAYS = 100, 14, 3  # with less, or nothing so long, nothing is moved
FALL_SD = 3.0  # a fall in sales that is so odd is not answered with a higher rate
Offers = tuple[Array, Array]  # rates and coupons in bps, by unit


def decide(history: History, policy: Policy, units: Sequence[Unit], state: State) -> Plan:
    """Offers for the clicks of `policy.today`; the same for the same arguments.

    `state` is what the last plan returned, `{}` at first. Raises ValueError for a policy that
    contradicts itself.
    """
    _check(policy)
    night = _Night(history, policy, units, state)
    if policy.killed or state.get("killed"):
        return night.killed("killed")
    if reason := night.too_little():
        return night.still(Status.FROZEN, reason, Guard.FROZEN, night.in_force)
    return night.flown()


def resumed(state: State, today: int) -> State:
    """A killed autopilot's state, fit to fly again: what was before `today` is not held to it."""
    return {**state, "killed": False, "resumed": today}


def _check(policy: Policy) -> None:
    if not 0 < policy.min_rate_bps <= policy.max_rate_bps:
        raise ValueError("the least rate must be above nothing and not above the most")
    if policy.roi_target <= 0 or policy.days_left < 1:
        raise ValueError("a target above nothing and at least a day left are needed")
    if not policy.coupons_bps or list(policy.coupons_bps) != sorted(set(policy.coupons_bps)):
        raise ValueError("coupon levels must be given, each once, ascending")


class _Night:
    """What one night has before it."""

    def __init__(
        self, history: History, policy: Policy, units: Sequence[Unit], state: State
    ) -> None:
        self.policy, self.units, self.state = policy, units, state
        self.panel = panel_of(history, len(units), policy.today)
        self.arms = Arms.of(policy)
        self.in_force = (
            np.array([unit.rate_bps for unit in units], int),
            np.array([unit.coupon_bps for unit in units], int),
        )
        self.manual = (
            np.array([unit.manual_rate_bps for unit in units], int),
            np.array([unit.manual_coupon_bps for unit in units], int),
        )
        self.both = list(zip(self.in_force, self.manual, strict=True))
        self.pinned = np.array([unit.pinned for unit in units], bool)
        keys = held_out(units, policy, state)
        self.holdout = np.array([keys.get(unit.key, False) for unit in units], bool) & ~self.pinned
        self.limits = (
            np.array([max(unit.min_rate_bps, policy.min_rate_bps) for unit in units], int),
            np.array([min(unit.max_rate_bps, policy.max_rate_bps) for unit in units], int),
        )
        self.reach = self._reach(history)
        self.kept: State = {**state, "holdout": keys}

    def _reach(self, history: History) -> Reach:
        lowest = np.minimum(self.in_force[0], self.manual[0])
        highest = np.maximum(self.in_force[0], self.manual[0])
        np.minimum.at(lowest, history.unit, history.rate_bps)
        np.maximum.at(highest, history.unit, history.rate_bps)
        return Reach.of(*self.in_force, self.policy, self.limits, (lowest, highest))

    def too_little(self) -> str:
        """Why nothing can be said yet; empty if something can."""
        if not self.units or self.panel.orders.sum() < FEW_ORDERS:
            return "few_orders"
        if self.panel.days < FEW_DAYS:
            return "few_days"
        return "" if self.panel.there[:, -STALE_DAYS:].any() else "stale"

    def killed(self, reason: str, account: Account | None = None) -> Plan:
        """Back to what people had set, at once: a stop does not go step by step."""
        self.kept["killed"] = True
        rate, coupon = (np.where(self.pinned, *pair) for pair in self.both)
        return self.still(Status.KILLED, reason, Guard.KILLED, (rate, coupon), account)

    def spent(self, account: Account) -> Plan:
        """The least that may be offered, at once."""
        rate = self.limits[0]
        coupon = np.where(self.pinned, self.in_force[1], self.policy.coupons_bps[0])
        return self.still(Status.SPENT, "budget", Guard.BUDGET, (rate, coupon), account)

    def still(
        self, status: Status, reason: str, guard: Guard, offers: Offers,
        account: Account | None = None,
    ) -> Plan:  # fmt: skip
        """A plan that nothing was reckoned for; the merchant's limits hold all the same."""
        within = np.clip(offers[0], *self.limits)
        offers = np.where(self.pinned, self.in_force[0], within), offers[1]
        blank = Evidence(None, None, None, None, 0, 0, guard)
        decisions = tuple(
            Decision(unit.key, int(rate), int(coupon), blank)
            for unit, rate, coupon in zip(self.units, *offers, strict=True)
        )
        return _plan(status, reason, decisions, self.kept, account)

    def flown(self) -> Plan:
        belief = belief_of(self.panel, self.units, self.arms, self.policy, self.state)
        fate = fate_of(self.panel, belief.each_click, self.policy)
        cost = costs(self.panel, fate, self.policy)
        account = account_of(self.panel, fate, cost, self.policy, self.state)
        self.kept |= belief.state
        if account.below_floor(self.policy):
            return self.killed("below_floor", account)
        if account.spent(self.policy):
            return self.spent(account)
        expected = self._expected(belief, fate)
        by, aimed = self._aims(expected, account)
        offers, guards = self._steps(belief, aimed)
        plan = _plan(
            Status.FLYING, "", self._decisions(belief, expected, by, offers, guards), self.kept,
            account, {"roi_multiplier": by.roi, "budget_multiplier": by.budget},
        )  # fmt: skip
        uplift = uplift_of(self.panel, fate, cost, self.units, self.holdout, self.policy)
        return replace(plan, uplift=uplift)

    def _expected(self, belief: Belief, fate: Fate) -> Expected:
        gross = (belief.level * fate.value)[:, None]
        net, cost = gross * fate.nets[:, None], gross * fate.keeps[:, None]
        price = self.arms.price(self.policy)
        believed, supposed = belief.factor, belief.supposed
        return Expected(
            net * believed, cost * believed * price, net * supposed, cost * supposed * price
        )

    def _aims(self, expected: Expected, account: Account) -> tuple[Multipliers, Array]:
        """The arms that are best for all together; where a unit gains little, its own."""
        policy, here = self.policy, self.arms.nearest(*self.in_force)
        held = self.pinned | self.holdout
        back = self.arms.nearest(*self.manual)
        stay = np.where(self.holdout, back, here)
        by, aimed = multipliers(
            expected, self.reach.allowed(self.arms), policy.roi_target * (1 + policy.margin),
            account.bank / min(BANK_DAYS, policy.days_left), account.allowance(policy),
            held, stay,
        )  # fmt: skip
        score, rows = expected.score(by), np.arange(len(here))
        gain = score[rows, aimed] - score[rows, here]
        small = gain < STICKY * expected.supposed_net[rows, here] * (1 + by.roi)
        return by, np.asarray(np.where(small & ~held, here, aimed))

    def _steps(self, belief: Belief, aimed: Array) -> tuple[Offers, list[Guard]]:
        """Today's offers on the way to the arms aimed at, and what holds each back."""
        rate, coupon = self.reach.step(
            self.arms.rate[aimed], self.arms.coupon[aimed], self.policy.coupons_bps
        )
        guards = self.reach.guards(self.arms.rate[aimed], rate)
        withheld = (belief.fall > FALL_SD) & (rate > self.in_force[0]) & ~self.holdout
        rate = np.where(withheld, self.reach.unraised(), rate)
        rate, coupon = (
            np.where(self.pinned, own, new)
            for own, new in zip(self.in_force, (rate, coupon), strict=True)
        )
        for mask, guard in (
            (withheld, Guard.WITHHELD), (self.holdout, Guard.HOLDOUT), (self.pinned, Guard.PINNED)
        ):  # fmt: skip
            for row in np.flatnonzero(mask):
                guards[row] = guard
        return (rate, coupon), guards

    def _decisions(
        self, belief: Belief, expected: Expected, by: Multipliers, offers: Offers,
        guards: list[Guard],
    ) -> tuple[Decision, ...]:  # fmt: skip
        arm, rows = self.arms.nearest(*offers), np.arange(len(self.units))
        slope, sd = belief.elasticity(self.arms.rate[arm])
        marginal = marginal_roi(expected, self.arms, arm)
        net, cost = expected.net[rows, arm], expected.cost[rows, arm]
        return tuple(
            Decision(
                unit.key, int(offers[0][row]), int(offers[1][row]),
                Evidence(
                    float(slope[row]), float(sd[row]), float(marginal[row]), by.threshold,
                    round(net[row]), round(cost[row]), guards[row],
                ),
            )
            for row, unit in enumerate(self.units)
        )  # fmt: skip


def _plan(
    status: Status, reason: str, decisions: tuple[Decision, ...], state: State,
    account: Account | None, multipliers: dict[str, float] | None = None,
) -> Plan:  # fmt: skip
    return Plan(
        status=status,
        reason=reason,
        decisions=decisions,
        state=state,
        roi=account.roi if account else None,
        matured_roi=account.matured_roi if account else None,
        bank_minor=round(account.bank) if account else None,
        spent_minor=round(account.cost) if account else None,
        multipliers=multipliers or {},
    )
