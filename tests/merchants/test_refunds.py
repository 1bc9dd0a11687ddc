"""Refunds before their order, requested and withdrawn ones; and orders paid in two steps."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from merchants.models import Order, OrderLine, OrderState, Refund
from merchants.services.orders import (
    LineReport,
    OrderReport,
    RefundReport,
    orders_auto_receive,
    orders_record,
    refund_match,
)
from tests.merchants.conftest import NOON

HOUR = timedelta(hours=1)


def report(number="1001", state="paid", **fields):
    usual = {
        "currency": "CNY",
        "placed_at": NOON - 2 * HOUR,
        "paid_at": NOON - HOUR,
        "received_at": NOON if state == "received" else None,
        "reported_at": NOON,
        "lines": (LineReport("1", "", "Pot", 1, 19900), LineReport("2", "", "Cup", 1, 5000)),
    }
    return OrderReport(external_id=number, state=state, **{**usual, **fields})


def refund(number="R1", line="1", amount=5000, state="succeeded"):
    return RefundReport(number, line, amount, NOON, "changed mind", state=state)


def record(shop, *reports):
    outcomes = orders_record(shop=shop, reports=reports)
    return [outcome.error.code if outcome.error else outcome.change for outcome in outcomes]


def say(shop, *refunds, number="1001"):
    return record(shop, report(number, lines=(), refunds=refunds))


def refunded(number="1001") -> list[int]:
    lines = OrderLine.objects.filter(order__external_id=number).order_by("external_id")
    return [line.refunded_minor for line in lines]


def states() -> dict[str, str]:
    return dict(Refund.objects.order_by("external_id").values_list("external_id", "state"))


@pytest.fixture(autouse=True)
def at_noon(noon):
    return noon


# --- Refunds that come first ---


def test_a_refund_that_comes_first_is_applied_when_its_order_comes(shop):
    assert say(shop, refund(), refund("R2", "", 1000)) == ["changed"]
    assert states() == {"R1": "unmatched", "R2": "unmatched"}
    assert record(shop, report()) == ["created"]
    assert states() == {"R1": "applied", "R2": "applied", "R2 ·2": "applied"}
    assert refunded() == [5749, 251]  # 10.00 over the 149.00 and 50.00 that were left
    assert say(shop, refund()) == ["unchanged"]
    order = Order.objects.get()
    assert order.version == 1


def test_it_is_applied_when_its_line_comes_later(shop):
    record(shop, report())
    say(shop, refund("R1", "3", 700))
    late = report(reported_at=NOON + HOUR, lines=(LineReport("3", "", "Tray", 1, 700),))
    assert record(shop, late) == ["changed"]
    assert (refunded(), states()) == ([0, 0, 700], {"R1": "applied"})


def test_refund_and_order_may_come_in_one_batch_in_any_order(shop):
    first, then = report(lines=(), refunds=(refund(),)), report()
    assert record(shop, first, then, then) == ["changed", "created", "unchanged"]
    assert refunded() == [5000, 0]


def test_one_that_does_not_fit_its_order_goes_on_waiting_for_a_person(shop, owner):
    say(shop, refund(amount=20000))
    assert record(shop, report()) == ["created"]
    assert (refunded(), states()) == ([0, 0], {"R1": "unmatched"})
    with pytest.raises(Exception, match="larger"):
        refund_match(refund=Refund.objects.get(), line=OrderLine.objects.first(), actor=owner)


# --- Requested, withdrawn, failed ---


def test_a_requested_refund_takes_nothing_until_it_succeeds(shop):
    record(shop, report())
    assert say(shop, refund(state="requested")) == ["changed"]
    assert (refunded(), states()) == ([0, 0], {"R1": "requested"})
    assert say(shop, refund(state="requested")) == ["unchanged"]
    assert say(shop, refund()) == ["changed"]
    assert (refunded(), states()) == ([5000, 0], {"R1": "applied"})
    assert say(shop, refund(state="requested")) == ["unchanged"]
    assert Refund.objects.get().requested_at == NOON


def test_a_withdrawn_refund_gives_its_money_back_for_good(shop):
    record(shop, report())
    say(shop, refund())
    version = Order.objects.get().version
    assert say(shop, refund(state="failed")) == ["changed"]
    assert (refunded(), states()) == ([0, 0], {"R1": "failed"})
    assert Order.objects.get().version == version + 1
    for state in ("succeeded", "requested", "failed"):
        assert say(shop, refund(state=state)) == ["unchanged"]
    assert (refunded(), states()) == ([0, 0], {"R1": "failed"})


def test_every_part_of_a_spread_refund_is_withdrawn(shop):
    record(shop, report())
    say(shop, refund("R1", "", 2490))
    assert refunded() == [1990, 500]
    say(shop, refund("R1", "", 2490, state="failed"))
    assert refunded() == [0, 0]
    assert states() == {"R1": "failed", "R1 ·2": "failed"}


def test_every_part_of_a_requested_refund_succeeds(shop):
    record(shop, report())
    say(shop, refund("R1", "", 2490, state="requested"))
    assert refunded() == [0, 0]
    say(shop, refund("R1", "", 2490))
    assert refunded() == [1990, 500]


def test_a_failed_refund_makes_room_for_the_one_in_its_place(shop):
    record(shop, report())
    say(shop, refund(amount=19900))
    assert say(shop, refund("R2", amount=100)) == ["over_refund"]
    assert say(shop, refund("R2", amount=100), refund(amount=19900, state="failed")) == ["changed"]
    assert refunded() == [100, 0]


def test_a_failure_heard_first_makes_the_older_success_harmless(shop):
    record(shop, report())
    assert say(shop, refund(state="failed")) == ["changed"]
    assert say(shop, refund()) == ["unchanged"]
    assert (refunded(), states()) == ([0, 0], {"R1": "failed"})


def test_a_requested_refund_that_came_first_goes_on_as_requested(shop, owner):
    say(shop, refund(state="requested"))
    record(shop, report())
    assert (refunded(), states()) == ([0, 0], {"R1": "requested"})
    say(shop, refund("R2", "9", state="requested"))
    refund_match(
        refund=Refund.objects.get(external_id="R2"),
        line=OrderLine.objects.order_by("external_id").first(),
        actor=owner,
    )
    assert (refunded(), states()["R2"]) == ([0, 0], "requested")


def test_a_refund_that_a_person_matched_elsewhere_is_withdrawn_there(shop, owner):
    record(shop, report(), report("1002"))
    say(shop, refund("R1", "9"))
    line = OrderLine.objects.get(order__external_id="1002", external_id="1")
    refund_match(refund=Refund.objects.get(), line=line, actor=owner)
    before = Order.objects.get(external_id="1002").version
    assert say(shop, refund("R1", "9", state="failed")) == ["changed"]
    assert (refunded(), refunded("1002")) == ([0, 0], [0, 0])
    assert Order.objects.get(external_id="1002").version == before + 1


# --- Pre-sale: deposit, then balance ---

DEPOSIT = {"deposit_paid_at": NOON - HOUR, "paid_at": None}


def presale(state="paid", number="1001", **fields):
    lines = (LineReport("1", "", "Pot", 1, 19900, 2000),)
    return report(number, state, **{"lines": lines, **DEPOSIT, **fields})


def amounts() -> tuple[int, int | None, int | None]:
    line = OrderLine.objects.get()
    return line.amount_minor, line.deposit_minor, line.total_minor


@pytest.mark.parametrize("state", ["placed", "paid"])
def test_only_the_deposit_counts_until_the_balance_is_paid(shop, state):
    assert record(shop, presale(state)) == ["created"]
    order = Order.objects.get()
    assert (order.state, order.balance_open) == (OrderState.PAID, True)
    assert amounts() == (2000, 2000, 19900)
    paid = presale(lines=(), paid_at=NOON, deposit_paid_at=None, reported_at=NOON + HOUR)
    assert record(shop, paid) == ["changed"]
    assert amounts() == (19900, 2000, 19900)
    assert not Order.objects.get().balance_open
    assert record(shop, presale(reported_at=NOON + 2 * HOUR)) == ["unchanged"]  # heard again
    assert amounts() == (19900, 2000, 19900)


def test_an_open_balance_is_never_received(shop):
    record(shop, presale())
    received = presale("received", reported_at=NOON + HOUR)
    assert record(shop, received) == ["invalid"]
    with clock.at(NOON + timedelta(days=99)):
        assert orders_auto_receive() == []


def test_a_presale_says_a_deposit_for_each_line_and_no_more_than_its_price(shop):
    lines = (LineReport("1", "", "Pot", 1, 19900, 2000), LineReport("2", "", "Cup", 1, 5000))
    assert record(shop, presale(lines=lines)) == ["invalid"]
    too_much = (LineReport("1", "", "Pot", 1, 19900, 19901),)
    assert record(shop, presale(lines=too_much)) == ["invalid"]
    early = presale(deposit_paid_at=NOON - 3 * HOUR)
    assert record(shop, early) == ["invalid"]
    assert not Order.objects.exists()


def test_a_deposit_may_come_back_and_no_more_than_it(shop):
    record(shop, presale())
    assert say_presale(shop, refund(amount=2001)) == ["over_refund"]
    assert say_presale(shop, refund(amount=2000)) == ["changed"]
    assert refunded() == [2000]


def say_presale(shop, *refunds):
    return record(shop, presale(lines=(), refunds=refunds))


def test_a_corrected_price_of_an_open_presale_leaves_the_deposit_alone(shop):
    record(shop, presale())
    dearer = (LineReport("1", "", "Pot", 1, 20900),)
    record(shop, presale(lines=dearer, reported_at=NOON + HOUR))
    assert amounts() == (2000, 2000, 20900)


def test_an_unpaid_balance_voids_the_order(shop):
    record(shop, presale())
    void = presale("void", lines=(), void_reason="balance not paid", reported_at=NOON + HOUR)
    assert record(shop, void) == ["changed"]
    order = Order.objects.get()
    assert (order.state, order.void_reason, order.balance_open) == (
        OrderState.VOID,
        "balance not paid",
        True,
    )
