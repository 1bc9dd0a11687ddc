"""Notes on figures, on made-up alliances in which it is known what is wrong (`world`).

How many notes are opened in quiet weeks and in a 618 in which nothing is wrong, and how many of the
things that were planted are found, after how many hours. Beside it a rule of thumb: 30 % off the
same hour a week before. Seeds below 100 were looked at while the rules were made; what is printed
comes from others. Whoever makes up both what is right and what is wrong checks a design: this is no
evidence of what a real alliance would see.
"""

from collections.abc import Iterable
from time import process_time

import numpy as np

from aiassist.anomalies import WEEK, Key, judge
from bench.ai.anomalies.world import LIFTED, World, world_make

LEAST_MINOR = 1_000_00
QUIET = (16 * 168 + 60, 18 * 168)  # after the season, too: its echo in the weeks before is in there
FACTORS = (0.3, 0.5, 2.0, 3.0)
WHAT = ("clicks", "orders", "refusals", "claims:101", "claims:103")
LASTS = 4  # hours


def run(small: bool = False, seeds: Iterable[int] = range(100, 102)) -> None:
    began = process_time()
    seeds = [100] if small else list(seeds)
    for name, span, season in (
        ("quiet weeks", (12 * 168, 16 * 168), False),
        ("a 618 in which nothing is wrong", LIFTED, True),
        ("the two weeks after it", (LIFTED[1], 18 * 168), True),
    ):
        hours = range(*span) if not small else range(span[0], span[0] + 3)
        for size in (1.0, 0.1):
            _say_quiet(name, size, [world_make(s, size, season=season) for s in seeds], hours)
    for name, span, season in (("quiet weeks", (12 * 168, 16 * 168), False), ("618", LIFTED, True)):
        for size in (1.0,) if small else (1.0, 0.1):
            tries = 1 if small else 8
            _say_planted(
                name, size, [world_make(s, size, season=season) for s in seeds], span, tries
            )
    print(f"  {process_time() - began:.0f} s of CPU")


def _say_quiet(name: str, size: float, worlds: list[World], hours: range) -> None:
    ours = sum(notes_in(world, hours) for world in worlds)
    naive = sum(_off(world, hours) for world in worlds)
    weeks = len(hours) * len(worlds) / WEEK
    print(
        f"  {name}, {95 * size:.0f} orders an hour: {ours / weeks:.2f} notes a week; "
        f"by 30 % off the week before {naive / weeks:.0f}: ratio {naive / max(ours, 1):.0f}"
    )


def notes_in(world: World, hours: Iterable[int], say: bool = False) -> int:
    """As the service opens and ends them: one for each kin at a time."""
    open_since: dict[Key, int] = {}
    count = 0
    for hour in hours:
        found = judge(world.judged_at(hour, open_since), least_minor=LEAST_MINOR)
        for key in [key for key in open_since if key not in found or not found[key].out]:
            del open_since[key]
        kins = {found[key].kin for key in open_since}
        for one in sorted(found.values(), key=lambda one: -abs(one.score)):
            if one.striking and one.kin not in kins:
                count += 1
                kins.add(one.kin)
                open_since[one.key] = hour
                if say:
                    print(hour - LIFTED[0], hour % 24, one.key, one.value, one.low, one.high,
                          round(one.score, 1), one.chance)  # fmt: skip
    return count


def _off(world: World, hours: range) -> int:
    """How often a figure of twenty or more begins to be 30 % off the same hour a week before."""
    count = 0
    for values in world.figures.values():
        now, before = values[hours.start : hours.stop], values[hours.start - WEEK :][: len(hours)]
        off = (np.abs(now - before) > 0.3 * before) & (before >= 20)
        count += int((off[1:] & ~off[:-1]).sum())
    return count


def _say_planted(
    name: str, size: float, worlds: list[World], span: tuple[int, int], tries: int
) -> None:
    print(f"  {name}, {95 * size:.0f} orders an hour: share found, mean delay in hours")
    for what in WHAT:
        said = []
        for factor in FACTORS:
            delays = [
                delay_of(world, what, factor, span, number)
                for world in worlds
                for number in range(tries)
            ]
            seen = [delay for delay in delays if delay is not None]
            mean = f" after {np.mean(seen):.1f}" if seen else ""
            said.append(f"x{factor:g} {len(seen) / len(delays):.0%}{mean}")
        print(f"    {what:<12}{', '.join(said)}")


def delay_of(
    world: World, what: str, factor: float, span: tuple[int, int], number: int
) -> int | None:
    """Hours until it is told, 1 as soon as the first hour is over; None: not while it lasted."""
    chance = np.random.default_rng([618, number])
    first = span[0] + 72 if what.endswith("103") else span[0]
    begins = int(chance.integers(first // 24 + 3, span[1] // 24 - 1)) * 24 + int(
        chance.integers(8, 20)
    )
    wrong = world.planted(what, factor, begins, LASTS)
    measure, _colon, campaign = what.partition(":")
    for passed in range(LASTS):
        found = judge(wrong.judged_at(begins + passed), least_minor=LEAST_MINOR)
        keys = {(measure, int(campaign) if campaign else None), ("claims", None)}
        if measure == "orders":
            keys = {(name, None) for name in ("orders", "valid", "sales")}
        elif not campaign:
            keys = {(measure, None)}
        if any(
            found[key].striking and found[key].up == (factor > 1) for key in keys & found.keys()
        ):
            return passed + 1
    return None
