"""What is known of a task and of those who may take it, as the statistics want it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from aiassist.odds import Left, Track, Usual, loss_of, waiting_chance
from aiassist.odds.usual import LEAST_PEERS
from aiassist.queries import odds as queries
from aiassist.services.odds.peers import Peers, peers_of
from alliance.kernel import clock
from campaigns.facts import StandingFacts
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign
from commissions.queries.counted import Day, days_counted

HISTORY = 90  # days
JUDGED = 21  # days after which it is known whether an order is lost


@dataclass
class _Sums:
    """One affiliate's days, added up."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros(HISTORY))
    clicks: np.ndarray = field(default_factory=lambda: np.zeros(HISTORY))
    judged: int = 0
    lost: int = 0
    sold: int = 0
    amounts: float = 0.0
    squares: float = 0.0
    net: float = 0.0
    visits: int = 0


class Known:
    """About a task, now; `orders` and `clicks` are tracks of up to yesterday, by affiliate.

    Of everybody; or `only` of some, with what is known of their `peers` already: then nobody else's
    rows are read."""

    def __init__(
        self, campaign: Campaign, only: list[int] | None = None, peers: Peers | None = None
    ) -> None:
        self.campaign, self._only = campaign, only
        self.rules: Any = MECHANICS[campaign.kind].parse(campaign.rules)
        self.now = clock.now()
        self.today = clock.business_day(self.now)
        self.days = [self.today - timedelta(days=n) for n in range(HISTORY, 0, -1)]
        self.takers = queries.task_takers(campaign, only)
        self._place = {day: n for n, day in enumerate(self.days)}
        self.sums = self._added_up()
        self.first = {
            pk: self._place.get(clock.business_day(at), 0 if at < self._since else HISTORY)
            for pk, (_kind, at) in self.takers.items()
        }
        self.peers = peers or self._peers()
        self.busy, _doubt = self.peers.busyness(self.days)
        self._ahead = self._busy_ahead()

    @property
    def _since(self) -> datetime:
        return clock.day_start(self.days[0])

    def _added_up(self) -> dict[int, _Sums]:
        found: dict[int, _Sums] = defaultdict(_Sums)
        for day in days_counted(self.campaign, since=self._since, only=self._only):
            place = self._place.get(day.day)
            if day.affiliate in self.takers and place is not None:
                self._add(found[day.affiliate], day, place)
        for pk, at, clicks, visitors in queries.clicks_by_day(self.days[0], self._only):
            if pk in self.takers and (place := self._place.get(at)) is not None:
                found[pk].clicks[place] += clicks
                found[pk].visits += visitors
        return found

    def _peers(self) -> Peers:
        by_kind: dict[str, list[Track]] = defaultdict(list)
        for pk in self.sums:
            by_kind[self.takers[pk][0]].append(self.track(pk))
        return peers_of(
            by_kind,
            [self.clicks(pk) for pk in self.sums],
            self.days,
            ahead=len(self._days_ahead),
            currency=self.campaign.currency,
            net_each=self._net_usual(),
        )

    def _net_usual(self) -> float | None:
        sellers = [each for each in self.sums.values() if each.sold]
        if len(sellers) < LEAST_PEERS:
            return None
        return sum(each.net for each in sellers) / sum(each.sold for each in sellers)

    @staticmethod
    def _add(sums: _Sums, day: Day, place: int) -> None:
        sums.counts[place] += day.valid + day.lost
        if place < HISTORY - JUDGED:
            sums.judged += day.valid + day.lost
            sums.lost += day.lost
        sums.sold += day.valid
        sums.amounts += day.amounts
        sums.squares += day.squares
        sums.net += day.net

    # --- By affiliate ---

    def track(self, pk: int) -> Track:
        """Its orders."""
        one = self.sums.get(pk) or _Sums()
        return Track(
            one.counts, self.first[pk], one.judged, one.lost, one.sold, one.amounts, one.squares
        )

    def clicks(self, pk: int) -> Track:
        """Its clicks: none is ever lost."""
        one = self.sums.get(pk) or _Sums()
        return Track(one.clicks, self.first[pk])

    def usual(self, pk: int) -> Usual:
        """What is usual for its peers' orders."""
        return self.peers.of_kind(self.takers[pk][0])

    def net_each(self, pk: int) -> float:
        """Its commission on a valid order, minor units; the peers' where it has sold nothing. Of
        few peers nothing is said: it would be told what a single one has."""
        one, usual = self.sums.get(pk) or _Sums(), self.peers.net_each
        if usual is None:
            return one.net / one.sold if one.sold else 0.0
        return (one.net + 5 * usual) / (one.sold + 5)

    def visitors_share(self, pk: int) -> float:
        """Visitors to its clicks."""
        one = self.sums.get(pk) or _Sums()
        return (one.visits + 8) / (one.clicks.sum() + 10)

    def left(self, pk: int) -> Left:
        """What remains of the task for its orders."""
        busy, in_time, doubt = self._ahead
        mine = self._in_task.get(pk, [])
        ages, received = [], 0
        for day in mine:
            received += day.received
            ages += [(self.today - day.day).days] * (day.valid - day.received)
        age = np.array(ages, float)
        loss = loss_of(self.track(pk), self.usual(pk))
        return Left(
            busy=busy,
            in_time=in_time,
            doubt=doubt,
            done=received,
            waiting=waiting_chance(age, loss, self._in_time_still(age)),
            done_minor=int(sum(day.amounts for day in mine)),
        )

    def left_clicks(self, pk: int) -> Left:
        busy, _in_time, doubt = self._ahead
        return Left(busy, np.ones(len(busy)), doubt, done=self.effort(pk).clicks)

    def effort(self, pk: int) -> StandingFacts:
        """Links, clicks, visitors and active days that count already."""
        return self._efforts.get(pk) or StandingFacts(affiliate_id=pk)

    def done_net(self, pk: int) -> float:
        return sum(day.net for day in self._in_task.get(pk, []))

    # --- Of the task ---

    @cached_property
    def _in_task(self) -> dict[int, list[Day]]:
        found: dict[int, list[Day]] = defaultdict(list)
        if self.campaign.starts_at < self.now:
            for day in days_counted(self.campaign, only=self._only):
                found[day.affiliate].append(day)
        return found

    @cached_property
    def _efforts(self) -> dict[int, StandingFacts]:
        return queries.efforts_of(self.campaign)

    @property
    def _begins(self) -> datetime:
        return max(self.now, self.campaign.starts_at)

    @property
    def _days_ahead(self) -> list[date]:
        first, last = map(clock.business_day, (self._begins, self.campaign.ends_at))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _busy_ahead(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Of each day left its busyness, as far as it is left, the chance that what is sold on it
        is received in time, and the doubt about all."""
        days = self._days_ahead
        part = np.array([_part(day, self._begins, self.campaign.ends_at) for day in days])
        factors, doubt = self.peers.busyness(days)
        return factors * part, self._within([self._to_cut_off(day) for day in days]), doubt

    @property
    def days_left(self) -> float:
        return max((self.campaign.ends_at - self._begins) / timedelta(days=1), 0.0)

    def _to_cut_off(self, day: date) -> int:
        return (clock.business_day(self.campaign.confirm_until) - day).days

    def _within(self, days: Sequence[int] | np.ndarray) -> np.ndarray:
        return self.peers.lags[np.clip(np.array(days, int), 0, queries.LONGEST_LAG)]

    def _in_time_still(self, age: np.ndarray) -> np.ndarray:
        """For orders of that age that are not received: the chance that they still are in time."""
        had = self._within(age)
        cut_off = self._to_cut_off(self.today)
        by = self._within(age + cut_off)
        return np.clip((by - had) / np.maximum(1 - had, 1e-3), 0, 1)


def _part(day: date, begins: datetime, ends: datetime) -> float:
    start, stop = clock.day_start(day), clock.day_start(day + timedelta(days=1))
    left = (min(stop, ends) - max(start, begins)) / timedelta(days=1)
    return float(max(0.0, left))
