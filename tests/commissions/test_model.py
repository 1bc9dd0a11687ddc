"""Months of trade at random, beside a model of the books (tests/commissions/model.py).

Reports come late, twice, in the wrong order or not at all; the wallet runs dry; refunds come after
the settlement and after the withdrawal. After every step the books verify, and each balance, state
and base is what the model says.

`MODEL_WALKS=500` walks further, and elsewhere each time. A walk that fails names its seed and its
steps.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import TransactionTestCase

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from affiliates.services.affiliates import affiliate_freeze, affiliate_unfreeze
from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.money import Money
from commissions import chart, pipeline, tasks
from commissions.figures import accounts_with_balances
from commissions.models import Account, Commission, Payout
from commissions.services import payouts, wallets
from commissions.verify import verify
from merchants.services.merchants import merchant_freeze, merchant_unfreeze
from merchants.services.orders import LineReport, OrderReport, RefundReport, orders_record
from tests.cast import cast_make, user_make
from tests.commissions.model import Books, Line, Sale, Withdrawal

pytestmark = pytest.mark.django_db(transaction=True)

WALKS = int(os.environ.get("MODEL_WALKS", "0"))
STEPS_PER_WALK = 110
MINIMUM = 100
AUTO_RECEIVE = timedelta(days=15)
RANK = {"placed": 0, "paid": 1, "received": 2, "void": 3}
AMOUNTS = (1, 4, 5, 99, 1990, 12345, 19900, 19900, 100_000)
# The walk has to come by each of these, or it proves little.
MUST_BE_SEEN = {
    "debt", "debt repaid", "withdrawn", "paid out", "failed payout", "failed into a debt",
    "refused payout", "held by a freeze", "unfunded", "funded", "rise unfunded", "settled",
    "refunded after settlement", "void after settlement", "received by itself", "stale",
    "replayed", "waiting at a settlement", "order of a frozen merchant", "over-refund",
}  # fmt: skip

Step = Callable[["Trade"], None]
STEPS: dict[Step, int] = {}


def often(weight: int) -> Callable[[Step], Step]:
    """Something that may happen, so many times as often as what is rarest."""

    def register(step: Step) -> Step:
        STEPS[step] = weight
        return step

    return register


class Trade:
    """One merchant, two affiliates, a wallet that never lasts. It starts with a settled month."""

    def __init__(self, rng: random.Random, seen: Counter[str]) -> None:
        self.rng, self.seen, self.books = rng, seen, Books(seen)
        self.now = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
        self.numbers = iter(range(1, 10_000))
        with clock.at(self.now - timedelta(days=2)):
            self.cast = cast_make(wallet="0")
            wang = user_make("wang@test.example")
            other = affiliate_apply(user=wang, kind="small", name="Wang")
            other.refresh_from_db()
            zone = AdZone.objects.get(site__affiliate=other)
            link = link_create(actor=wang, affiliate=other, zone=zone, product=self.cast.product)
            self.users = [self.cast.lin, wang]
            self.affiliates = [self.cast.affiliate, other]
            self.links = [self.cast.link, link]
            for user, affiliate in zip(self.users, self.affiliates, strict=True):
                payouts.payee_set(
                    actor=user, affiliate=affiliate, holder="H", institution="B", number="12345"
                )
        self.frozen, self.merchant_frozen = [False, False], False
        self._top_up(10_000)
        for who in (0, 1):
            self._sell([19900], who, "received")
        self.process()
        self.a_month_passes()

    def process(self) -> None:
        """The pipeline sees everything that waits."""
        waiting = [sale for sale in self.books.sales if sale.waiting]
        self.books.process(waiting)
        with clock.at(self.now):
            pipeline.orders_process(sale.pk for sale in waiting)

    # --- What shops report -----------------------------------------------------------------------

    def _say(self, sale: Sale, report: OrderReport) -> str:
        """Report it, and see one order processed where the message is not lost; what became of
        the report."""
        with clock.at(self.now):
            outcome = orders_record(shop=self.cast.shop, reports=[report])[0]
            if outcome.change in ("created", "changed"):
                sale.pk, sale.waiting = outcome.order_pk, True
                if self.rng.random() < 0.7:
                    self.books.process([sale])
                    pipeline.orders_process([sale.pk])
        return outcome.error.code if outcome.error else outcome.change

    def _some_sale(self) -> Sale:
        """Rather one of the last, but any may change."""
        sales = self.books.sales
        return self.rng.choice(sales if self.rng.random() < 0.5 else sales[-5:])

    def _sell(self, amounts: list[int], who: int | None, state: str) -> None:
        self.now += timedelta(hours=1)
        number = f"T{next(self.numbers)}"
        with clock.at(self.now):
            click_id = "" if who is None else self.cast.click(link=self.links[who])
        report = OrderReport(
            external_id=number,
            state=state,
            currency="CNY",
            placed_at=self.now,
            reported_at=self.now,
            paid_at=None if state == "placed" else self.now,
            received_at=self.now if state == "received" else None,
            click_id=click_id,
            lines=tuple(
                LineReport(f"{number}-{i}", "P1", "Flask", 1, amount)
                for i, amount in enumerate(amounts)
            ),
        )
        sale = Sale(number, who, report, [Line(amount) for amount in amounts])
        if self.merchant_frozen:
            assert self._say(sale, report) == "not_allowed"
            self.seen["order of a frozen merchant"] += 1
        else:
            self.books.sales.append(sale)
            assert self._say(sale, report) == "created"

    @often(9)
    def an_order_comes(self) -> None:
        amounts = self.rng.choices(AMOUNTS, k=self.rng.choice([1, 1, 2]))
        state = self.rng.choice(["placed", "paid", "paid", "received"])
        self._sell(amounts, self.rng.choice([0, 0, 1, 1, None]), state)

    @often(9)
    def it_moves_on(self) -> None:
        self.now += timedelta(hours=1)
        sale, state = self._some_sale(), self.rng.choice(["paid", "received", "received"])
        said = replace(
            sale.report,
            state=state,
            reported_at=self.now,
            paid_at=sale.report.paid_at or self.now,
            received_at=sale.report.received_at or (self.now if state == "received" else None),
        )
        sale.report = replace(said, state=max(sale.state, state, key=RANK.__getitem__))
        self._say(sale, said)

    @often(3)
    def it_falls_through(self) -> None:
        self.now += timedelta(hours=1)
        sale = self._some_sale()
        sale.report = replace(sale.report, state="void", reported_at=self.now)
        self._note("void after settlement", sale.lines)
        self._say(sale, sale.report)

    @often(5)
    def it_is_corrected(self) -> None:
        self.now += timedelta(hours=1)
        sale, amount = self._some_sale(), self.rng.choice(AMOUNTS)
        fresh = (replace(sale.report.lines[0], amount_minor=amount), *sale.report.lines[1:])
        report = replace(sale.report, lines=fresh, reported_at=self.now)
        if sale.lines[0].refunded > amount:
            assert self._say(sale, report) == "over_refund"
        else:
            sale.report, sale.lines[0].amount = report, amount
            self._say(sale, report)

    @often(7)
    def it_is_refunded(self) -> None:
        """Some of what is left of the order, or of its last line; eleven tenths are too much."""
        self.now += timedelta(hours=1)
        sale, whole = self._some_sale(), self.rng.random() < 0.5
        lines = sale.lines if whole else sale.lines[-1:]
        left = [line.amount - line.refunded for line in lines]
        minor = sum(left) * self.rng.choice([1, 3, 5, 10, 10, 11]) // 10
        if not minor:
            return
        refund = RefundReport(
            external_id=f"R{next(self.numbers)}",
            line_external_id="" if whole else sale.report.lines[-1].external_id,
            amount_minor=minor,
            refunded_at=self.now,
        )
        report = replace(sale.report, refunds=(*sale.report.refunds, refund))
        if minor > sum(left):
            assert self._say(sale, report) == "over_refund"
            self.seen["over-refund"] += 1
            return
        self._note("refunded after settlement", lines)
        for line, share in zip(lines, Money(minor, "CNY").split(left), strict=True):
            line.refunded += share.minor
        sale.report = report
        assert self._say(sale, report) == "changed"

    def _note(self, what: str, lines: list[Line]) -> None:
        self.seen[what] += any(line.state == "settled" and line.base for line in lines)

    @often(2)
    def it_is_said_again(self) -> None:
        sale = self._some_sale()
        assert self._say(sale, sale.report) == "unchanged"
        self.seen["replayed"] += 1

    @often(2)
    def it_is_said_too_late(self) -> None:
        sale = self._some_sale()
        older = sale.report.reported_at - timedelta(seconds=1)
        assert self._say(sale, replace(sale.report, state="void", reported_at=older)) == "stale"
        self.seen["stale"] += 1

    # --- Messages, beats and the calendar --------------------------------------------------------

    @often(3)
    def the_sweep_comes(self) -> None:
        due = [
            sale
            for sale in self.books.sales
            if sale.state == "paid" and sale.report.paid_at + AUTO_RECEIVE <= self.now
        ]
        for sale in due:
            moment = sale.report.paid_at + AUTO_RECEIVE
            sale.report = replace(sale.report, state="received", received_at=moment)
        self.seen["received by itself"] += len(due)
        self.books.process(due)
        self.books.process([sale for sale in self.books.sales if sale.waiting])
        with clock.at(self.now):
            tasks.orders_sweep()

    @often(2)
    def a_message_comes_twice(self) -> None:
        sale = self._some_sale()
        self.books.process([sale])
        with clock.at(self.now):
            pipeline.orders_process([sale.pk, sale.pk])
            pipeline.orders_process([sale.pk])

    def _top_up(self, minor: int) -> None:
        cast, amount = self.cast, Money(minor, "CNY")
        with clock.at(self.now):
            made = wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=amount)
            wallets.top_up_receive(actor=cast.finance, top_up=made)
        self.books.top_ups += minor

    @often(5)
    def money_comes(self) -> None:
        self._top_up(self.rng.choice([1, 500, 2388, 5000, 10_000, 30_000]))
        if self.rng.random() < 0.5:
            self._fund()
            with clock.at(self.now):
                tasks.merchant_funded(self.cast.merchant.pk)

    @often(2)
    def funds_are_swept(self) -> None:
        if self.books.wallet + self.books.credit > 0:
            self._fund()
        with clock.at(self.now):
            tasks.unfunded_sweep()

    def _fund(self) -> None:
        sales = self.books.sales
        self.books.process([s for s in sales if "unfunded" in [line.state for line in s.lines]])

    @often(1)
    def credit_changes(self) -> None:
        minor, cast = self.rng.choice([0, 1000, 5000]), self.cast
        with clock.at(self.now):
            if self.books.wallet < -minor:
                with pytest.raises(DomainError):
                    wallets.credit_limit_set(
                        actor=cast.finance, merchant=cast.merchant, limit=Money(minor, "CNY")
                    )
                return
            wallets.credit_limit_set(
                actor=cast.finance, merchant=cast.merchant, limit=Money(minor, "CNY")
            )
        self.books.credit = minor

    @often(2)
    def days_pass(self) -> None:
        """Never over a month's end: that is `a_month_passes`."""
        later = self.now + timedelta(days=self.rng.choice([1, 3, 16]))
        if later.month == self.now.month:
            self.now = later

    @often(6)
    def a_month_passes(self) -> None:
        day = clock.next_month(clock.business_day(self.now)).replace(day=20)
        self.now = clock.day_start(day).astimezone(clock.ZONE) + timedelta(hours=2)
        self.seen["waiting at a settlement"] += any(sale.waiting for sale in self.books.sales)
        before = [self.books.position(who) for who in (0, 1)]
        self.books.settle(clock.day_start(day.replace(day=1)))
        for who in (0, 1):
            self.seen["debt repaid"] += before[who] < min(self.books.position(who), 0) or (
                before[who] < 0 <= self.books.position(who)
            )
        with clock.at(self.now):
            tasks.settlement_monthly()
            with pytest.raises(DomainError):  # the day itself is for reconciliation
                self._request(0, MINIMUM)
        self.now += timedelta(days=1)

    # --- Withdrawals -----------------------------------------------------------------------------

    def _request(self, who: int, minor: int) -> Payout:
        return payouts.payout_request(
            actor=self.users[who], affiliate=self.affiliates[who], amount=Money(minor, "CNY")
        )

    @often(7)
    def somebody_withdraws(self) -> None:
        who = self.rng.choice([0, 1])
        position = self.books.position(who)
        minor = max(position, MINIMUM) * self.rng.choice([5, 10, 10, 10, 11]) // 10
        under_way = [one.who for one in self.books.out("requested", "ready", "sending")]
        with clock.at(self.now):
            if self.frozen[who] or who in under_way or not MINIMUM <= minor <= position:
                with pytest.raises(DomainError):
                    self._request(who, minor)
            else:
                made = self._request(who, minor)
                self.books.withdrawals.append(Withdrawal(made.pk, who, minor))
                self.seen["withdrawn"] += 1

    @often(9)
    def a_withdrawal_moves_on(self) -> None:
        """Released or refused; sent, twice; arrived or returned."""
        under_way = self.books.out("requested", "ready", "sending")
        if not under_way:
            return
        one = self.rng.choice(under_way)
        row, fine = Payout.objects.get(pk=one.pk), self.rng.random() < 0.7
        with clock.at(self.now):
            if one.state == "ready":
                tasks.payout_send(one.pk)
                tasks.payout_send(one.pk)
                one.state = "ready" if self.frozen[one.who] else "sending"
            elif not fine:
                self._back(one, "refused payout" if one.state == "requested" else "failed payout")
                payouts.payout_fail(payout=row, reason="no", actor=self.cast.finance2)
            elif one.state == "sending":
                payouts.payout_mark_paid(payout=row, rail_ref="B1", actor=self.cast.finance2)
                one.state = "paid"
                self.seen["paid out"] += 1
            elif self.frozen[one.who]:
                with pytest.raises(DomainError):
                    payouts.payout_release(actor=self.cast.finance, payout=row)
                self.seen["held by a freeze"] += 1
            else:
                payouts.payout_release(actor=self.cast.finance, payout=row)
                one.state = "ready"
            if one.state in ("paid", "failed"):
                with pytest.raises(DomainError):
                    payouts.payout_fail(payout=row, reason="again", actor=self.cast.finance2)

    def _back(self, one: Withdrawal, what: str) -> None:
        self.seen[what] += 1
        self.seen["failed into a debt"] += self.books.position(one.who) < 0
        one.state = "failed"

    # --- Freezes ---------------------------------------------------------------------------------

    @often(2)
    def an_affiliate_is_frozen_for_an_hour(self) -> None:
        who, finance = self.rng.choice([0, 1]), self.cast.finance
        affiliate_freeze(affiliate=self.affiliates[who], reason="look", actor=finance)
        self.frozen[who] = True
        self._sell([1990], who, "paid")  # the order stays theirs, the money waits
        self.a_withdrawal_moves_on()
        self.somebody_withdraws()
        self.frozen[who] = False
        affiliate_unfreeze(affiliate=self.affiliates[who], actor=finance)

    @often(1)
    def the_merchant_is_frozen_for_an_hour(self) -> None:
        merchant, finance = self.cast.merchant, self.cast.finance
        merchant_freeze(merchant=merchant, reason="look", actor=finance)
        self.merchant_frozen = True
        self.an_order_comes()
        self.it_moves_on()  # what was begun goes on
        self.merchant_frozen = False
        merchant_unfreeze(merchant=merchant, actor=finance)

    # --- After every step ------------------------------------------------------------------------

    def check(self) -> None:
        books, merchant = self.books, self.cast.merchant.pk
        flying = books.out("requested", "ready", "sending")
        said = {
            chart.wallet(merchant): books.wallet,
            chart.reserved(merchant): books.reserved,
            chart.IN_FLIGHT: sum(one.minor for one in flying),
            chart.CASH: sum(one.minor for one in books.out("paid")) - books.top_ups,
        }
        for who, affiliate in enumerate(self.affiliates):
            position = books.position(who)
            said[chart.pending(affiliate.pk)] = books.pending(who)
            said[chart.payable(affiliate.pk)] = max(position, 0)
            said[chart.debt(affiliate.pk)] = min(position, 0)
            self.seen["debt"] += position < 0
        told = accounts_with_balances(Account.objects.filter(code__in=said))
        booked = {account.code: account.balance_minor for account in told}
        assert {code: booked.get(code, 0) for code in said} == said

        rows = Commission.objects.order_by("line__order", "line").values_list(
            "line__order__external_id", "state", "base_minor"
        )
        assert list(rows) == [
            (sale.number, line.state, line.base)
            for sale in books.sales
            for line in sale.lines
            if line.state
        ]
        assert verify() == []


def walk(seed: int, seen: Counter[str]) -> None:
    rng, names = random.Random(seed), []
    try:
        trade = Trade(rng, seen)
        for step in rng.choices(list(STEPS), list(STEPS.values()), k=STEPS_PER_WALK):
            names.append(step.__name__)
            step(trade)
            trade.check()
    except BaseException as exc:
        exc.add_note(f"walk {seed}: {', '.join(names)}")
        raise
    TransactionTestCase._fixture_teardown(None)  # the next walk begins with nothing


def test_the_books_say_what_the_model_says_whatever_happens():
    seen: Counter[str] = Counter()
    first = random.randrange(10**9) if WALKS else 0
    for seed in range(first, first + (WALKS or 6)):
        walk(seed, seen)

    missed = MUST_BE_SEEN - {name for name, times in seen.items() if times}
    assert not missed, f"the walks never came by: {sorted(missed)}; they saw {dict(seen)}"
