"""At the desk: tax, holds and oddities of payouts, batches, remittances, debts, last money."""

import pytest

from affiliates.services import affiliate_close
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from commissions import chart, ledger, tasks
from commissions.models import DebtWriteOff, Payout, TaxProfile, TaxRemittance, WalletRefund
from commissions.services import payouts
from commissions.verify import verify
from merchants.services.merchants import merchant_close
from tests.cast import staff_make
from tests.desk.world import JUNE_22, at

DESK = "/admin/commissions/"


@pytest.fixture(autouse=True)
def _in_july(world):
    with at(JUNE_22, days=20):
        yield
    assert verify() == []


@pytest.fixture
def queued(monkeypatch):
    calls = []
    monkeypatch.setattr(tasks.payout_send, "delay_on_commit", calls.append)
    return calls


def read(page):
    return page.content.decode()


def tick(client, name, *payouts_, **typed):
    pks = [payout.pk for payout in payouts_]
    return client.post(
        f"{DESK}payout/", {"action": name, "_selected_action": pks, **typed}, follow=True
    )


def test_a_company_needs_its_invoice_noted_before_the_release(world, as_, queued, sql):
    client = as_("finance")
    sql("UPDATE commissions_payout SET tax_rule = 'company'")
    url = f"{DESK}payout/{world.payout.pk}/"
    assert "waits for an invoice" in read(client.get(f"{url}change/"))
    refused = client.post(f"{url}release/", headers={"referer": f"http://testserver{url}release/"})
    client.post(f"{url}invoice/", {"number": "INV-3"})
    client.post(f"{url}release/")

    world.payout.refresh_from_db()
    assert refused.status_code == 302
    assert (world.payout.state, world.payout.invoice_number) == ("ready", "INV-3")


def test_a_batch_says_what_it_comes_to_before_it_happens(world, as_, sql):
    sql("UPDATE commissions_payout SET held_until = now() + interval '900 days'")
    page = read(tick(as_("finance"), "release", world.payout))

    for words in ("19.34", "0.00", "held or without invoice", "account never paid to"):
        assert words in page
    world.payout.refresh_from_db()
    assert world.payout.state == "requested"


def test_one_refusal_stops_no_other_and_is_named(world, as_, queued):
    own = world.payout
    payouts.payout_release(actor=world.people["finance"], payout=own)
    tasks.payout_send(own.pk)
    page = read(tick(as_("finance"), "confirm", own, decided="1", rail_ref="BATCH-1"))
    assert "Somebody else must confirm" in page

    world.people["second"] = world.cast.finance2
    tick(as_("second"), "confirm", own, decided="1", rail_ref="BATCH-1")
    own.refresh_from_db()
    assert (own.state, own.rail_ref) == ("paid", "BATCH-1")


def test_finance_sets_a_tax_profile_and_others_do_not_see_its_number(world, as_):
    affiliate = world.cast.affiliate
    as_("finance").post(
        f"/admin/affiliates/affiliate/{affiliate.pk}/tax/", {"kind": "company", "tax_id": "9133X7"}
    )

    profile = TaxProfile.objects.get(affiliate=affiliate)
    assert (profile.kind, profile.tax_id) == ("company", "9133X7")
    page = f"{DESK}taxprofile/{profile.pk}/change/"
    assert "9133X7" in read(as_("finance").get(page))
    assert "9133X7" not in read(as_("auditor").get(page))
    assert "9133X7" not in read(as_("finance").get(f"{DESK}taxprofile/"))
    assert AuditEvent.objects.filter(verb="tax_profile.shown").count() == 1


