"""One clock. Moments are stored in UTC; the business day is the day in the alliance's zone.

`now()` is the only source of the present in our code, so a test or the demo can travel:

    with clock.at(datetime(2026, 6, 18, 12, tzinfo=clock.ZONE)):
        ...
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

ZONE = ZoneInfo(settings.TIME_ZONE)  # the alliance's days and months turn here
# No day of this trade lies outside; near the ends of the calendar a time zone leads over them.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)

_travelled: ContextVar[datetime | None] = ContextVar("travelled", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _travelled.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block the present is `moment` (aware), in this thread only."""
    if moment.tzinfo is None:
        raise ValueError("clock.at() needs an aware moment")
    token = _travelled.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _travelled.reset(token)


def business_day(moment: datetime | None = None) -> date:
    """The calendar day of a moment in the alliance's zone (default: now)."""
    return (moment or now()).astimezone(ZONE).date()


def day_start(day: date) -> datetime:
    """The first moment of a business day, in UTC."""
    return datetime.combine(day, time.min, ZONE).astimezone(UTC)


def month_start(day: date) -> date:
    """The first day of the month that `day` lies in."""
    return day.replace(day=1)


def this_month() -> date:
    """The first day of the present month."""
    return month_start(business_day())


def next_month(day: date) -> date:
    """The first day of the month after the one that `day` lies in."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def previous_month(day: date) -> date:
    """The first day of the month before the one that `day` lies in."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
