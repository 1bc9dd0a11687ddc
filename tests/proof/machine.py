"""The rules of the machine: everything that may happen to the books, in any order.

Reports come late, twice, in the wrong order or not at all; the wallet runs dry; refunds come after
the settlement and after the withdrawal; what is over is told again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import FunctionType
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from affiliates.services.affiliates import affiliate_freeze, affiliate_unfreeze
from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import pipeline, tasks
from commissions.services import periods, settlements, wallets
from merchants.services.merchants import merchant_freeze, merchant_unfreeze
from merchants.services.orders import RefundReport
from tests.proof.cases import Cases
from tests.proof.model import Line
from tests.proof.money_out import MoneyOut
from tests.proof.telling import Telling
from tests.proof.trade import MINIMUM, some, who

AUTO_RECEIVE = timedelta(days=15)
RANK = {"placed": 0, "paid": 1, "received": 2, "void": 3}

amounts = st.sampled_from([19900, 1990, 12345, 100_000, 99, 5, 4, 1])
heard = st.sampled_from([True, True, False])
tenths = st.sampled_from([10, 10, 10, 5, 3, 1, 11])
# How far a withdrawal has come (requested, released, sent, arrived), and whether an order that paid
# for it was refunded since.
STORIES = {
    "settled": (0, False),
    "asked for": (1, False),
    "frozen": (1, False),
    "on its way": (3, True),
    "comes back": (3, True),
    "paid out": (4, False),
    "in debt": (4, True),
    "out of debt": (4, True),
    "a month ago": (4, False),
    "looked into": (0, False),
    "taken": (0, False),
    "poor": (0, False),
    "helped": (0, False),
    "closed": (0, False),
    "untold": (0, False),
}


class Machine(MoneyOut, Cases, Telling):
    """See WEIGHTS for how often each rule is tried."""

    @invariant()
    def books_are_what_the_model_says(self) -> None:
        self.check()

    # --- Where it begins -------------------------------------------------------------------------

    @initialize(story=st.sampled_from(list(STORIES)))
    def something_has_happened(self, story):
        """States that chance alone comes by too rarely."""
        withdrawn, refunded = STORIES[story]
        if withdrawn:
            self.somebody_withdraws(0, 10)
        for _step in range(withdrawn - 1):
            self.a_withdrawal_moves_on(0, True)
        if refunded:
            self.it_is_refunded(1, 5, True, True)
        self._and_then(story)

    def _and_then(self, story):
        if story == "frozen":
            self.an_affiliate_is_frozen_or_freed(0)
        elif story == "comes back":
            self.a_withdrawal_moves_on(0, False)
        elif story in ("poor", "helped"):
            self.an_order_comes([12345] * 2, 0, "paid", True)
            self.an_order_comes([100_000], 1, "paid", True)
            self.an_order_comes([99], 1, "paid", True)
            self.it_is_corrected(0, 100_000, True)
            if story == "helped":
                self.money_comes(30_000, True)
        elif story == "a month ago":
            self.a_month_passes("calendar", 0)
        elif story in ("looked into", "taken"):
            self.an_order_comes([19900, 1990], 0, "received", True)
            self.an_order_is_looked_into(0, True)
            if story == "taken":
                self.a_month_passes("calendar", 0)
        elif story in ("out of debt", "untold"):
            self.money_comes(30_000, True)
            self.an_order_comes([100_000], 0, "received", True)
            self.a_month_passes("calendar", 0)
        elif story == "closed":
            self.the_books_of_last_month_are_closed()

    # --- What shops report -----------------------------------------------------------------------

    @rule(
        amounts=st.lists(amounts, min_size=1, max_size=2),
        who=st.sampled_from([0, 1, 0, 1, None]),
        state=st.sampled_from(["received", "paid", "paid", "placed"]),
        heard=heard,
    )
    def an_order_comes(self, amounts, who, state, heard):
        self.sell(amounts, who, state, heard=heard)

    @rule(back=some, state=st.sampled_from(["received", "received", "paid"]), heard=heard)
    def it_moves_on(self, back, state, heard):
        sale = self.sale(back)
        said = self.news(sale, state=state, paid_at=sale.report.paid_at or self.now)
        if state == "received" and not said.received_at:
            said = replace(said, received_at=self.now)
        sale.report = replace(said, state=max(sale.state, state, key=RANK.__getitem__))
        self.say(sale, said, heard=heard)

    @rule(back=some, heard=heard)
    def it_falls_through(self, back, heard):
        sale = self.sale(back)
        sale.report = self.news(sale, state="void")
        self._note("void after settlement", sale.lines)
        self.say(sale, sale.report, heard=heard)

    @rule(back=some, amount=amounts, heard=heard)
    def it_is_corrected(self, back, amount, heard):
        sale = self.sale(back)
        first, *others = sale.report.lines
        report = self.news(sale, lines=(replace(first, amount_minor=amount), *others))
        if sale.lines[0].refunded > amount:
            assert self.say(sale, report) == "over_refund"
        else:
            sale.report, sale.lines[0].amount = report, amount
            self.say(sale, report, heard=heard)

    @rule(back=some, tenths=tenths, whole=st.booleans(), heard=heard)
    def it_is_refunded(self, back, tenths, whole, heard):
        """Some of what is left of the order, or of its last line; eleven tenths are too much."""
        sale = self.sale(back)
        lines = sale.lines if whole else sale.lines[-1:]
        left = [line.amount - line.refunded for line in lines]
        minor = sum(left) * tenths // 10
        if not minor:
            return
        self.later(hours=1)
        refund = RefundReport(
            external_id=self.number(),
            line_external_id="" if whole else sale.report.lines[-1].external_id,
            amount_minor=minor,
            refunded_at=self.now,
        )
        report = self.news(sale, refunds=(*sale.report.refunds, refund))
        if minor > sum(left):
            assert self.say(sale, report) == "over_refund"
            self.seen["over-refund"] += 1
            return
        self._note("refunded after settlement", lines)
        for line, share in zip(lines, Money(minor, "CNY").split(left), strict=True):
            self.seen["refunded again"] += line.refunded > 0
            line.refunded += share.minor
        sale.report = report
        assert self.say(sale, report, heard=heard) == "changed"

    def _note(self, what: str, lines: list[Line]) -> None:
        self.seen[what] += any(line.state == "settled" and line.base for line in lines)

    @rule(back=some)
    def it_is_said_again(self, back):
        sale = self.sale(back)
        assert self.say(sale, sale.report) == "unchanged"
        self.seen["replayed"] += 1

    @rule(back=some)
    def it_is_said_too_late(self, back):
        sale = self.sale(back)
        older = sale.report.reported_at - timedelta(seconds=1)
        assert self.say(sale, replace(sale.report, state="void", reported_at=older)) == "stale"
        self.seen["stale"] += 1

    # --- Messages and beats ----------------------------------------------------------------------

    @rule()
    def the_sweep_comes(self):
        sales = self.books.sales
        due = [
            sale
            for sale in sales
            if sale.state == "paid" and sale.report.paid_at + AUTO_RECEIVE <= self.now
        ]
        for sale in due:
            moment = sale.report.paid_at + AUTO_RECEIVE
            sale.report = replace(sale.report, state="received", received_at=moment)
            sale.waiting = True
        self.seen["received by itself"] += len(due)
        self.books.process([sale for sale in sales if sale.waiting])
        with clock.at(self.now):
            tasks.orders_sweep()

    @rule(back=some)
    def a_message_comes_twice(self, back):
        sale = self.sale(back)
        self.books.process([sale])
        with clock.at(self.now):
            pipeline.orders_process([sale.pk, sale.pk])
            pipeline.orders_process([sale.pk])

    # --- Merchants' money ------------------------------------------------------------------------

    @rule(minor=st.sampled_from([10_000, 30_000, 5000, 2388, 500, 1]), told=st.booleans())
    def money_comes(self, minor, told):
        self.top_up(minor)
        if told:
            self._fund()
            with clock.at(self.now):
                tasks.merchant_funded(self.cast.merchant.pk)

    @rule(fine=st.booleans())
    def a_top_up_is_decided_twice(self, fine):
        """By whoever announced it: refused. By finance: once, whatever finance says afterwards."""
        cast = self.cast
        with clock.at(self.now):
            made = wallets.top_up_announce(
                actor=cast.finance2, merchant=cast.merchant, amount=Money(700, "CNY")
            )
        with self.refused():
            wallets.top_up_receive(actor=cast.finance2, top_up=made)
        with clock.at(self.now):
            if fine:
                wallets.top_up_receive(actor=cast.finance, top_up=made)
                self.books.top_ups += 700
            else:
                wallets.top_up_refuse(actor=cast.finance, top_up=made, reason="never came")
        with self.refused():
            wallets.top_up_receive(actor=cast.finance, top_up=made)

    @rule()
    def funds_are_swept(self):
        if self.books.wallet + self.books.credit > 0:
            self._fund()
        with clock.at(self.now):
            tasks.unfunded_sweep()

    def _fund(self) -> None:
        sales = self.books.sales
        self.books.process([s for s in sales if "unfunded" in [line.state for line in s.lines]])

    @rule(minor=st.sampled_from([5000, 1000, 0]))
    def credit_changes(self, minor):
        cast, limit = self.cast, Money(minor, "CNY")
        if self.books.wallet < -minor:
            with self.refused():
                wallets.credit_limit_set(actor=cast.finance, merchant=cast.merchant, limit=limit)
        else:
            with clock.at(self.now):
                wallets.credit_limit_set(actor=cast.finance, merchant=cast.merchant, limit=limit)
            self.books.credit = minor

    # --- The calendar ----------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 3, 16]))
    def days_pass(self, days):
        """Never over a month's end: that is `a_month_passes`."""
        later = self.now + timedelta(days=days)
        if later.month == self.now.month:
            self.now = later

    @rule(how=st.sampled_from(["calendar", "by hand", "built before", "calendar twice"]), back=some)
    def a_month_passes(self, how, back):
        self.to_settlement_day()
        close: Callable[[], Any] = tasks.settlement_monthly
        if how == "by hand":
            close = self.settle_by_hand
        elif how == "built before":  # somebody began; then the figures change; then the beat comes
            with clock.at(self.now):
                settlements.settlement_build(settlement=self.settlement())
            self.it_is_refunded(back, 5, True, True)
            self.seen["built before a change"] += 1
        if how != "by hand":
            self.cases_expire()  # the calendar looks at them first
        self.settled_by(close)
        if how == "calendar twice":
            with clock.at(self.now):
                tasks.settlement_monthly()
        with self.refused():  # the day itself is for reconciliation
            self.withdraw(0, MINIMUM)
        self.later(days=1)

    @precondition(lambda self: clock.previous_month(self.now.date()) not in self.closed)
    @rule()
    def the_books_of_last_month_are_closed(self):
        month = clock.previous_month(self.now.date())
        with clock.at(self.now):
            periods.period_close(month=month)
        self.closed.append(month)
        with self.refused():
            periods.period_close(month=month)

    @precondition(lambda self: self.closed)
    @rule()
    def somebody_posts_into_a_closed_month(self):
        now = self.now
        month = self.closed[-1]
        self.now = clock.day_start(month.replace(day=17)).astimezone(clock.ZONE)
        with self.refused():
            self.top_up(500)
        self.now = now
        self.seen["closed month"] += 1

    # --- Freezes ---------------------------------------------------------------------------------

    @rule(who=who)
    def an_affiliate_is_frozen_or_freed(self, who):
        affiliate, finance = self.world.affiliates[who], self.cast.finance
        with clock.at(self.now):
            if self.frozen[who]:
                affiliate_unfreeze(affiliate=affiliate, actor=finance)
            else:
                affiliate_freeze(affiliate=affiliate, reason="look", actor=finance)
        self.frozen[who] = not self.frozen[who]

    @rule()
    def the_merchant_is_frozen_or_freed(self):
        merchant, finance = self.cast.merchant, self.cast.finance
        with clock.at(self.now):
            if self.merchant_frozen:
                merchant_unfreeze(merchant=merchant, actor=finance)
            else:
                merchant_freeze(merchant=merchant, reason="look", actor=finance)
        self.merchant_frozen = not self.merchant_frozen


