"""Rewards of tasks and of other campaigns that pay at their end: expected, and paid.

The platform knows rewards for single users; ours are for what an affiliate brought in all. A part
of it, an ad zone's or a channel's, has the share of the reward that its valid orders have of all.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from affiliates.queries import zones_of
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign
from commissions import queries
from commissions.gateway.call import Call
from commissions.gateway.dimensions import day_in, day_said, zone_in
from commissions.gateway.errors import wrong
from commissions.gateway.methods.orders import one_of
from commissions.queries.counted import CountedOrder, Counting, Part, orders_counted, part_counted
from commissions.services.standings import standing_until

DONE = 200


class Kind(IntEnum):
    """query_type, calc_type."""

    EXPECTED = 1
    PAID = 2


@dataclass(frozen=True, slots=True)
class _Sum:
    """A reward, None where nobody can say; the valid orders and their buyers it is for."""

    minor: int | None
    orders: int
    buyers: int


def report(call: Call) -> dict[str, Any]:
    """What had come together by the end of a day: the affiliate's, an ad zone's or a channel's."""
    campaign, day, zone = _campaign(call), day_in(call), zone_in(call)
    kind = one_of(Kind, call.args.get("query_type", Kind.EXPECTED), "query_type")
    channel = call.args.get("relation_id")
    if zone and channel is not None:
        raise wrong("relation_id")
    until = clock.day_start(day + timedelta(days=1))
    counting = Counting(
        campaign=campaign,
        affiliate=call.affiliate,
        until=until,
        final=kind is Kind.PAID,
        zone_id=zone.pk if zone else None,
        channel=None if channel is None else str(channel),
    )
    found = _paid(counting) if kind is Kind.PAID else _expected(counting)
    if zone or channel is not None:
        found = _part(found, counting)
    row = {
        "biz_date": day_said(day),
        "query_type": kind.value,
        "pid": zone.pid if zone else None,
        "relation_id": channel,
        "union_30d_lx_uv": found.buyers,
        "reward_amount": None if found.minor is None else _said(campaign, found.minor),
        "ext_info": json.dumps({"valid_orders": found.orders}),
    }
    number, _size = call.page
    return {"result": {"data": {"results": [row] if number == 1 else []}}}


def detail(call: Call) -> dict[str, Any]:
    """The orders that count, as of a batch. Batches are what the alliance's own pages show: counted
    every ten minutes, and at last when the reward is paid."""
    campaign, (number, size) = _campaign(call), call.page
    kind = one_of(Kind, call.args.get("query_type", Kind.EXPECTED), "query_type")
    batch = _batch(call, campaign, kind)
    if batch is None:
        return _detailed({"results": [], "page_no": number, "page_size": size, "total_count": 0})
    counting = Counting(
        campaign=campaign, affiliate=call.affiliate, until=batch, final=kind is Kind.PAID
    )
    behind = call.args.get("start_id", 0)
    skip = 0 if behind else (number - 1) * size
    rows = orders_counted(counting, behind=behind, skip=skip, most=size + 1)
    total, has_next, has_pre = part_counted(counting).orders, len(rows) > size, number > 1
    pids = {zone.pk: zone.pid for zone in zones_of(call.affiliate)}
    return _detailed(
        {
            "results": [
                {
                    "id": row.order_id,
                    "calc_type": kind.value,
                    "field_detail": json.dumps(_order(row, campaign, pids), ensure_ascii=False),
                }
                for row in rows[:size]
            ],
            "page_no": number,
            "page_size": size,
            "total_count": total,
            "total_pages": -(-total // size),
            "has_next": has_next,
            "has_pre": has_pre,
            "next_page": number + 1 if has_next else None,
            "pre_page": number - 1 if has_pre else None,
            "runtime": batch,
        }
    )


def _detailed(data: dict[str, Any]) -> dict[str, Any]:
    return {"result": {"success": True, "result_code": DONE, "result_msg": "ok", "data": data}}


def _campaign(call: Call) -> Campaign:
    """One that the affiliate may see and that pays at its end. Raises Refused."""
    shown = queries.campaigns_for(call.affiliate).filter(kind__in=queries.CLOSING)
    campaign = shown.filter(pk=call.args["event_id"]).first()
    if campaign is None:
        raise wrong("event_id")
    return campaign


# --- Sums -----------------------------------------------------------------------------------------


def _expected(counting: Counting) -> _Sum:
    """As last counted; for days that are over, with the orders of until then. What a board or a pot
    would have come to on such a day nobody knows any more: it hangs on all who took part."""
    campaign = counting.campaign
    if counting.until > min(clock.now(), campaign.ends_at):
        known = queries.standings_mine(counting.affiliate, [campaign]).get(campaign.pk)
        if known is None:
            return _Sum(0, 0, 0)
        return _Sum(known.reward_minor, known.orders, known.buyers)
    then = standing_until(counting)
    knows = MECHANICS[campaign.kind].most is not None
    return _Sum(then.reward_minor if knows else None, then.orders, then.buyers)


def _paid(counting: Counting) -> _Sum:
    """What was booked by the end of the day, at the latest of yesterday, refunds taken back."""
    until = min(counting.until, clock.day_start(clock.business_day()))
    minor = queries.award_booked(counting.campaign, counting.affiliate, until)
    if not minor:
        return _Sum(0, 0, 0)
    known = queries.standings_mine(counting.affiliate, [counting.campaign])
    final = known.get(counting.campaign.pk)
    return _Sum(minor, final.orders if final else 0, final.buyers if final else 0)


def _part(whole: _Sum, counting: Counting) -> _Sum:
    """By orders, rounded down: the parts never come to more than the whole."""
    part = part_counted(counting)
    if not whole.orders:
        part = Part(0, 0, 0)
    minor = None if whole.minor is None else whole.minor * part.orders // max(part.of, 1)
    return _Sum(minor, part.orders, part.buyers)


# --- Orders -----------------------------------------------------------------------------------


def _batch(call: Call, campaign: Campaign, kind: Kind) -> datetime | None:
    """The newest, or an earlier moment that a tool says again to turn the pages of the same."""
    if kind is Kind.PAID:
        newest = queries.award_paid_at(campaign, call.affiliate)
    else:
        newest = queries.standing_counted_at(campaign, call.affiliate)
    if newest is None:
        return None
    newest = newest.replace(microsecond=0)
    return min(newest, call.args.get("runtime", newest))


def _order(row: CountedOrder, campaign: Campaign, pids: dict[int, str]) -> dict[str, Any]:
    told = {
        "trade_parent_id": row.external_id,
        "tk_paid_time": row.paid_at.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M:%S"),
        "item_num": row.pieces,
        "pay_price": _said(campaign, row.base_minor),
        "pid": pids.get(row.zone_id or 0),
        "relation_id": row.channel or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _said(campaign: Campaign, minor: int) -> str:
    return Money(minor, campaign.currency).plain
