"""Refunds: what each takes back of a commission, and where that stands."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from alliance.kernel.http import key_in
from commissions import queries
from commissions.gateway.call import Call
from commissions.gateway.errors import missing, wrong
from commissions.gateway.items import only
from commissions.gateway.methods.orders import OWN, SHARED, marks, one_of
from commissions.gateway.windows import moment_in, page_turned, window_of
from commissions.models import Commission, PayeeRole
from commissions.refunds import RefundRecord, records_of
from merchants.models import Refund

DONE = 200
FIRST, THIRD, BOTH = 1, 2, 4  # member_type of refunds: in whose part
_OPTION = "publisher_refund_order_query_option"
_CHANNEL, _MEMBER = 1, 2  # biz_type
_SHARED_NAMES = (
    "tb_trade_create_time", "earning_time", "tk_refund_time", "tk_refund_suit_time",
    "modified_time", "relation_id", "special_id", "refund_status", "refund_fee",
    "tb_trade_finish_price", "tb_trade_id",
)  # fmt: skip


def refunds(call: Call) -> dict[str, Any]:
    """Refunds of a window, the oldest first: of a line in which the affiliate has several parts,
    once for each."""
    if _OPTION not in call.args:
        raise missing(_OPTION)
    args = call.args[_OPTION]
    by = one_of(queries.RefundMoment, args.get("query_type", 1), "query_type")
    start, end = window_of(args)
    rows = queries.refunds_in_window(call.user, call.affiliate, by, start, end)
    page, told = page_turned(rows, call, args)
    records = _parts(records_of(call.affiliate, page), args.get("member_type", BOTH), BOTH)
    return {
        "data": {**told, "result": [_told(record) for record in records]},
        "result_code": DONE,
    }


def of_channels(call: Call) -> dict[str, Any]:
    """Refunds since a moment of what a channel brought, or a member bought."""
    args = call.args.get("search_option", {})
    start = moment_in(args, "start_time")
    by = one_of(queries.RefundMoment, args.get("search_type", 1), "search_type")
    number, size = call.page_in(args)
    rows = queries.refunds_in_window(call.user, call.affiliate, by, start)
    rows = _marked(rows, args.get("biz_type", _CHANNEL), call)
    page = list(rows[(number - 1) * size : number * size])
    records = _parts(records_of(call.affiliate, page), args.get("refund_type", 0), 0)
    told = {
        "page_no": number,
        "page_size": size,
        "total_count": rows.count(),
        "results": [_told_of_channel(record) for record in records],
    }
    return {"result": {"data": told, "result_code": DONE}}


def _marked(rows: QuerySet[Refund], kind: int, call: Call) -> QuerySet[Refund]:
    """Of orders that came with the mark of a channel, or of a member."""
    if kind not in (_CHANNEL, _MEMBER):
        raise wrong("biz_type")
    marked = Commission.objects.filter(
        line=OuterRef("line"),
        affiliate=call.affiliate,
        **{f"attribution__subs__{kind}__gt": ""},
    )
    return rows.filter(Exists(marked))


def _parts(records: list[RefundRecord], wanted: int, every: int) -> list[RefundRecord]:
    if wanted not in (FIRST, THIRD, every):
        raise wrong("member_type" if every else "refund_type")
    own = {FIRST: (True,), THIRD: (False,)}.get(wanted, (True, False))
    return [one for one in records if (one.payee.role == PayeeRole.AFFILIATE) in own]


def _told(record: RefundRecord) -> dict[str, Any]:
    own = record.payee.role == PayeeRole.AFFILIATE
    channel = only(marks(record.payee), "relation_id", "special_id")
    return {**record.wire(), **channel, "tk_order_role": OWN if own else SHARED}


def _told_of_channel(record: RefundRecord) -> dict[str, Any]:
    """In this method's names: `3rd_pub` is what the affiliate has of orders that others brought."""
    told, own = _told(record), record.payee.role == PayeeRole.AFFILIATE
    third = "" if own else "3rd"
    whose = "refund_pub" if own else "refund3rd_pub"
    return {
        **only(told, *_SHARED_NAMES),
        "tb_trade_parent_id": key_in(told["tb_trade_parent_id"]) or None,
        "tb_auction_title": told["item_title"],
        "refund_type": FIRST if own else THIRD,
        f"tk{third}_pub_id": record.payee.affiliate_id,
        f"tk_commission_fee_{whose}": record.commission.plain,
        f"tk_subsidy_fee_{whose}": record.subsidy.plain,
        f"tk{third}_pub_show_return_fee": record.whole.plain,
    }
