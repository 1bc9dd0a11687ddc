"""What the loader's parts share: who is who, and what happens when."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeAlias

from affiliates.models import AdZone, Affiliate
from alliance.demo.merchants import MerchantFacts
from alliance.demo.people import AffiliateFacts
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Merchant, Product, Shop

CURRENCY = "CNY"
DAYS = 365  # what the demo looks back on

_Entry: TypeAlias = tuple[datetime, int, "partial[object]"]


class Agenda:
    """What is to happen, each thing at its moment. Things may put more on the agenda."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._numbers = count()

    def at(
        self, moment: datetime, action: Callable[..., object], *args: Any, **kwargs: Any
    ) -> None:
        entry: _Entry = (moment, next(self._numbers), partial(action, *args, **kwargs))
        heapq.heappush(self._entries, entry)

    def run(self) -> None:
        """Everything in the order of time, with the clock at its moment."""
        while self._entries:
            moment, _number, action = heapq.heappop(self._entries)
            with clock.at(moment):
                action()


@dataclass
class Seller:
    """A shop of the demo in the database."""

    facts: MerchantFacts
    user: User
    merchant: Merchant
    shop: Shop
    products: dict[str, Product]
    coupons: dict[str, str] = field(default_factory=dict)  # product code → coupon code


@dataclass
class Promoter:
    """An affiliate of the demo in the database. `zones` by number of site and zone."""

    facts: AffiliateFacts
    user: User
    affiliate: Affiliate
    zones: list[list[AdZone]] = field(default_factory=list)


@dataclass
class Stage:
    """The year that is told, and who plays in it. `say` reports progress."""

    now: datetime
    say: Callable[[str], None]
    agenda: Agenda = field(default_factory=Agenda)
    staff: dict[str, User] = field(default_factory=dict)  # by login: "finance"
    sellers: dict[str, Seller] = field(default_factory=dict)
    promoters: dict[str, Promoter] = field(default_factory=dict)

    @property
    def end(self) -> date:
        """The last business day of the year: today."""
        return clock.business_day(self.now)

    @property
    def start(self) -> date:
        return self.end - timedelta(days=DAYS)

    def ago(self, **delta: float) -> datetime:
        return self.now - timedelta(**delta)
