"""Risk scores on made-up alliances in which it is known who cheats (`bench.ai.risk_world`).

Judged by the code that serves the alliance, beside fixed thresholds. What the scores take for much
or little was chosen on seeds below 100 and on the ways of `bench.ai.risk_world`; what is printed
here comes from other seeds, and on the ways of `bench.ai.risk_unseen` nothing was chosen at all.
Whoever makes up both the honest and the cheats checks a design: this is no evidence of what a real
alliance would see.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import process_time

from aiassist.risk import Score, Sign, counts_of, judge
from aiassist.risk.signs import Counts
from bench.ai.risk_unseen import NEW, ODD
from bench.ai.risk_world import LITTLE, LOOKED, MUCH, PLAIN, TRIED, Fake, Odd, World, world_make

FALSE = 0.01  # of those who stand out, at most so many honest
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
            f"  {name:34}precision {self.precision:.3f}  recall {self.recall:.3f}  "
            f"honest flagged {wronged:.2%}, of their sales {worth:.2%}"
        )

    def say_ways(self) -> None:
        ways = (f"{way} {self.caught[way] / n:.2f}" for way, n in sorted(self.cheats.items()))
        print(f"  {'':34}{', '.join(ways)}")
        if self.odd:
            odd = (f"{way} {self.wronged_odd[way]} of {n}" for way, n in sorted(self.odd.items()))
            print(f"  {'':34}honest but odd, flagged: {', '.join(odd)}")


def run(small: bool = False) -> None:
    size, seeds = (150, 1) if small else (600, 12)
    began = process_time()
    ours, naive = _tallies(PLAIN, MUCH, range(100, 100 + seeds), size)
    ours.say("known ways, new seeds")
    ours.say_ways()
    naive.say("the same by fixed thresholds")
    wronged = naive.wronged / max(1, ours.wronged)
    print(f"  {'':34}honest flagged by thresholds to ours: ratio {wronged:.0f}")
    found = {"known ways": ours}
    some, most = (0.25, 0.5), (0.5, 0.9)
    for name, ways, share, first, odd in (
        ("seen while it was made", (*TRIED, *LOOKED), MUCH, 200, ()),
        ("made up afterwards", NEW, MUCH, 700, ODD),
        ("made up afterwards, 5 to 20 %", NEW, LITTLE, 800, ODD),
        ("made up afterwards, 25 to 50 %", NEW, some, 900, ODD),
        ("made up afterwards, 50 to 90 %", NEW, most, 1_000, ODD),
    ):
        found[name], _naive = _tallies(ways, share, range(first, first + seeds), size, odd=odd)
        found[name].say(name)
        found[name].say_ways()
    nobody, _naive = _tallies(PLAIN, MUCH, range(500, 500 + seeds), size, cheats=0.0)
    print(f"  nobody cheats: {nobody.wronged} of {nobody.honest:,} honest affiliates flagged")
    print(f"  {process_time() - began:.0f} s of CPU for {7 * seeds} alliances of {size} affiliates")
    if picture := os.environ.get("RISK_PICTURE"):
        _draw(found, picture)


def _tallies(
    ways: Sequence[Fake],
    fakes: tuple[float, float],
    seeds: range,
    size: int,
    cheats: float = 0.08,
    odd: Sequence[Odd] = (),
) -> tuple[Tally, Tally]:
    """Ours, and that of the thresholds."""
    ours, naive = Tally(), Tally()
    for seed in seeds:
        world = world_make(seed, ways, fakes=fakes, size=size, cheats=cheats, odd=odd)
        counts = counts_of(world.facts)
        ours.add(world, _flagged(judge(world.facts, world.peers)))
        naive.add(world, _beyond(counts))
    return ours, naive


def _flagged(scores: list[Score]) -> set[int]:
    return {score.affiliate for score in scores if score.false <= FALSE}


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
    colours = ("#2b6cb0", "#dd8a1f", "#8a5cb0", "#9aa5b1")
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
