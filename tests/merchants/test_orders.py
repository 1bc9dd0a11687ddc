"""An order as its shop reports it: the latest word wins, nothing is taken by halves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent
from merchants.models import MerchantState, Order, OrderLine, OrderState, Refund, RefundState
from merchants.services.merchants import merchant_freeze
from merchants.services.orders import (
    LineReport,
    OrderReport,
    OverRefund,
    RefundReport,
    RefundReused,
    orders_auto_receive,
    orders_record,
    refund_match,
    refunds_keep,
)
from tests.merchants.conftest import NOON

HOUR = timedelta(hours=1)


def report(number="1001", state="paid", **fields):
    usual = {
        "currency": "CNY",
        "placed_at": NOON - 2 * HOUR,
        "paid_at": None if state == "placed" else NOON - HOUR,
        "received_at": NOON if state == "received" else None,
        "reported_at": NOON,
        "lines": (
            LineReport("1", "LJ-1", "Longjing", 2, 19900),
            LineReport("2", "", "Cup", 1, 5000),
        ),
    }
    return OrderReport(external_id=number, state=state, **{**usual, **fields})


def refund(number="R1", line="1", amount=5000):
    return RefundReport(number, line, amount, NOON, "changed mind")


def record(shop, *reports):
    return orders_record(shop=shop, reports=reports)


def keep(shop, waiting):
    return refunds_keep(shop=shop, refunds=[waiting])[0].change


@pytest.fixture(autouse=True)
def at_noon(noon):
    return noon


def test_a_report_begins_an_order_with_its_lines(shop, product):
    (outcome,) = record(shop, report())

    order = Order.objects.get()
    assert (outcome.change, outcome.order_pk, order.version) == ("created", order.pk, 1)
    assert list(order.lines.order_by("external_id").values_list("amount_minor", "product")) == [
        (19900, product.pk),
        (5000, None),
    ]
    assert AuditEvent.objects.filter(verb="orders.recorded").count() == 1


def test_the_same_report_again_changes_nothing(shop):
    record(shop, report())
    (outcome,) = record(shop, report(reported_at=NOON + HOUR))

    order = Order.objects.get()
    assert (outcome.change, order.version) == ("unchanged", 1)
    assert order.reported_at == NOON + HOUR


def test_the_latest_word_wins(shop):
    record(shop, report(state="received"))
    late = report(
        reported_at=NOON - HOUR, lines=(LineReport("1", "LJ-1", "Longjing", 2, 1),), state="placed"
    )

    assert record(shop, late)[0].change == "stale"
    assert Order.objects.get().state == OrderState.RECEIVED
    assert OrderLine.objects.get(external_id="1").amount_minor == 19900


@pytest.mark.parametrize(
    ("held", "said", "then"),
    [
        ("placed", "paid", "paid"),
        ("placed", "received", "received"),
        ("paid", "received", "received"),
        ("placed", "void", "void"),
        ("paid", "void", "void"),
        ("received", "void", "void"),
        ("received", "paid", "received"),
        ("paid", "placed", "paid"),
        ("void", "paid", "void"),
        ("void", "received", "void"),
    ],
)
def test_a_state_only_moves_on(shop, held, said, then):
    record(shop, report(state=held))
    record(shop, report(state=said, reported_at=NOON + HOUR))

    order = Order.objects.get()
    assert order.state == then
    assert (order.void_at is not None) == (then == "void")
    assert order.version == (1 if held == then else 2) or said != held


def test_a_later_report_changes_and_adds_lines_and_keeps_the_ones_it_leaves_out(shop):
    record(shop, report())
    later = report(
        reported_at=NOON + HOUR,
        lines=(LineReport("2", "", "Cup", 1, 4000), LineReport("3", "", "Pot", 1, 100)),
    )

    assert record(shop, later)[0].change == "changed"
    lines = OrderLine.objects.order_by("external_id").values_list("external_id", "amount_minor")
    assert list(lines) == [("1", 19900), ("2", 4000), ("3", 100)]
    assert Order.objects.get().version == 2


def test_a_report_that_leaves_a_fact_out_keeps_it(shop):
    record(shop, report(click_id="abc", coupon_code="TEA5"))
    record(shop, report(reported_at=NOON + HOUR, paid_at=None, state="placed"))

    order = Order.objects.get()
    assert (order.click_id, order.coupon_code, order.paid_at) == ("abc", "TEA5", NOON - HOUR)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"state": "sent"}, "state"),
        ({"number": " "}, "external_id"),
        ({"number": "x" * 65}, "external_id"),
        ({"lines": ()}, "lines"),
        ({"lines": (LineReport("1", "", "a", 1, -1),)}, "lines.amount_minor"),
        ({"lines": (LineReport("1", "", "a", 0, 1),)}, "lines.quantity"),
        ({"lines": (LineReport("1", "", "a", 1, 1),) * 2}, "lines"),
        ({"paid_at": None}, "paid_at"),
        ({"paid_at": NOON - 3 * HOUR}, "paid_at"),
        ({"state": "received", "received_at": None}, "received_at"),
        ({"placed_at": NOON + timedelta(days=2)}, "placed_at"),
        ({"reported_at": NOON + timedelta(days=2)}, "reported_at"),
        ({"refunds": (refund(amount=0),)}, "refunds.amount_minor"),
        ({"click_id": "a\x00b"}, "click_id"),
    ],
)
def test_a_bad_report_is_refused_and_leaves_no_trace(shop, fields, field):
    bad, good = record(shop, report(**fields), report("1002"))

    assert bad.change == "refused"
    assert isinstance(bad.error, Invalid)
    assert bad.error.field == field
    assert good.change == "created"
    assert list(Order.objects.values_list("external_id", flat=True)) == ["1002"]


def test_an_inactive_merchant_begins_no_order_but_hears_of_old_ones(shop, merchant):
    record(shop, report())
    merchant_freeze(merchant=merchant, reason="checks", actor=None)
    new, old = record(shop, report("1002"), report(state="received", reported_at=NOON + HOUR))

    assert merchant.state == MerchantState.FROZEN
    assert isinstance(new.error, NotAllowed)
    assert old.change == "changed"
    assert Order.objects.get().state == OrderState.RECEIVED


def test_a_refund_reduces_its_line_once(shop):
    record(shop, report())
    again = report(reported_at=NOON + HOUR, lines=(), refunds=(refund(),))

    assert [record(shop, again)[0].change for _ in range(2)] == ["changed", "unchanged"]
    assert OrderLine.objects.get(external_id="1").base.minor == 14900
    assert Refund.objects.get().state == RefundState.APPLIED
    assert Order.objects.get().version == 2


def test_a_refund_number_with_another_amount_is_refused(shop):
    record(shop, report(refunds=(refund(),)))
    (outcome,) = record(shop, report(refunds=(refund(amount=1),)))

    assert isinstance(outcome.error, RefundReused)
    assert OrderLine.objects.get(external_id="1").refunded_minor == 5000


def test_an_over_refund_refuses_the_whole_report(shop):
    record(shop, report())
    too_much = report(
        reported_at=NOON + HOUR, state="received", refunds=(refund(), refund("R2", "1", 14901))
    )
    (outcome,) = record(shop, too_much)

    assert isinstance(outcome.error, OverRefund)
    assert outcome.error.facts["left_minor"] == 14900
    assert (Refund.objects.count(), Order.objects.get().state) == (0, "paid")


def test_an_over_refund_in_the_first_report_leaves_no_order(shop):
    (outcome,) = record(shop, report(refunds=(refund(amount=19901),)))

    assert isinstance(outcome.error, OverRefund)
    assert Order.objects.count() == 0


def test_a_refund_of_the_whole_order_is_spread_by_what_is_left(shop):
    record(shop, report(refunds=(refund(amount=9900),)))  # left: 10000 and 5000
    whole = report(reported_at=NOON + HOUR, refunds=(refund(amount=9900), refund("R2", "", 3001)))

    assert [record(shop, whole)[0].change for _ in range(2)] == ["changed", "unchanged"]
    assert sorted(OrderLine.objects.values_list("refunded_minor", flat=True)) == [1000, 11901]
    assert sorted(Refund.objects.values_list("external_id", "amount_minor")) == [
        ("R1", 9900),
        ("R2", 2001),
        ("R2 ·2", 1000),
    ]


def test_a_line_cannot_shrink_below_what_was_refunded_of_it(shop):
    record(shop, report(refunds=(refund(),)))
    smaller = report(reported_at=NOON + HOUR, lines=(LineReport("1", "", "", 1, 4999),))

    assert isinstance(record(shop, smaller)[0].error, OverRefund)


def test_a_stale_report_still_brings_its_refund(shop):
    record(shop, report(reported_at=NOON + HOUR))
    (outcome,) = record(shop, report(refunds=(refund(),)))

    assert outcome.change == "changed"
    assert OrderLine.objects.get(external_id="1").refunded_minor == 5000


def test_a_refund_of_an_unknown_order_waits_and_is_applied_when_its_order_comes(shop):
    early = report(lines=(), refunds=(refund(),))
    (outcome,) = record(shop, early)
    assert (outcome.order_pk, outcome.change, outcome.unmatched) == (None, "changed", ("R1",))
    assert record(shop, early)[0].change == "unchanged"

    record(shop, report())
    assert Refund.objects.get().state == RefundState.APPLIED
    assert record(shop, early)[0].change == "unchanged"
    assert OrderLine.objects.get(external_id="1").refunded_minor == 5000


def test_a_refund_of_an_unknown_line_waits(shop):
    (outcome,) = record(shop, report(refunds=(refund(line="9"),)))

    assert (outcome.change, outcome.unmatched) == ("created", ("R1",))
    assert Refund.objects.get().facts["line"] == "9"


def test_a_person_matches_a_waiting_refund_once(shop, owner):
    record(shop, report())
    assert keep(shop, refund(line="")) == "changed"
    waiting, line = Refund.objects.get(), OrderLine.objects.get(external_id="2")

    assert refund_match(refund=waiting, line=line, actor=owner) == Order.objects.get().pk
    with pytest.raises(WrongState):
        refund_match(refund=waiting, line=line, actor=owner)

    line.refresh_from_db()
    assert (line.refunded_minor, Order.objects.get().version) == (5000, 2)
    assert keep(shop, refund(line="")) == "unchanged"  # heard before
    assert Refund.objects.count() == 1


def test_a_waiting_refund_does_not_fit_a_line_with_too_little_left(shop, owner):
    record(shop, report())
    refunds_keep(shop=shop, refunds=[refund(line="", amount=5001)])

    with pytest.raises(OverRefund):
        refund_match(
            refund=Refund.objects.get(), line=OrderLine.objects.get(external_id="2"), actor=owner
        )
    assert Refund.objects.get().state == RefundState.UNMATCHED


def test_one_order_twice_in_a_batch_is_taken_in_turn(shop):
    outcomes = record(
        shop,
        report(state="placed"),
        report(state="paid", reported_at=NOON + HOUR),
        report(lines=(), refunds=(refund(),)),
    )

    order = Order.objects.get()
    assert [o.change for o in outcomes] == ["created", "changed", "changed"]
    assert (order.state, order.version) == ("paid", 1)
    assert OrderLine.objects.get(external_id="1").refunded_minor == 5000


def test_a_refused_first_report_leaves_nothing_in_the_order_that_the_next_begins(shop):
    refused = report(
        state="received", reported_at=NOON + HOUR, click_id="c", refunds=(refund(amount=99900),)
    )
    refund_only = report(lines=(), refunds=(refund("R2"),))
    outcomes = record(shop, refused, refund_only, report(), report(lines=()))

    assert [o.change for o in outcomes] == ["refused", "changed", "created", "unchanged"]
    order = Order.objects.get()
    assert (order.state, order.click_id, order.reported_at) == ("paid", "", NOON)
    assert order.lines.count() == 2
    assert Refund.objects.get().state == RefundState.APPLIED  # taken up with its order


def test_a_batch_is_a_handful_of_statements(shop, django_assert_max_num_queries):
    reports = [report(str(n), refunds=(refund(f"R{n}"),)) for n in range(50)]
    with django_assert_max_num_queries(19):
        record(shop, *reports)
    with django_assert_max_num_queries(19):
        record(shop, *[replace(r, state="received", received_at=NOON) for r in reports])


def test_goods_count_as_received_after_the_agreed_days(shop):
    record(shop, report(), report("1002", paid_at=NOON))
    with clock.at(NOON + timedelta(days=15) - HOUR):
        assert orders_auto_receive() == [Order.objects.get(external_id="1001").pk]
        assert orders_auto_receive() == []

    order = Order.objects.get(external_id="1001")
    assert (order.state, order.version) == ("received", 2)
    assert order.received_at == NOON - HOUR + timedelta(days=15)
