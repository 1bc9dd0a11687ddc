"""The month's turn: preview, closing, corrections, and who may come too late."""

import threading
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, connections, transaction

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions import chart, tasks
from commissions.models import Settlement
from commissions.services import periods, settlements, wallets
from commissions.verify import verify
from tests.cast import cast_make
from tests.rows import once

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)


def two_of_may():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    for n in (1, 2):
        with clock.at(MAY + timedelta(hours=n)):
            made.sold(f"T{n}")
        with clock.at(MAY + timedelta(days=5, hours=n)):
            made.received(f"T{n}")
    return made


@pytest.fixture
def cast():
    """Two confirmed commissions of May, on 20 June."""
    made = once(two_of_may)
    with clock.at(JUNE_20):
        yield made
    assert verify() == []


def opened(month=MAY):
    return settlements.settlement_open(month=month.date(), currency="CNY")


def test_building_is_a_preview_that_moves_nothing(cast):
    built = settlements.settlement_build(settlement=opened())

    assert built.shares.get().net_minor == 2 * 1934
    assert cast.balance(chart.pending(cast.affiliate.pk)) == cny("38.68")


def test_closing_takes_what_is_true_then_and_says_what_changed(cast):
    settlement = settlements.settlement_build(settlement=opened())
    cast.refunded("199.00", "T2")
    settlements.settlement_close(settlement=settlement, actor=cast.finance)

    share = settlement.shares.get()
    assert (share.commissions, share.net_minor) == (2, 1934)
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    event = AuditEvent.objects.get(verb="settlement.closed")
    assert event.data["changed_since_built"] == [cast.affiliate.pk]


def test_closing_needs_building_first(cast):
    with pytest.raises(WrongState, match="Build"):
        settlements.settlement_close(settlement=opened())


def test_a_closed_settlement_stays_closed(cast):
    settlement = settlements.settlement_run(month=MAY.date(), currency="CNY")
    for again in (settlements.settlement_build, settlements.settlement_close):
        with pytest.raises(WrongState, match="closed"):
            again(settlement=settlement)
    assert settlements.settlement_run(month=MAY.date(), currency="CNY").pk == settlement.pk


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET revision = 2",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_the_database_refuses_to_rewrite_what_a_settlement_told(cast, sql, statement, alone):
    """As a whole, and in the partition that the settlement has for itself."""
    settlement = settlements.settlement_run(month=MAY.date(), currency="CNY")
    table = "commissions_settlementline" + (f"_{settlement.pk}" if alone else "")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement.format(table))


def test_a_closing_that_is_cut_off_leaves_nothing_and_begins_again(cast, monkeypatch):
    settlement = settlements.settlement_build(settlement=opened())
    monkeypatch.setattr(settlements.ledger, "post", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        settlements.settlement_close(settlement=settlement)
    monkeypatch.undo()
    settlement.refresh_from_db()
    assert (settlement.state, settlement.lines.count()) == ("built", 0)

    settlements.settlement_close(settlement=settlement)
    assert settlement.lines.count() == 2


def test_a_month_that_is_not_over_cannot_be_settled(cast):
    with pytest.raises(Invalid, match="over"):
        settlements.settlement_open(month=JUNE_20.date(), currency="CNY")


def test_what_came_in_late_for_may_is_taken_along_in_june(cast):
    settlements.settlement_run(month=MAY.date(), currency="CNY")
    cast.sold("T3", placed_at=MAY, paid_at=MAY, click_id=cast.click(at=MAY - timedelta(hours=1)))
    cast.received("T3", placed_at=MAY, paid_at=MAY, received_at=MAY + timedelta(days=6))
    with clock.at(datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)):
        settlement = settlements.settlement_run(month=date(2026, 6, 1), currency="CNY")

    assert settlement.shares.get().commissions == 1


def test_beat_settles_last_month_once(cast):
    tasks.settlement_monthly()
    tasks.settlement_monthly()

    assert Settlement.objects.get().state == "closed"
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("38.68")


def test_beat_settles_nothing_while_the_books_do_not_verify(cast, sql, caplog):
    sql("UPDATE commissions_commission SET base_minor = base_minor + 1")
    tasks.settlement_monthly()

    assert not Settlement.objects.exists()
    assert "do not verify" in caplog.text
    sql("UPDATE commissions_commission SET base_minor = base_minor - 1")


def test_two_closings_at_once_settle_once(cast):
    settlement = settlements.settlement_build(settlement=opened())
    barrier, outcomes = threading.Barrier(2), []

    def close():
        try:
            with clock.at(JUNE_20):
                barrier.wait()
                settlements.settlement_close(settlement=settlement)
                outcomes.append("closed")
        except WrongState:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=close) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["closed", "refused"]
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("38.68")


def test_a_period_closes_once_and_only_when_it_is_over(cast):
    with pytest.raises(Invalid, match="over"):
        periods.period_close(month=JUNE_20.date())
    periods.period_close(month=MAY.date(), actor=cast.finance)
    with pytest.raises(WrongState, match="closed already"):
        periods.period_close(month=MAY.date())


def test_a_top_up_is_confirmed_by_somebody_else_and_once(cast):
    top_up = wallets.top_up_announce(actor=cast.finance, merchant=cast.merchant, amount=cny("5.00"))
    with pytest.raises(NotAllowed):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)
    before = cast.balance(chart.wallet(cast.merchant.pk))
    wallets.top_up_receive(actor=cast.finance2, top_up=top_up)
    with pytest.raises(WrongState):
        wallets.top_up_receive(actor=cast.finance2, top_up=top_up)

    assert cast.balance(chart.wallet(cast.merchant.pk)) == before + cny("5.00")


def test_a_refused_top_up_brings_nothing(cast):
    top_up = wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny("5.00"))
    before = cast.balance(chart.wallet(cast.merchant.pk))
    with pytest.raises(Invalid, match="why"):
        wallets.top_up_refuse(actor=cast.finance, top_up=top_up, reason=" ")
    wallets.top_up_refuse(actor=cast.finance, top_up=top_up, reason="Never arrived")

    assert cast.balance(chart.wallet(cast.merchant.pk)) == before


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_a_top_up_is_more_than_nothing(cast, amount):
    with pytest.raises(Invalid):
        wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny(amount))


def test_beat_waits_for_the_settlement_day_and_catches_up_after_it(cast):
    with clock.at(JUNE_20 - timedelta(days=1)):
        tasks.settlement_monthly()
    assert not Settlement.objects.exists()
    with clock.at(JUNE_20 + timedelta(days=3)):
        tasks.settlement_monthly()

    assert Settlement.objects.get().state == "closed"
