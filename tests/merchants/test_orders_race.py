"""Two workers hear of the same orders at the same moment: real threads, real rows."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from merchants.models import Order, OrderLine, Refund
from merchants.services.orders import orders_record
from tests.merchants.test_orders import HOUR, NOON, refund, report

pytestmark = pytest.mark.django_db(transaction=True)


def race(*calls):
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def batches(shop, *lists):
    return race(*[lambda r=reports: orders_record(shop=shop, reports=r) for reports in lists])


def test_one_order_reported_four_times_at_once_is_begun_once(shop):
    for number in range(5):
        answers = batches(shop, *[[report(f"A{number}")]] * 4)

        changes = sorted(answer[0].change for answer in answers)
        assert changes == ["created", "unchanged", "unchanged", "unchanged"]
    assert set(Order.objects.values_list("version", flat=True)) == {1}
    assert OrderLine.objects.count() == 10


def test_overlapping_batches_in_any_order_lose_nothing_and_never_lock_up(shop):
    numbers = [str(n) for n in range(40)]
    for round_ in range(4):
        lists = []
        for worker in range(4):
            mine = numbers[:]
            random.Random(f"{round_}-{worker}").shuffle(mine)
            refunds = {n: (refund(f"R{round_}-{worker}-{n}", "1", 100),) for n in mine}
            moment = NOON + round_ * HOUR
            lists.append([report(n, refunds=refunds[n], reported_at=moment) for n in mine])
        batches(shop, *lists)

    assert Order.objects.count() == 40
    lines = OrderLine.objects.filter(external_id="1")
    assert set(lines.values_list("refunded_minor", flat=True)) == {4 * 4 * 100}
    assert set(Order.objects.values_list("version", flat=True)) == {16}


def test_one_refund_number_told_of_two_orders_at_once_counts_once(shop):
    orders_record(shop=shop, reports=[report("A"), report("B")])
    for n in range(5):
        answers = batches(
            shop,
            *[[report(order, refunds=(refund(f"R{n}", "1", 1000),))] for order in ("A", "B")],
        )
        assert sorted(answer[0].change for answer in answers) == ["changed", "refused"]
    assert Refund.objects.count() == 5
    assert sum(OrderLine.objects.values_list("refunded_minor", flat=True)) == 5000


def test_the_last_money_of_a_line_goes_out_once(shop):
    orders_record(shop=shop, reports=[report("A")])
    answers = batches(
        shop, *[[report("A", refunds=(refund(f"R{n}", "1", 19900),))] for n in range(4)]
    )
    changes = sorted(answer[0].change for answer in answers)
    assert changes == ["changed", "refused", "refused", "refused"]
    assert OrderLine.objects.get(external_id="1").base.minor == 0
