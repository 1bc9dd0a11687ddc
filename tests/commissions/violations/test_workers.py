"""Cases and many orders: interrupted, redelivered, racing with settlements and new orders."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from affiliates.models import Affiliate
from affiliates.services import affiliate_apply, relation_open
from alliance.kernel import clock
from commissions import pipeline, queries, tasks
from commissions.models import Commission, Violation
from commissions.services import settlements
from commissions.verify import verify
from merchants.services.orders import orders_record
from tests.cast import user_make

JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)


def holds():
    return sorted(Commission.objects.values_list("hold", flat=True))


def test_a_worker_that_dies_half_way_is_followed_by_one_that_does_the_rest(court, monkeypatch):
    for n in range(4):
        court.order(f"T{n}")
    monkeypatch.setattr(pipeline, "BATCH", 2)
    done, real = [], pipeline.orders_process

    def dies(pks):
        if done:
            raise SystemExit
        done.append(pks)
        return real(pks)

    monkeypatch.setattr(pipeline, "orders_process", dies)
    with pytest.raises(SystemExit):
        court.open(court.cast.affiliate)
    assert holds() == ["", "", "frozen", "frozen"]
    monkeypatch.setattr(pipeline, "orders_process", real)

    tasks.violations_sweep()
    tasks.violation_apply(Violation.objects.get().pk)  # delivered once more
    assert holds() == ["frozen"] * 4
    assert court.balances()[:2] == ("77.36", "0.00")
    assert queries.violations_to_apply() == []


def test_an_order_at_fault_keeps_the_case_in_the_queue_and_holds_up_no_other(court, monkeypatch):
    bad, good = court.order("T1").line.order_id, court.order("T2").line.order_id
    real = pipeline.orders_process

    def stumbles(pks):
        if bad in pks:
            raise ValueError("no")
        return real(pks)

    monkeypatch.setattr(pipeline, "orders_process", stumbles)
    case = court.open(court.cast.affiliate)
    assert good != bad
    assert holds() == ["", "frozen"]
    assert queries.violations_to_apply() == [case.pk]
    monkeypatch.setattr(pipeline, "orders_process", real)
    tasks.violations_sweep()
    assert holds() == ["frozen", "frozen"]


def in_threads(*jobs):
    failures = []

    def safely(job):
        try:
            job()
        except Exception as exc:  # noqa: BLE001 - shown below
            failures.append(exc)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=safely, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_a_freeze_and_a_settlement_at_once_leave_each_commission_in_one_of_them(court):
    for n in range(6):
        court.order(f"T{n}")
    with clock.at(JUNE_20):
        case = court.open(court.cast.affiliate, follow=False)
        settlement = settlements.settlement_build(
            settlement=settlements.settlement_open(
                month=JUNE_20.date().replace(month=5, day=1), currency="CNY"
            )
        )
    barrier = threading.Barrier(2)

    def freeze():
        with clock.at(JUNE_20):
            barrier.wait()
            for order in Commission.objects.values_list("line__order", flat=True):
                pipeline.orders_process([order])

    def close():
        with clock.at(JUNE_20):
            barrier.wait()
            settlements.settlement_close(settlement=settlement)

    in_threads(freeze, close)
    with clock.at(JUNE_20):
        tasks.violation_apply(case.pk)

    frozen, pending, payable, _wallet = map(float, court.balances())
    assert pending == 0
    assert round(frozen + payable, 2) == 116.04
    assert verify() == []


def test_an_order_that_is_being_taken_while_a_case_opens_does_not_slip_through(court):
    """The pipeline has made the commission, has asked for cases and not committed yet."""
    cast = court.cast
    outcomes = orders_record(shop=cast.shop, reports=[cast.report("T1", click_id=cast.click())])
    here, moment = threading.Event(), clock.now()

    def take():
        with clock.at(moment), transaction.atomic():
            pipeline.orders_process([outcomes[0].order_pk])
            here.set()
            waits_for_us()

    def waits_for_us():
        """Until the other one waits for our row, or has gone past it."""
        with connection.cursor() as cursor:
            for _try in range(100):
                cursor.execute("SELECT pg_sleep(0.02)")
                cursor.execute(
                    "SELECT count(*) FROM pg_locks"
                    " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                )
                if cursor.fetchone()[0] or Violation.objects.exists():
                    return

    def opens():
        here.wait(20)
        with clock.at(moment + timedelta(seconds=1)):
            court.open(Affiliate.objects.get(pk=cast.affiliate.pk))

    in_threads(take, opens)
    assert holds() == ["frozen"]


def test_a_relation_s_case_freezes_the_partner_s_part_alone(court):
    cast = court.cast
    owner = user_make()
    partner = affiliate_apply(user=owner, kind="small", name="Partner")
    partner.refresh_from_db()
    relation = relation_open(
        actor=court.ben, affiliate=cast.affiliate, partner=partner, share_bps=3000
    )
    click = cast.click(at=clock.now())
    with clock.at(clock.now() + timedelta(hours=2)):
        now = clock.now()
        cast.record(cast.report("T1", click_id=click, state="received", received_at=now))
        case = court.open(relation)

    held = dict(Commission.objects.values_list("role", "hold"))
    assert held == {"affiliate": "", "partner": "frozen"}
    assert case.affiliate == partner
    assert [str(one.confirmed.decimal) for one in queries.held_by(case)] == ["6.44"]
    assert list(queries.violations_for(owner)) == [case]
    assert not queries.violations_for(cast.lin).exists()
