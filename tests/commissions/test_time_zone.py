"""An alliance in Berlin: its days and months turn there, also where the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from commissions import chart, figures, tasks
from commissions.models import Entry, Settlement
from commissions.services import payouts, settlements
from commissions.services.periods import period_close
from commissions.verify import verify
from tests.cast import cast_make

pytestmark = pytest.mark.django_db(transaction=True)

BERLIN = ZoneInfo("Europe/Berlin")
MARCH_10 = datetime(2026, 3, 10, 12, tzinfo=BERLIN)
# The clocks went forward on the 29th: April begins two hours before UTC's, as March began one.
APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)
NOVEMBER = datetime(2026, 10, 31, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _berlin(monkeypatch, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    monkeypatch.setattr(clock, "ZONE", BERLIN)


@pytest.fixture
def cast():
    with clock.at(MARCH_10 - timedelta(days=1)):
        return cast_make()


def sell(cast, number, *, placed_at, received_at):
    with clock.at(placed_at):
        cast.sold(number)
    with clock.at(received_at):
        cast.received(number, placed_at=placed_at, paid_at=placed_at)


@pytest.mark.parametrize(
    ("turn", "month"), [(APRIL, date(2026, 3, 1)), (NOVEMBER, date(2026, 10, 1))]
)
def test_the_last_second_of_a_month_settles_with_it_and_the_next_does_not(cast, turn, month):
    placed = turn - timedelta(days=5)
    sell(cast, "LAST", placed_at=placed, received_at=turn - SECOND)
    sell(cast, "FIRST", placed_at=placed, received_at=turn)

    with clock.at(turn + timedelta(days=21)):
        settlements.settlement_run(month=month, currency="CNY")

    assert cast.balance(chart.payable(cast.affiliate.pk)).minor == 1934
    assert cast.balance(chart.pending(cast.affiliate.pk)).minor == 1934
    received = Entry.objects.filter(key__startswith="commissions:").order_by("pk")[1::2]
    assert [entry.effective_on for entry in received] == [
        clock.next_month(month) - timedelta(days=1),
        clock.next_month(month),
    ]
    assert verify() == []


def test_the_settlement_day_and_its_closed_withdrawals_begin_at_midnight_in_berlin(cast):
    sell(cast, "T1", placed_at=MARCH_10, received_at=MARCH_10 + timedelta(days=5))
    midnight = datetime(2026, 4, 19, 22, tzinfo=UTC)

    with clock.at(midnight - SECOND):
        tasks.settlement_monthly()
        assert not Settlement.objects.exists()
    with clock.at(midnight):
        tasks.settlement_monthly()
        with pytest.raises(WrongState, match="settlement day"):
            _withdraw(cast)
    with clock.at(midnight + timedelta(days=1)):
        _withdraw(cast)

    assert Settlement.objects.get().month == date(2026, 3, 1)
    assert verify() == []


def _withdraw(cast):
    payouts.payee_set(
        actor=cast.lin, affiliate=cast.affiliate, holder="Lin", institution="B", number="12345"
    )
    payouts.payout_request(
        actor=cast.lin,
        affiliate=cast.affiliate,
        amount=cast.balance(chart.payable(cast.affiliate.pk)),
    )


def test_a_month_can_be_closed_when_it_is_over_in_berlin(cast):
    with clock.at(APRIL - SECOND), pytest.raises(Invalid):
        period_close(month=date(2026, 3, 1))
    with clock.at(APRIL):
        period_close(month=date(2026, 3, 1))


def test_the_days_of_the_desk_are_those_of_berlin(cast):
    with clock.at(APRIL - SECOND):
        cast.sold("LAST")
    with clock.at(APRIL):
        cast.sold("FIRST")
        days = {day.day: day.orders for day in figures.days(2)}

    assert days == {date(2026, 3, 31): 1, date(2026, 4, 1): 1}


def test_a_page_says_whose_time_it_shows(client):
    assert "Times are in Central European Time." in client.get("/").content.decode()
