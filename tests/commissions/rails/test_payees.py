"""Where an affiliate wants its money: each way asks for what it needs, and says what is wrong."""

import pytest
from django.urls import reverse

from affiliates.models import Affiliate
from affiliates.services import affiliate_apply
from alliance.kernel.errors import Invalid
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import Money
from commissions import payees
from commissions.models import PayeeAccount
from commissions.rails.bank_file import is_iban
from commissions.services import payouts
from tests.cast import user_make


@pytest.fixture
def lin(db):
    user = user_make("lin@test.example")
    affiliate_apply(user=user, kind="small", name="Lin's picks")
    return user


@pytest.fixture
def all_rails(settings):
    settings.RAILS = {
        "bank_file": {"NAME": "Taoke", "ACCOUNT": "DE89370400440532013000", "BIC": ""},
        "alipay": {"APP_ID": "1"},
        "paypal": {"CLIENT_ID": "1"},
    }


@pytest.mark.parametrize(
    ("rail", "facts", "field", "said"),
    [
        ("bank_file", {"number": "DE89 3704 0044 0532 0130 01"}, "number", "check digits"),
        ("bank_file", {"number": "12-34"}, "number", "6 to 34"),
        ("bank_file", {"number": "6222023100045678912"}, "institution", "must be named"),
        (
            "bank_file",
            {"number": "DE89370400440532013000", "bank_code": "DEUT"},
            "bank_code",
            "8 or 11",
        ),
        ("alipay", {"number": "lin"}, "number", "log in to Alipay"),
        ("alipay", {"number": "lin@test.example", "holder": " "}, "holder", "Whose account"),
        ("paypal", {"number": "13800138000"}, "number", "PayPal account"),
        ("manual", {"number": "6222", "institution": ""}, "institution", "Which bank"),
        ("manual", {"number": "12", "institution": "ICBC"}, "number", "too short"),
        ("manual", {"number": "6222\x07", "institution": "ICBC"}, "number", "no bank takes"),
    ],
)
def test_what_cannot_be_an_account_is_refused_at_its_field(rail, facts, field, said):
    with pytest.raises(Invalid, match=said) as caught:
        payees.cleaned(**{"rail": rail, "holder": "Lin", **facts})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("rail", "facts", "kept"),
    [
        ("bank_file", {"number": "de89 3704 0044 0532 0130 00"}, "DE89370400440532013000"),
        (
            "bank_file",
            {"number": "6222 0231 0004 5678 912", "institution": "ICBC"},
            "6222023100045678912",
        ),
        ("alipay", {"number": "138 0013 8000"}, "13800138000"),
        ("alipay", {"number": "lin@test.example"}, "lin@test.example"),
        ("paypal", {"number": "lin@test.example"}, "lin@test.example"),
    ],
)  # fmt: skip
def test_what_people_type_is_kept_without_its_spaces(rail, facts, kept):
    assert payees.cleaned(**{"rail": rail, "holder": "Lin", **facts})["number"] == kept


def test_every_digit_of_an_iban_counts():
    good = "GB82WEST12345698765432"
    assert is_iban(good)
    wrong = [good[:i] + str((int(good[i]) + 1) % 10) + good[i + 1 :] for i in range(8, 22)]
    assert [number for number in wrong if is_iban(number)] == []


@pytest.mark.parametrize(
    ("number", "masked"),
    [("6222023100045678912", "…8912"), ("lin.xiaomei@test.example", "l…@test.example")],
)
def test_an_account_is_shown_so_that_only_its_owner_knows_it(number, masked):
    assert PayeeAccount(number=number).masked == masked


def test_only_ways_that_are_set_up_are_offered(client, lin, settings):
    settings.RAILS = {}
    client.force_login(lin)
    page = client.get(reverse("commissions:payee"))
    assert [way for way, _label in page.context["ways"]] == ["manual"]

    with pytest.raises(Invalid, match="offered"):
        payouts.payee_set(
            actor=lin,
            affiliate=Affiliate.objects.get(),
            rail="alipay",
            holder="Lin",
            number="lin@test.example",
        )


def test_the_form_asks_what_the_chosen_way_needs_and_keeps_what_was_typed(client, lin, all_rails):
    client.force_login(lin)
    address = reverse("commissions:payee") + "?rail=bank_file"
    page = client.get(address)
    assert [way for way, _label in page.context["ways"]] == ["alipay", "bank_file", "manual"]
    assert list(page.context["form"].fields) == ["holder", "number", "institution", "bank_code"]

    page = client.post(address, {"holder": "Lin", "number": "DE89370400440532013001"})
    assert "check digits of this IBAN" in page.content.decode()
    assert "DE89370400440532013001" in page.content.decode()
    assert not PayeeAccount.objects.exists()

    client.post(address, {"holder": "Lin", "number": "DE89370400440532013000"})
    payee = PayeeAccount.objects.get()
    assert (payee.rail, payee.number) == ("bank_file", "DE89370400440532013000")
    assert AuditEvent.objects.get(verb="payee.set").data["number"] == "…3000"


@pytest.mark.django_db(transaction=True)
def test_an_account_that_cannot_be_sent_the_currency_is_said_at_the_request(all_rails):
    user = user_make("eva@test.example")
    affiliate = affiliate_apply(user=user, kind="small", name="Eva")
    affiliate.refresh_from_db()
    payouts.payee_set(
        actor=user, affiliate=affiliate, rail="alipay", holder="Eva", number="eva@test.example"
    )
    with pytest.raises(Invalid, match="this currency"):
        payouts.payout_request(actor=user, affiliate=affiliate, amount=Money(5000, "EUR"))
