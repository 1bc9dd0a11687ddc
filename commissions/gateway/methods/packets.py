"""Super coupons (超级红包): how many an affiliate's buyers claimed and used, who still has one."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.queries import CouponCount, coupon_waits, coupons_counted
from commissions.gateway.call import Call
from commissions.gateway.dimensions import day_in, day_said, zone_in
from commissions.gateway.errors import missing, wrong

SUPER, CATEGORIES = 1, (1, 2, 3, 4)  # activity_category; of the others the alliance has none
BY_PID, BY_CHANNEL = "pid", "relation"  # rpt_dim
NONE_WAITS, WAITS = "1", "0"  # is_new_user


def report(call: Call) -> dict[str, Any]:
    """Of one day, by ad zone; by channel, if `rpt_dim` is relation or there is a `relation_id`."""
    day, zone, (number, size) = day_in(call), zone_in(call), call.page
    channel = _channel(call)
    counts = coupons_counted(call.affiliate, day, zone=zone, channel=channel) if _ours(call) else []
    page = counts[(number - 1) * size : number * size]
    rows = [{**_told(row), "biz_date": day_said(day)} for row in page]
    name = "pid_rpt_list" if channel is None else "relation_rpt_list"
    return {"result": {"success": True, "model": {name: rows}}}


def status(call: Call) -> dict[str, Any]:
    """Whether a member (`special_id`), or anybody of a channel, holds one that is good and unused.
    Buyers are known here by the marks of the links they came by, and by nothing else."""
    args, zone = call.args, zone_in(call)
    if "device_value" in args:
        raise wrong("device_value", _("Buyers are not known by their devices here."))
    channel, member = args.get("relation_id", ""), args.get("special_id", "")
    if not channel and not member:
        raise missing("special_id")
    waits = _ours(call) and coupon_waits(call.affiliate, zone=zone, channel=channel, member=member)
    told = {"is_new_user": WAITS if waits else NONE_WAITS}
    return {"result_msg": "ok", "data": {"result_list": [told]}}


def _ours(call: Call) -> bool:
    """Whether it is about super coupons; of the platform's other packets nobody here has any."""
    category = call.args.get("activity_category", SUPER)
    if category not in CATEGORIES:
        raise wrong("activity_category")
    return bool(category == SUPER)


def _channel(call: Call) -> str | None:
    """The channel that is asked about, "" for each; None where none is."""
    by = call.args.get("rpt_dim", BY_CHANNEL if "relation_id" in call.args else BY_PID)
    if by not in (BY_PID, BY_CHANNEL):
        raise wrong("rpt_dim")
    if by == BY_PID and "relation_id" not in call.args:
        return None
    return str(call.args.get("relation_id", ""))


def _told(row: CouponCount) -> dict[str, Any]:
    told = {"pid": row.zone.pid, "fund_num": row.issued, "use_num": row.used}
    return {**told, "relation_id": int(row.channel)} if row.channel else told
