"""From eight in the evening to midnight, at the chosen speed: what happens when."""

import heapq
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

from alliance.season.rig import Rig

HOURS = 4.0
OPENS = 20  # o'clock
# How lively it is: (part of the evening, weight). The rush is at eight, and before it ends.
RHYTHM = ((0.0, 3.0), (0.08, 2.2), (0.2, 1.0), (0.45, 0.9), (0.5, 1.6), (0.6, 1.0), (0.85, 1.8))
HANDS = 12  # how many people are at it at the same moment
CROWD = 2 * HANDS  # with so many waiting, the evening stands still until the system has caught up

Job = Callable[[], None]
_Entry = tuple[float, int, Job]


class Night:
    """Jobs at their part of the evening (0 to 1), done by a few hands. A job may plan more.

    `deeds` are the director's own: they wait for nobody. On a machine that does not keep up the
    evening takes longer, and everything happens in the same order.
    """

    def __init__(self, rig: Rig, minutes: float) -> None:
        self.rig, self.minutes = rig, minutes
        self.part = 0.0  # how much of the evening is over
        self.faults: list[BaseException] = []
        self.watching = True  # whether a process that dies is started again
        self._jobs: list[_Entry] = []
        self._deeds: list[_Entry] = []
        self._timers: list[_Entry] = []
        self._numbers = count()
        self._lock = threading.Lock()
        self._open = 0
        self._looked = 0.0

    def at(self, part: float, job: Job) -> None:
        self._plan(self._jobs, part, job)

    def after(self, part: float, job: Job) -> None:
        """So much of the evening from now on; never after midnight."""
        self.at(min(self.part + part, 0.999), job)

    def deed(self, part: float, job: Job) -> None:
        self._plan(self._deeds, part, job)

    def deed_in(self, seconds: float, job: Job) -> None:
        """So many seconds from now on, however long the evening."""
        self._plan(self._timers, time.monotonic() + seconds, job)

    def told(self) -> str:
        """What the evening's clock shows."""
        minute = int(min(self.part, 1.0) * HOURS * 60)
        return f"{(OPENS + minute // 60) % 24:02d}:{minute % 60:02d}"

    def play(self) -> None:
        """Until the last job is done. Raises what a job raised."""
        last = time.monotonic()
        with ThreadPoolExecutor(HANDS, thread_name_prefix="hand") as hands:
            while not self.faults and (self._open or self._jobs or self._deeds or self._timers):
                now = time.monotonic()
                if self._open < CROWD:
                    self.part += (now - last) / (60 * self.minutes)
                last = now
                self._step(hands, now)
        if self.faults:
            raise self.faults[0]

    def _plan(self, agenda: list[_Entry], when: float, job: Job) -> None:
        with self._lock:
            heapq.heappush(agenda, (when, next(self._numbers), job))

    def _step(self, hands: ThreadPoolExecutor, now: float) -> None:
        if deed := self._due(self._timers, now) or self._due(self._deeds, self.part):
            deed()
        elif self._open < CROWD and (job := self._due(self._jobs, self.part)):
            with self._lock:
                self._open += 1
            hands.submit(job).add_done_callback(self._done)
        else:
            self._watch(now)
            time.sleep(0.005)

    def _due(self, agenda: list[_Entry], moment: float) -> Job | None:
        with self._lock:
            if agenda and agenda[0][0] <= moment:
                return heapq.heappop(agenda)[2]
        return None

    def _watch(self, now: float) -> None:
        if self.watching and now - self._looked > 0.5:
            self.rig.keep_up()
            self._looked = now

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
