"""The autopilot against one who knows everything, the best single rate, and what merchants do.

Nine families of worlds, seeds that nothing was tuned on, two targets. `share` is net GMV as a part
of the oracle's; `penalised` is that times (ROI / target)² where the target was missed.
"""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np

from aiassist.autopilot.holdout import growth_of
from bench.ai.autopilot import charts, oracle, rivals
from bench.ai.autopilot.judge import Flight, broken, flight, share_of_unmoved
from bench.ai.autopilot.ours import Ours
from bench.ai.autopilot.play import Policy, Seen, played
from bench.ai.autopilot.world import (
    AFFILIATES,
    DAYS,
    FAMILIES,
    FIRST_BPS,
    HISTORY,
    Array,
    World,
    world_of,
)

SEEDS, TARGETS = (71, 72, 73, 74), (6.0, 10.0)
HARDER = "drift", "motley", "moods"  # flown apart, on two of the seeds
PICTURES = Path(__file__).parents[3] / "docs/pictures"
Maker = Callable[[World, float], Policy]
POLICIES: dict[str, Maker] = {
    "best single rate": rivals.uniform_in_hindsight,
    "rates by tier": lambda made, target: rivals.Tiers(made.tier, target),
    "proportional": lambda _made, target: rivals.Proportional(target),
    "autopilot": Ours,
}


def run(small: bool = False) -> None:
    began = process_time()
    if small:
        _flights(["power"], (21,), (7.0,), days=50, size=40)
        _night(100)
        return
    flights = _flights([name for name in FAMILIES if name not in HARDER], SEEDS, TARGETS)
    flights += _flights(list(HARDER), SEEDS[:2], TARGETS)
    charts.shares(flights, PICTURES / "autopilot-shares.png")
    charts.course(world_of("bimodal", SEEDS[0]), 6.0, PICTURES / "autopilot-course.png")
    _budgets()
    _unmoved()
    _intervals()
    _night(1_000)
    print(f"  {process_time() - began:.0f} s of CPU")


def _flights(
    families: list[str],
    seeds: tuple[int, ...],
    targets: tuple[float, ...],
    days: int = DAYS,
    size: int = AFFILIATES,
) -> list[Flight]:
    """Flown and printed, family by family."""
    print("  family      policy              share  penalised  worst ROI  low fortnights  changes")
    found: list[Flight] = []
    for family in families:
        some = []
        for made in (world_of(family, seed, days, size) for seed in seeds):
            for target in targets:
                best = oracle.best(made, target).gmv
                for name, maker in POLICIES.items():
                    result = played(made, maker(made, target))
                    some.append(flight(name, made, target, result, best))
        _lines(family, some)
        found += some
    _lines("all", found)
    _promises(found)
    return found


def _lines(family: str, flights: list[Flight]) -> None:
    for name in POLICIES:
        _line(family, name, [f for f in flights if f.policy == name])


def _promises(flights: list[Flight]) -> None:
    ours = [f for f in flights if f.policy == "autopilot"]
    single = [f for f in flights if f.policy == "best single rate"]
    lift = np.array([o.share / s.share for o, s in zip(ours, single, strict=True)])
    print(f"  To the best single rate: ratio {lift.mean():.3f}, at least {lift.min():.3f}")
    print(f"  Runs of the autopilot: {len(ours)}, guardrails broken: {sum(f.broken for f in ours)}")
    short = sum(f.roi < 0.995 for f in ours)
    print(f"  ROI more than 0.5 % short: {short}, the worst {min(f.roi for f in ours):.4f} of it")


def _line(family: str, name: str, some: list[Flight]) -> None:
    def mean(of: Callable[[Flight], float]) -> float:
        return float(np.mean([of(f) for f in some]))

    print(
        f"  {family:11} {name:18} {mean(lambda f: f.share):6.3f}  "
        f"{mean(lambda f: f.penalised):9.3f}  {min(f.roi for f in some):9.4f}  "
        f"{mean(lambda f: f.low):14.3f}  {mean(lambda f: f.changes):7.3f}",
        flush=True,
    )


def _budgets() -> None:
    """Six tenths of what the oracle would spend."""
    for family in ("power", "motley"):
        made = world_of(family, SEEDS[0])
        for target in TARGETS:
            budget = 0.6 * oracle.best(made, target).cost
            best = oracle.best(made, target, budget).gmv
            ours = Ours(made, target, budget)
            result = played(made, ours)
            print(
                f"  Budget, {family}, target {target:.0f}: share {result.gmv / best:.3f}, "
                f"spent {result.cost.sum() / budget:.4f}, "
                f"guardrails broken: {broken(result, ours.plans)}"
            )


def _unmoved() -> None:
    """With a twentieth held out: what that costs, and whether it tells what the flight brought."""
    for family in ("power", "bimodal"):
        made = world_of(family, SEEDS[0])
        ours = Ours(made, 6.0, holdout_bps=500)
        result = played(made, ours)
        told = ours.plans[-1].uplift
        if told is None:
            continue
        true = share_of_unmoved(made, result, ours.plans[-1], FIRST_BPS)
        print(
            f"  Held out, {family}: share {result.gmv / oracle.best(made, 6.0).gmv:.3f}; "
            f"told {told.gmv_minor / 1e8:.2f} ± {told.gmv_sd_minor / 1e8:.2f} million more, "
            f"true {true / 1e8:.2f}; incremental ROI "
            + ("unknown" if told.roi is None else f"{told.roi:.1f} "
               f"({told.roi_low:.1f} to {told.roi_high:.1f})")
        )  # fmt: skip


def _intervals() -> None:
    """How often what held-out affiliates say of the others' growth holds within its nine tenths.

    Nobody is moved: many draws of a twentieth of each tier, against how the rest really grew.
    """
    chance = np.random.default_rng(SEEDS[0])
    for family in ("power", "bimodal", "shock618", "moods"):
        held = []
        for made in (world_of(family, seed) for seed in SEEDS):
            net = played(made, rivals.Uniform(FIRST_BPS), history=True).net
            past, now = net[:, :HISTORY].sum(axis=1), net[:, HISTORY:].sum(axis=1)
            known = np.flatnonzero(made.seen & (made.starts < 0) & (past > 0))
            tiers = [known[made.tier[known] == tier] for tier in range(3)]
            for _ in range(200):
                out = np.concatenate(
                    [chance.choice(t, round(len(t) / 20) or 1, False) for t in tiers]
                )
                rest = np.setdiff1d(known, out)
                growth, sd = growth_of(now[out], past[out], past[rest])
                held.append(abs(growth - now[rest].sum() / past[rest].sum()) <= 1.645 * sd)
        print(f"  Interval of nine tenths, {family}: held {np.mean(held):.3f} of {len(held)} times")


class _Once:
    """One rate, until the last day, which the autopilot decides; `took` is its CPU time."""

    def __init__(self, made: World) -> None:
        self._plain, self._ours, self._last = rivals.Uniform(FIRST_BPS), Ours(made, 8.0), made.days
        self.took = 0.0

    def decide(self, seen: Seen) -> tuple[Array, Array]:
        if seen.day < self._last - 1:
            return self._plain.decide(seen)
        began = process_time()
        decided = self._ours.decide(seen)
        self.took = process_time() - began
        return decided


def _night(size: int) -> None:
    """What a night costs after four months."""
    made = world_of("power", SEEDS[0], size=size)
    once = _Once(made)
    played(made, once)
    print(f"  A night's work for {size:,} affiliates: {once.took:.2f} s of CPU")
