"""From eight in the evening to midnight, at the chosen speed: what happens when."""

import heapq
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from alliance.season.rig import Rig

HOURS = 4.0
OPENS = 20  # o'clock
# How lively it is: (part of the evening, weight). The rush is at eight, and before it ends.
RHYTHM = ((0.0, 3.0), (0.08, 2.2), (0.2, 1.0), (0.45, 0.9), (0.5, 1.6), (0.6, 1.0), (0.85, 1.8))
HANDS = 12  # how many people are at it at the same moment

Job = Callable[[], None]


@dataclass
class Clock:
    """The evening's clock beside the real one."""

    minutes: float
    began: float = 0.0

    def start(self) -> None:
        self.began = time.monotonic()

    @property
    def part(self) -> float:
        """How much of the evening is over, from 0 to 1 and beyond."""
        return (time.monotonic() - self.began) / (60 * self.minutes)

    def told(self) -> str:
        minute = int(min(self.part, 1.0) * HOURS * 60)
        return f"{(OPENS + minute // 60) % 24:02d}:{minute % 60:02d}"


class Night:
    """Jobs at their part of the evening, done by a few hands. A job may put more on the agenda."""

    def __init__(self, rig: Rig, minutes: float) -> None:
        self.rig, self.clock = rig, Clock(minutes)
        self.faults: list[BaseException] = []
        self._agenda: list[tuple[float, int, Job, bool]] = []
        self._numbers = count()
        self._lock = threading.Lock()
        self._open = 0
        self.watching = True  # whether a process that dies is started again
        self._looked = 0.0

    def at(self, part: float, job: Job, *, alone: bool = False) -> None:
        """`alone`: on the director's own thread, while the hands go on with theirs."""
        with self._lock:
            heapq.heappush(self._agenda, (part, next(self._numbers), job, alone))

    def after(self, part: float, job: Job) -> None:
        """So much of the evening from now on; never after midnight."""
        self.at(min(self.clock.part + part, 0.999), job)

    def play(self) -> None:
        """Until the last job is done. Raises what a job raised."""
        self.clock.start()
        with ThreadPoolExecutor(HANDS, thread_name_prefix="hand") as hands:
            while not self.faults and (self._open or self._agenda):
                self._step(hands)
        if self.faults:
            raise self.faults[0]

    def _step(self, hands: ThreadPoolExecutor) -> None:
        with self._lock:
            due = self._agenda[0] if self._agenda else None
            if due and due[0] <= self.clock.part and self._open < 4 * HANDS:
                heapq.heappop(self._agenda)
            else:
                due = None
        if due is None:
            self._watch()
            time.sleep(0.005)
            return
        _part, _number, job, alone = due
        if alone:
            job()
            return
        with self._lock:
            self._open += 1
        hands.submit(job).add_done_callback(self._done)

    def _watch(self) -> None:
        if self.watching and time.monotonic() - self._looked > 0.5:
            self.rig.keep_up()
            self._looked = time.monotonic()

    def _done(self, future: "Future[None]") -> None:
        with self._lock:
            self._open -= 1
        if exc := future.exception():
            self.faults.append(exc)


def moments(dice: random.Random, many: int, until: float) -> list[float]:
    """When `many` visitors come, as parts of the evening before `until`."""
    edges = [part for part, _weight in RHYTHM if part < until] + [until]
    weights = [
        weight * (after - part) for (part, weight), after in zip(RHYTHM, edges[1:], strict=False)
    ]
    places = dice.choices(range(len(weights)), weights, k=many)
    return sorted(dice.uniform(edges[place], edges[place + 1]) for place in places)
