"""A bank's CSV: a header with date, amount, perhaps currency, texts, payer and reference."""

import re
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, exponent
from commissions.bank.arrivals import Arrival, Statement, named
from merchants.feeds.table import Table

# What banks call their columns; several may hold text.
COLUMNS = {
    "date": ("date", "booking date", "booked on", "value date", "buchungstag", "buchungsdatum",
             "日期", "交易日期", "记账日期", "入账日期", "交易时间"),
    "amount": ("amount", "credit", "credit amount", "betrag", "umsatz", "金额", "交易金额",
               "贷方金额", "贷方发生额", "收入金额", "收入"),
    "currency": ("currency", "währung", "币种", "货币"),
    "text": ("text", "reference", "remittance information", "purpose", "description", "details",
             "memo", "verwendungszweck", "buchungstext", "摘要", "附言", "交易附言", "用途",
             "备注"),
    "payer": ("payer", "name", "sender", "counterparty", "auftraggeber", "zahlungspflichtiger",
              "付款人", "付款方", "付款方户名", "对方户名", "对方名称"),
    "ref": ("bank reference", "entry reference", "transaction id", "transaction number",
            "bankreferenz", "流水号", "交易流水号", "银行流水号", "凭证号"),
    "side": ("debit/credit", "credit/debit", "direction", "dc", "soll/haben", "s/h",
             "借贷标志", "借贷方向", "借贷", "收支标志", "收支", "收/支"),
}  # fmt: skip
# Where all amounts are written without a sign, a column says which of them came in.
_CAME = {"c", "cr", "credit", "crdt", "h", "haben", "贷", "贷方", "收", "收入"}
_LEFT = {"d", "dr", "debit", "dbit", "s", "soll", "借", "借方", "支", "支出"}
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%Y年%m月%d日")
_SIGNS = re.compile(r"[\s¥￥€$']|CNY|RMB|EUR|USD")


def read_table(content: bytes) -> Statement:
    """UTF-8, UTF-16 or GBK; rows that are debits, by their sign or by a column, are left out."""
    table = Table(BytesIO(content))
    places = _places(table.header)
    arrivals = []
    for frame in table.chunks():
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            if arrival := _arrival(row, places, number):
                arrivals.append(arrival)
    return Statement("csv", "", named(arrivals))


def _places(header: list[str]) -> dict[str, list[str]]:
    known = {
        what: [name for name in header if name.strip().lower() in names]
        for what, names in COLUMNS.items()
    }
    for what, label in (("date", _("date")), ("amount", _("amount")), ("text", _("text"))):
        if not known[what]:
            raise Invalid(
                _("The file has no column for: %(what)s.") % {"what": label}, field="file"
            )
    return known


def _arrival(row: dict[Any, str], places: dict[str, list[str]], number: int) -> Arrival | None:
    def cell(what: str) -> str:
        return next((row[name] for name in places[what] if row[name]), "")

    side = cell("side").strip().casefold()
    if side in _LEFT:
        return None
    if side and side not in _CAME:
        raise _fault(number, _("whether it came in"))
    amount = _amount(cell("amount"), _currency(cell("currency"), number), number)
    if amount is None:
        return None
    return Arrival(
        ref=cell("ref")[:120],
        amount=amount,
        booked_on=_day(cell("date"), number),
        text=" ".join(row[name] for name in places["text"] if row[name])[:500],
        payer=cell("payer")[:140],
    )


def _currency(text: str, number: int) -> str:
    code = {"人民币": "CNY", "RMB": "CNY"}.get(text.upper(), text.upper())
    code = code or settings.ALLIANCE["CURRENCY"]
    if not re.fullmatch(r"[A-Z]{3}", code, re.ASCII):
        raise _fault(number, _("the currency"))
    return code


def _amount(text: str, currency: str, number: int) -> Money | None:
    """None for a debit and for a row without an amount. 1,234.56 and 1.234,56 are understood."""
    plain = _SIGNS.sub("", text)
    if not plain:
        return None
    digits = exponent(currency)
    point, comma = (rf"(\.\d{{1,{digits}}})?", rf",\d{{1,{digits}}}") if digits else ("", "")
    if re.fullmatch(rf"[+-]?(\d{{1,3}}(,\d{{3}}){{1,4}}|\d{{1,15}}){point}", plain, re.ASCII):
        plain = plain.replace(",", "")
    elif re.fullmatch(rf"[+-]?(\d{{1,3}}(\.\d{{3}}){{1,4}}|\d{{1,15}}){comma}", plain, re.ASCII):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        raise _fault(number, _("the amount"))
    minor = int(Decimal(plain).scaleb(digits))
    return Money(minor, currency) if minor > 0 else None


def _day(text: str, number: int) -> date:
    """The day; a time after it is left out."""
    plain = (re.split(r"[\sT]", text.strip()) or [""])[0]
    plain = plain[:8] if re.fullmatch(r"\d{8}(\d{6})?", plain, re.ASCII) else plain
    for form in _DAYS:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
    raise _fault(number, _("the date"))


def _fault(number: int, what: object) -> Invalid:
    return Invalid(
        _("Row %(number)d cannot be read: %(what)s.") % {"number": number, "what": what},
        field="file",
    )
