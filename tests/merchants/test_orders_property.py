"""Whatever a shop reports, in whatever order: the database never holds what cannot be."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alliance.kernel.errors import DomainError
from alliance.kernel.money import apportion
from merchants.models import Order, OrderLine, Refund
from merchants.services.order_reports import (
    LineReport,
    OrderReport,
    RefundReport,
    plan_report,
)
from tests.merchants.conftest import NOON

STATES = ["placed", "paid", "received", "void"]
RANK = {state: rank for rank, state in enumerate(STATES)}


class OneOrder(RuleBasedStateMachine):
    """Reports reach `plan_report`; its plan is carried out on plain objects."""

    def __init__(self):
        super().__init__()
        self.order = Order(
            external_id="A", state="placed", placed_at=NOON, reported_at=NOON, currency="CNY"
        )
        self.lines: dict[str, OrderLine] = {}
        self.refunds: dict[str, Refund] = {}
        self.given: dict[str, int] = {}

    @rule(
        state=st.sampled_from(STATES),
        minute=st.integers(0, 30),
        lines=st.dictionaries(st.sampled_from("abc"), st.integers(0, 500), max_size=3),
        refunds=st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from(["", "a", "b", "c"]), st.integers(1, 400)),
            max_size=3,
            unique_by=lambda refund: refund[0],
        ),
    )
    def report(self, state, minute, lines, refunds):
        said = OrderReport(
            "A",
            state,
            "CNY",
            placed_at=NOON,
            paid_at=NOON,
            received_at=NOON,
            reported_at=NOON + timedelta(minutes=minute),
            lines=[LineReport(name, "", "", 1, amount) for name, amount in lines.items()],
            refunds=[RefundReport(f"R{n}", line, amount, NOON) for n, line, amount in refunds],
        )
        before = (self.order.state, self.order.reported_at)
        try:
            plan = plan_report(said, self.order, self.lines, self.refunds, {})
        except DomainError:
            return  # refused whole: nothing was touched
        for name, value in plan.order.items():
            setattr(self.order, name, value)
        for number, fresh in plan.lines.items():
            line = self.lines.setdefault(number, OrderLine(external_id=number, amount_minor=0))
            for name, value in fresh.items():
                setattr(line, name, value)
        for step in plan.refunds:
            line = self.lines[step.line] if step.line else None
            refund = step.waiting or Refund(external_id=step.external_id, currency="CNY")
            refund.facts, refund.amount_minor = step.facts, step.amount_minor
            refund.state = "applied" if line else "unmatched"
            self.refunds[step.external_id] = refund
            if line:
                line.refunded_minor += step.amount_minor
                self.given[step.report.external_id] = step.report.amount_minor
        assert RANK[self.order.state] >= RANK[before[0]]
        assert self.order.reported_at >= before[1]
        assert not (plan.stale and (plan.order or plan.lines))

    @invariant()
    def no_line_gave_back_more_than_was_paid(self):
        assert all(0 <= ln.refunded_minor <= ln.amount_minor for ln in self.lines.values())

    @invariant()
    def each_refund_counts_once_and_to_the_cent(self):
        refunded = sum(line.refunded_minor for line in self.lines.values())
        assert refunded == sum(self.given.values())
        applied = sum(r.amount_minor for r in self.refunds.values() if r.state == "applied")
        assert refunded == applied


OneOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
test_one_order = OneOrder.TestCase


def test_money_is_what_spreads_a_refund():
    assert apportion(3001, [10000, 5000]) == [2001, 1000]
