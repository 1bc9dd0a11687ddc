"""What the statements of both sides' reports share."""

# ruff: noqa: S608 - our own words only

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from alliance.kernel import clock

# Days on which nothing came have a row, too: the chart has no gaps, nor has the table.
EACH_DAY = "FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') g"


def begun(unit: str, moment: str) -> str:
    """The first day of the day, week or month that a local moment lies in."""
    return f"to_char(date_trunc('{unit}', {moment}), 'YYYY-MM-DD')"


def within(start: date, end: date) -> dict[str, Any]:
    """The business days, both included, as days and as moments."""
    return {
        "first": start,
        "last": end,
        "start": clock.day_start(start),
        "end": clock.day_start(end + timedelta(days=1)),
        "zone": settings.TIME_ZONE,
    }


def fetch(statement: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()


def fetch_page(
    statement: str,
    asked: Mapping[str, Any],
    sorts: Mapping[str, str],
    sort: str,
    limit: int | None,
    offset: int,
) -> tuple[list[tuple[Any, ...]], int]:
    """Rows of what the statement calls `grouped`, and how many there are in all."""
    order = f"{sorts[sort.removeprefix('-')]} {'DESC' if sort.startswith('-') else 'ASC'}"
    rows = fetch(
        f"{statement} SELECT *, count(*) OVER () FROM grouped"
        f" ORDER BY {order} NULLS LAST, key LIMIT %(limit)s OFFSET %(offset)s",
        {**asked, "limit": limit, "offset": offset},
    )
    return [row[:-1] for row in rows], rows[0][-1] if rows else 0
