"""One clock: UTC inside, business days in the alliance's zone, and tests that travel."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel import clock


def test_the_present_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_travelling_lasts_as_long_as_the_block_and_nests():
    june = datetime(2026, 6, 18, 12, tzinfo=clock.ZONE)
    july = june + timedelta(days=30)
    with clock.at(june):
        assert clock.now() == june
        with clock.at(july):
            assert clock.now() == july
        assert clock.now() == june
    assert clock.now() != june


def test_travelling_ends_when_the_block_raises():
    with pytest.raises(RuntimeError), clock.at(datetime(2020, 1, 1, tzinfo=UTC)):
        raise RuntimeError
    assert clock.now().year > 2020


def test_another_thread_stays_in_the_present():
    with clock.at(datetime(2020, 1, 1, tzinfo=UTC)), ThreadPoolExecutor(1) as pool:
        assert pool.submit(clock.now).result().year > 2020


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2026, 6, 18)):  # noqa: DTZ001
        pass


def test_the_business_day_turns_at_midnight_in_shanghai():
    before = datetime(2026, 6, 17, 15, 59, 59, tzinfo=UTC)

    assert clock.business_day(before) == date(2026, 6, 17)
    assert clock.business_day(before + timedelta(seconds=1)) == date(2026, 6, 18)
    assert clock.day_start(date(2026, 6, 18)) == before + timedelta(seconds=1)


@given(st.integers(700_000_000, 4_100_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)))
def test_each_moment_lies_in_its_business_day(moment):
    day = clock.business_day(moment)

    assert clock.day_start(day) <= moment < clock.day_start(day + timedelta(days=1))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Cairo"])
@given(day=st.dates(date(2024, 1, 1), date(2030, 1, 1)), second=st.integers(0, 86_399))
def test_days_meet_without_gap_also_where_the_clocks_change(zone, day, second):
    """In Cairo the clocks go forward at midnight: that day begins at one o'clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "ZONE", ZoneInfo(zone))
        begins, ends = clock.day_start(day), clock.day_start(day + timedelta(days=1))

        assert clock.business_day(begins) == day
        assert clock.business_day(begins - timedelta(seconds=1)) == day - timedelta(days=1)
        moment = begins + timedelta(seconds=second)
        assert (clock.business_day(moment) == day) == (moment < ends)


@given(st.dates(date(1993, 1, 1), date(2100, 1, 1)))
def test_months_follow_each_other(day):
    first = clock.month_start(day)

    assert first.day == 1
    assert clock.previous_month(clock.next_month(day)) == first
    assert clock.next_month(clock.previous_month(day)) == first
    assert clock.previous_month(day) < first < clock.next_month(day)
