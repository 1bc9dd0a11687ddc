"""Closing a month, against writing the same rows and no more, and against a journal per order.

Closing writes a settlement line for each commission, sums them up per affiliate with a digest,
moves what is due in one entry and repays debts. The limit is a bare COPY of the same lines into a
table with the same keys and checks. The other baseline books each order by itself, into tables
that hold what ours hold: a journal of four legs with foreign keys, running balances and a deferred
trigger per leg that asks whether it balances.

A month of any size has fifty lines an affiliate, so that a line costs the same work in each.

Nothing may be lost: shares, lines and payables say the same, and the books verify.
"""

import resource
import tempfile
from collections.abc import Callable
from datetime import date
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from alliance.kernel import clock
from bench.trade import Trade, trade_make
from bench.world import world_make
from commissions.models import Settlement, SettlementLine, SettlementShare
from commissions.services.settlements import (
    settlement_build,
    settlement_close,
    settlement_open,
)
from commissions.verify import verify

FIRST = date(2024, 1, 1)
EACH = 50  # lines an affiliate, on average: a few have thousands, most some


def run(small: bool = False) -> None:
    sizes, rounds, journals = (
        ([200, 1_000], 1, 200) if small else ([10_000, 100_000, 1_000_000], 3, 200_000)
    )
    trade = trade_make(world_make(products=5, affiliates=1), sizes[-1] // EACH)
    month, rates = FIRST, dict[int, list[tuple[float, float, float]]]()
    for size in sizes:
        for _round in range(rounds):
            rates.setdefault(size, []).append(_measure(trade, month, size))
            month = clock.next_month(month)
    for size in sizes:
        settled = median(one[0] for one in rates[size])
        print(f"  {size:>9,} lines settled: {settled:10,.0f} lines/s (median of {rounds})")
    largest = rates[sizes[-1]]
    copied = median(one[1] for one in largest)
    by_order = _journals(journals)
    print(f"  bare COPY of the same : {copied:10,.0f} lines/s")
    print(f"  a journal per order   : {by_order:10,.0f} lines/s")
    print(f"  ratio to COPY         : {median(s / c for s, c, _m in largest):10.2f}")
    print(f"  ratio to journals     : {settled / by_order:10.1f}")
    print(f"  this process grew by  : {max(m for _s, _c, m in largest):10.0f} MiB at the most")
    _prove(sum(size * len(found) for size, found in rates.items()))


def _measure(trade: Trade, month: date, lines: int) -> tuple[float, float, float]:
    """Lines a second: settled, and copied; and MiB that this process grew by meanwhile."""
    trade.month(month, lines, affiliates=lines // EACH)
    settlement = settlement_build(settlement=settlement_open(month=month, currency="CNY"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = _seconds(lambda: settlement_close(settlement=settlement))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return lines / seconds, lines / _copy(settlement), grown


def _seconds(work: Callable[[], object]) -> float:
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    start = perf_counter()
    work()
    return perf_counter() - start


def _copy(settlement: Settlement) -> float:
    """The same rows into a table with the same keys and checks."""
    with tempfile.TemporaryFile() as rows, connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY (SELECT * FROM commissions_settlementline WHERE settlement_id = "
            f"{settlement.pk} ORDER BY affiliate_id, commission_id) TO STDOUT",
            rows,
        )
        rows.seek(0)
        cursor.execute("DROP TABLE IF EXISTS bench_lines")
        cursor.execute("CREATE TABLE bench_lines (LIKE commissions_settlementline INCLUDING ALL)")
        seconds = _seconds(lambda: cursor.copy_expert("COPY bench_lines FROM STDIN", rows))
        cursor.execute("DROP TABLE bench_lines")
    return seconds


_JOURNAL_TABLES = """
    CREATE TABLE bench_account (id bigint PRIMARY KEY, balance bigint NOT NULL DEFAULT 0);
    CREATE TABLE bench_journal (LIKE commissions_entry INCLUDING ALL,
        commission_id bigint NOT NULL REFERENCES commissions_commission);
    CREATE INDEX ON bench_journal (commission_id);
    CREATE TABLE bench_leg (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        journal_id bigint NOT NULL REFERENCES bench_journal,
        account_id bigint NOT NULL REFERENCES bench_account,
        amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
        currency varchar(3) NOT NULL);
    CREATE INDEX ON bench_leg (journal_id);
    CREATE INDEX ON bench_leg (account_id);
    CREATE FUNCTION bench_balances() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT sum(amount_minor) FROM bench_leg WHERE journal_id = NEW.journal_id) <> 0 THEN
            RAISE EXCEPTION 'journal % does not balance', NEW.journal_id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER bench_leg_balances AFTER INSERT ON bench_leg
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_balances();
    INSERT INTO bench_account (id) SELECT -n FROM generate_series(1, 3) n
        UNION ALL SELECT id FROM affiliates_affiliate;
"""
_JOURNALS = """
    WITH due AS (
        SELECT * FROM commissions_settlementline ORDER BY settlement_id DESC LIMIT %(count)s
    ), journals AS (
        INSERT INTO bench_journal (commission_id, key, digest, effective_on, recorded_at)
        SELECT commission_id, 'line:' || commission_id || ':settled',
               encode(sha256(int8send(commission_id) || int8send(net_minor)), 'hex'),
               %(day)s, %(now)s
        FROM due RETURNING id, key
    ), legs AS (
        INSERT INTO bench_leg (journal_id, account_id, amount_minor, currency)
        SELECT j.id, leg.account_id, leg.amount_minor, 'CNY'
        FROM journals j JOIN due ON j.key = 'line:' || due.commission_id || ':settled'
        CROSS JOIN LATERAL (VALUES
            (-1::bigint, -commission_minor), (affiliate_id, net_minor),
            (-2::bigint, tech_fee_minor), (-3::bigint, platform_minor)
        ) AS leg(account_id, amount_minor)
        WHERE leg.amount_minor <> 0 RETURNING account_id, amount_minor
    )
    UPDATE bench_account a SET balance = a.balance + d.amount
    FROM (SELECT account_id, sum(amount_minor) AS amount FROM legs GROUP BY account_id) d
    WHERE d.account_id = a.id
"""


def _journals(count: int) -> float:
    """Lines a second when each order is a journal of its own, all of them in one statement."""

    def book() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            now = clock.now()
            facts: dict[str, Any] = {"count": count, "day": clock.business_day(now), "now": now}
            cursor.execute(_JOURNALS, facts)

    with connection.cursor() as cursor:
        cursor.execute(_JOURNAL_TABLES)
        seconds = _seconds(book)
        cursor.execute(
            "SELECT count(*), (SELECT sum(balance) FROM bench_account) FROM bench_journal"
        )
        if cursor.fetchone() != (count, 0):
            raise AssertionError("the baseline lost something")
        cursor.execute("DROP TABLE bench_leg, bench_journal, bench_account")
        cursor.execute("DROP FUNCTION bench_balances")
    return count / seconds


def _prove(lines: int) -> None:
    if SettlementLine.objects.count() != lines:
        raise AssertionError("lines were lost")
    if SettlementShare.objects.filter(digest="").exists():
        raise AssertionError("a share without its digest")
    start = perf_counter()
    if faults := verify():
        raise AssertionError(f"the books do not verify: {faults[:5]}")
    print(f"  {lines:,} lines settled, all told; the books verify ({perf_counter() - start:.0f} s)")
