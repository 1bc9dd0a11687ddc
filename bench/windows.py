"""Orders as tools follow them through the gateway: windows of minutes over a quarter's trade.

Each window is read twice: without the index that it has, which is the baseline, and with it. The
affiliate is the largest one, with a tenth of all orders. Both find the same.
"""

from datetime import date, timedelta
from statistics import median
from time import perf_counter

from django.db import connection

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import User
from bench.trade import Trade, trade_make
from bench.world import world_make
from commissions.models import Commission
from commissions.queries import OrderMoment, orders_in_window
from merchants.models import Order

FIRST, DAYS, PAGE = date(2024, 1, 1), 90, 100
INDEXES = {
    OrderMoment.PAID: (Order, "order_by_payment"),
    OrderMoment.CHANGED: (Commission, "commission_by_change"),
}


def run(small: bool = False) -> None:
    lines, rounds = (2_000, 3) if small else (1_000_000, 40)
    trade = trade_make(world_make(products=5, affiliates=1), 1_000)
    trade.month(FIRST, lines, step=timedelta(days=DAYS) / lines)
    print(f"  {lines:,} orders in {DAYS} days, the first page of {PAGE}, p50 of {rounds} windows")
    print(f"  {'':10}{'without':>10}{'with index':>12} ms {'ratio':>8}")
    for by, (model, name) in INDEXES.items():
        index = next(one for one in model._meta.indexes if one.name == name)
        for minutes in (180, 20):
            with connection.schema_editor() as editor:
                editor.remove_index(model, index)
            before, found = _read(trade, by, minutes, rounds)
            with connection.schema_editor() as editor:
                editor.add_index(model, index)
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
            after, again = _read(trade, by, minutes, rounds)
            if found != again:
                raise AssertionError("an index finds something else")
            print(
                f"  {by.name.lower():8}{minutes:4}{before:8.1f}{after:12.1f}{before / after:11.1f}"
            )


def _read(trade: Trade, by: OrderMoment, minutes: int, rounds: int) -> tuple[float, list[int]]:
    """Milliseconds, and how many rows each window has."""
    affiliate = Affiliate.objects.get(pk=trade.affiliates[0])
    user, _new = User.objects.get_or_create(email="windows@bench.example")
    affiliate.members.get_or_create(user=user, role="owner")
    times, found = [], []
    for number in range(rounds):
        start = clock.day_start(FIRST) + timedelta(days=DAYS) * number / rounds
        rows = orders_in_window(user, affiliate, by, start, start + timedelta(minutes=minutes))
        began = perf_counter()
        page = list(rows.order_by("moment", "pk")[: PAGE + 1])  # type: ignore[misc]  # annotated
        times.append((perf_counter() - began) * 1000)
        found.append(len(page))
    return median(times), found
