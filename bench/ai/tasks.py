"""How likely tasks are to be completed: what was said, beside what came (`bench.ai.tasks_world`).

Asked when a task begins, after a third and after two thirds of it, for steps by orders and by
sales, wherever the answer is not known already. Beside it: the pace so far gone on with, said with
certainty; the same pace as a Poisson law; and what part of the peers got as far in as many days.
What the estimator takes for granted was settled on seeds below 100; what is printed comes from
others. Who makes up the world checks a design: this is no evidence of what real affiliates do.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from time import process_time
from typing import Any

import numpy as np
from scipy.stats import poisson

from aiassist.odds import (
    Ahead,
    Left,
    Lift,
    Track,
    Usual,
    ahead_of,
    busyness,
    lifts,
    loss_of,
    usual_of,
    waiting_chance,
    weekdays,
)
from bench.ai.tasks_world import FAMILIES, HISTORY, Family, World, phase, world_make

ORDERS = (1, 3, 5, 10, 20, 40)
SALES = (10_000, 30_000, 100_000, 300_000)  # minor units
JUDGED = 21  # days after which an order's fate is known
OURS, PACE, POISSON, PEERS = "ours", "pace extrapolated", "pace, Poisson", "peers' base rate"
HARD = ("affiliates push", "unannounced slump")  # nothing in the history tells of them


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what was said by each, whether it came, how wide the interval was."""

    family: str
    at: float  # part of the task that is over
    metric: str
    said: dict[str, float]
    low: float
    high: float
    came: bool
    little: bool


def run(small: bool = False) -> None:
    size, seeds = (4, 1) if small else (60, 6)
    began = process_time()
    asked: list[Asked] = []
    covered: dict[str, list[bool]] = defaultdict(list)
    for family in FAMILIES:
        few = min(size, family.size)
        many = seeds * (4 if family.size < size else 1)
        for seed in range(100, 100 + many):
            made = world_make(seed, Family(**{**vars(family), "size": few}))
            for question, inside in _questions(made, family):
                asked += question
                covered[family.name].append(inside)
    usual = [one for one in asked if one.family not in HARD]
    _say("all but the last two families", usual)
    for name in (OURS, PACE, POISSON, PEERS):
        print(f"    {name:20}Brier {_brier(usual, name):.4f}   ECE {_ece(usual, name):.3f}")
    for rival in (PACE, POISSON, PEERS):
        ratio = _brier(usual, OURS) / _brier(usual, rival)
        print(f"    Brier of ours to {rival}: ratio {ratio:.2f}")
    print(f"    {'said':>8}{'came':>8}{'times':>9}")
    for said, came, times in _bins(usual, OURS):
        print(f"    {said:8.2f}{came:8.2f}{times:9,}")
    for family in FAMILIES:
        _say(family.name, [one for one in asked if one.family == family.name])
        share = np.mean(covered[family.name])
        print(f"    {'':20}80 % intervals of the orders hold {share:.1%}")
    for label, some in _cuts(usual):
        _say(label, some)
    print(f"  {process_time() - began:.0f} s of CPU, {len(asked):,} questions")
    if picture := os.environ.get("TASKS_PICTURE"):
        _draw(asked, picture)


# --- Asking ---------------------------------------------------------------------------------------


def _questions(made: World, family: Family) -> Iterator[tuple[list[Asked], bool]]:
    """For each affiliate and moment: its questions, and whether the count lay in its interval."""
    valid = made.valid_at_end()
    for part in (0.0, 1 / 3, 2 / 3):
        now = round(made.days * part)
        known = _Known(made, now)
        for who in range(made.size):
            ahead = known.ahead(who)
            mine = valid & (made.who == who)
            orders, sales = int(mine.sum()), int(made.amount[mine].sum())
            rivals = known.rivals(who)
            found = []
            for least in ORDERS:
                if known.done[who] < least:
                    chance = ahead.orders_reach(least)
                    said = {OURS: chance.likely} | rivals(least, None)
                    found.append(
                        Asked(family.name, part, "orders", said, chance.low, chance.high,
                              orders >= least, ahead.little)
                    )  # fmt: skip
            for least in SALES:
                if known.done_minor[who] < least:
                    chance = ahead.amounts_reach(least)
                    said = {OURS: chance.likely} | rivals(least, known.worth(who))
                    found.append(
                        Asked(family.name, part, "sales", said, chance.low, chance.high,
                              sales >= least, ahead.little)
                    )  # fmt: skip
            yield found, abs(known.place(ahead, orders) - 0.5) <= 0.4


