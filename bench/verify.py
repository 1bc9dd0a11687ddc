"""Verifying all of the books, against reading the same rows and no more.

The baseline reads every row of the tables that hold orders, commissions and the ledger, and sums
them up. Python's part is told apart: of many commissions it computes some each day, SQL all.
"""

from datetime import date
from time import perf_counter

from django.db import connection

from alliance.kernel import clock
from bench.trade import trade_make
from bench.world import world_make
from commissions.services.settlements import settlement_run
from commissions.verify import Result, computed, verify

FIRST = date(2024, 1, 1)
BARE = {
    "merchants_order": "version",
    "merchants_orderline": "amount_minor",
    "affiliates_attribution": "rate_bps",
    "commissions_commission": "net_minor",
    "commissions_commissionline": "net_minor",
    "commissions_settlementline": "net_minor",
    "commissions_line": "amount_minor",
}


def run(small: bool = False) -> None:
    size, affiliates = (300, 20) if small else (250_000, 20_000)
    trade = trade_make(world_make(products=5, affiliates=1), affiliates)
    month = FIRST
    for _month in range(2):  # one settled, one that waits
        trade.month(month, size)
        month = clock.next_month(month)
    settlement_run(month=FIRST, currency="CNY")
    print(f"  {2 * size:,} commission lines, {affiliates:,} affiliates")
    bare = _bare()
    results: list[Result] = []
    faults = verify(results.append)
    if faults:
        raise AssertionError(f"the books do not verify: {faults[:5]}")
    for result in results:
        print(f"  {result.name:30} {result.checked:>10,} rows {result.seconds:8.2f} s")
    seconds, by_python = sum(result.seconds for result in results), _by_python()
    rows = sum(result.checked for result in results)
    print(f"  all of it: {rows:,} rows in {seconds:.1f} s, {by_python:.1f} s of them Python")
    print(f"  reading the rows: {bare:.1f} s, ratio {seconds / bare:.1f}")


def _bare() -> float:
    start = perf_counter()
    with connection.cursor() as cursor:
        for table, column in BARE.items():
            cursor.execute(f"SELECT count(*), sum({column}) FROM {table}")
            cursor.fetchone()
    return perf_counter() - start


def _by_python() -> float:
    start = perf_counter()
    for _sentence in computed.in_turn():
        raise AssertionError("Python finds what SQL did not")
    return perf_counter() - start
