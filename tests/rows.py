"""The rows of the test database: which tables have some, and putting back what once was there.

    cast = once(two_orders_of_may)

gives every test of a file what the function makes through the services, which do their work for
the first one only.
"""

import copy
import re
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, transaction

from alliance.kernel import clock

T = TypeVar("T")

# Made by migrations, the same for every test.
KEPT = {"django_content_type", "auth_permission", "django_migrations", "kernel_feedbase"}
# A settlement has a partition of its own, as commissions.services.settlements makes it.
PARTITION = re.compile(r"commissions_settlementline_(\d+) ")
PARTED = """
    CREATE TABLE commissions_settlementline_{0}
        PARTITION OF commissions_settlementline FOR VALUES IN ({0});
    CREATE TRIGGER commissions_settlementline_no_truncate
        BEFORE TRUNCATE ON commissions_settlementline_{0}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# Where calls, files and looks are noted, whatever becomes of them.
NOTED = (
    "hookdelivery",
    "hookorder",
    "shophook",
    "importrun",
    "importissue",
    "columnmapping",
    "apiapp",
    "productfeed",
)
# The open stock of a coupon counts with a sequence of its own (campaigns.services.stock).
COUNTED = re.compile(r"campaigns_slot_\d+$")
MONTH = re.compile(r"affiliates_touch_\w+")  # a row finds its month, whichever there are by then

# For a test file: what was returned, its rows, and how far the audit trail had counted.
made: dict[tuple[Any, ...], tuple[Any, Mapping[str, str], int]] | None = None


def once(make: Callable[..., T], *facts: Any) -> T:
    """`make(*facts)` of an empty database; the next time its rows are put back as they were, and
    what it returned is a copy.

    It may depend on nothing but `facts`, the moment, if somebody has travelled there, and the
    alliance's settings. Another test file begins anew.
    """
    key = (make, facts, clock._travelled.get(), repr(settings.ALLIANCE))
    if made is None:
        return make(*facts)
    kept, rows, number = made.get(key, (None, {}, sys.maxsize))
    if number <= _counted():  # else nothing is kept, or numbers began anew
        put_back(rows)
        return copy.deepcopy(kept)
    with connection.cursor() as cursor:
        empty = not filled(cursor)
    fresh = make(*facts)
    if empty:
        made[key] = copy.deepcopy(fresh), taken(), _counted()
    return fresh


def _counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM kernel_auditevent_id_seq")
        return int(cursor.fetchone()[0])


def filled(cursor: Any) -> list[str]:
    """The tables that a test has put rows into.

    To plan two hundred questions takes longer than to answer them, so each connection does it once.
    """
    names = sorted(set(connection.introspection.table_names(cursor)) - KEPT)
    question = " UNION ALL ".join(f"SELECT '{n}' WHERE EXISTS (SELECT FROM {n})" for n in names)
    prepared = f"filled_{zlib.crc32(question.encode())}"
    cursor.execute("SELECT FROM pg_prepared_statements WHERE name = %s", [prepared])
    if not cursor.rowcount:
        cursor.execute(f"PREPARE {prepared} AS {question}")
    cursor.execute(f"EXECUTE {prepared}")
    return [name for (name,) in cursor.fetchall()]


def taken() -> Mapping[str, str]:
    """All rows, by table and its columns; those of a partitioned table by its partitions. And how
    far the stocks of coupons have counted."""
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_class"
            " JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND attgenerated = ''"
            " AND NOT attisdropped LEFT JOIN pg_inherits ON inhrelid = pg_class.oid"
            " WHERE relkind = 'r' AND coalesce(inhparent::regclass::text, relname) = ANY (%s)"
            # In this order since a line of the ledger wants its entry to be there.
            " GROUP BY relname ORDER BY relname",
            [filled(cursor)],
        )
        for table, columns in cursor.fetchall():
            text = StringIO()
            cursor.copy_expert(f"COPY {table} ({columns}) TO STDOUT", text)
            if text.getvalue():
                rows[f"{table} ({columns})"] = text.getvalue()
        cursor.execute(
            "SELECT sequencename, coalesce(last_value::text, '') FROM pg_sequences"
            " WHERE sequencename ~ %s",
            [COUNTED.pattern],
        )
        rows |= dict(cursor.fetchall())
    return rows


def put_back(rows: Mapping[str, str]) -> None:
    """As they were, keys and moments included. Sequences have counted past them."""
    with transaction.atomic(), connection.cursor() as cursor:
        for part in filter(None, map(PARTITION.match, rows)):
            cursor.execute(PARTED.format(part[1]))
        for table, text in rows.items():
            if COUNTED.match(table):
                cursor.execute(f"CREATE SEQUENCE {table} AS bigint CACHE 1")
                if text:
                    cursor.execute("SELECT setval(%s, %s)", [table, text])
                continue
            into = MONTH.sub("affiliates_touch", table)
            cursor.copy_expert(f"COPY {into} FROM STDIN", StringIO(text))


def digests() -> dict[str, str]:
    """What each table of the trade and the books holds, in a word."""
    tables = [
        name
        for name in connection.introspection.table_names()
        if name.startswith(("commissions_", "merchants_", "affiliates_", "campaigns_"))
        and not name.endswith(NOTED)
    ]
    parts = (
        f"SELECT '{name}', count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f' FROM "{name}" t'
        for name in sorted({*tables, "kernel_endpoint", "kernel_delivery", "kernel_idempotentcall"})
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def decided(seconds: float = 300) -> None:
    """Wait until every transaction that had begun before now is over. The change feed tells nothing
    that came after one which is still at work, and the server counts those of all its databases:
    also that of a test that the other worker is in."""
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (mine,) = cursor.fetchone()
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > mine:
                return
            assert time.monotonic() < until, "a transaction stays open on the test server"
            time.sleep(0.05)
