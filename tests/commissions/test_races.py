"""Many processes at once on one affiliate and one merchant: nothing lost, nothing twice, no circle.

The processes are real: forked, each with its own connection to the test database.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import chart, pipeline
from commissions.models import Commission, CommissionLine
from commissions.services import payouts, settlements
from commissions.verify import verify
from merchants.services.orders import RefundReport, orders_record
from tests.cast import cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        return cast_make(wallet="200.00")  # room for eight commissions of 23.88


def paid(cast, numbers):
    with clock.at(MAY):
        reports = [cast.report(f"T{n}", click_id=cast.click()) for n in numbers]
        outcomes = orders_record(shop=cast.shop, reports=reports)
    return [outcome.order_pk for outcome in outcomes]


def test_overlapping_batches_book_each_order_once_and_never_beyond_the_wallet(cast):
    pks = paid(cast, range(12))

    def job(seed):
        def run():
            mine = list(pks)
            random.Random(seed).shuffle(mine)
            with clock.at(MAY):
                for pk in mine:
                    pipeline.orders_process([pk])

        return run

    in_processes(*(job(seed) for seed in range(6)))

    states = sorted(Commission.objects.values_list("state", flat=True))
    assert states == ["estimated"] * 8 + ["unfunded"] * 4
    assert CommissionLine.objects.count() == 12
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("8.96")
    assert verify() == []


def test_refunds_and_a_settlement_at_the_same_moment_lose_no_fen(cast):
    pks = paid(cast, range(8))
    with clock.at(MAY + timedelta(days=5)):
        received = [
            cast.report(
                f"T{n}",
                state="received",
                placed_at=MAY,
                paid_at=MAY,
                received_at=clock.now(),
                lines=(),
            )
            for n in range(8)
        ]
        orders_record(shop=cast.shop, reports=received)
        pipeline.orders_process(pks)

    def refund(numbers):
        def run():
            with clock.at(JUNE_20):
                for n in numbers:
                    report = cast.report(
                        f"T{n}",
                        state="received",
                        placed_at=MAY,
                        paid_at=MAY,
                        received_at=MAY + timedelta(days=5),
                        lines=(),
                        refunds=(RefundReport(f"R{n}", f"T{n}-1", 5000, clock.now()),),
                    )
                    orders_record(shop=cast.shop, reports=[report])
                    pipeline.orders_process(pks)

        return run

    def settle():
        with clock.at(JUNE_20):
            settlements.settlement_run(month=MAY.date(), currency="CNY")

    in_processes(refund([0, 1, 2]), refund([5, 4, 3]), settle, refund([6, 7]))

    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("115.84")  # 8 x 14.48
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("0.00")
    assert verify() == []


def waits_for_us(job):
    """Start `job` on a connection of its own; its future, once it waits for a lock of ours."""

    def run():
        try:
            return job()
        finally:
            connections.close_all()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(run)
    pool.shutdown(wait=False)
    blocked = (
        "SELECT EXISTS (SELECT FROM pg_locks"
        " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    with connection.cursor() as cursor:
        for _attempt in range(1000):
            cursor.execute(blocked)
            if cursor.fetchone()[0]:
                return future
            time.sleep(0.01)
    raise AssertionError("the job never waited for us")


@pytest.fixture
def settled(cast):
    """T1 is settled and T2 has been received since; both of 19.34 net."""
    with clock.at(MAY):
        cast.sold("T1")
        cast.received("T1")
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        cast.sold("T2")
        cast.received("T2")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    return cast


def test_a_debt_that_begins_while_a_settlement_waits_is_repaid_by_it(settled):
    cast = settled
    with clock.at(JUNE_20 + timedelta(days=2)):
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))

    def settle():
        with clock.at(JULY_20):
            settlements.settlement_run(month=JUNE_20.date(), currency="CNY")

    with clock.at(JULY_20), transaction.atomic():
        cast.refunded("199.00", "T1")  # the first debt of this affiliate ever
        settlement = waits_for_us(settle)
    settlement.result()

    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert verify() == []


def test_a_withdrawal_and_a_new_commission_do_not_wait_for_each_other_in_a_circle(settled):
    cast = settled
    pks = paid(cast, [3])

    def withdraw():
        with clock.at(JUNE_20 + timedelta(days=2)):
            payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))

    with clock.at(JUNE_20), transaction.atomic():
        pipeline.orders_process(pks)
        withdrawal = waits_for_us(withdraw)
    withdrawal.result()

    assert cast.commission("T3").state == "estimated"
    assert cast.balance(chart.IN_FLIGHT) == cny("19.34")
    assert verify() == []
