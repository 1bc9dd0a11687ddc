"""The bank's file: many transfers in one pain.001 (ISO 20022), which a person uploads at the bank.

The file is made once and kept, byte for byte; `EndToEndId` is our key. What became of each transfer
is read from the bank's answers (pain.002, camt.053), or said by a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from alliance.kernel.money import Money
from commissions import rails
from commissions.rails import wire

if TYPE_CHECKING:
    from commissions.models import Payout

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
CNAPS = re.compile(r"\d{12}", re.ASCII)  # the code of a bank's branch in China


class BankFileRail:
    """Nothing can be sent by program: people carry the file to the bank."""

    def send(self, payout: "Payout", *, key: str) -> str:
        raise rails.NotSent("a person makes a file of it")

    def lookup(self, *, key: str) -> str:
        raise rails.Unclear("waiting for the bank's answer")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody's account. `number` is an IBAN or a plain account number, `code` BIC or CNAPS."""

    name: str
    number: str
    code: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    key: str
    amount: Money
    payee: Party
    words: str


def debtor() -> Party | None:
    """The account that the money leaves, from the settings."""
    setup = wire.settings_of("bank_file")
    return Party(setup["NAME"], setup["ACCOUNT"], setup["BIC"]) if setup else None


def pain_001(
    *, number: str, debtor: Party, transfers: Sequence[Transfer], moment: datetime, day: date
) -> bytes:
    """The file's bytes: one group of transfers in one currency, to be carried out on `day`."""
    total = Money(sum(t.amount.minor for t in transfers), transfers[0].amount.currency)
    sums = {"NbOfTxs": str(len(transfers)), "CtrlSum": total.plain}
    document = ET.Element("Document", xmlns=NAMESPACE)
    root = _add(document, "CstmrCdtTrfInitn")
    head = _add(root, "GrpHdr", MsgId=number, CreDtTm=f"{moment:%Y-%m-%dT%H:%M:%S}", **sums)
    _add(head, "InitgPty", Nm=debtor.name)
    group = _add(root, "PmtInf", PmtInfId=f"{number}-1", PmtMtd="TRF", **sums)
    sepa = total.currency == "EUR" and all(is_iban(t.payee.number) for t in transfers)
    if sepa:
        _add(_add(group, "PmtTpInf"), "SvcLvl", Cd="SEPA")
    _add(group, "ReqdExctnDt", Dt=day.isoformat())
    _add(group, "Dbtr", Nm=debtor.name)
    _account(group, "DbtrAcct", debtor)
    _bank(group, "DbtrAgt", debtor, needed=True)
    _add(group, ChrgBr="SLEV" if sepa else "SHAR")
    for transfer in transfers:
        _transfer(group, transfer)
    ET.indent(document)
    return ET.tostring(document, encoding="utf-8", xml_declaration=True)


def is_iban(number: str) -> bool:
    """A well-formed IBAN whose check digits are right (ISO 7064, mod 97-10)."""
    if not IBAN.fullmatch(number):
        return False
    digits = "".join(str(int(char, 36)) for char in number[4:] + number[:4])
    return int(digits) % 97 == 1


def _transfer(group: ET.Element, transfer: Transfer) -> None:
    part = _add(group, "CdtTrfTxInf")
    _add(part, "PmtId", EndToEndId=transfer.key)
    amount = _add(_add(part, "Amt"), "InstdAmt", Ccy=transfer.amount.currency)
    amount.text = transfer.amount.plain
    _bank(part, "CdtrAgt", transfer.payee)
    _add(part, "Cdtr", Nm=transfer.payee.name)
    _account(part, "CdtrAcct", transfer.payee)
    _add(part, "RmtInf", Ustrd=transfer.words)


def _account(parent: ET.Element, tag: str, party: Party) -> None:
    identity = _add(_add(parent, tag), "Id")
    if is_iban(party.number):
        _add(identity, IBAN=party.number)
    else:
        _add(identity, "Othr", Id=party.number)


def _bank(parent: ET.Element, tag: str, party: Party, *, needed: bool = False) -> None:
    """The account's bank; left out where nothing is known of it and nobody needs it."""
    facts = {"Nm": party.bank[:140]} if party.bank else {}
    if not (party.code or facts or needed):
        return
    bank = _add(_add(parent, tag), "FinInstnId")
    if CNAPS.fullmatch(party.code):
        system = _add(bank, "ClrSysMmbId")
        _add(system, "ClrSysId", Cd="CNAPS")
        _add(system, MmbId=party.code)
    elif party.code:
        _add(bank, BICFI=party.code)
    _add(bank, **facts)
    if not len(bank):
        _add(bank, "Othr", Id="NOTPROVIDED")


def _add(parent: ET.Element, tag: str = "", **leaves: str) -> ET.Element:
    """A child element (or the parent itself) with these leaves, in order; `Ccy` is an attribute."""
    if tag:
        parent = ET.SubElement(parent, tag)
    for name, text in leaves.items():
        if name == "Ccy":
            parent.set(name, text)
        else:
            ET.SubElement(parent, name).text = text
    return parent
