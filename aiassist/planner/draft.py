"""A week of posts out of facts. Pure: the same facts make the same week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from aiassist.planner.hours import Hour, best_hours
from alliance.kernel import clock
from campaigns.calendar import last_day

DAYS = 7
USUAL_A_DAY, MOST_A_DAY = 2, 4  # more is not read, it is muted
SOON = timedelta(minutes=30)  # no post is planned for sooner
AGAIN = 0.3  # what a product is worth that the week has once already
SAME_KIND = 0.7  # of a category that the day has already
# What a campaign adds to a product that counts in it.
TURNS, RUNS, MY_TASK, WANTED = 1.6, 1.2, 1.8, 1.5


@dataclass(frozen=True, slots=True)
class Place:
    """An ad zone, its channel, and people's clicks in it by hour of the day."""

    zone: int
    channel: str
    clicks: tuple[int, ...] = (0,) * 24


@dataclass(frozen=True, slots=True)
class Turn:
    """A campaign. `products`: those on its slate; None is all. `wanted`: the affiliate's goal or
    target names its like."""

    campaign: int
    starts_at: datetime
    ends_at: datetime
    products: frozenset[int] | None
    mine: bool
    task: bool
    wanted: bool

    def holds(self, product: int, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at and (
            self.products is None or product in self.products
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product and what sharing it is worth beside the others. `source`: matched, slate or
    earning."""

    product: int
    worth: float
    source: str
    category: int | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """All that a draft rests on. `busy`: what is decided already, by moment and product; `out`:
    products that a person has dropped. `posts`: how many the target needs, None if it needs none
    or nobody knows. `more`: days on which the season asks for one more."""

    begins: datetime
    places: Sequence[Place]
    candidates: Sequence[Candidate]
    turns: Sequence[Turn] = ()
    posts: int | None = None
    more: frozenset[date] = frozenset()
    busy: Sequence[tuple[datetime, int]] = ()
    out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Slot:
    """A post: when, where, what, and why in codes."""

    at: datetime
    zone: int
    channel: str
    product: int
    campaign: int | None
    why: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    slots: list[Slot]
    a_day: int


def drafted(week: Week) -> Draft:
    """The week's posts by time, none of them before SOON, none at a moment that is busy."""
    a_day = _a_day(week.posts)
    if not week.places or not week.candidates:
        return Draft([], a_day)
    used = Counter(product for _at, product in week.busy)
    slots: list[Slot] = []
    for place in range(DAYS):
        day = clock.business_day(week.begins) + timedelta(days=place)
        count = min(MOST_A_DAY, a_day + (day in week.more))
        slots += _day(week, day, count, used)
    return Draft(slots, a_day)


def others(
    week: Week, at: datetime, without: frozenset[int]
) -> list[tuple[Candidate, Turn | None]]:
    """What might be shared at that moment instead, the best first."""
    used = Counter(product for _at, product in week.busy)
    return _ranked(week, at, used, without | week.out, frozenset())


def _a_day(posts: int | None) -> int:
    return USUAL_A_DAY if posts is None else max(1, min(MOST_A_DAY, -(-posts // DAYS)))


def _day(week: Week, day: date, count: int, used: Counter[int]) -> list[Slot]:
    held = [(at, product) for at, product in week.busy if clock.business_day(at) == day]
    hours = best_hours(_clicks(week.places), week.places[0].channel, count)
    today = {product for _at, product in held}
    slots: list[Slot] = []
    for hour in hours:
        at = datetime.combine(day, time(hour.hour), clock.ZONE)
        if at < week.begins + SOON or len(held) + len(slots) >= count:
            continue
        if any(abs(at - other) < timedelta(hours=1) for other, _product in held):
            continue
        ranked = _ranked(week, at, used, today | week.out, _kinds(week, today))
        if ranked:
            candidate, turn = ranked[0]
            slots.append(_slot(week, at, hour, candidate, turn))
            today.add(candidate.product)
            used[candidate.product] += 1
    return slots


def _slot(week: Week, at: datetime, hour: Hour, candidate: Candidate, turn: Turn | None) -> Slot:
    place = max(week.places, key=lambda one: one.clicks[hour.hour])  # of equals the first
    why = {"product": candidate.source, "share_bps": hour.share_bps}
    if turn:
        why |= {"turn": _state(turn, at), "joined": turn.mine}
    return Slot(
        at=at,
        zone=place.zone,
        channel=place.channel,
        product=candidate.product,
        campaign=turn.campaign if turn else None,
        why=why,
    )


def _ranked(
    week: Week,
    at: datetime,
    used: Counter[int],
    without: frozenset[int] | set[int],
    kinds: frozenset[int],
) -> list[tuple[Candidate, Turn | None]]:
    """Those that are left, by worth times what campaigns add, less what the week has already."""
    found = []
    for candidate in week.candidates:
        if candidate.product in without:
            continue
        turn = _best_turn(week.turns, candidate.product, at)
        worth = candidate.worth * AGAIN ** used[candidate.product]
        worth *= _weight(turn, at) if turn else 1
        worth *= SAME_KIND if candidate.category in kinds else 1
        found.append((worth, candidate, turn))
    found.sort(key=lambda one: (-one[0], one[1].product))
    return [(candidate, turn) for _worth, candidate, turn in found]


def _best_turn(turns: Sequence[Turn], product: int, at: datetime) -> Turn | None:
    fitting = [turn for turn in turns if turn.holds(product, at)]
    return max(fitting, key=lambda turn: (_weight(turn, at), -turn.campaign), default=None)


def _weight(turn: Turn, at: datetime) -> float:
    weight = TURNS if _state(turn, at) != "runs" else RUNS
    if turn.task and turn.mine:
        weight = max(weight, MY_TASK)
    return weight * (WANTED if turn.wanted else 1)


def _state(turn: Turn, at: datetime) -> str:
    day = clock.business_day(at)
    if last_day(turn.ends_at) == day:
        return "ends"
    return "begins" if clock.business_day(turn.starts_at) == day else "runs"


def _clicks(places: Sequence[Place]) -> list[int]:
    return [sum(place.clicks[hour] for place in places) for hour in range(24)]


def _kinds(week: Week, products: set[int]) -> frozenset[int]:
    return frozenset(
        one.category for one in week.candidates if one.product in products and one.category
    )
