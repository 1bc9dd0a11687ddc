"""Which days a report goes over, and which it is compared with."""

from datetime import date, datetime

import pytest

from alliance.kernel import clock
from commissions.reporting.spans import span_in

MARCH = datetime(2026, 3, 31, 12, tzinfo=clock.ZONE)  # a Tuesday


def day(text):
    return date.fromisoformat(f"2026-{text}")


@pytest.mark.parametrize(
    ("asked", "days", "before"),
    [
        ({}, ("03-02", "03-31"), ("01-31", "03-01")),
        ({"period": "today"}, ("03-31", "03-31"), ("03-30", "03-30")),
        ({"period": "week"}, ("03-30", "03-31"), ("03-23", "03-24")),
        ({"period": "last_week"}, ("03-23", "03-29"), ("03-16", "03-22")),
        # February has no 31st: the month before is all there is.
        ({"period": "month"}, ("03-01", "03-31"), ("02-01", "02-28")),
        ({"period": "last_month"}, ("02-01", "02-28"), ("01-01", "01-31")),
        ({"start": "2026-03-10", "end": "2026-03-12"}, ("03-10", "03-12"), ("03-07", "03-09")),
        ({"start": "2026-03-30"}, ("03-30", "03-31"), ("03-28", "03-29")),
        ({"end": "2026-03-30"}, ("03-01", "03-30"), ("01-30", "02-28")),
        ({"period": "today", "start": "2026-03-10"}, ("03-31", "03-31"), ("03-30", "03-30")),
    ],
)
def test_a_span_and_what_it_is_compared_with(asked, days, before):
    with clock.at(MARCH):
        span = span_in(asked)

    assert (span.start, span.end) == tuple(map(day, days))
    assert (span.before.start, span.before.end) == tuple(map(day, before))
