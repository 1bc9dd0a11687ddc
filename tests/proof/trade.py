"""A merchant, two affiliates and a wallet that never lasts: what the machine plays with, what it
says to the books and to the model, and the comparison of the two."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from affiliates.models import AdZone, Affiliate, Link
from affiliates.services import affiliate_apply, link_create
from affiliates.services.months import months_make
from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, pipeline
from commissions.figures import accounts_with_balances
from commissions.models import Account, Commission, Payout, Settlement
from commissions.services import payouts, settlements, wallets
from commissions.verify import verify
from merchants.services.orders import LineReport, OrderReport, orders_record
from tests.cast import Cast, cast_make, user_make
from tests.proof.model import Books, Line, Sale

MINIMUM = 100
some = st.integers(0, 4) | st.integers(0, 40)  # rather one of the last, but any may change
who = st.sampled_from([0, 1])
BEGIN = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@dataclass(frozen=True)
class World:
    """The cast of every machine: Lin and Wang promote the flask of Chen."""

    cast: Cast
    users: list[User]
    affiliates: list[Affiliate]
    links: list[Link]


def world_make() -> World:
    with clock.at(BEGIN - timedelta(days=2)):
        cast = cast_make(wallet="0")
        wang = user_make("wang@test.example")
        other = affiliate_apply(user=wang, kind="small", name="Wang")
        other.refresh_from_db()
        zone = AdZone.objects.get(site__affiliate=other)
        link = link_create(actor=wang, affiliate=other, zone=zone, product=cast.product)
        users, affiliates = [cast.lin, wang], [cast.affiliate, other]
        for user, affiliate in zip(users, affiliates, strict=True):
            payouts.payee_set(
                actor=user, affiliate=affiliate, holder="H", institution="B", number="12345"
            )
    return World(cast, users, affiliates, [cast.link, link])


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that services take for none, so that they may be durable; rolled back."""
    with transaction.atomic():
        connection.atomic_blocks[-1]._from_testcase = True
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


