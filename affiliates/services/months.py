"""Touches lie in a partition for each month, in UTC (docs/adr/0018): made ahead, dropped when old.

What comes for a month that nobody made lies in `affiliates_touch_other` until it is.
"""

# ruff: noqa: S608 - names of tables only

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from affiliates.models import ClickNews
from alliance.kernel import clock

logger = logging.getLogger(__name__)

AHEAD = 2  # months
TABLE = "affiliates_touch"
OTHER = f"{TABLE}_other"

_MADE = f"""
    SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = '{TABLE}'::regclass AND c.relname ~ '^{TABLE}_[0-9]{{6}}$' ORDER BY 1
"""
_WAITING = f"""
    SELECT DISTINCT date_trunc('month', touched_at AT TIME ZONE 'UTC')::date FROM {OTHER} ORDER BY 1
"""
# Triggers refuse to move a row of an append-only table; its owner may, in one transaction. Whoever
# stores touches meanwhile waits at the door, and not where they would have gone without the month.
_MAKE = f"""
    LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE;
    CREATE TABLE {{part}} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    ALTER TABLE {OTHER} DISABLE TRIGGER USER;
    WITH moved AS (
        DELETE FROM {OTHER} WHERE touched_at >= %(start)s AND touched_at < %(end)s RETURNING *
    )
    INSERT INTO {{part}} SELECT * FROM moved;
    ALTER TABLE {OTHER} ENABLE TRIGGER USER;
    ALTER TABLE {TABLE} ATTACH PARTITION {{part}} FOR VALUES FROM (%(start)s) TO (%(end)s);
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {{part}}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def months_made() -> list[date]:
    """The months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MADE)
        return [row[0] for row in cursor.fetchall()]


def months_make(*, since: date, until: date) -> list[date]:
    """Make what is missing of the months from that of `since` to that of `until`."""
    month, wanted = since.replace(day=1), []
    while month <= until:
        wanted.append(month)
        month = clock.next_month(month)
    return [month for month in wanted if _make(month)]


def months_turn() -> None:
    """The last month, this one and the next two are there, and those of touches that lie in none;
    old ones go. The last one, since the first business day of this month may begin in it.

    Raises OperationalError where somebody has used the table for seconds: ask again later.
    """
    today = clock.now().astimezone(UTC).date()
    last = today.replace(day=1) - timedelta(days=1)
    months_make(since=last, until=today + timedelta(days=31 * AHEAD))
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting = [row[0] for row in cursor.fetchall()]
    for month in waiting:
        logger.error("touches of %s lay in no month", f"{month:%Y-%m}")
        _make(month)
    months_drop()


def months_drop() -> list[date]:
    """Drop the months whose every touch is older than TOUCHES_KEPT_DAYS, and counted."""
    oldest = clock.now() - timedelta(days=settings.ALLIANCE["TOUCHES_KEPT_DAYS"])
    news = ClickNews.objects.order_by("day").values_list("day", flat=True).first()
    gone = [
        month
        for month in months_made()
        if _start(clock.next_month(month)) <= oldest
        and (not news or clock.next_month(month) < news)
    ]
    for month in gone:
        with _locked() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {_part(month)}")
        logger.info("touches of %s are dropped", f"{month:%Y-%m}")
    return gone


def _make(month: date) -> bool:
    with _locked() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [_part(month)])
        if cursor.fetchone()[0]:
            return False
        bounds = {"start": _start(month), "end": _start(clock.next_month(month))}
        cursor.execute(_MAKE.format(part=_part(month)), bounds)
    return True


@contextmanager
def _locked() -> Iterator[CursorWrapper]:
    """One at a time; and no click waits long for us while we wait for somebody else."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TABLE])
        yield cursor


def _part(month: date) -> str:
    return f"{TABLE}_{month:%Y%m}"


def _start(month: date) -> datetime:
    return datetime.combine(month, time.min, UTC)
