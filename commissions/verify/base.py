"""What an invariant is, and how one is checked."""

# ruff: noqa: S608 - nothing but our own constants is put into the SQL

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction
from django.utils.functional import Promise

Text = str | Promise

SAID = 1000  # sentences kept of one invariant; further faults are counted

# All rows of tables that may have grown by a million since they were last counted: the planner must
# not think that there are few of them.
_WHOLE_TABLES = "SET LOCAL enable_nestloop = off; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"

# account → what its lines say
BOOKED = """
    SELECT a.id, a.code, a.owner, a.kind, a.currency, coalesce(sum(s.delta), 0)::bigint AS minor
    FROM commissions_account a
    LEFT JOIN (
        SELECT debit_id AS account_id, -amount_minor AS delta FROM commissions_line
        UNION ALL
        SELECT credit_id, amount_minor FROM commissions_line
    ) AS s ON s.account_id = a.id
    GROUP BY a.id
"""


# commissions, and whether their month is settled
STANDING = """
    SELECT c.*, coalesce(c.settles_in <= s.through, false) AS settled
    FROM commissions_commission c
    LEFT JOIN (
        SELECT currency, max(month) AS through FROM commissions_settlement
        WHERE state = 'closed' GROUP BY currency
    ) s ON s.currency = c.currency
"""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, the rows it is about, and a query whose every row is a sentence about a fault.

    `counts` are tables, with a condition where not all of their rows are looked at.
    `anew`: what Python finds by itself, beside the query; told whether to look at all rows, where
    it would else take some of many each day.
    """

    name: str
    promise: Text
    counts: tuple[str, ...]
    sql: str
    anew: Callable[[bool], Iterator[str]] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one invariant: rows looked at, faults found, the first of them in words."""

    name: str
    promise: Text
    checked: int
    faults: int
    sentences: list[str]
    seconds: float


def check(invariant: Invariant, *, whole: bool = False) -> Result:
    """Ask the query, which is one statement and so sees one moment of the books; then Python."""
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WHOLE_TABLES)
        cursor.execute(
            f"WITH faults (sentence) AS MATERIALIZED ({invariant.sql})"
            f" SELECT sentence, (SELECT count(*) FROM faults) FROM faults LIMIT {SAID}"
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT " + " + ".join(f"(SELECT count(*) FROM {what})" for what in invariant.counts)
        )
        checked = cursor.fetchone()[0]
    sentences, faults = [row[0] for row in rows], rows[0][1] if rows else 0
    if invariant.anew and faults < SAID:  # the same words for the same fault: it counts once
        known = set(sentences)
        found = islice(invariant.anew(whole), SAID)
        more = [sentence for sentence in found if sentence not in known]
        sentences, faults = [*sentences, *more], faults + len(more)
    return Result(
        name=invariant.name,
        promise=invariant.promise,
        checked=checked,
        faults=faults,
        sentences=[f"{invariant.name}: {sentence}" for sentence in sentences],
        seconds=time.monotonic() - started,
    )