def test_tax_is_prepared_by_one_and_confirmed_by_another(world, as_, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_STRATEGY": "flat", "TAX_FLAT_BPS": 1000}
    with at(JUNE_22, days=1):
        payouts.payout_fail(payout=world.payout, reason="again", actor=world.cast.finance2)
        payout = payouts.payout_request(
            actor=world.cast.lin, affiliate=world.cast.affiliate, amount=cny("10.00")
        )
        payouts.payout_release(actor=world.cast.finance, payout=payout)
        tasks.payout_send(payout.pk)
        payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=world.cast.finance2)
    client = as_("finance")
    client.post(f"{DESK}taxremittance/prepare/", {"month": "2026-06", "currency": "CNY"})
    made = TaxRemittance.objects.get(state="prepared")
    assert made.amount == cny("1.00")
    url = f"{DESK}taxremittance/{made.pk}/confirm/"
    client.post(url, {"reference": "T-1"}, headers={"referer": f"http://testserver{url}"})
    made.refresh_from_db()
    assert made.state == "prepared"

    world.people["second"] = world.cast.finance2
    as_("second").post(url, {"reference": "T-1"})
    made.refresh_from_db()
    assert (made.state, made.reference) == ("remitted", "T-1")


def test_a_debt_is_listed_and_written_off_by_two_people(world, as_):
    with at(JUNE_22, days=1):
        world.cast.refunded("50.00", "T1")
        debt = f"{DESK}debt/{ledger_account(world)}/"
    assert "Lin" in read(as_("finance").get(f"{DESK}debt/"))
    as_("finance").post(f"{debt}write_off/", {"amount": "4.86", "reason": "gone"})
    asked = DebtWriteOff.objects.get(state="requested")
    assert asked.amount == cny("4.86")

    world.people["second"] = staff_make(StaffRole.FINANCE)
    as_("second").post(f"{DESK}debtwriteoff/{asked.pk}/approve/")
    asked.refresh_from_db()
    assert asked.state == "done"
    assert "Lin" not in read(as_("finance").get(f"{DESK}debt/")).partition("<main")[2]
    assert "repaid" in read(as_("finance").get(f"{debt}change/"))


def ledger_account(world):
    return ledger.Account.objects.get(code=chart.debt(world.cast.affiliate.pk)).pk


def test_an_old_debt_waits_on_the_first_page(world, as_):
    with at(JUNE_22, days=1):
        world.cast.refunded("50.00", "T1")
    with at(JUNE_22, days=70):
        page = read(as_("finance").get("/admin/commissions/debt/?standing=old"))
        assert "4.86" in page
    assert "4.86" not in read(as_("finance").get("/admin/commissions/debt/?standing=old"))


def test_the_last_money_of_a_closed_affiliate(world, as_, queued):
    payouts.payout_fail(payout=world.payout, reason="closing", actor=world.cast.finance2)
    affiliate_close(actor=world.cast.finance, affiliate=world.cast.affiliate, reason="gave up")
    url = f"/admin/affiliates/affiliate/{world.cast.affiliate.pk}/pay_out/"
    assert "19.34" in read(as_("finance").get(url))
    as_("finance").post(url, {"currency": "CNY"})
    payout = Payout.objects.get(closing=True)
    world.people["second"] = world.cast.finance2
    as_("second").post(f"{DESK}payout/{payout.pk}/release/")

    payout.refresh_from_db()
    assert (payout.state, payout.amount, queued) == ("ready", cny("19.34"), [payout.pk])


def test_the_wallet_of_a_closed_merchant_is_paid_back(world, as_):
    merchant_close(merchant=world.cast.merchant, reason="gave up", actor=world.cast.finance)
    as_("finance").post(f"/admin/merchants/merchant/{world.cast.merchant.pk}/refund/")
    refund = WalletRefund.objects.get(state="requested")
    world.people["second"] = world.cast.finance2
    as_("second").post(f"{DESK}walletrefund/{refund.pk}/pay/", {"reference": "B-1"})

    refund.refresh_from_db()
    assert refund.state == "paid"
    assert ledger.balance(chart.wallet(world.cast.merchant.pk), "CNY") == cny("0.00")
