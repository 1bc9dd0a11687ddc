"""The affiliate's withdrawal page: what would arrive, what stands in the way, and the history."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import tasks
from commissions.models import Payout
from commissions.services import payouts, taxes
from commissions.verify import verify
from tests.commissions.affiliate_pages.reading import JUNE_22, payee, read, rows_of, settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(settings):
    def choose(**changes):
        settings.ALLIANCE = {**settings.ALLIANCE, **changes}

    return choose


@pytest.fixture
def room(cast, lin):
    """Lin on 22 June, with 19.34 payable and an account of that moment."""
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)
        yield lin
    assert verify() == []


def main(text):
    return text.partition("<main")[2].partition("</main")[0]


def test_gross_tax_and_net_stand_there_before_one_asks(room, policy):
    policy(TAX_STRATEGY="flat", TAX_FLAT_BPS=1000)
    text = main(read(room, "withdrawals"))

    for said in ("You withdraw", "¥19.34", "Withheld for the tax office", "¥1.93", "¥17.41"):
        assert said in text, said
    assert "Tax of 10% is withheld" in text


def test_the_amount_stands_in_the_field_as_the_reader_writes_it(room):
    room.cookies["django_language"] = "de"

    assert 'value="19,34"' in main(read(room, "withdrawals"))


def test_typing_an_amount_says_what_would_arrive_of_it(room, policy):
    policy(TAX_STRATEGY="flat", TAX_FLAT_BPS=1000)
    url = reverse("commissions:withdrawals")
    part = room.get(url, {"amount": "10.00"}, headers={"hx-request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="quote"')
    assert "¥10.00" in part
    assert "¥1.00" in part
    assert "¥9.00" in part
    everything = room.get(url, {"amount": "ten"}, headers={"hx-request": "true"})
    assert "¥19.34" in everything.content.decode()


def test_without_a_tax_rule_no_tax_is_spoken_of(room):
    text = main(read(room, "withdrawals"))

    assert "tax office" not in text
    assert "Arrives on your account" in text


def test_a_new_account_is_said_to_wait_before_and_after_one_asks(room, policy):
    policy(PAYEE_HOLD_HOURS=72)
    before = main(read(room, "withdrawals"))
    room.post(reverse("commissions:withdrawals"), {"amount": "5.00"})
    after = main(read(room, "withdrawals"))

    assert "Your account is new" in before
    assert "wait for 72 hours" in before
    assert "Held until" in after
    with clock.at(JUNE_22 + timedelta(hours=72)):
        assert "Held until" not in read(room, "withdrawals")


def test_a_small_one_is_on_its_way_at_once(room, policy, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.payout_send, "delay_on_commit", sent.append)
    policy(RELEASE_LIMIT_MINOR=500)
    answer = room.post(reverse("commissions:withdrawals"), {"amount": "5.00"}, follow=True)

    payout = Payout.objects.get()
    assert (payout.state, sent) == ("ready", [payout.pk])
    assert "the money is on its way" in answer.content.decode()
    assert "¥5.00 a day leave by themselves" in answer.content.decode()


def test_a_company_is_asked_for_its_invoice(room, cast):
    assert "invoice" not in main(read(room, "withdrawals"))
    taxes.tax_profile_set(
        actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="9133"
    )
    assert "Number of your invoice" in read(room, "withdrawals")
    url = reverse("commissions:withdrawals")
    room.post(url, {"amount": "5.00", "invoice_number": "INV-9"})
    payouts.payout_fail(payout=Payout.objects.get(), reason="again", actor=cast.finance)
    room.post(url, {"amount": "5.00", "invoice_number": ""})

    assert set(Payout.objects.values_list("invoice_number", flat=True)) == {"INV-9", ""}
    assert "Waits for the number of your invoice." in read(room, "withdrawals")


def test_the_labour_rule_is_explained(room, policy):
    policy(TAX_STRATEGY="cn_labour")

    assert "All withdrawals of a calendar month count as one" in read(room, "withdrawals")


def test_the_file_says_what_the_page_says(room, cast, policy):
    policy(TAX_STRATEGY="flat", TAX_FLAT_BPS=1000)
    first = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("10.00"))
    payouts.payout_fail(payout=first, reason="=cmd()", actor=cast.finance)
    payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("5.05"))
    header, second, failed = rows_of(room, "withdrawals_csv")

    def told(row, *names):
        return [row[header.index(name)] for name in names]

    names = ("Amount", "Tax withheld", "Sent", "Tax given back", "State", "Reason")
    assert told(second, *names) == ["5.05", "0.51", "4.54", "0.00", "Requested", ""]
    assert told(failed, *names) == ["10.00", "1.00", "9.00", "1.00", "Failed", "'=cmd()"]
    assert "CN¥0.51 withheld for the tax office, CN¥4.54 to you." in read(room, "withdrawals")
