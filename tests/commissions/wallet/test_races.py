"""Statements, people and reviews at the same moment: money in once, one warning, one invoice."""

from datetime import date, datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions import chart
from commissions.models import BankCredit, Invoice
from commissions.services import bank, funding, invoices, settlements, wallets
from commissions.verify import verify
from merchants.models import Merchant
from tests.cast import cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make(wallet="100.00")
    yield made
    assert verify() == []


def at(moment, deed):
    """A job for a process of its own; what the books refuse is no fault."""

    def run():
        with clock.at(moment):
            try:
                deed()
            except DomainError:
                return

    return run


def test_two_matches_and_two_people_fill_the_wallet_once(cast):
    with clock.at(MAY):
        top_ups = [
            wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny("5.00"))
            for _i in range(6)
        ]
        rows = [f"2026-05-10,5.00,{one.reference},B-{one.pk}" for one in top_ups]
        content = "\n".join(["date,amount,text,bank reference", *rows]).encode()
        bank.statement_read(actor=cast.finance2, content=content, name="may.csv")

    def by_hand():
        for top_up in reversed(top_ups):
            try:
                wallets.top_up_receive(actor=cast.finance, top_up=top_up)
            except DomainError:
                continue

    in_processes(
        at(MAY, bank.credits_match), at(MAY, bank.credits_match), at(MAY, by_hand), at(MAY, by_hand)
    )

    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("130.00")
    assert set(BankCredit.objects.values_list("state", flat=True)) == {"received"}


def test_the_same_statement_from_two_desks_is_read_once(cast):
    content = b"date,amount,text,bank reference\n2026-05-10,5.00,x,B-1\n"

    def read(name):
        return lambda: bank.statement_read(
            actor=cast.finance, content=content + name, name=name.decode()
        )

    in_processes(*(at(MAY, read(name)) for name in (b"", b"", b"\n", b"\n\n")))

    assert BankCredit.objects.count() == 1


def test_a_merchant_is_paused_by_one_of_many_reviews(cast):
    with clock.at(MAY):
        for number in range(5):
            cast.sold(f"T{number}")
    in_processes(*(at(MAY, funding.funding_review) for _i in range(4)))

    assert Merchant.objects.get(pk=cast.merchant.pk).funding_paused_at == MAY
    assert AuditEvent.objects.filter(verb="merchant.funding_paused").count() == 1


def test_a_month_is_invoiced_by_one_of_many(cast):
    with clock.at(MAY):
        cast.sold("T1")
        cast.received("T1")
    with clock.at(JUNE_20):
        settlements.settlement_run(month=date(2026, 5, 1), currency="CNY")
    in_processes(
        *(
            at(JUNE_20, lambda: invoices.invoices_issue(month=date(2026, 5, 1), currency="CNY"))
            for _i in range(4)
        )
    )

    assert [str(invoice) for invoice in Invoice.objects.all()] == ["INV-2026-000001"]
