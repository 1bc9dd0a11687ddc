"""Units that are left alone, so that it can be told what would have been anyway."""

import zlib
from collections.abc import Sequence

import numpy as np

from aiassist.autopilot.facts import Array, Policy, State, Unit, Uplift
from aiassist.autopilot.panel import Fate, Panel

BASE_DAYS = 28  # before the period, against which all are compared
FEW = 3  # held-out units below which nothing is said
DRAWS = 4_000


def held_out(units: Sequence[Unit], policy: Policy, state: State) -> dict[str, bool]:
    """For each unit whether it is held out: once said it stays, and each tier gives its share.

    Pinned units are not asked before they are let go.
    """
    share = policy.holdout_bps / 10_000
    kept = state.get("holdout", {})
    found = {unit.key: kept[unit.key] for unit in units if unit.key in kept}
    count: dict[str, int] = {}
    for unit in units:
        count[unit.tier] = count.get(unit.tier, 0) + (unit.key in found)
    fresh = [unit for unit in units if unit.key not in found and not unit.pinned]
    for unit in sorted(fresh, key=lambda unit: zlib.crc32(f"{policy.seed}:{unit.key}".encode())):
        before = count[unit.tier]
        found[unit.key] = int((before + 1) * share + 0.5) > int(before * share + 0.5)
        count[unit.tier] += 1
    return found


def uplift_of(
    panel: Panel, fate: Fate, cost: Array, units: Sequence[Unit], held: Array, policy: Policy
) -> Uplift | None:
    """What the moved units brought and cost beyond what the held-out ones' course lets expect.

    A ratio estimate: each unit's days of the period against its own of the weeks before, whose
    common growth the held-out units tell. `cost`: units × days. None where too few have a past.
    """
    day = np.arange(panel.first, policy.today)
    before = (day < policy.first_day) & (day >= policy.first_day - BASE_DAYS)
    during = day >= policy.first_day
    if not before.any() or not during.any():
        return None
    longer = during.sum() / before.sum()
    past = fate.net[:, before].sum(axis=1) * longer
    out, moved = held & (past > 0), ~held & (past > 0) & ~np.array([u.pinned for u in units])
    if out.sum() < FEW or not moved.any():
        return None
    now = fate.net[:, during].sum(axis=1)
    growth, sd = growth_of(now[out], past[out], past[moved])
    manual = fate.paid[:, before].sum(axis=1) * longer * _manual_price(units, policy)
    chance = np.random.default_rng(policy.seed)
    would = growth + sd * chance.standard_normal(DRAWS)
    more = now[moved].sum() - would * past[moved].sum()
    dearer = cost[:, during].sum(axis=1)[moved].sum() - would * manual[moved].sum()
    low, high = (float(np.quantile(more / dearer, q)) for q in (0.05, 0.95))
    told = bool((dearer > 0).mean() > 0.95)
    return Uplift(
        gmv_minor=round(more.mean()),
        gmv_sd_minor=round(more.std()),
        cost_minor=round(dearer.mean()),
        cost_sd_minor=round(dearer.std()),
        roi=float(more.mean() / dearer.mean()) if told else None,
        roi_low=low if told else None,
        roi_high=high if told else None,
        units=int(out.sum()),
    )


def growth_of(now: Array, past: Array, others: Array) -> tuple[float, float]:
    """Of the held-out, and the standard deviation of that of the `others`, whose past is given.

    Whoever has most of the sales draws the growth to itself and seems to be hardly off it: `uneven`
    says how much of each one's own course the sum hides. Who came from nearly nothing says little
    of the others, and is held back.
    """
    growth, share = float(now.sum() / past.sum()), past / past.sum()
    uneven, theirs = (share**2).sum(), (others**2).sum() / others.sum() ** 2
    own = (share * (np.minimum(now / past, 4 * growth) - growth) ** 2).sum() / (1 - uneven)
    return growth, float(np.sqrt(own * (uneven + theirs)))


def _manual_price(units: Sequence[Unit], policy: Policy) -> Array:
    fee = 1 + policy.fee_bps / 10_000
    return np.array([u.manual_rate_bps * fee + u.manual_coupon_bps for u in units]) / 10_000
