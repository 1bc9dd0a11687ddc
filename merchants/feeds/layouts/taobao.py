"""The order report of Taobao's and Tmall's seller centre (订单报表): a row per order, in GBK."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from merchants.feeds.layouts.sale import (
    Sale,
    SourceRow,
    amount,
    moment,
    needed,
    whole,
)
from merchants.feeds.runs import RowFault
from merchants.models import OrderState
from merchants.services.orders import LineReport

LABEL = "Taobao / Tmall"
ORDER: tuple[str, ...] = ("订单编号",)
_ZONE = ZoneInfo("Asia/Shanghai")
_KNOWN_BY = {"订单编号", "买家实际支付金额", "订单状态", "订单创建时间"}
# The first that is found in the words of the state; they differ from year to year.
_STATES = (
    ("关闭", OrderState.VOID),
    ("取消", OrderState.VOID),
    ("成功", OrderState.RECEIVED),
    ("等待买家付款", OrderState.PLACED),
    ("未付款", OrderState.PLACED),
    ("没有创建", OrderState.PLACED),
    ("发货", OrderState.PAID),
    ("已付款", OrderState.PAID),
    ("确认", OrderState.PAID),
)
_CLICK = re.compile(r"click_id\s*[:=：]\s*([\w.-]{1,64})", re.IGNORECASE | re.ASCII)


def recognises(header: set[str]) -> bool:
    return header >= _KNOWN_BY


def sale(rows: Sequence[SourceRow], currency: str) -> Sale:
    """One line: the report names the goods in one cell and has one amount, from which the freight
    is taken. The click id is found in the seller's note (订单备注)."""
    row = rows[0]
    words = row["订单状态"]
    state = next((state for word, state in _STATES if word in words), None)
    if state is None:
        raise RowFault("unknown_state", _("The state “%s” is not known.") % words, field="订单状态")
    paid = amount(row["买家实际支付金额"], currency, "买家实际支付金额")
    freight = amount(row["买家应付邮费"], currency, "买家应付邮费")
    owed = amount(row["买家应付货款"], currency, "买家应付货款")
    minor = max(paid - freight, 0) if paid else owed
    noted = _CLICK.search(row["订单备注"])
    reason = row["订单关闭原因"]
    return Sale(
        state=state,
        placed_at=needed(row["订单创建时间"], "订单创建时间", _ZONE),
        paid_at=moment(row.any("订单付款时间", "付款时间"), "订单付款时间", _ZONE),
        received=state == OrderState.RECEIVED,
        received_at=moment(row["确认收货时间"], "确认收货时间", _ZONE),
        void_reason="" if reason in {"订单未关闭", "null"} else reason[:120],
        lines=[
            LineReport(
                "1",
                row["商家编码"][:64],
                row["宝贝标题"][:200],
                whole(row["宝贝总数量"], "宝贝总数量"),
                minor,
            )
        ],
        click_id=noted[1] if noted else "",
    )
