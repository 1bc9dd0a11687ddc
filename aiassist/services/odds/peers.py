"""What is usual in a task, by everybody's days: reckoned at night and kept until the next, so that
who comes in between costs its own rows only."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

import numpy as np

from aiassist.odds import Lift, Track, Usual, busyness, lifts, usual_of, weekdays
from aiassist.odds.season import PAST
from aiassist.odds.usual import LEAST_PEERS
from aiassist.queries import odds as queries
from alliance.kernel import clock

EVERYBODY = ""


@dataclass(frozen=True)
class Peers:
    """`usual` of the orders of each kind of affiliate (and of EVERYBODY), `clicks` of their clicks;
    how busy weekdays and phases of the season are; `lags`: the part of received orders that is
    received within so many days; `net_each`: commission on a valid order, minor units, None
    where few have sold."""

    usual: Mapping[str, Usual]
    clicks: Usual
    weekday: np.ndarray
    lifts: Mapping[str, Lift]
    lags: np.ndarray
    net_each: float | None

    def of_kind(self, kind: str) -> Usual:
        """Everybody where they are few."""
        return self.usual.get(kind) or self.usual[EVERYBODY]

    def busyness(self, days: list[date]) -> tuple[np.ndarray, float]:
        """Of each of these days, and the doubt about all."""
        return busyness(days, queries.phases_of(days), self.weekday, dict(self.lifts))

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "usual": {kind: asdict(one) for kind, one in self.usual.items()},
            "clicks": asdict(self.clicks),
            "weekday": self.weekday.tolist(),
            "lifts": {phase: asdict(one) for phase, one in self.lifts.items()},
            "lags": self.lags.tolist(),
            "net_each": self.net_each,
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            usual={kind: Usual(**one) for kind, one in kept["usual"].items()},
            clicks=Usual(**kept["clicks"]),
            weekday=np.array(kept["weekday"]),
            lifts={phase: Lift(**one) for phase, one in kept["lifts"].items()},
            lags=np.array(kept["lags"]),
            net_each=kept["net_each"],
        )


def peers_of(
    orders: Mapping[str, Sequence[Track]],
    clicks: Sequence[Track],
    days: list[date],
    *,
    ahead: int,
    currency: str,
    net_each: float | None,
) -> Peers:
    """`orders`: by kind of affiliate. `days`: those of the tracks; `ahead`: how many are left."""
    everybody = [track for some in orders.values() for track in some]
    counts = np.array([one.counts for one in everybody] or [np.zeros(len(days))])
    phases = queries.phases_of(days)
    weekday = weekdays(counts, days, phases)
    lifted = _lifted_before(days[0], weekday) | lifts(counts, days, phases, weekday)
    busy, _doubt = busyness(days, phases, weekday, lifted)
    enough = {kind: some for kind, some in orders.items() if len(some) >= LEAST_PEERS}
    told = {**enough, EVERYBODY: everybody}
    return Peers(
        usual={kind: usual_of(some, busy, ahead) for kind, some in told.items()},
        clicks=replace(usual_of(clicks, busy, ahead), loss=0.0),  # no click is ever lost
        weekday=weekday,
        lifts=lifted,
        lags=queries.received_within(currency),
        net_each=net_each,
    )


def _lifted_before(day: date, weekday: np.ndarray) -> dict[str, Lift]:
    """What the phases of the last season before that day brought."""
    days, orders = queries.season_before(clock.day_start(day))
    if not days:
        return {}
    return lifts(np.array([orders]), days, queries.phases_of(days), weekday, PAST)
