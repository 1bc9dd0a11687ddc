"""Risk scores on made-up alliances in which it is known who cheats (`bench.ai.risk_world`).

Judged by the code that serves the alliance, beside fixed thresholds. What the scores take for much
or little was chosen on seeds below 100 and on the ways of `bench.ai.risk_world`; what is printed
here comes from other seeds, and on the ways of `bench.ai.risk_unseen` nothing was chosen at all.
Affiliates are *held* (they stand out: rewards wait) or only *looked at* (those, and the unusual).
Whoever makes up both the honest and the cheats checks a design: this is no evidence of what a real
alliance would see.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Any

import numpy as np
from scipy.special import expit, logit

from aiassist.risk import Sign, counts_of
from aiassist.risk.laws import LEAST_SPREAD, Laws
from aiassist.risk.scores import judge
from aiassist.risk.signs import Counts
from bench.ai.risk_unseen import NEW, ODD
from bench.ai.risk_world import LITTLE, LOOKED, MUCH, PLAIN, TRIED, Fake, World, world_make

BOTH = {"lately": True, "changes": True}
FALSE = 0.01  # of those who stand out, at most so many honest
# A band's chance is below that: one in a thousand, at four looks, fourteen facets and ten bands.
SMALL = 1e-3 / (4 * 14 * 10)
# Rules of thumb, as an operator without statistics would set them.
NAIVE = {
    Sign.RING: 0.3,
    Sign.AGAIN: 0.3,
    Sign.LATE: 0.3,
    Sign.IDLE: 0.005,
    Sign.HASTY: 0.1,
    Sign.RETURNED: 0.1,
    Sign.HEAP: 0.1,
}


@dataclass
class Tally:
    """Of several alliances: who was caught, by way, and who should not have been."""

    cheats: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    honest: int = 0
    wronged: int = 0
    odd: Counter[str] = field(default_factory=Counter)
    wronged_odd: Counter[str] = field(default_factory=Counter)
    worth: int = 0
    wronged_worth: int = 0

    def add(self, world: World, flagged: set[int]) -> None:
        self.cheats.update(world.cheats.values())
        self.caught.update(way for pk, way in world.cheats.items() if pk in flagged)
        self.odd.update(world.odd.values())
        self.wronged_odd.update(way for pk, way in world.odd.items() if pk in flagged)
        honest = world.peers.keys() - world.cheats.keys()
        self.honest += len(honest)
        self.wronged += len(flagged & honest)
        self.worth += sum(world.worth[pk] for pk in honest)
        self.wronged_worth += sum(world.worth[pk] for pk in honest & flagged)

    @property
    def precision(self) -> float:
        caught = self.caught.total()
        return caught / max(1, caught + self.wronged)

    @property
    def recall(self) -> float:
        return self.caught.total() / max(1, self.cheats.total())

    def say(self, name: str) -> None:
        wronged, worth = self.wronged / self.honest, self.wronged_worth / self.worth
        print(
            f"  {name:42}precision {self.precision:.3f}  recall {self.recall:.3f}  "
            f"honest flagged {wronged:.2%}, of their sales {worth:.2%}"
        )

    def say_ways(self) -> None:
        ways = (f"{way} {self.caught[way] / n:.2f}" for way, n in sorted(self.cheats.items()))
        print(f"  {'':42}{', '.join(ways)}")
        if self.odd:
            odd = (f"{way} {self.wronged_odd[way]} of {n}" for way, n in sorted(self.odd.items()))
            print(f"  {'':42}honest but odd, flagged: {', '.join(odd)}")


def run(small: bool = False) -> None:
    size, seeds = (60, 1) if small else (600, 8)
    began = process_time()
    known = _tallies(PLAIN, MUCH, range(100, 100 + seeds), size)
    _say("known ways, new seeds", known)
    known.naive.say("the same by fixed thresholds")
    found = {"known ways": known.looked}
    for name, ways, share, first, when in (
        ("known, begun a month ago", PLAIN, MUCH, 150, {"lately": True}),
        ("seen while it was made", (*TRIED, *LOOKED), MUCH, 200, {}),
        ("made up afterwards", NEW, MUCH, 2_700, {"odd": ODD}),
        ("the same, begun a month ago", NEW, MUCH, 2_800, {"odd": ODD, "lately": True}),
        ("the honest changed then, too", NEW, MUCH, 2_900, {**BOTH, "odd": ODD}),
        ("made up afterwards, 5 to 20 %", NEW, LITTLE, 3_000, {"odd": ODD}),
    ):
        tallies = _tallies(ways, share, range(first, first + seeds), size, **when)
        found[name] = tallies.looked
        _say(name, tallies)
    if not small:
        _say_limits()
    nobody = _tallies(PLAIN, MUCH, range(500, 500 + seeds), size, cheats=0.0)
    _say("nobody cheats", nobody)
    print(f"  {process_time() - began:.0f} s of CPU for {8 * seeds} alliances of {size} affiliates")
    if picture := os.environ.get("RISK_PICTURE"):
        _draw(found, picture)


def _say_limits() -> None:
    """How many affiliates with fakes of which half lie in one band would be found, if all that is
    known is that band; honest rates have the least spread that is ever taken, and twice it."""
    chance = np.random.default_rng(0)
    print("  found of fakes that lie in a band of 4 % half the time, by the band alone:")
    for spread in (LEAST_SPREAD, 2 * LEAST_SPREAD):
        laws = Laws(np.array([logit(0.04)]), np.array([spread]))
        for n in (100, 400, 2_000):
            found = []
            for share in (0.05, 0.1, 0.15, 0.2):
                rates = expit(chance.normal(laws.centre[0], spread, 2_000))
                k = chance.binomial(n, rates * (1 - share) + share / 2)[:, None]
                tails = laws.tails(k, np.full(k.shape, n))
                found.append(f"{share:.0%} fakes {(tails < SMALL).mean():.2f}")
            print(f"    spread {spread}, {n} orders: {', '.join(found)}")


@dataclass
class Tallies:
    held: Tally = field(default_factory=Tally)
    looked: Tally = field(default_factory=Tally)
    naive: Tally = field(default_factory=Tally)


def _say(name: str, tallies: Tallies) -> None:
    for tally, level in ((tallies.held, "held"), (tallies.looked, "looked at")):
        tally.say(f"{name}: {level}")
        tally.say_ways()


def _tallies(
    ways: Sequence[Fake], fakes: tuple[float, float], seeds: range, size: int, **when: Any
) -> Tallies:
    """`when` is what else `world_make` takes."""
    tallies = Tallies()
    for seed in seeds:
        world = world_make(seed, ways, fakes=fakes, size=size, **when)
        scores = judge(world.facts, world.peers)
        tallies.held.add(world, {one.affiliate for one in scores if one.false <= FALSE})
        tallies.looked.add(
            world, {one.affiliate for one in scores if min(one.false, one.unusual) <= FALSE}
        )
        tallies.naive.add(world, _beyond(counts_of(world.facts)))
    return tallies


def _beyond(counts: dict[Sign, Counts]) -> set[int]:
    """Whoever is beyond a fixed threshold, with the same least number of orders."""
    judged = {pk for pk, (_k, n) in counts[Sign.HEAP].items() if n >= 15}
    return {
        pk
        for sign, limit in NAIVE.items()
        for pk, (k, n) in counts[sign].items()
        if pk in judged and (k < limit * n if sign == Sign.IDLE else k > limit * n)
    }


def _draw(found: dict[str, Tally], path: str) -> None:
    """How many of each way are caught."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    colours = ("#2b6cb0", "#2c8a57", "#dd8a1f", "#8a5cb0", "#9aa5b1", "#b0562b", "#555")
    labels, at = [], 0
    for (name, tally), colour in zip(found.items(), colours, strict=False):
        ways = sorted(tally.cheats)
        places = [at + i for i in range(len(ways))]
        heights = [tally.caught[way] / tally.cheats[way] for way in ways]
        said = f"{name}: {tally.recall:.0%} caught, precision {tally.precision:.0%}"
        axes.bar(places, heights, color=colour, label=said)
        labels += ways
        at += len(ways)
    axes.set_xticks(range(at), labels, rotation=60, ha="right")
    axes.set_ylim(0, 1.45)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_title("Cheats found, by their way (simulated)", loc="left")
    axes.legend(loc="upper right", frameon=False, fontsize=8, ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
