"""The rails at the desk: a file for the bank, its answer, and what does not agree."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions.models import BankFile, Difference, PayeeAccount, Payout, RailFile
from commissions.services.payouts import payout_release
from tests.commissions.rails.bank import camt_053, transfers_in
from tests.desk.world import JUNE_22, at

BANK, ANSWER, DIFFERENCE = (
    f"/admin/commissions/{name}/" for name in ("bankfile", "railfile", "difference")
)


@pytest.fixture(autouse=True)
def _the_day_after(world, settings):
    settings.RAILS = {"bank_file": {"NAME": "Taoke", "ACCOUNT": "1202024419900012345", "BIC": ""}}
    with at(JUNE_22, days=1):
        yield


@pytest.fixture
def waiting(world) -> Payout:
    """The world's payout, released for the bank's file."""
    PayeeAccount.objects.filter(pk=world.payout.payee_id).update(rail="bank_file")
    Payout.objects.filter(pk=world.payout.pk).update(rail="bank_file")
    payout_release(actor=world.people["finance"], payout=world.payout)
    world.payout.refresh_from_db()
    return world.payout


def upload(client, content: bytes, kind: str = "bank"):
    file = SimpleUploadedFile("answer.xml", content)
    return client.post(f"{ANSWER}read/", {"kind": kind, "file": file}, follow=True)


def test_what_is_ticked_becomes_a_file_that_can_be_taken_out_again(world, as_, waiting):
    client = as_("finance")
    page = client.get(f"{BANK}make/").content.decode()
    assert "Lin Xiaomei, ICBC …8912" in page
    assert "6222023100045678912" not in page

    made = client.post(f"{BANK}make/", {"currency": "CNY", "payouts": [waiting.pk]}, follow=True)
    file = BankFile.objects.latest("pk")
    assert "Take it to the bank" in made.content.decode()
    taken = client.get(f"{BANK}{file.pk}/download/")
    assert taken.content == bytes(file.content)
    assert taken["Content-Disposition"] == f'attachment; filename="{file.number}.xml"'
    assert [one["key"] for one in transfers_in(taken.content)] == [f"payout-{waiting.pk}"]
    assert client.get(f"{BANK}{file.pk}/download/").content == taken.content
    assert AuditEvent.objects.filter(verb="bank_file.downloaded", object_id=file.pk).count() == 2


def test_nothing_ticked_makes_nothing(world, as_, waiting):
    before = BankFile.objects.count()
    page = as_("finance").post(f"{BANK}make/", {"currency": "CNY"})

    assert "Tick the payouts" in page.content.decode()
    assert BankFile.objects.count() == before


def test_without_an_account_of_ours_no_file_is_offered(world, as_, waiting, settings):
    settings.RAILS = {}
    page = as_("finance").get(f"{BANK}make/").content.decode()

    assert "not set up" in page
    assert 'name="payouts"' not in page


def test_the_banks_answer_finishes_the_payout(world, as_, waiting):
    as_("finance").post(f"{BANK}make/", {"currency": "CNY", "payouts": [waiting.pk]})
    row = (f"payout-{waiting.pk}", waiting.net, "DBIT", "")
    page = upload(as_("administrator"), camt_053("2026-06-23", [row]))

    waiting.refresh_from_db()
    assert waiting.state == "paid"
    assert "Ours and theirs agree" in page.content.decode()
    again = upload(as_("administrator"), camt_053("2026-06-23", [row]))
    assert "was read before" in again.content.decode()


def test_a_file_that_is_none_is_refused_on_the_page(world, as_):
    before = RailFile.objects.count()
    client = as_("finance")
    answer = client.post(
        f"{ANSWER}read/",
        {"kind": "bank", "file": SimpleUploadedFile("x.xml", b"<html>")},
        headers={"referer": f"http://testserver{ANSWER}read/"},
        follow=True,
    )

    assert "cannot be read" in answer.content.decode()
    assert RailFile.objects.count() == before


def test_a_difference_shows_both_sides_and_its_age_and_is_resolved_with_a_reason(world, as_):
    difference = world.things["commissions.difference"]
    client = as_("finance")
    with at(JUNE_22, days=5):
        page = client.get(DIFFERENCE).content.decode()
        assert "Only they know it" in page
        assert cny("0.50").localized() in page
        assert re.search(r'class="field-age[^>]*>\s*5\s*<', page)

        client.post(f"{DIFFERENCE}{difference.pk}/resolve/", {"reason": "The bank's fee"})
    difference.refresh_from_db()
    assert (difference.state, difference.reason) == ("resolved", "The bank's fee")
    assert difference.resolved_by == world.people["finance"]


def test_what_the_releaser_may_not_decide_somebody_else_carries_out(world, as_, waiting):
    as_("finance").post(f"{BANK}make/", {"currency": "CNY", "payouts": [waiting.pk]})
    row = (f"payout-{waiting.pk}", waiting.net, "DBIT", "")
    page = upload(as_("finance"), camt_053("2026-06-23", [row]))
    assert "differ in 1 places" in page.content.decode()
    difference = Difference.objects.get(kind="state")

    refused = as_("finance").post(f"{DIFFERENCE}{difference.pk}/carry-out/")
    assert refused.status_code == 403
    as_("administrator").post(f"{DIFFERENCE}{difference.pk}/carry-out/")

    waiting.refresh_from_db()
    assert waiting.state == "paid"