class _Known:
    """What an alliance knows on the morning of a day of the task."""

    def __init__(self, made: World, now: int) -> None:
        self.made, self.now = made, now
        self.lot = np.random.default_rng(now)
        past = [made.date_of(n) for n in range(now - HISTORY, now)]
        ahead = [made.date_of(n) for n in range(now, made.days)]
        seen = made.day < now
        self.counts = np.zeros((made.size, HISTORY))
        inside = seen & (made.day >= now - HISTORY)
        np.add.at(self.counts, (made.who[inside], made.day[inside] - now + HISTORY), 1)
        self.tracks = [self._track(who, inside) for who in range(made.size)]
        phases = [phase(day) for day in past]
        weekday = weekdays(self.counts, past, phases)
        lifted = _last_year(made, weekday) | lifts(self.counts, past, phases, weekday)
        self.busy, _doubt = busyness(past, phases, weekday, lifted)
        self.coming, self.doubt = busyness(ahead, [phase(d) for d in ahead], weekday, lifted)
        self.usual: Usual = usual_of(self.tracks, self.busy, len(ahead))
        self.lags = self._lags(inside)
        task = seen & (made.day >= 0) & (made.lost > now)
        self.task = task
        self.done = np.bincount(made.who[task & (made.received <= now)], minlength=made.size)
        self.done_minor = np.bincount(
            made.who[task & (made.received <= now)],
            made.amount[task & (made.received <= now)],
            minlength=made.size,
        )

    def _track(self, who: int, inside: np.ndarray) -> Track:
        made, now = self.made, self.now
        mine = inside & (made.who == who)
        old = mine & (made.day <= now - JUDGED)
        amounts = made.amount[mine].astype(float)
        return Track(
            self.counts[who],
            int(np.clip(made.joined[who] - (now - HISTORY), 0, HISTORY)),
            int(old.sum()),
            int((old & (made.lost <= now)).sum()),
            len(amounts),
            float(amounts.sum()),
            float((amounts**2).sum()),
        )

    def _lags(self, inside: np.ndarray) -> np.ndarray:
        """The part of received orders that was received within so many days."""
        made = self.made
        old = inside & (made.day <= self.now - JUDGED) & (made.received <= self.now)
        lag = np.clip(made.received[old] - made.day[old], 0, 59)
        return np.cumsum(np.bincount(lag, minlength=60) + 1e-9) / max(len(lag), 1e-9)

    def ahead(self, who: int) -> Ahead:
        made, now, track = self.made, self.now, self.tracks[who]
        mine = self.task & (made.who == who)
        waiting = made.day[mine & (made.received > now)]
        age = (now - waiting).astype(float)
        by = np.clip(made.cut_off - waiting, 0, 59)
        had = self.lags[np.clip(age.astype(int), 0, 59)]
        in_time = (self.lags[by] - had) / np.maximum(1 - had, 1e-9)
        loss = loss_of(track, self.usual)
        left = Left(
            busy=self.coming,
            in_time=self.lags[np.clip(made.cut_off - np.arange(now, made.days), 0, 59)],
            doubt=self.doubt,
            done=int(self.done[who]),
            waiting=waiting_chance(age, loss, np.clip(in_time, 0, 1)),
            done_minor=int(made.amount[mine].sum()),
        )
        return ahead_of(track, self.busy, self.usual, left, [who, now])

    def place(self, ahead: Ahead, orders: int) -> float:
        """Where the count lies among those foreseen, 0 to 1. Counts are whole: one that may lie
        anywhere in a stretch is put there by lot, else intervals would hold more than they say."""
        below, at = (ahead.orders < orders).mean(), (ahead.orders == orders).mean()
        return float(below + self.lot.random() * at)

    def worth(self, who: int) -> float:
        track = self.tracks[who]
        return track.amounts / track.sold if track.sold else self.usual.amount

    def rivals(self, who: int) -> Any:
        """What others would say of a step; with the average amount of an order, of sales."""
        made, now = self.made, self.now
        days = made.days - now
        mine = self.task & (made.who == who)
        first = max(self.tracks[who].first, HISTORY - 28)
        pace = self.counts[who, first:].mean() if first < HISTORY else 0.0
        going = pace * days * (1 - self.usual.loss)
        peers = self.counts[:, HISTORY - days :].sum(axis=1) * (1 - self.usual.loss)
        had, had_minor = int(mine.sum()), int(made.amount[mine].sum())

        def said(least: int, worth: float | None) -> dict[str, float]:
            missing = least - had if worth is None else (least - had_minor) / max(worth, 1)
            if missing <= 0:
                return dict.fromkeys((PACE, POISSON, PEERS), 1.0)
            return {
                PACE: float(going >= missing),
                POISSON: float(poisson.sf(np.ceil(missing) - 1, going)),
                PEERS: float((peers >= missing).mean()),
            }

        return said


