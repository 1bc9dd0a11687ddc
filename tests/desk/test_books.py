"""The books to look at: they balance, and one thing leads to the next."""

from datetime import date

import pytest

from affiliates.services.figures import clicks_count
from alliance.kernel.models import AuditEvent
from commissions import figures
from commissions.models import Account, CommissionLine, Entry
from merchants.models import RefundState
from tests.desk.world import JUNE_22, at


def test_every_account_shows_its_balance(world):
    shown = {a.code: a.balance_minor for a in figures.accounts_with_balances(Account.objects.all())}

    assert shown["platform:cash"] == -1_000_000
    assert shown["platform:tech_fee"] == 2 * 215
    assert shown[f"affiliate:{world.cast.affiliate.pk}:pending"] == 1934
    assert sum(shown.values()) == 0


def test_from_a_commission_one_gets_to_the_entry_that_booked_it(world, as_):
    commission = world.things["commissions.commission"]
    step = CommissionLine.objects.filter(commission=commission).first()
    client = as_("finance")

    page = client.get(f"/admin/commissions/commission/{commission.pk}/change/").content.decode()
    entry = f"/admin/commissions/entry/{step.entry_id}/change/"
    assert entry in page

    page = client.get(entry).content.decode()
    assert f"/admin/commissions/commission/{commission.pk}/change/" in page
    wallet = Account.objects.get(code=f"merchant:{world.cast.merchant.pk}:wallet")
    account = f"/admin/commissions/account/{wallet.pk}/change/"
    assert account in page
    assert entry in client.get(account).content.decode()


def test_an_entry_leads_to_what_it_is_about(world, as_):
    entry = Entry.objects.get(key=f"payout:{world.payout.pk}:requested")

    page = as_("finance").get(f"/admin/commissions/entry/{entry.pk}/change/").content.decode()

    assert f'href="/admin/commissions/payout/{world.payout.pk}/change/"' in page


def test_a_receipt_of_an_attribution_is_readable(world, as_):
    decision = world.things["affiliates.attribution"]

    page = as_("support").get(f"/admin/affiliates/attribution/{decision.pk}/change/")

    assert "It was the last click on this product before the order." in page.content.decode()


@pytest.mark.parametrize("typed", [True, False])
def test_a_waiting_refund_is_matched_and_the_commission_follows(world, as_, typed):
    commission = world.cast.commission("T2")
    page = as_("ops").get(f"/admin/merchants/refund/{world.refund.pk}/match/").content.decode()
    assert "T2-1" in page

    chosen = {"number": "T2"} if typed else {"line": str(commission.line_id)}
    as_("ops").post(f"/admin/merchants/refund/{world.refund.pk}/match/", chosen)

    world.refund.refresh_from_db()
    assert (world.refund.state, world.refund.line_id) == (RefundState.APPLIED, commission.line_id)
    commission.refresh_from_db()
    assert commission.base_minor == 19_900 - 5_000
    assert AuditEvent.objects.get(verb="refund.matched").actor == world.people["ops"]


def test_a_number_that_the_shop_does_not_know_is_asked_again(world, as_):
    url = f"/admin/merchants/refund/{world.refund.pk}/match/"
    answer = as_("ops").post(url, {"number": "nonsense"})

    assert answer.status_code == 200
    assert "no order or line with that number" in answer.content.decode()


def test_days_add_up_what_was_sold_clicked_and_earned(world):
    clicks_count()
    with at(JUNE_22):
        days = {day.day: day for day in figures.days()}

    fifth = days[date(2026, 6, 5)]
    assert (fifth.orders, fifth.sales_minor, fifth.commission_minor) == (1, 19_900, 2388)
    assert (fifth.clicks, fifth.visitors) == (1, 1)
    assert days[date(2026, 6, 22)].orders == 0
    assert list(days)[-1] == date(2026, 6, 22)


def test_the_calendar_names_the_next_settlement_day(world):
    with at(JUNE_22):
        calendar = figures.calendar()
    assert (calendar.day, calendar.month) == (date(2026, 7, 20), date(2026, 6, 1))
    assert [money.minor for money in calendar.waiting] == [1934]
    assert calendar.last == world.things["commissions.settlement"]

    with at(JUNE_22, days=28):  # the 20th itself
        assert figures.calendar().day == date(2026, 7, 20)
