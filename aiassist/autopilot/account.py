"""Where the period stands: what its cohorts will have brought and cost, and what is in hand."""

from dataclasses import dataclass

import numpy as np

from aiassist.autopilot.facts import Array, Policy, State
from aiassist.autopilot.panel import Fate, Panel

MATURE_DAYS, JUDGED_DAYS = 28, 14  # when hardly anything can happen; how many such days are judged
SPENT_SHARE, ALLOWED_SHARE = 0.985, 0.99  # of the budget


def costs(panel: Panel, fate: Fate, policy: Policy) -> Array:
    """Units × days, minor units: commission, the alliance's fee, and coupons."""
    rate = np.nan_to_num(np.exp(panel.rate_log))
    fee = 1 + policy.fee_bps / 10_000
    return np.asarray(fate.paid * (rate * fee + panel.coupon) / 10_000)


@dataclass(frozen=True)
class Account:
    """Minor units, pending cohorts as they are expected to end."""

    net: float
    cost: float
    matured_net: float  # of the last mature days
    matured_cost: float
    bank: float  # net GMV above what the target (and its margin) asks

    @property
    def roi(self) -> float | None:
        return self.net / self.cost if self.cost > 0 else None

    @property
    def matured_roi(self) -> float | None:
        return self.matured_net / self.matured_cost if self.matured_cost > 0 else None

    def below_floor(self, policy: Policy) -> bool:
        matured = self.matured_roi
        return matured is not None and matured < policy.roi_floor * policy.roi_target

    def spent(self, policy: Policy) -> bool:
        return policy.budget_minor is not None and self.cost >= SPENT_SHARE * policy.budget_minor

    def allowance(self, policy: Policy) -> float | None:
        """The most that today may cost; None without a budget."""
        if policy.budget_minor is None:
            return None
        return max(ALLOWED_SHARE * policy.budget_minor - self.cost, 0.0) / policy.days_left


def account_of(panel: Panel, fate: Fate, cost: Array, policy: Policy, state: State) -> Account:
    """Of the days since the period began; since a resumption, only those after it are judged."""
    day = np.arange(panel.first, policy.today)
    own = day >= policy.first_day
    last = policy.today - MATURE_DAYS
    judged_from = max(policy.first_day, last - JUDGED_DAYS, state.get("resumed", 0))
    old = (day >= judged_from) & (day < last)
    net, paid = fate.net.sum(axis=0), cost.sum(axis=0)
    aim = policy.roi_target * (1 + policy.margin)
    return Account(
        net=float(net[own].sum()),
        cost=float(paid[own].sum()),
        matured_net=float(net[old].sum()),
        matured_cost=float(paid[old].sum()),
        bank=float((net - aim * paid)[own].sum()),
    )
