"""Alipay's account bill (账务明细): every movement of the account on its days, in GBK or UTF-8."""

import re
from datetime import date

from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money
from commissions.models import FileFact
from commissions.rails import files
from commissions.rails.files import table

COLUMNS = {
    "serial": ("账务流水号",),
    "ref": ("业务流水号",),
    "key": ("商户订单号",),
    "at": ("发生时间", "入账时间"),
    "came": ("收入金额(+元)", "收入金额"),
    "left": ("支出金额(-元)", "支出金额"),
    "kind": ("业务类型", "业务描述"),
    "words": ("备注",),
}
_DAY = r"(\d{4})\D(\d{1,2})\D(\d{1,2})"


def alipay_bill(content: bytes) -> files.Answer:
    """Money that left is paid; money that came in under one of our numbers came back."""
    text = table.text_of(content, "utf-8-sig", "gb18030")
    rows, days = [], []
    for line, cells in table.rows(text, COLUMNS, needed="left"):
        if not cells["serial"] and not cells["at"]:
            continue
        if (day := table.day_in(cells["at"], _DAY)) is not None:
            days.append(day)
        if (said := _said(line, cells)) is not None:
            rows.append(said)
    first, last = _period(text, days)
    return files.Answer(rows, first, last, closes_days=True)


def _said(line: int, cells: dict[str, str]) -> files.Said | None:
    came, left = (table.money(cells[name], "CNY", line) for name in ("came", "left"))
    # Our keys have an underscore there: a hyphen is none of Alipay's characters.
    key = re.sub(r"^payout_(\d+)$", r"payout-\1", cells["key"])
    if "费" in cells["kind"]:
        key = ""  # a fee goes by the number of the transfer it was taken for
    back = came.minor > 0
    if back and not key.startswith("payout-"):
        return None  # a customer's payment, interest: no business of the payouts
    amount = Money(abs(came.minor if back else left.minor), "CNY")
    if not amount:
        return None
    fact = FileFact.RETURNED if back else FileFact.PAID
    words = " ".join(filter(None, (cells["kind"], cells["words"])))
    return files.Said(line, key, fact, amount, cells["ref"] or cells["serial"], words)


def _period(text: str, days: list[date]) -> tuple[date, date]:
    """From the remark above the rows; without one, the days of the rows."""
    found = re.search(rf"起始日期[^\d]*{_DAY}.*?终止日期[^\d]*{_DAY}([^\n]*)", table.head(text))
    if not found and not days:
        raise files.unreadable(_("it says nowhere which days it is about."))
    if not found:
        return min(days), max(days)
    numbers = [int(part) for part in found.groups()[:6]]
    try:
        first, last = date(*numbers[:3]), date(*numbers[3:6])
    except ValueError as exc:
        raise files.unreadable(_("it says nowhere which days it is about.")) from exc
    # A bill up to midnight of the next day is about the day before.
    midnight = last > first and "00:00:00" in found.group(7)
    return first, (date.fromordinal(last.toordinal() - 1) if midnight else last)
