"""Over which days a report goes: a period by name, or from day to day; and what came before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock

MOST_DAYS = 400
USUAL = "30"
PERIODS = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7": _("Last 7 days"),
    "30": _("Last 30 days"),
    "90": _("Last 90 days"),
    "week": _("This week"),
    "last_week": _("Last week"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "365": _("Last 365 days"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Business days, both ends included. `period`: its name; "" if the days were typed."""

    start: date
    end: date
    period: str = ""
    cut: bool = False  # more days were asked for than a report goes over

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def before(self) -> "Span":
        """What it is compared with: of a month as far as it has come the same days of the one
        before, of a whole one the whole one before; otherwise as many days right before."""
        if self.period in ("month", "last_month"):
            first = clock.previous_month(self.start)
            last = self.start - timedelta(days=1)
            if self.period == "month":
                last = min(last, first + timedelta(days=self.days - 1))
            return Span(first, last)
        back = timedelta(days=7 if self.period == "week" else self.days)
        return Span(self.start - back, self.end - back)


def week_start(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def span_in(asked: Mapping[str, str]) -> Span:
    """What the address asks for. A name wins over typed days; what is not understood is left out.

    One end alone is enough: from then until today, or the 30 days until then.
    """
    start, end = _day(asked.get("start", "")), _day(asked.get("end", ""))
    period = asked.get("period", "")
    if period in PERIODS or (start is None and end is None):
        return named(period)
    if end is None:
        end = max(clock.business_day(), start or clock.FIRST_DAY)
    if start is None:
        start = max(end - timedelta(days=29), clock.FIRST_DAY)
    start, end = min(start, end), max(start, end)
    first = end - timedelta(days=MOST_DAYS - 1)
    return Span(max(start, first), end, cut=start < first)


def named(period: str) -> Span:
    """The period of that name, or the usual one."""
    today = clock.business_day()
    month, week = clock.month_start(today), week_start(today)
    day = timedelta(days=1)
    known = {
        "today": (today, today),
        "yesterday": (today - day, today - day),
        "week": (week, today),
        "last_week": (week - 7 * day, week - day),
        "month": (month, today),
        "last_month": (clock.previous_month(today), month - day),
    }
    if period not in PERIODS:
        period = USUAL
    start, end = known.get(period) or (today - (int(period) - 1) * day, today)
    return Span(start, end, period)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # A year of room on either side, so that what lies before it is in the calendar, too.
    inside = clock.FIRST_DAY + timedelta(days=2 * MOST_DAYS) <= day <= clock.LAST_DAY
    return day if inside else None
