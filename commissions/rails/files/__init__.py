"""Files in which the rails say what they did. One reader each, one line in READERS."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money
from commissions.models import FileFact

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
LARGEST = 16 * 1024 * 1024
MOST_ROWS = 50_000
MOST_MINOR = 10**17  # more than any money, less than a column holds


@dataclass(frozen=True, slots=True)
class Said:
    """One transfer, as the file has it. `amount` is None where the file names none.

    `about` is set instead of `key` when the file speaks of a whole bank file, by its number.
    """

    line: int
    key: str
    fact: FileFact
    amount: Money | None = None
    ref: str = ""
    words: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole file: its rows, the days it speaks of, and whether nothing is missing for those."""

    rows: list[Said]
    first_day: date
    last_day: date
    closes_days: bool


def unreadable(why: str | Promise) -> Invalid:
    return Invalid(_("This file cannot be read: %(why)s") % {"why": why}, field="file")


from commissions.rails.files.alipay_bill import alipay_bill  # noqa: E402 - they raise what is above
from commissions.rails.files.iso20022 import bank_answer  # noqa: E402
from commissions.rails.files.paypal_report import paypal_report  # noqa: E402


@dataclass(frozen=True, slots=True)
class Reader:
    rail: str
    label: str | Promise
    read: Callable[[bytes], Answer]


READERS = {
    "bank": Reader("bank_file", _("Bank: pain.002 or camt.053"), bank_answer),
    "alipay": Reader("alipay", _("Alipay: account bill (CSV)"), alipay_bill),
    "paypal": Reader("paypal", _("PayPal: report of payouts (CSV)"), paypal_report),
}


def read(kind: str, content: bytes) -> Answer:
    """What the file says. Raises Invalid, with a sentence, for what is no such file."""
    if not content:
        raise unreadable(_("it is empty."))
    if len(content) > LARGEST:
        raise unreadable(_("it is larger than 16 MB."))
    answer = READERS[kind].read(content)
    if len(answer.rows) > MOST_ROWS:
        raise unreadable(_("it has more than 50,000 rows."))
    if not all(row.amount is None or _is_money(row.amount) for row in answer.rows):
        raise unreadable(_("an amount in it is none."))
    return answer


def _is_money(amount: Money) -> bool:
    return abs(amount.minor) < MOST_MINOR and bool(_CURRENCY.fullmatch(amount.currency))
