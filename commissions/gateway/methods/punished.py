"""Orders that a case is about, or that one holds back (docs/violations.md)."""

from datetime import datetime, timedelta
from typing import Any

from alliance.kernel import clock
from commissions import queries
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import only
from commissions.gateway.methods.orders import marks
from commissions.gateway.methods.refunds import DONE
from commissions.gateway.schema import Args
from commissions.models import Commission, Hold, Violation
from commissions.models.commission import CommissionQuerySet
from commissions.violations import cases_on

_SPAN_MOST = 30  # days
_FROZEN, _RELEASED = 0, 1  # punish_status


def orders(call: Call) -> dict[str, Any]:
    """Order lines by when they were placed: a span of days, at most thirty, from `start_time` on,
    else until now."""
    args = call.args.get("af_order_option", {})
    rows = _wanted(queries.orders_punished(call.user, call.affiliate, *_span(args)), args, call)
    number, size = call.page_in(args)
    page = list(rows[(number - 1) * size : number * size])
    cases = cases_on([row for row in page if row.hold])
    told = {
        "page_no": number,
        "page_size": size,
        "total_count": rows.count(),
        "results": [_told(row, cases.get(row.pk, [])) for row in page],
    }
    return {"result": {"data": told, "result_code": DONE, "result_msg": "ok"}}


def _span(args: Args) -> tuple[datetime, datetime]:
    span = args.get("span", _SPAN_MOST)
    if not 1 <= span <= _SPAN_MOST:
        raise wrong("span")
    length = timedelta(days=span)
    start = args.get("start_time", clock.now() - length)
    return start, start + length


def _wanted(rows: CommissionQuerySet, args: Args, call: Call) -> CommissionQuerySet:
    """Narrowed by what is asked for. The parameters that the platform has given up (of them a
    status and a kind of violation) narrow nothing."""
    if "relation_id" in args:
        rows = rows.filter(attribution__subs__1=str(args["relation_id"]))
    if "tb_trade_id" in args:
        rows = rows.filter(line=args["tb_trade_id"])
    for name, place in (("site_id", "pk"), ("adzone_id", "zones")):
        if name in args and not call.affiliate.sites.filter(**{place: args[name]}).exists():
            raise wrong(name)
    if "site_id" in args:
        rows = rows.filter(attribution__zone__site=args["site_id"])
    if "adzone_id" in args:
        rows = rows.filter(attribution__zone=args["adzone_id"])
    return rows


def _told(row: Commission, cases: list[Violation]) -> dict[str, Any]:
    """`settle_month` is 202606. A case about the line itself says why, else the first that covers
    it."""
    told = marks(row)
    reasons = [row.reason, *(case.reason for case in cases)]  # type: ignore[attr-defined]
    month = row.settled_month or row.settles_in
    return {
        **only(told, "relation_id"),
        "settle_month": month.year * 100 + month.month if month else None,
        "punish_status": _RELEASED if row.hold == Hold.NONE else _FROZEN,
        "violation_type": next((one for one in reasons if one is not None), None),
        "tk_trade_create_time": row.placed_at,
        "tb_trade_id": row.line_id,
        "tk_adzone_id": told.get("adzone_id"),
        "tk_site_id": told.get("site_id"),
        "tk_pub_id": row.affiliate_id,
    }