class Trade(RuleBasedStateMachine):
    """What is said to the books is said to the model too; `check` compares them.

    Each machine begins with a settled month, so that there is something to take back and to pay.
    """

    def __init__(self, world: World, seen: Counter[str], *, proof_every: int = 1) -> None:
        super().__init__()
        self.checks, self.proof_every = 0, proof_every
        self.world, self.cast, self.seen = world, world.cast, seen
        self.books = Books(seen)
        self.now = BEGIN
        self.numbers = 0
        self.frozen, self.merchant_frozen = [False, False], False
        self.closed: list[date] = []  # months
        # What each held when a month was settled, and what the merchant held at a month's end.
        self.closings: dict[date, dict[int, dict[str, int]]] = {}
        self.month_ends: dict[date, dict[str, int]] = {}
        self.untold: list[date] = []  # months that are settled
        self.cases: list[Any] = []  # against orders, see cases.py
        self._undone = undone()
        self._undone.__enter__()
        self.top_up(10_000)
        for who in (0, 1):
            self.sell([19900], who, "received")
        self.to_settlement_day()
        self.settled_by(self.settle_by_hand)
        self.now += timedelta(days=1)

    def teardown(self) -> None:
        try:
            if sys.exception() is None:  # else it has failed already
                self.finish()
        finally:
            self._undone.__exit__(None, None, None)

    def finish(self) -> None:
        """What has to be true of every machine at its end."""

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)

    def number(self) -> str:
        self.numbers += 1
        return f"T{self.numbers}"

    @contextmanager
    def refused(self) -> Iterator[None]:
        """A refusal by name; that nothing moved is seen by `check`."""
        with clock.at(self.now), pytest.raises(DomainError):
            yield

    # --- Orders ----------------------------------------------------------------------------------

    def say(self, sale: Sale, report: OrderReport, *, heard: bool = True) -> str:
        """Report it, and process it unless the message is lost; what became of the report."""
        with clock.at(self.now):
            outcome = orders_record(shop=self.cast.shop, reports=[report])[0]
            if outcome.change in ("created", "changed"):
                sale.pk, sale.waiting = outcome.order_pk, True
                if heard:
                    self.process([sale])
        return outcome.error.code if outcome.error else outcome.change

    def process(self, sales: list[Sale]) -> None:
        self.books.process(sales)
        with clock.at(self.now):
            pipeline.orders_process(sale.pk for sale in sales)

    def sell(self, amounts: list[int], who: int | None, state: str, *, heard: bool = True) -> None:
        self.later(hours=1)
        number = self.number()
        with clock.at(self.now):
            click_id = "" if who is None else self.cast.click(link=self.world.links[who])
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
            assert self.say(sale, report) == "not_allowed"
            self.seen["order of a frozen merchant"] += 1
        else:
            self.books.sales.append(sale)
            assert self.say(sale, report, heard=heard) == "created"

    def sale(self, back: int) -> Sale:
        """The last sale, or the one so many before it."""
        return self.books.sales[-1 - back % len(self.books.sales)]

    def news(self, sale: Sale, **changes: object) -> OrderReport:
        self.later(hours=1)
        return replace(sale.report, reported_at=self.now, **changes)

    # --- Money and the calendar ------------------------------------------------------------------

    def top_up(self, minor: int) -> None:
        cast = self.cast
        with clock.at(self.now):
            made = wallets.top_up_announce(
                actor=cast.chen, merchant=cast.merchant, amount=Money(minor, "CNY")
            )
            wallets.top_up_receive(actor=cast.finance, top_up=made)
        self.books.top_ups += minor

    def held(self) -> dict[int, dict[str, int]]:
        """By affiliate, as a statement closes."""
        positions = [self.books.position(who) for who in (0, 1)]
        return {
            who: {
                "payable": max(position, 0),
                "frozen": self.books.frozen(who),
                "debt": min(position, 0),
            }
            for who, position in enumerate(positions)
        }

    def note_month(self) -> None:
        month = clock.month_start(clock.business_day(self.now))
        self.month_ends[month] = {"wallet": self.books.wallet, "reserved": self.books.reserved}

    def to_settlement_day(self) -> None:
        self.note_month()
        day = clock.next_month(clock.business_day(self.now)).replace(day=20)
        self.now = clock.day_start(day).astimezone(clock.ZONE) + timedelta(hours=2)
        months_make(since=day, until=day)  # as the scheduler would

    def settled_by(self, close: Callable[[], object]) -> None:
        """`close` settles the month before; so does the model."""
        self.seen["waiting at a settlement"] += any(sale.waiting for sale in self.books.sales)
        before = [self.books.position(who) for who in (0, 1)]
        self.books.settle(clock.day_start(clock.business_day(self.now).replace(day=1)))
        for debt, position in zip(before, map(self.books.position, (0, 1)), strict=True):
            self.seen["debt repaid"] += debt < min(position, 0) or debt < 0 <= position
        with clock.at(self.now):
            close()
        month = clock.previous_month(clock.business_day(self.now))
        if Settlement.objects.filter(month=month, state="closed").exists():
            self.closings[month] = self.held()
            self.untold.append(month)

    def settlement(self) -> Settlement:
        """Of the month before, opened if nobody did."""
        month = clock.previous_month(clock.business_day())
        return settlements.settlement_open(month=month, currency="CNY")

    def settle_by_hand(self) -> None:
        """Built twice; closed once."""
        for _time in (1, 2):
            built = settlements.settlement_build(settlement=self.settlement())
        settlements.settlement_close(settlement=built, actor=self.cast.finance)
        with pytest.raises(DomainError):
            settlements.settlement_close(settlement=built, actor=self.cast.finance)

    def withdraw(self, who: int, minor: int) -> Payout:
        return payouts.payout_request(
            actor=self.world.users[who],
            affiliate=self.world.affiliates[who],
            amount=Money(minor, "CNY"),
        )

    # --- After every step ------------------------------------------------------------------------

    def check(self) -> None:
        self.note_month()
        books, merchant = self.books, self.cast.merchant.pk
        flying = books.out("requested", "ready", "sending")
        said = {
            chart.wallet(merchant): books.wallet,
            chart.reserved(merchant): books.reserved,
            chart.IN_FLIGHT: sum(one.net for one in flying),
            chart.TAX_WITHHELD: sum(
                one.tax - one.tax_back - one.remitted for one in books.withdrawals
            ),
            chart.WRITE_OFF: -sum(one.minor for one in books.write_offs if not one.borne),
            chart.CASH: sum(one.net for one in books.out("paid"))
            + sum(one.remitted for one in books.withdrawals)
            - books.top_ups,
        }
        for who, affiliate in enumerate(self.world.affiliates):
            position = books.position(who)
            said[chart.pending(affiliate.pk)] = books.pending(who)
            said[chart.frozen(affiliate.pk)] = books.frozen(who)
            said[chart.payable(affiliate.pk)] = max(position, 0)
            said[chart.debt(affiliate.pk)] = min(position, 0)
            self.seen["debt"] += position < 0
        told = accounts_with_balances(Account.objects.filter(code__in=said))
        booked = {account.code: account.balance_minor for account in told}
        assert {code: booked.get(code, 0) for code in said} == said

        rows = (
            Commission.objects.standing()
            .order_by("line__order", "line")
            .values_list("line__order__external_id", "standing", "base_minor")
        )
        assert list(rows) == [
            (sale.number, line.state, line.base)
            for sale in books.sales
            for line in sale.lines
            if line.state
        ]
        self.checks += 1
        self.seen["steps"] += 1
        if self.checks % self.proof_every == 0:
            assert verify() == []
