"""The bank's statements at the desk: upload, look, decide; each by finance only, by two people."""

from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from commissions import chart, ledger
from commissions.models import BankCredit, BankStatement, TopUp
from commissions.verify import verify
from tests.cast import staff_make
from tests.desk.world import JUNE_22, at

STATEMENTS = "/admin/commissions/bankstatement/"
CREDITS = "/admin/commissions/bankcredit/"
TOP_UPS = "/admin/commissions/topup/"


@pytest.fixture(autouse=True)
def _in_june(world):
    with at(JUNE_22, days=1):
        yield
    assert verify() == []


def upload(client, *rows, name="bank.csv"):
    lines = ["date,amount,currency,text,bank reference", *rows]
    file = SimpleUploadedFile(name, "\n".join(lines).encode())
    return client.post(f"{STATEMENTS}upload/", {"file": file, "account": "ICBC"}, follow=True)


def wallet(world):
    return ledger.balance(chart.wallet(world.cast.merchant.pk), "CNY")


def test_finance_uploads_a_statement_and_sees_what_is_left_to_decide(world, as_):
    before = wallet(world)
    page = upload(
        as_("finance"),
        f"2026-06-23,500.00,CNY,topup {world.top_up.reference},S-1",
        "2026-06-23,12.00,CNY,who knows,S-2",
    ).content.decode()

    assert wallet(world) == before + cny("500.00")
    assert "2 incoming transfers, 2 of them new; 1 to look at." in page
    for said in ("S-1", "S-2", "It names no top-up.", world.top_up.reference):
        assert said in page


def test_the_file_is_kept_byte_for_byte(world, as_):
    statement = world.things["commissions.bankstatement"]
    answer = as_("auditor").get(f"{STATEMENTS}{statement.pk}/file/")

    assert sha256(answer.content).hexdigest() == statement.sha256
    assert answer["Content-Disposition"] == f'attachment; filename="statement-{statement.pk}.csv"'
    assert as_("ops").get(f"{STATEMENTS}{statement.pk}/file/").status_code == 403


def test_a_file_that_is_none_is_refused_at_the_field(world, as_):
    before = BankStatement.objects.count()
    page = as_("finance").post(
        f"{STATEMENTS}upload/",
        {"file": SimpleUploadedFile("x.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")},
    )

    assert "declares a document type" in page.content.decode()
    assert BankStatement.objects.count() == before


def test_an_unknown_transfer_goes_to_a_merchant_by_two_people(world, as_):
    before = wallet(world)
    credit = world.things["commissions.bankcredit"]
    question = as_("finance").get(f"{CREDITS}{credit.pk}/assign/").content.decode()
    assert "It names no top-up." in question
    page = (
        as_("finance")
        .post(f"{CREDITS}{credit.pk}/assign/", {"merchant": world.cast.merchant.pk}, follow=True)
        .content.decode()
    )
    made = TopUp.objects.get(credit=credit)
    assert f"Assigned as top-up {made.reference}" in page
    assert as_("finance").post(f"{TOP_UPS}{made.pk}/receive/").status_code == 403
    assert wallet(world) == before

    third = Client()
    third.force_login(staff_make(StaffRole.FINANCE))
    assert "statement uploaded by" in third.get(f"{TOP_UPS}{made.pk}/receive/").content.decode()
    third.post(f"{TOP_UPS}{made.pk}/receive/")
    assert wallet(world) == before + cny("77.00")


def test_a_transfer_is_not_ours_for_a_reason(world, as_):
    credit = world.things["commissions.bankcredit"]
    as_("finance").post(f"{CREDITS}{credit.pk}/reject/", {"reason": "Interest."})
    credit.refresh_from_db()
    assert (credit.state, credit.reason) == ("rejected", "Interest.")

    as_("finance").post(f"{CREDITS}{credit.pk}/reopen/")
    assert BankCredit.objects.get(pk=credit.pk).state == "open"


def test_finance_books_a_top_up_and_another_person_confirms_it(world, as_):
    before = wallet(world)
    said = {"merchant": world.cast.merchant.pk, "amount": "1,250.00", "receipt": "R-9"}
    page = as_("finance").post(f"{TOP_UPS}book/", said, follow=True).content.decode()
    made = TopUp.objects.get(receipt="R-9")
    assert "somebody else must confirm it now" in page
    assert made.amount == cny("1250.00")
    as_("finance").post(f"{TOP_UPS}{made.pk}/receive/")
    assert wallet(world) == before

    other = Client()
    other.force_login(world.cast.finance2)
    other.post(f"{TOP_UPS}{made.pk}/receive/")
    assert wallet(world) == before + cny("1250.00")


@pytest.mark.parametrize("amount", ["", "0", "-5", "ten"])
def test_a_booking_without_an_amount_is_asked_again(world, as_, amount):
    said = {"merchant": world.cast.merchant.pk, "amount": amount, "receipt": "R-9"}

    assert "amount" in as_("finance").post(f"{TOP_UPS}book/", said).context["form"].errors
    assert not TopUp.objects.filter(receipt="R-9").exists()