def _last_year(made: World, weekday: np.ndarray) -> dict[str, Lift]:
    if not made.past.size:
        return {}
    days = [date.fromordinal(date(2025, 4, 24).toordinal() + n) for n in range(58)]
    return lifts(made.past, days, [phase(day) for day in days], weekday, doubt=0.3)


# --- Judging --------------------------------------------------------------------------------------


def _brier(asked: list[Asked], name: str) -> float:
    return float(np.mean([(one.said[name] - one.came) ** 2 for one in asked]))


def _bins(asked: list[Asked], name: str) -> list[tuple[float, float, int]]:
    """Ten groups by what was said: mean said, part that came, how many."""
    said = np.array([one.said[name] for one in asked])
    came = np.array([one.came for one in asked])
    group = np.minimum((said * 10).astype(int), 9)
    return [
        (float(said[group == g].mean()), float(came[group == g].mean()), int((group == g).sum()))
        for g in range(10)
        if (group == g).any()
    ]


def _ece(asked: list[Asked], name: str) -> float:
    """Expected calibration error: how far said and come lie apart, weighed by the groups' size."""
    return sum(abs(said - came) * n for said, came, n in _bins(asked, name)) / len(asked)


def _say(label: str, asked: list[Asked]) -> None:
    if not asked:
        return
    rivals = min(_brier(asked, name) for name in (PACE, PEERS))
    over = float(np.mean([one.said[OURS] - one.came for one in asked]))
    print(
        f"  {label:30}{len(asked):7,} asked  Brier {_brier(asked, OURS):.4f} (baselines "
        f"{rivals:.4f})  ECE {_ece(asked, OURS):.3f}  said too much by {over:+.3f}"
    )


def _cuts(asked: list[Asked]) -> Iterator[tuple[str, list[Asked]]]:
    for at, words in ((0.0, "at the start"), (1 / 3, "after a third"), (2 / 3, "after two thirds")):
        yield words, [one for one in asked if one.at == at]
    for metric in ("orders", "sales"):
        yield f"steps by {metric}", [one for one in asked if one.metric == metric]
    yield "too little history", [one for one in asked if one.little]
    yield "where it is open (.1 to .9)", [one for one in asked if 0.1 < one.said[OURS] < 0.9]


def _draw(asked: list[Asked], path: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from bench.ai.autopilot.charts import COLOURS, STYLE

    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True)
        usual = [one for one in asked if one.family not in HARD]
        for name, colour in zip((PACE, POISSON, PEERS, OURS), COLOURS, strict=True):
            _curve(axes[0], _bins(usual, name), colour, name)
        for name, colour in zip(("plain", "season, none recorded", *HARD), COLOURS, strict=True):
            some = [one for one in asked if one.family == name]
            _curve(axes[1], _bins(some, OURS), colour, name)
        for place, title in zip(axes, ("all but the last two families", "ours, by family"),
                                strict=True):  # fmt: skip
            place.plot([0, 1], [0, 1], color="#262626", linewidth=1, linestyle="--")
            place.set(xlabel="said", title=title, xlim=(0, 1), ylim=(0, 1))
            place.legend(loc="upper left")
        axes[0].set_ylabel("came")
        figure.savefig(path, dpi=110)
        plt.close(figure)


def _curve(place: Any, bins: list[tuple[float, float, int]], colour: str, label: str) -> None:
    said, came, times = (np.array(each) for each in zip(*bins, strict=True))
    place.plot(said, came, color=colour, linewidth=1.5, label=label)
    place.scatter(said, came, 8 + 60 * np.sqrt(times / times.max()), color=colour, linewidth=0)
