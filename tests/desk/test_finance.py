"""The finance page: all of the money at a glance, and it adds up."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.services import affiliate_apply
from alliance.kernel.money import Money, cny
from commissions import chart, finance, ledger
from commissions.ledger import Move
from commissions.models import VerifySource
from commissions.services.verification import verification_run
from commissions.verify import INVARIANTS
from tests.cast import user_make
from tests.desk.world import JUNE_22, at

PAGE = "/admin/finance/"


@pytest.fixture(autouse=True)
def _in_july(world):
    with at(JUNE_22, days=28):  # 20 July
        yield


def test_the_trial_balance_sums_to_zero_in_each_currency(world):
    dollars = Move(Money(77, "USD"), chart.CASH, chart.wallet(world.cast.merchant.pk))
    ledger.post(key="top_up:900:received", moves=[dollars])

    yuan, other = finance.trial_balance()

    assert (yuan.currency, yuan.balance_minor) == ("CNY", 0)
    assert yuan.debit_minor == yuan.credit_minor > 0
    named = {(row.whose, row.kind): row for row in yuan.rows}
    assert named["merchant", "wallet"].balance_minor == 1_000_000 - 2 * 2388
    assert named["platform", "cash"].balance_minor == -1_000_000
    assert named["platform", "tech_fee"].balance_minor == 2 * 215
    assert named["affiliate", "pending"].accounts == 1
    assert [(row.kind, row.balance_minor) for row in other.rows] == [("wallet", 77), ("cash", -77)]


def test_the_page_shows_every_part_of_it(world, as_):
    verification_run(source=VerifySource.NIGHT)
    answer = as_("finance").get(PAGE)
    page = answer.content.decode()

    assert "balanced" in page
    assert f"all {len(INVARIANTS)} promises are kept" in page
    assert "?kind__exact=wallet&amp;currency__exact=CNY" in page
    assert [str(one) for one in answer.context["settlements"]] == ["2026-06 CNY", "2026-05 CNY"]
    assert answer.context["to_close"] == [date(2026, 5, 1), date(2026, 6, 1)]
    assert [str(period) for period in answer.context["closed"]] == ["2026-03"]
    assert "/admin/commissions/period/close/" in page
    assert PAGE in as_("finance").get("/admin/").content.decode()


def test_an_auditor_looks_and_is_offered_nothing_to_close(world, as_):
    page = as_("auditor").get(PAGE).content.decode()

    assert "/admin/commissions/period/close/" not in page


@pytest.mark.parametrize("who", ["ops", "risk", "support", "norole"])
def test_the_page_is_for_finance(world, as_, who):
    assert as_(who).get(PAGE).status_code == 403
    assert PAGE not in as_(who).get("/admin/").content.decode()


def test_money_on_its_way_tells_how_long_it_has_been(world, as_):
    (row,) = [row for row in finance.in_flight() if row.state == "requested"]

    assert (row.state, row.count, row.amount, row.old) == ("requested", 1, cny("19.34"), 1)
    assert row.oldest == world.payout.created_at
    assert "1 older than 3 days" in as_("finance").get(PAGE).content.decode()


def test_debts_are_totalled_and_the_largest_are_named(world, as_):
    assert finance.debts() == []
    world.cast.refunded("100.00", number="T1", refund="R-DEBT")

    (debt,) = finance.debts()

    assert (debt.count, debt.total) == (1, cny("9.72"))
    assert debt.largest == [(world.cast.affiliate, cny("9.72"))]
    page = as_("finance").get(PAGE).content.decode()
    assert "1 affiliate owes" in page
    assert "Lin&#x27;s picks" in page


def test_the_page_asks_as_often_for_many_accounts_as_for_few(world, as_):
    client = as_("finance")
    world.cast.refunded("100.00", number="T1", refund="R-DEBT")
    client.get(PAGE)  # the menu's numbers are remembered for a while
    few = _queries(client)
    for number in range(12):
        other = affiliate_apply(user=user_make(), kind="small", name=f"Other {number}")
        ledger.post(
            key=f"top_up:{800 + number}:received",
            moves=[Move(cny("1.00"), chart.debt(other.pk), chart.CASH)],
        )

    assert len(finance.debts()[0].largest) == 5
    assert _queries(client) == few


def _queries(client):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PAGE).status_code == 200
    return len(captured)
