"""Messages that come twice, late, in another order, or never: the rows decide."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from commissions import tasks
from commissions.models import Commission, CommissionLine, Entry
from commissions.verify import verify
from merchants.models import Order
from merchants.services.orders import orders_record
from tests.cast import cast_make
from tests.journeys.conftest import eventually

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


def story(cast):
    """Three reports of one order: paid, corrected, received."""
    click_id = cast.click()
    paid = cast.report("T1", click_id=click_id)
    cheaper = cast.report("T1", click_id=click_id, amount_minor=14900)
    received = replace(cheaper, state="received", received_at=MAY + timedelta(hours=3))
    return [
        replace(report, reported_at=MAY + timedelta(hours=hours))
        for hours, report in ((0, paid), (2, cheaper), (4, received))
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_reports_in_any_order_end_in_the_same_place(cast, order):
    said = story(cast)
    with clock.at(MAY + timedelta(hours=5)):
        for place in order:
            outcome = orders_record(shop=cast.shop, reports=[said[place]])[0]
            tasks.orders_process([outcome.order_pk])
            tasks.orders_process([outcome.order_pk])  # the broker delivers it again

    commission = Commission.objects.get()
    assert (commission.state, commission.base_minor, commission.net_minor) == (
        "confirmed",
        14900,
        1448,
    )
    assert verify() == []


def test_a_message_that_comes_late_finds_its_work_done(cast):
    pks = [
        o.order_pk
        for o in orders_record(
            shop=cast.shop,
            reports=[cast.report(f"T{i}", click_id=cast.click()) for i in range(5)],
        )
    ]
    tasks.orders_process(pks[::-1])
    before = CommissionLine.objects.count(), Entry.objects.count()
    for pk in pks:
        tasks.orders_process([pk])
    tasks.orders_process([*pks, *pks, 10**9])  # and one that never was

    assert (CommissionLine.objects.count(), Entry.objects.count()) == before
    assert verify() == []


@pytest.mark.worker
def test_a_lost_message_loses_nothing(worker):
    """Nobody tells the worker of these orders; the sweep finds them by themselves."""
    with clock.at(clock.now() - timedelta(days=1)):  # the terms stand before the clicks
        cast = cast_make()
    reports = [cast.report(f"T{i}", click_id=cast.click()) for i in range(3)]
    orders_record(shop=cast.shop, reports=reports)
    assert Order.objects.filter(processed_version=0).count() == 3

    tasks.orders_sweep.delay()
    eventually(lambda: Commission.objects.filter(state="estimated").count() == 3, why=worker.said)
    assert verify() == []


@pytest.mark.worker
def test_a_worker_that_dies_is_followed_by_one_that_finishes(worker):
    with clock.at(clock.now() - timedelta(days=1)):  # the terms stand before the clicks
        cast = cast_make()
    reports = [cast.report(f"T{i}", click_id=cast.click()) for i in range(40)]
    pks = [outcome.order_pk for outcome in orders_record(shop=cast.shop, reports=reports)]
    for pk in pks:
        tasks.orders_process.delay([pk])
    eventually(Commission.objects.exists, why=worker.said)
    worker.process.kill()  # in the middle of it, without a chance to say goodbye
    worker.process.wait()
    assert verify() == []

    worker.start()
    tasks.orders_sweep.delay()
    eventually(lambda: Commission.objects.filter(state="estimated").count() == 40, why=worker.said)
    assert verify() == []
