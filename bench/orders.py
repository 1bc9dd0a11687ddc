"""Orders with their clicks, from the shop's report to the booked commission.

Ours is the public bulk door of the production server with two Celery workers behind it, from the
first report to the last booked line. The baseline takes the same road one order at a time, each in
its own transactions, without HTTP and queue. Nothing may be lost: every line has its commission,
the wallet is what the lines say, and the books verify. Then single orders are reported, and looked
for in the books.
"""

import json
import time
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.request import Request, urlopen

from django.db.models import F, Sum

from affiliates.services import Click, touches_record
from alliance.kernel.access import api_key_issue
from bench.web import celery, granian
from bench.world import FUNDS, LINES, World, world_make
from commissions import chart, ledger, pipeline
from commissions.models import Commission, CommissionLine
from commissions.reports import BULK_MOST
from commissions.verify import verify
from merchants.models import Order
from merchants.services.orders import OrderReport, orders_record

Sale = tuple[Click, OrderReport]


def run(small: bool = False) -> None:
    orders, tenth, singles = (40, 20, 3) if small else (50_000, 5_000, 60)
    world = world_make(products=50, affiliates=2 if small else 20)
    owner = world.merchant.members.get().user
    _key, token = api_key_issue(
        actor=owner,
        organisation=f"merchant:{world.merchant.pk}",
        name="shop",
        scopes=["orders:write"],
    )
    one_by_one = [LINES / _alone(world) for _order in range(singles)]
    with granian() as port, celery() as workers:
        door = Door(f"http://127.0.0.1:{port}/api/v1/orders", token)
        first = LINES * tenth / _through(door, world, tenth)
        before = _memory(workers.pid)
        rate = LINES * orders / _through(door, world, orders)
        after = _memory(workers.pid)
        waited = [_waited(door, world) for _order in range(min(singles, 20))]
    _prove(world.merchant.pk, orders + tenth + 2 * singles - max(singles - 20, 0))
    print(f"  bulk door, {orders * LINES:>9,} lines: {rate:8,.0f} lines/s to the books")
    print(f"  bulk door, {tenth * LINES:>9,} lines: {first:8,.0f} lines/s")
    print(f"  one order at a time        : {median(one_by_one):8,.0f} lines/s")
    print(f"  ratio                      : {rate / median(one_by_one):8.1f}")
    print(f"  a worker's memory          : {before:.0f} MiB, then {after:.0f} MiB")
    print(f"  one order, from its report to the books: {median(waited):.2f} s, {max(waited):.2f} s")
    print("  all booked, the books verify")


class Door:
    """The shop's program."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def report(self, path: str, content: Any) -> Any:
        request = Request(self.address + path, json.dumps(content).encode(), self.head)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _said(report: OrderReport) -> dict[str, Any]:
    return {
        "external_id": report.external_id,
        "state": report.state,
        "currency": report.currency,
        "placed_at": report.placed_at.isoformat(),
        "paid_at": report.placed_at.isoformat(),
        "click_id": report.click_id,
        "lines": [
            {
                "external_id": line.external_id,
                "product_external_id": line.product_external_id,
                "title": line.title,
                "quantity": line.quantity,
                "amount_minor": line.amount_minor,
            }
            for line in report.lines
        ],
    }


def _sales(world: World, orders: int) -> list[OrderReport]:
    """With their clicks stored."""
    sales: list[Sale] = world.sales(orders)
    for start in range(0, orders, 5_000):
        touches_record([click for click, _report in sales[start : start + 5_000]])
    return [report for _click, report in sales]


def _through(door: Door, world: World, orders: int) -> float:
    """Seconds from the first report to the last booked line."""
    reports = _sales(world, orders)
    parts = [reports[i : i + BULK_MOST] for i in range(0, orders, BULK_MOST)]
    start = perf_counter()
    for part in parts:
        answer = door.report("/bulk", {"orders": [_said(report) for report in part]})
        if {result["change"] for result in answer["results"]} != {"created"}:
            raise AssertionError(answer)
    while Order.objects.exclude(version=F("processed_version")).exists():
        time.sleep(0.02)
    return perf_counter() - start


def _alone(world: World) -> float:
    """Seconds from an order's report to its booked lines, without a door."""
    (report,) = _sales(world, 1)
    start = perf_counter()
    (outcome,) = orders_record(shop=world.shop, reports=[report])
    pipeline.orders_process([outcome.order_pk or 0])
    return perf_counter() - start


def _waited(door: Door, world: World) -> float:
    (report,) = _sales(world, 1)
    start = perf_counter()
    door.report("", _said(report))
    booked = CommissionLine.objects.filter(
        commission__line__order__external_id=report.external_id, entry_id__isnull=False
    )
    while booked.count() < LINES:
        time.sleep(0.005)
    return perf_counter() - start


def _memory(pid: int) -> float:
    """The largest of the workers' processes, in MiB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(_resident(int(child)) for child in children)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


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