# How many rules each counts for; one that is not named here counts once. Hypothesis switches some
# rules off in each machine: a copy has a name of its own, so that what is frequent stays possible.
WEIGHTS = {
    "a_month_passes": 5,
    "a_withdrawal_moves_on": 8,
    "an_affiliate_is_frozen_or_freed": 2,
    "an_order_comes": 6,
    "a_case_is_released": 2,
    "an_order_is_looked_into": 4,
    "cases_are_swept": 3,
    "days_pass": 2,
    "it_is_corrected": 3,
    "it_is_refunded": 6,
    "it_is_said_too_late": 2,
    "it_moves_on": 6,
    "money_comes": 4,
    "somebody_withdraws": 6,
    "the_sweep_comes": 2,
    "the_settlements_are_told": 2,
    "the_tax_of_last_month_is_paid": 4,
}


def _copy(name: str, copy: str) -> None:
    """The same rule under another name."""
    original = getattr(Machine, name)
    marked = original.hypothesis_stateful_rule
    twin = FunctionType(marked.function.__code__, marked.function.__globals__, copy)
    for condition in marked.preconditions:
        twin = precondition(condition)(twin)
    setattr(Machine, copy, rule(**marked.arguments)(twin))


for _name, _times in WEIGHTS.items():
    for _number in range(2, _times + 1):
        _copy(_name, f"{_name}_{_number}")
