"""When China shops: the weight of each day of a year, and of each hour of a day.

Weights are about 1 on an ordinary day. The festivals are curves around a day: points of (days from
it, factor), straight lines between them, 1 outside.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate

from alliance.kernel import clock

WEEKDAYS = (1.0, 0.97, 0.98, 1.0, 1.02, 1.08, 1.10)  # Monday first

Curve = tuple[tuple[int, float], ...]

MID_YEAR: Curve = (  # 618: pre-sale from late May, opening 1 June, peak 16 to 18 June
    (-30, 1.0), (-24, 1.35), (-19, 1.5), (-18, 1.8), (-17, 3.2), (-16, 2.1), (-13, 1.35),
    (-6, 1.5), (-3, 2.1), (-2, 3.4), (-1, 3.7), (0, 4.6), (1, 2.0), (2, 1.3), (4, 0.85),
    (10, 0.75), (16, 1.0),
)  # fmt: skip
SINGLES: Curve = (  # 11.11: opening 31 October, peak 10 and 11 November
    (-26, 1.0), (-20, 1.3), (-13, 1.5), (-11, 3.1), (-10, 3.4), (-9, 1.9), (-5, 1.4),
    (-2, 2.2), (-1, 4.0), (0, 5.2), (1, 1.9), (3, 1.1), (6, 0.75), (14, 0.8), (20, 1.0),
)  # fmt: skip
TWELVE: Curve = ((-4, 1.0), (-2, 1.2), (-1, 1.5), (0, 2.3), (1, 1.2), (3, 0.9), (6, 1.0))
WOMEN: Curve = ((-6, 1.0), (-4, 1.2), (-1, 1.5), (0, 2.0), (1, 1.1), (3, 1.0))
NINE: Curve = ((-4, 1.0), (-1, 1.2), (0, 1.6), (1, 1.1), (3, 1.0))
NEW_YEAR: Curve = (  # stocking up, then nobody delivers
    (-28, 1.0), (-24, 1.2), (-12, 1.3), (-7, 1.0), (-4, 0.6), (-1, 0.3), (0, 0.22), (3, 0.3),
    (7, 0.6), (10, 0.85), (14, 1.0),
)  # fmt: skip

FIXED = ((6, 18, MID_YEAR), (11, 11, SINGLES), (12, 12, TWELVE), (3, 8, WOMEN), (9, 9, NINE))
SPRING_FESTIVALS = (
    date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26),
    date(2029, 2, 13), date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11),
)  # fmt: skip

HOURS = (  # a normal day, from midnight: late morning, afternoon, and above all the evening
    2.2, 1.1, 0.6, 0.4, 0.3, 0.5, 1.2, 2.4, 3.8, 5.2, 6.4, 6.0,
    5.2, 5.0, 5.4, 5.8, 5.6, 5.0, 4.6, 5.4, 7.4, 8.4, 8.0, 5.0,
)  # fmt: skip
RUSH_HOURS = {0: 5.0, 1: 2.2, 20: 1.7, 21: 1.3, 22: 1.2, 23: 1.6}  # on the great days
GREAT = 2.8  # a day this heavy is a great one


def day_weight(day: date) -> float:
    """How much is ordered on `day`, 1 being an ordinary day."""
    return WEEKDAYS[day.weekday()] * festival_factor(day)


@cache
def festival_factor(day: date) -> float:
    factor = 1.0
    for month, number, curve in FIXED:
        factor *= _on(curve, (day - date(day.year, month, number)).days)
    for new_year in SPRING_FESTIVALS:
        factor *= _on(NEW_YEAR, (day - new_year).days)
    return factor


def _on(curve: Curve, offset: int) -> float:
    if not curve[0][0] <= offset <= curve[-1][0]:
        return 1.0
    right = max(1, bisect_right(curve, offset, key=lambda point: point[0]) - 1)
    right = min(right + (curve[right][0] < offset), len(curve) - 1)
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (offset - x0) / (x1 - x0)


def hour_weights(day: date) -> list[float]:
    """Of the 24 hours of a business day; on great days people wait for midnight and for eight."""
    rush = RUSH_HOURS if festival_factor(day) >= GREAT else {}
    return [weight * rush.get(hour, 1.0) for hour, weight in enumerate(HOURS)]


def passed(day: date, until: datetime) -> float:
    """Which part of the day's orders (0 to 1) has been placed by the moment `until`."""
    steps = [0.0, *accumulate(hour_weights(day))]
    hours = min(max((until - clock.day_start(day)).total_seconds() / 3600, 0.0), 24.0)
    hour = min(int(hours), 23)
    return (steps[hour] + (steps[hour + 1] - steps[hour]) * (hours - hour)) / steps[-1]


def moment_at(day: date, position: float) -> datetime:
    """The moment (UTC, whole seconds) by which `position` (0 to 1) of the day's orders are in."""
    steps = [0.0, *accumulate(hour_weights(day))]
    target = position * steps[-1]
    hour = min(bisect_right(steps, target) - 1, 23)
    seconds = int(3600 * (hour + (target - steps[hour]) / (steps[hour + 1] - steps[hour])))
    return clock.day_start(day) + timedelta(seconds=seconds)
