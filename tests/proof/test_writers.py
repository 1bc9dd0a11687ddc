"""Thirty-two processes write for one affiliate and one merchant at once: nothing is lost, nothing
counts twice, nobody waits in a circle."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection

from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.money import Money
from commissions import chart, ledger, tasks
from commissions.figures import accounts_with_balances
from commissions.models import Account, Balance, Commission, Line, Payout, TopUp
from commissions.services import payouts, settlements
from commissions.verify import verify
from merchants.models import Order, Refund
from merchants.services.orders import RefundReport, orders_record
from tests.cast import Cast, cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, JOBS, SHARED = 32, 8, 6
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_2 = datetime(2026, 7, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    """Six settled orders that everybody refunds, and money to withdraw from the first moment."""
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make(wallet="500.00")
    with clock.at(MAY):
        for n in range(SHARED):
            cast.sold(f"S{n}")
            cast.received(f"S{n}")
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    return cast


class Writer:
    """What one process does, in an order of its own. A refusal is an answer."""

    def __init__(self, cast: Cast, number: int) -> None:
        self.cast, self.number, self.dice = cast, number, random.Random(number)

    def run(self) -> None:
        jobs: list[Callable[[int], None]] = [
            self.sell, self.sell, self.refund, self.refund, self.top_up, self.withdraw,
            self.release, self.finish,
        ]  # fmt: skip
        self.dice.shuffle(jobs)
        with clock.at(JULY_2):
            for turn, job in enumerate(jobs[:JOBS]):
                try:
                    job(turn)
                except DomainError:
                    continue

    def sell(self, turn: int) -> None:
        number = f"W{self.number}-{turn}"
        report = self.cast.report(number, click_id=self.cast.click())
        received = replace(report, state="received", received_at=clock.now())
        self._say(self.dice.choice([report, received]))

    def refund(self, turn: int) -> None:
        """One fen in a hundred of an order that all the others refund too."""
        number = f"S{self.dice.randrange(SHARED)}"
        order = self.cast.shop.orders.get(external_id=number)
        refund = RefundReport(f"R{self.number}-{turn}", f"{number}-1", 199, clock.now())
        report = self.cast.report(number, lines=(), refunds=(refund,))
        times = {"placed_at": order.placed_at, "paid_at": order.paid_at}
        self._say(replace(report, state="received", received_at=order.received_at, **times))

    def _say(self, report) -> None:
        outcome = orders_record(shop=self.cast.shop, reports=[report])[0]
        assert outcome.error is None
        tasks.orders_process([outcome.order_pk])

    def top_up(self, _turn: int) -> None:
        self.cast.top_up("20.00")
        tasks.merchant_funded(self.cast.merchant.pk)

    def withdraw(self, _turn: int) -> None:
        """All there is, which the others take back or take out at the same moment."""
        payable = ledger.balance(chart.payable(self.cast.affiliate.pk), "CNY")
        half = Money(max(payable.minor // 2, 100), "CNY")
        payouts.payout_request(actor=self.cast.lin, affiliate=self.cast.affiliate, amount=half)

    def release(self, _turn: int) -> None:
        for payout in Payout.objects.filter(state="requested"):
            payouts.payout_release(actor=self.cast.finance, payout=payout)
        for pk in Payout.objects.filter(state="ready").values_list("pk", flat=True):
            tasks.payout_send(pk)

    def finish(self, _turn: int) -> None:
        self.release(0)
        for payout in Payout.objects.filter(state="sending"):
            if self.dice.random() < 0.5:
                payouts.payout_mark_paid(payout=payout, rail_ref="B", actor=self.cast.finance2)
            else:
                payouts.payout_fail(payout=payout, reason="no", actor=self.cast.finance2)


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_thirty_two_writers_lose_no_fen_and_never_wait_in_a_circle(cast):
    before = deadlocks()
    in_processes(*(partial(Writer(cast, number).run) for number in range(WRITERS)))
    with clock.at(JULY_2):
        tasks.orders_sweep()
        tasks.unfunded_sweep()

    assert deadlocks() == before
    assert verify() == []
    stored = dict(Balance.objects.values_list("account__code", "balance_minor"))
    for code, minor in stored.items():
        arrived = Line.objects.filter(credit__code=code).values_list("amount_minor", flat=True)
        left = Line.objects.filter(debit__code=code).values_list("amount_minor", flat=True)
        assert minor == sum(arrived) - sum(left)
    everything = accounts_with_balances(Account.objects.all())
    assert sum(account.balance_minor for account in everything) == 0
    # What was said was said once: 64 orders, 64 refunds of 1.99, 32 top-ups.
    assert Order.objects.count() == Commission.objects.count() == SHARED + 2 * WRITERS
    assert Refund.objects.filter(state="applied", amount_minor=199).count() == 2 * WRITERS
    assert TopUp.objects.filter(state="received", amount_minor=2000).count() == WRITERS
    assert Payout.objects.exists()
