"""Orders with their clicks, from the report to the booked commission: in batches, and one by one.

Both ways go through the same services and are measured in turns. Nothing may be lost: every line
has its commission, the wallet is what the lines say, and the books verify.
"""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

from django.db.models import Sum

from affiliates.services import Click, touches_record
from bench.world import FUNDS, LINES, world_make
from commissions import chart, ledger, pipeline
from commissions.models import Commission, CommissionLine
from commissions.verify import verify
from merchants.models import Order, Shop
from merchants.services.orders import OrderReport, orders_record

Sale = tuple[Click, OrderReport]


def run(small: bool = False) -> None:
    rounds, batches, batch, singles = (2, 1, 20, 5) if small else (3, 3, 1000, 60)
    world = world_make(products=50, affiliates=2 if small else 20)
    in_batches, one_by_one = [], []
    for _round in range(rounds):
        sales = world.sales(batches * batch)
        parts = [sales[i : i + batch] for i in range(0, len(sales), batch)]
        in_batches.append(LINES * len(sales) / _seconds(world.shop, parts))
        sales = world.sales(singles)
        one_by_one.append(LINES * len(sales) / _seconds(world.shop, [[sale] for sale in sales]))
    orders = rounds * (batches * batch + singles)
    _prove(world.merchant.pk, orders)
    print(f"  in batches of {batch:>5} orders: {median(in_batches):8,.0f} lines/s to the books")
    print(f"  one order at a time     : {median(one_by_one):8,.0f} lines/s to the books")
    print(f"  ratio                   : {median(in_batches) / median(one_by_one):8.1f}")
    print(f"  {orders:,} orders, {orders * LINES:,} lines: all booked, the books verify")


def _seconds(shop: Shop, parts: Sequence[Sequence[Sale]]) -> float:
    start = perf_counter()
    for part in parts:
        touches_record([click for click, _report in part])
        outcomes = orders_record(shop=shop, reports=[report for _click, report in part])
        pipeline.orders_process([o.order_pk for o in outcomes if o.order_pk is not None])
    return perf_counter() - start


def _prove(merchant_pk: int, orders: int) -> None:
    sums = Commission.objects.filter(merchant=merchant_pk).aggregate(cost=Sum("commission_minor"))
    lines = CommissionLine.objects.filter(commission__merchant=merchant_pk)
    booked = lines.aggregate(cost=Sum("commission_minor"))["cost"]
    left = ledger.balance(chart.wallet(merchant_pk), "CNY").minor
    facts = {
        "orders stored": (Order.objects.filter(merchant=merchant_pk).count(), orders),
        "lines with a commission": (
            Commission.objects.filter(merchant=merchant_pk, state="estimated").count(),
            orders * LINES,
        ),
        "commission of the lines": (booked, sums["cost"]),
        "wallet": (left, FUNDS.minor - booked),
    }
    wrong = {name: pair for name, pair in facts.items() if pair[0] != pair[1]}
    if wrong or (faults := verify()):
        raise AssertionError(f"something was lost: {wrong or faults[:5]}")
