"""The bank's file: valid by the official schema, made once, the same bytes for ever."""

import hashlib
from datetime import date, datetime

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from affiliates.services import affiliate_freeze
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import Money, cny
from commissions import tasks
from commissions.models import BankFile, BankFileItem
from commissions.rails.bank_file import Party, Transfer, pain_001
from commissions.services import bank_files
from commissions.verify import verify
from tests.commissions.rails.bank import transfers_in
from tests.commissions.rails.conftest import released_by

by_bank = pytest.mark.parametrize("far", ["bank_file"], indirect=True)
SAYS = "bank_files_hold_their_payouts: bank file TK-20260622-001 says"
MOMENT = datetime(2026, 6, 22, 12, 30, tzinfo=clock.ZONE)
CHINA = Party("林小美 & Söhne <1>", "6222023100045678912", "102331000007", "中国工商银行杭州分行")
GERMANY = Party("Eva Müller", "DE89370400440532013000", "COBADEFFXXX")


def made(currency: str, *payees: Party, debtor: Party = GERMANY) -> bytes:
    transfers = [
        Transfer(f"payout-{i}", Money(1000 * i + 5, currency), payee, f"Payout {i}")
        for i, payee in enumerate(payees, 1)
    ]
    return pain_001(
        number="TK-20260622-001",
        debtor=debtor,
        transfers=transfers,
        moment=MOMENT,
        day=date(2026, 6, 22),
    )


def test_yuan_go_to_an_account_number_at_a_bank_by_its_cnaps_code():
    content = made("CNY", CHINA, debtor=Party("Taoke", "1202024419900012345"))

    (transfer,) = transfers_in(content)
    assert transfer == {
        "key": "payout-1",
        "amount": cny("10.05"),
        "name": "林小美 & Söhne <1>",
        "iban": None,
        "other": "6222023100045678912",
    }
    text = content.decode()
    assert "<Cd>CNAPS</Cd>" in text
    assert "<MmbId>102331000007</MmbId>" in text
    assert "SEPA" not in text


def test_euros_between_ibans_are_a_sepa_transfer():
    content = made("EUR", GERMANY, Party("Ana", "ES9121000418450200051332"))

    transfers = transfers_in(content)
    assert [one["iban"] for one in transfers] == [
        "DE89370400440532013000",
        "ES9121000418450200051332",
    ]
    text = content.decode()
    assert "<Cd>SEPA</Cd>" in text
    assert "<ChrgBr>SLEV</ChrgBr>" in text
    assert text.count("<CtrlSum>30.10</CtrlSum>") == 2


@pytest.mark.parametrize("currency", ["JPY", "USD"])
def test_other_currencies_have_their_own_minor_unit(currency):
    (transfer,) = transfers_in(made(currency, GERMANY))
    assert transfer["amount"] == Money(1005, currency)


@pytest.mark.django_db(transaction=True)
@by_bank
def test_a_released_payout_waits_for_somebody_to_make_the_file(cast, far):
    payout = released_by(cast, far)
    tasks.payout_send(payout.pk)
    tasks.payouts_reconcile()
    payout.refresh_from_db()
    assert payout.state == "ready"

    file = bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])
    payout.refresh_from_db()
    assert payout.state == "sending"
    assert (file.number, file.payouts_count, file.total) == ("TK-20260622-001", 1, cny("19.34"))
    assert [one["key"] for one in transfers_in(bytes(file.content))] == [f"payout-{payout.pk}"]
    assert bank_files.bank_file_downloaded(actor=cast.finance2, file=file) == file.content
    assert hashlib.sha256(BankFile.objects.get().content).hexdigest() == file.sha256
    assert set(
        AuditEvent.objects.filter(object_type="commissions.bankfile").values_list("verb", flat=True)
    ) == {"bank_file.made", "bank_file.downloaded"}


@pytest.mark.django_db(transaction=True)
@by_bank
def test_a_payout_stands_in_one_file_and_the_file_stays_as_it_is(cast, far):
    payout = released_by(cast, far)
    file = bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])
    with pytest.raises(WrongState):
        bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        BankFileItem.objects.create(file=file, payout=payout, amount_minor=1934)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE commissions_bankfile SET content = '\\x00'")

    assert BankFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@by_bank
def test_a_file_is_all_or_nothing(cast, far):
    payout = released_by(cast, far)
    with pytest.raises(WrongState):
        bank_files.bank_file_make(
            actor=cast.finance2, currency="CNY", payout_pks=[payout.pk, payout.pk + 1]
        )
    with pytest.raises(WrongState):
        bank_files.bank_file_make(actor=cast.finance2, currency="EUR", payout_pks=[payout.pk])
    with pytest.raises(Invalid):
        bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[])
    affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="Under review")
    with pytest.raises(WrongState):
        bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])

    payout.refresh_from_db()
    assert payout.state == "ready"
    assert not BankFile.objects.exists()


@pytest.mark.django_db(transaction=True)
@by_bank
def test_a_file_that_does_not_say_what_its_payouts_say_is_noticed(cast, far, sql):
    payout = released_by(cast, far)
    bank_files.bank_file_make(actor=cast.finance2, currency="CNY", payout_pks=[payout.pk])
    sql("ALTER TABLE commissions_bankfile DISABLE TRIGGER USER")
    sql("UPDATE commissions_bankfile SET total_minor = 1935")
    assert verify() == [f"{SAYS} 1 payouts and 1935, its payouts say 1 and 1934"]
    sql("UPDATE commissions_bankfile SET total_minor = 1934")
    sql("ALTER TABLE commissions_bankfileitem DISABLE TRIGGER USER")
    sql("DELETE FROM commissions_bankfileitem")
    assert sorted(verify()) == [
        f"{SAYS} 1 payouts and 1934, its payouts say 0 and 0",
        f"bank_files_hold_their_payouts: payout {payout.pk} is sending but in no bank file",
    ]
    sql(
        "INSERT INTO commissions_bankfileitem (file_id, payout_id, amount_minor) "
        "SELECT id, %s, 1934 FROM commissions_bankfile",
        payout.pk,
    )
    sql("ALTER TABLE commissions_bankfile ENABLE TRIGGER USER")
    sql("ALTER TABLE commissions_bankfileitem ENABLE TRIGGER USER")
