"""A feed of changed rows that skips none, however writers overlap (docs/api.md, "Changes").

A trigger stamps each row that is written with the number of its transaction: its `feed_position`
(`db.in_feed`). Transactions end in another order than they begin in, so a reader stops before the
oldest one that is still at work: what lies below that is decided, and nothing can come into it any
more. Rows are told as they are when they are read; one that changed twice in between is told once.

A database server counts its transactions by itself. Restored into another one, rows would carry
numbers that are still to come, and be told late. So `begin` lifts all later positions beyond every
one that was ever given out; `migrate` calls it, before anybody writes.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import DomainError

MARGIN = 10**12  # more than any server ran between a dump and its restore

# The words are ours alone; what callers say comes as values.
_BASE = "coalesce((SELECT base FROM kernel_feedbase), 0)"
_DECIDED = f"{_BASE} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_BEGUN = f"{_BASE} + pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class Place(NamedTuple):
    """Where a row stands in the feed: its position, and its key."""

    position: int
    key: int


BEGINNING = Place(-1, 0)


class CursorExpired(DomainError):
    """The cursor stands where this database has not been: it came out of a dump."""

    code = "cursor_expired"
    status = 410
    message = _("The feed began anew: read it from its beginning.")


def places_behind(source: str, values: Sequence[Any], place: Place, limit: int) -> list[Place]:
    """The next rows behind a place. `source`: a table as `t` with a condition, in SQL of ours, with
    `values` for its placeholders."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.feed_position, t.id FROM {source}"  # noqa: S608
            f" AND (t.feed_position, t.id) > (%s, %s) AND t.feed_position < {_DECIDED}"
            " ORDER BY t.feed_position, t.id LIMIT %s",
            [*values, *place, limit],
        )
        return [Place(*row) for row in cursor.fetchall()]


def now() -> Place:
    """Before all that is not decided yet: who begins here hears of what is to come."""
    return Place(_asked(f"SELECT {_DECIDED}"), -1)


def must_have_been(places: Iterable[Place]) -> None:
    """Raises CursorExpired for a place that is still to come, or lies behind all that a dump had
    when this server took it over: whoever read so far may have seen what is lost."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_BASE}, {_BEGUN}")
        base, begun = cursor.fetchone()
    highest = max(base - MARGIN, 0)
    for place in places:
        if place.position > begun or highest < place.position < base:
            raise CursorExpired


@transaction.atomic
def begin() -> None:
    """In another server than before, positions go on beyond all that were given out. Nobody may be
    writing meanwhile."""
    if _asked("SELECT to_regclass('kernel_feedbase')") is None:
        return
    server = _asked("SELECT system_identifier FROM pg_control_system()")
    if _asked("SELECT max(server) FROM kernel_feedbase") == server:
        return
    highest = max((_highest_in(table) for table in _tables()), default=0)
    base = highest + MARGIN if highest else 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_feedbase (id, base, server) VALUES (1, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET base = EXCLUDED.base, server = EXCLUDED.server",
            [base, server],
        )


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'feed_position' AND table_schema = current_schema()"
        )
        return [name for (name,) in cursor.fetchall()]


def _highest_in(table: str) -> int:
    return _asked(f"SELECT coalesce(max(feed_position), 0) FROM {table}")  # noqa: S608


def _asked(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]
