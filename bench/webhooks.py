"""What telling other systems costs, where nobody listens and where everybody does.

Batches of orders are booked three ways in turn: with the telling taken out, with nobody who
listens, and with webhooks of all affiliates and the merchant for each event. The same for the
closing of a month. The best round of each counts: others use the machine, too.

Then everything is brought to a server on this machine, against one call after the other by hand.
Nothing may be lost: each fact has its message, and the server heard each once.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from unittest.mock import patch

from django.test import override_settings

from affiliates.services import touches_record
from alliance.kernel import clock, outbound
from alliance.kernel.models import Delivery, DeliveryState, Endpoint, EndpointState, Side, User
from alliance.kernel.outbox import EVENTS, KEPT
from bench.trade import Trade, trade_make
from bench.world import LINES, World, world_make
from commissions import pipeline
from commissions.outgoing.delivery import deliveries_due_send
from commissions.services.endpoints import webhook_open
from commissions.services.settlements import (
    settlement_build,
    settlement_close,
    settlement_open,
)
from merchants.services.orders import orders_record

MONTH = date(2024, 1, 1)
WAYS = ("taken out", "nobody", "everybody")
Seconds = dict[str, list[float]]


def run(small: bool = False) -> None:
    orders, lines, rounds, messages = (20, 200, 1, 40) if small else (2_000, 50_000, 5, 3_000)
    world = world_make(products=20, affiliates=2 if small else 20)
    with _server() as (url, heard), override_settings(OUTBOUND_INTERNAL=["127.0.0.1/32"]):
        trade = trade_make(world_make(products=5, affiliates=1), lines // 50)
        sellers = {link.affiliate_id for link in world.links}
        _listen(url, [world.merchant.pk], [*sellers, *trade.affiliates])
        _print("orders booked", _orders(world, orders, rounds), orders * LINES)
        _print("lines settled", _settling(trade, lines, rounds), lines)
        _prove(orders * LINES * rounds, lines * rounds)
        _bring(url, heard, messages)


def _listen(url: str, merchants: list[int], affiliates: list[int]) -> None:
    owner = User.objects.earliest("pk")
    for side, keys in ((Side.MERCHANT, merchants), (Side.AFFILIATE, affiliates)):
        kinds = [kind for kind, event in EVENTS.items() if side in event.sides]
        for pk in keys:
            webhook_open(
                actor=owner, organisation=f"{side}:{pk}", name="Bench", url=url, kinds=kinds
            )


@contextmanager
def _way(way: str) -> Iterator[None]:
    """With the telling taken out, with nobody who listens, or with everybody."""
    state = EndpointState.ON if way == "everybody" else EndpointState.PAUSED
    Endpoint.objects.update(state=state, off_at=None if way == "everybody" else clock.now() - KEPT)
    with ExitStack() as stack:
        if way == "taken out":
            for place in ("pipeline.commissions_tell", "services.settlements.settlement_tell"):
                stack.enter_context(patch(f"commissions.{place}"))
        yield


def _timed(way: str, work: Callable[[], object]) -> float:
    with _way(way):
        start = perf_counter()
        work()
        return perf_counter() - start


def _orders(world: World, orders: int, rounds: int) -> Seconds:
    found: Seconds = {way: [] for way in WAYS}
    for way in WAYS * rounds:
        sales = world.sales(orders)
        touches_record([click for click, _report in sales])
        reports = [report for _click, report in sales]
        pks = [one.order_pk for one in orders_record(shop=world.shop, reports=reports)]
        known = [pk for pk in pks if pk]
        found[way].append(_timed(way, partial(pipeline.orders_process, known)))
    return found


def _settling(trade: Trade, lines: int, rounds: int) -> Seconds:
    found: Seconds = {way: [] for way in WAYS}
    month = MONTH
    for way in WAYS * rounds:
        trade.month(month, lines)
        built = settlement_build(settlement=settlement_open(month=month, currency="CNY"))
        found[way].append(_timed(way, partial(settlement_close, settlement=built)))
        month = clock.next_month(month)
    return found


def _print(what: str, found: Seconds, lines: int) -> None:
    for way in WAYS:
        best = min(found[way])
        ratio = best / min(found["taken out"])
        print(f"  {what}, {way:9}: {lines / best:10,.0f} lines/s, ratio of time {ratio:5.2f}")


def _prove(booked: int, settled: int) -> None:
    """A message to the affiliate and one to the merchant for each booked line, if it trades here;
    one for each settled line."""
    kinds = {
        kind: Delivery.objects.filter(kind=kind).count()
        for kind in ("commission.estimated", "commission.settled")
    }
    assert kinds == {"commission.estimated": 2 * booked, "commission.settled": settled}, kinds


def _bring(url: str, heard: Counter[str], messages: int) -> None:
    Endpoint.objects.update(state=EndpointState.ON, off_at=None)
    keep = Delivery.objects.order_by("pk").values_list("pk", flat=True)[:messages]
    Delivery.objects.exclude(pk__in=list(keep)).delete()
    start = perf_counter()
    while Delivery.objects.filter(state=DeliveryState.WAITING).exists():
        deliveries_due_send()
    ours = messages / (perf_counter() - start)
    uids = {row.message_id for row in Delivery.objects.all()}
    assert heard == Counter(uids), "each was heard once"
    bodies = list(Delivery.objects.values_list("body", flat=True)[:200])
    start = perf_counter()
    for body in bodies:
        outbound.call("POST", url, content=body.encode())
    by_hand = len(bodies) / (perf_counter() - start)
    print(f"  brought there      : {ours:10,.0f} messages/s, each heard once")
    print(f"  one call at a time : {by_hand:10,.0f} messages/s")
    print(f"  ratio              : {ours / by_hand:10.2f}")


@contextmanager
def _server() -> Iterator[tuple[str, Counter[str]]]:
    heard: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if uid := self.headers["webhook-id"]:
                heard[uid] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", heard
    server.shutdown()
    server.server_close()
