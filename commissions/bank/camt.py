"""camt.053, the ISO 20022 statement, in the versions that banks send (2 to 8 and later)."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from django.utils.translation import gettext_lazy as _

from alliance.kernel import safe_xml
from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, exponent
from commissions.bank.arrivals import Arrival, Statement, named

_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,5})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def read_camt(content: bytes) -> Statement:
    """Every booked credit of every statement in the file."""
    root = safe_xml.parse(content)
    statements = root.findall("BkToCstmrStmt/Stmt")
    if not statements:
        raise Invalid(_("This is no bank statement in the format camt.053."), field="file")
    arrivals = named(arrival for one in statements for arrival in _arrivals(one))
    return Statement("camt.053", _account(statements[0]), arrivals)


def _account(statement: Element) -> str:
    return (_text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id"))[:64]


def _arrivals(statement: Element) -> Iterator[Arrival]:
    account = _account(statement)
    for entry in statement.findall("Ntry"):
        booked = (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK"
        if booked and _text(entry, "CdtDbtInd") == "CRDT":
            yield from _parts(entry, account)


def _parts(entry: Element, account: str) -> Iterator[Arrival]:
    """A collective entry part by part if its parts are all there, otherwise as a whole."""
    whole = _money(entry.find("Amt"))
    details = entry.findall("NtryDtls/TxDtls")
    ref = _text(entry, "AcctSvcrRef")
    sums = [_part_sum(one) for one in details]
    known = [money for money in sums if money is not None and money.currency == whole.currency]
    complete = len(known) == len(details) and sum(money.minor for money in known) == whole.minor
    if len(details) > 1 and complete:
        for place, (one, money) in enumerate(zip(details, known, strict=True), 1):
            own = _text(one, "Refs/AcctSvcrRef") or (f"{ref}/{place}" if ref else "")
            yield _arrival(entry, [one], own, money, account)
        return
    single = _text(details[0], "Refs/AcctSvcrRef") if len(details) == 1 else ""
    yield _arrival(entry, details, ref or single, whole, account)


def _part_sum(details: Element) -> Money | None:
    if _text(details, "CdtDbtInd") == "DBIT":
        return None
    found = details.find("Amt")
    if found is None:
        found = details.find("AmtDtls/TxAmt/Amt")
    return None if found is None else _money(found)


def _arrival(
    entry: Element, details: list[Element], ref: str, money: Money, account: str
) -> Arrival:
    texts = [text for one in details for text in _texts(one)] or [_text(entry, "AddtlNtryInf")]
    payers = [
        _text(one, "RltdPties/Dbtr/Nm") or _text(one, "RltdPties/Dbtr/Pty/Nm") for one in details
    ]
    return Arrival(
        ref=ref[:120],
        amount=money,
        booked_on=_day(entry),
        text=" ".join(filter(None, texts))[:500],
        payer=", ".join(dict.fromkeys(filter(None, payers)))[:140],
        account=account,
        reversal=_text(entry, "RvslInd") in {"true", "1"},
    )


def _texts(details: Element) -> Iterator[str]:
    for path in ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "Refs/EndToEndId", "AddtlTxInf"):
        for found in details.findall(path):
            if (text := (found.text or "").strip()) and text != "NOTPROVIDED":
                yield text


def _money(element: Element | None) -> Money:
    text = "" if element is None else (element.text or "").strip()
    currency = "" if element is None else element.get("Ccy", "")
    if not (_AMOUNT.fullmatch(text) and _CURRENCY.fullmatch(currency)):
        raise _fault(_("an amount is missing or wrong"))
    minor = Decimal(text).scaleb(exponent(currency))
    if minor != minor.to_integral_value() or minor <= 0:
        raise _fault(_("an amount is missing or wrong"))
    return Money(int(minor), currency)


def _day(entry: Element) -> date:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        if text := _text(entry, path):
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                break
    raise _fault(_("a booking date is missing or wrong"))


def _fault(what: object) -> Invalid:
    return Invalid(_("The statement cannot be read: %(what)s.") % {"what": what}, field="file")


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
