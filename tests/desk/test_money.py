"""Top-ups, credit, payouts: four eyes on everything, account numbers for finance only."""

import pytest

from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions import chart, ledger, tasks
from commissions.models import PayoutState, TopUpState
from commissions.services.payouts import payout_release
from commissions.services.wallets import top_up_announce
from commissions.verify import verify
from tests.desk.world import JUNE_22, at

PAYOUTS = "/admin/commissions/payout/"
TOP_UPS = "/admin/commissions/topup/"
NUMBER = "62220231000456789"


@pytest.fixture(autouse=True)
def _in_june(world):
    with at(JUNE_22, days=1):
        yield
    assert verify() == []


@pytest.fixture
def queued(monkeypatch):
    """What was put into the queue, instead of a broker."""
    calls = []
    for task in (tasks.payout_send, tasks.merchant_funded):
        monkeypatch.setattr(
            task, "delay_on_commit", lambda *args, task=task: calls.append((task.name, *args))
        )
    return calls


def wallet(world):
    return ledger.balance(chart.wallet(world.cast.merchant.pk), "CNY")


def test_finance_confirms_money_that_the_bank_shows(world, as_, queued):
    before = wallet(world)
    as_("finance").post(f"{TOP_UPS}{world.top_up.pk}/receive/")

    world.top_up.refresh_from_db()
    assert world.top_up.state == TopUpState.RECEIVED
    assert world.top_up.decided_by == world.people["finance"]
    assert wallet(world) == before + cny("500.00")
    assert queued == [("commissions.tasks.merchant_funded", world.cast.merchant.pk)]


def test_nobody_confirms_what_they_announced(world, as_, queued):
    before = wallet(world)
    own = top_up_announce(
        actor=world.people["finance"], merchant=world.cast.merchant, amount=cny("9.00")
    )
    answer = as_("finance").post(f"{TOP_UPS}{own.pk}/receive/")

    assert answer.status_code == 403
    own.refresh_from_db()
    assert own.state == TopUpState.ANNOUNCED
    assert wallet(world) == before
    assert queued == []


def test_a_top_up_is_refused_with_a_reason(world, as_):
    as_("finance").post(f"{TOP_UPS}{world.top_up.pk}/refuse/", {"reason": "Never arrived."})

    world.top_up.refresh_from_db()
    assert (world.top_up.state, world.top_up.reason) == (TopUpState.REFUSED, "Never arrived.")


def test_finance_sets_a_credit_limit(world, as_):
    merchant = world.cast.merchant
    as_("finance").post(f"/admin/merchants/merchant/{merchant.pk}/credit/", {"limit": "2,500.00"})

    merchant.refresh_from_db()
    assert merchant.credit_limit_minor == 250_000


@pytest.mark.parametrize(
    ("language", "typed", "minor"),
    [
        ("de", "5000,00", 500_000),
        ("de", "5.000,00", 500_000),
        ("zh-hans", "5,000.5", 500_050),
        ("en", "5000,00", None),  # 5,000.00 or 500,000? Nobody guesses.
        ("de", "5,000.00", None),
    ],
)
def test_an_amount_is_read_as_the_language_writes_it(world, as_, language, typed, minor):
    merchant = world.cast.merchant
    before = merchant.credit_limit_minor
    as_("finance").post(
        f"/admin/merchants/merchant/{merchant.pk}/credit/",
        {"limit": typed},
        headers={"accept-language": language},
    )

    merchant.refresh_from_db()
    assert merchant.credit_limit_minor == (before if minor is None else minor)


def test_an_amount_that_is_none_is_asked_again(world, as_):
    url = f"/admin/merchants/merchant/{world.cast.merchant.pk}/credit/"
    answer = as_("finance").post(url, {"limit": "much"})

    assert answer.status_code == 200
    assert "limit" in answer.context["form"].errors


def test_a_released_payout_is_queued_for_sending(world, as_, queued):
    as_("finance").post(f"{PAYOUTS}{world.payout.pk}/release/")

    world.payout.refresh_from_db()
    assert world.payout.state == PayoutState.READY
    assert world.payout.released_by == world.people["finance"]
    assert queued == [("commissions.tasks.payout_send", world.payout.pk)]


def test_payouts_are_released_in_a_batch(world, as_, queued):
    ticked = {"action": "release", "_selected_action": [world.payout.pk], "decided": "1"}
    as_("finance").post(PAYOUTS, ticked)

    world.payout.refresh_from_db()
    assert world.payout.state == PayoutState.READY
    assert queued == [("commissions.tasks.payout_send", world.payout.pk)]


@pytest.fixture
def sending(world):
    payout_release(actor=world.people["finance"], payout=world.payout)
    tasks.payout_send(world.payout.pk)
    world.payout.refresh_from_db()
    return world.payout


def test_another_person_confirms_the_transfer(world, as_, sending):
    cash = ledger.balance(chart.CASH, "CNY")
    world.people["second"] = world.cast.finance2
    as_("second").post(f"{PAYOUTS}{sending.pk}/confirm/", {"rail_ref": "ICBC-77"})

    sending.refresh_from_db()
    assert (sending.state, sending.rail_ref) == (PayoutState.PAID, "ICBC-77")
    assert ledger.balance(chart.CASH, "CNY") == cash + sending.amount


def test_who_released_cannot_confirm(world, as_, sending):
    page = as_("finance").post(
        f"{PAYOUTS}{sending.pk}/confirm/",
        {"rail_ref": "ICBC-77"},
        headers={"referer": f"http://testserver{PAYOUTS}{sending.pk}/confirm/"},
        follow=True,
    )

    assert "Somebody else must confirm" in page.content.decode()
    sending.refresh_from_db()
    assert sending.state == PayoutState.SENDING


def test_a_failed_transfer_gives_the_money_back(world, as_, sending):
    world.people["second"] = world.cast.finance2
    as_("second").post(f"{PAYOUTS}{sending.pk}/fail/", {"reason": "Account closed."})

    sending.refresh_from_db()
    assert (sending.state, sending.reason) == (PayoutState.FAILED, "Account closed.")
    payable = ledger.balance(chart.payable(world.cast.affiliate.pk), "CNY")
    assert payable == sending.amount


def shown(as_, person, payout):
    return NUMBER in as_(person).get(f"{PAYOUTS}{payout.pk}/change/").content.decode()


def test_the_account_number_is_shown_to_finance_once_released_and_on_record(world, as_, sending):
    assert shown(as_, "finance", sending)

    event = AuditEvent.objects.get(verb="payee.shown")
    assert event.actor == world.people["finance"]
    assert event.data == {"payout": sending.pk}


@pytest.mark.parametrize("person", ["risk", "auditor"])
def test_the_account_number_is_hidden_from_others(world, as_, sending, person):
    assert not shown(as_, person, sending)
    assert not AuditEvent.objects.filter(verb="payee.shown").exists()


def test_the_account_number_is_hidden_before_the_release_and_in_every_list(world, as_):
    assert not shown(as_, "finance", world.payout)
    for url in (PAYOUTS, "/admin/commissions/payeeaccount/"):
        assert NUMBER not in as_("finance").get(url).content.decode()
    payee = f"/admin/commissions/payeeaccount/{world.payout.payee_id}/change/"
    assert NUMBER not in as_("finance").get(payee).content.decode()
