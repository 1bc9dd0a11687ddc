"""A bank's answers in XML: pain.002 (what became of a file) and camt.053 (the account's day).

Read by the names of the elements, whatever the version. No entity is followed.
"""

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from django.utils.translation import gettext_lazy as _

from alliance.kernel import safe_xml
from alliance.kernel.money import Money
from commissions.models import FileFact
from commissions.rails import files
from commissions.rails.files import table

# Settled on our account (ACSC) or on theirs (ACCC) is paid; accepted for checks is not yet.
STATUSES = {"ACSC": FileFact.PAID, "ACCC": FileFact.PAID, "RJCT": FileFact.FAILED}
_DAY = r"(\d{4})-(\d\d)-(\d\d)"


def bank_answer(content: bytes) -> files.Answer:
    try:
        root = safe_xml.parse(content)
    except safe_xml.UnsafeXml as exc:
        raise files.unreadable(str(exc)) from exc
    if (report := _first(root, "CstmrPmtStsRpt")) is not None:
        return _status_report(report)
    if (statements := list(root.iter("BkToCstmrStmt"))) != []:
        return _statement(statements[0])
    raise files.unreadable(_("it is neither pain.002 nor camt.053."))


# --- pain.002 -------------------------------------------------------------------------------------


def _status_report(report: Element) -> files.Answer:
    """Word on single transfers or, where the bank says no more, on a whole file of ours."""
    day = _day(_text(report, "GrpHdr", "CreDtTm"))
    rows: list[files.Said] = []
    for part in report.iter("TxInfAndSts"):
        rows.append(_status(len(rows) + 1, part, "TxSts", key=_text(part, "OrgnlEndToEndId")))
    head = _first(report, "OrgnlGrpInfAndSts")
    if not rows and head is not None:
        number = _text(head, "OrgnlMsgId")
        for whole, name in ((_first(report, "OrgnlPmtInfAndSts"), "PmtInfSts"), (head, "GrpSts")):
            if whole is not None and _text(whole, name):
                rows = [_status(1, whole, name, about=number)]
                break
    return files.Answer(rows, day, day, closes_days=False)


def _status(line: int, part: Element, name: str, *, key: str = "", about: str = "") -> files.Said:
    amount = _amount(_first(part, "InstdAmt"))
    status = _text(part, name)
    words = " ".join(
        filter(None, (status, _text(part, "StsRsnInf", "Cd"), _text(part, "StsRsnInf", "AddtlInf")))
    )
    return files.Said(
        line=line,
        key="" if key == "NOTPROVIDED" else key,
        fact=STATUSES.get(status, FileFact.PENDING),
        amount=amount,
        ref=_text(part, "AcctSvcrRef"),
        words=words,
        about=about,
    )


# --- camt.053 -------------------------------------------------------------------------------------


def _statement(statement: Element) -> files.Answer:
    rows: list[files.Said] = []
    days: list[date] = []
    for part in statement.iter("Stmt"):
        period = _first(part, "FrToDt")
        days += [_day(_text(part, "CreDtTm"))] if period is None else _period(period)
        for entry in part.iter("Ntry"):
            rows += _booked(entry, len(rows) + 1)
    if not days:
        raise files.unreadable(_("it says nowhere which days it is about."))
    return files.Answer(rows, min(days), max(days), closes_days=True)


def _period(period: Element) -> list[date]:
    first = _text(period, "FrDtTm") or _text(period, "FrDt")
    last = _text(period, "ToDtTm") or _text(period, "ToDt")
    return [_day(first), _day(last or first)]


def _booked(entry: Element, line: int) -> Iterator[files.Said]:
    """The transfers of one booking: what left was paid, what came in under our key came back."""
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    came = _text(entry, "CdtDbtInd") == "CRDT"
    details = list(entry.iter("TxDtls")) or [entry]
    for number, detail in enumerate(details):
        key = _text(detail, "Refs", "EndToEndId")
        key = "" if key == "NOTPROVIDED" else key
        if status != "BOOK" or (came and not key.startswith("payout-")):
            continue
        amount = _amount(_first(detail, "Amt") if len(details) > 1 else _own(detail, entry))
        yield files.Said(
            line=line + number,
            key=key,
            fact=FileFact.RETURNED if came else FileFact.PAID,
            amount=amount,
            ref=_text(detail, "Refs", "AcctSvcrRef") or _text(entry, "AcctSvcrRef"),
            words=_text(detail, "RtrInf", "Cd") or _text(entry, "AddtlNtryInf"),
        )


def _own(detail: Element, entry: Element) -> Element | None:
    """The only transfer of a booking: its own amount or, without one, the booking's."""
    found = detail.find("Amt")
    return found if found is not None else entry.find("Amt")


# --- Elements by their names ----------------------------------------------------------------------


def _first(root: Element, name: str) -> Element | None:
    return next(root.iter(name), None)


def _text(root: Element, *path: str) -> str:
    """The text of the element that is found by going down these names; "" if there is none."""
    found: Element | None = root
    for name in path:
        found = _first(found, name) if found is not None else None
    return (found.text or "").strip() if found is not None else ""


def _amount(element: Element | None) -> Money | None:
    if element is None:
        return None
    try:
        return Money.parse((element.text or "").strip(), element.get("Ccy", ""))
    except ValueError as exc:
        raise files.unreadable(_("an amount in it is none.")) from exc


def _day(text: str) -> date:
    day = table.day_in(text, _DAY)
    if day is None:
        raise files.unreadable(_("it says nowhere which days it is about."))
    return day
