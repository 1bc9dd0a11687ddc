"""PayPal's report of payouts: one row an item, with our key in the column of the sender's id."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money
from commissions.models import FileFact
from commissions.rails import files
from commissions.rails.files import table

COLUMNS = {
    "key": ("sender item id", "sender_item_id", "unique id", "custom number"),
    "ref": ("transaction id", "payout item id"),
    "status": ("transaction status", "status"),
    "amount": ("amount", "gross", "payout amount"),
    "currency": ("currency", "currency code"),
    "at": ("date", "time processed"),
    "words": ("error", "error message", "reason"),
}
FACTS = {
    "success": FileFact.PAID,
    "completed": FileFact.PAID,
    "failed": FileFact.FAILED,
    "denied": FileFact.FAILED,
    "blocked": FileFact.FAILED,
    "returned": FileFact.RETURNED,
    "refunded": FileFact.RETURNED,
    "reversed": FileFact.RETURNED,
}


def paypal_report(content: bytes) -> files.Answer:
    text = table.text_of(content, "utf-8-sig", "cp1252")
    rows, days = [], []
    for line, cells in table.rows(text, COLUMNS, needed="key"):
        if not cells["status"]:
            continue
        days.append(_day(cells["at"], line))
        rows.append(_said(line, cells))
    if not days:
        raise files.unreadable(_("it says nowhere which days it is about."))
    return files.Answer(rows, min(days), max(days), closes_days=True)


def _said(line: int, cells: dict[str, str]) -> files.Said:
    currency = cells["currency"].upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise files.unreadable(_("row %(line)d names no currency.") % {"line": line})
    amount = table.money(cells["amount"], currency, line)
    return files.Said(
        line=line,
        key=cells["key"],
        fact=FACTS.get(cells["status"].casefold(), FileFact.PENDING),
        amount=Money(abs(amount.minor), currency),
        ref=cells["ref"],
        words=cells["words"] or cells["status"],
    )


def _day(text: str, line: int) -> date:
    day = table.day_in(text, r"(\d{4})-(\d\d)-(\d\d)") or table.day_in(
        text, r"(\d{1,2})/(\d{1,2})/(\d{4})", "mdy"
    )
    if day is None:
        raise files.unreadable(_("row %(line)d has no day.") % {"line": line})
    return day
