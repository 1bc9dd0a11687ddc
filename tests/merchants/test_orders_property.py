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
from merchants.services.refund_plans import plan_refunds
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
        self.refunds: dict[str, list[Refund]] = {}
        self.given: dict[str, int] = {}
        self.failed: set[str] = set()

    @rule(
        state=st.sampled_from(STATES),
        minute=st.integers(0, 30),
        deposit=st.booleans(),
        balance=st.booleans(),
        lines=st.dictionaries(
            st.sampled_from("abc"),
            st.tuples(st.integers(0, 500), st.none() | st.integers(0, 100)),
            max_size=3,
        ),
        refunds=st.lists(
            st.tuples(
                st.integers(0, 9),
                st.sampled_from(["", "a", "b", "c"]),
                st.integers(1, 400),
                st.sampled_from(["succeeded", "succeeded", "requested", "failed"]),
            ),
            max_size=3,
            unique_by=lambda refund: refund[0],
        ),
    )
    def report(self, state, minute, deposit, balance, lines, refunds):
        said = OrderReport(
            "A",
            state,
            "CNY",
            placed_at=NOON,
            deposit_paid_at=NOON if deposit else None,
            paid_at=NOON if balance else None,
            received_at=NOON if balance else None,
            reported_at=NOON + timedelta(minutes=minute),
            lines=[LineReport(name, "", "", 1, *amounts) for name, amounts in lines.items()],
            refunds=[
                RefundReport(f"R{n}", line, amount, NOON, state=said)
                for n, line, amount, said in refunds
            ],
        )
        waiting = [row for rows in self.refunds.values() for row in rows[:1]]
        before = (self.order.state, self.order.reported_at)
        try:
            plan = plan_report(said, self.order, self.lines, {})
            plan_refunds(plan, said, self.order, self.lines, self.refunds, waiting)
        except DomainError:
            return  # refused whole: nothing was touched
        for name, value in plan.order.items():
            setattr(self.order, name, value)
        for number, fresh in plan.lines.items():
            line = self.lines.setdefault(
                number, OrderLine(order=self.order, external_id=number, amount_minor=0)
            )
            for name, value in fresh.items():
                setattr(line, name, value)
        for step in plan.refunds:
            self.carry_out(step)
        assert RANK[self.order.state] >= RANK[before[0]]
        assert self.order.reported_at >= before[1]
        assert not (plan.stale and (plan.order or plan.lines))

    def carry_out(self, step):
        refund = step.held or Refund(external_id=step.external_id, currency="CNY")
        line = refund.line if step.line is None else self.lines[step.line]
        number = step.report.external_id
        if step.moves_money:
            line.refunded_minor += -step.amount_minor if step.applied_before else step.amount_minor
            self.given[number] = 0 if step.applied_before else step.report.amount_minor
        refund.facts, refund.amount_minor = step.facts, step.amount_minor
        refund.state, refund.line = step.state, line
        if step.held is None:
            self.refunds.setdefault(number, []).append(refund)

    @invariant()
    def what_failed_stays_failed(self):
        failed = {n for n, rows in self.refunds.items() if rows[0].state == "failed"}
        assert self.failed <= failed
        self.failed = failed

    @invariant()
    def of_a_presale_the_deposit_or_all_of_it_is_paid(self):
        for line in self.lines.values():
            if line.total_minor is not None:
                paid = line.deposit_minor if self.order.balance_open else line.total_minor
                assert line.amount_minor == paid
                assert 0 <= line.deposit_minor <= line.total_minor

    @invariant()
    def no_line_gave_back_more_than_was_paid(self):
        assert all(0 <= ln.refunded_minor <= ln.amount_minor for ln in self.lines.values())

    @invariant()
    def each_refund_counts_once_and_to_the_cent(self):
        refunded = sum(line.refunded_minor for line in self.lines.values())
        assert refunded == sum(self.given.values())
        rows = [row for rows in self.refunds.values() for row in rows]
        applied = sum(row.amount_minor for row in rows if row.state == "applied")
        assert refunded == applied


OneOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
test_one_order = OneOrder.TestCase


def test_money_is_what_spreads_a_refund():
    assert apportion(3001, [10000, 5000]) == [2001, 1000]
