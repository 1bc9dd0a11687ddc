"""Orders, as tools follow them to pay those who promote below their affiliate."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeVar

from django.conf import settings

from alliance.kernel.money import Money
from campaigns.queries import season_at_its_height
from commissions import queries
from commissions.formulas import Worth
from commissions.gateway.call import Call
from commissions.gateway.errors import wrong
from commissions.gateway.items import item_id, percent
from commissions.gateway.windows import page_turned, window_of
from commissions.models import Commission, CommissionState, PayeeRole
from commissions.models.commission import CommissionQuerySet
from commissions.targets import subsidies_of, worth_of
from merchants.models import Product

LONGEST = timedelta(hours=3)  # of a window; see `_longest`
Code = TypeVar("Code", bound=IntEnum)
OWN, SHARED = 2, 3  # tk_order_role, member_type
EVERY, CHANNEL, MEMBER = 1, 2, 3  # order_scene
_STATES = {
    wire: [state for state in CommissionState if state.wire == wire] for wire in (11, 12, 13, 14, 3)
}
_RECEIVED = (CommissionState.CONFIRMED, CommissionState.FROZEN, CommissionState.SETTLED)
_ESTIMATED = (CommissionState.UNFUNDED, CommissionState.ESTIMATED, *_RECEIVED)


def details(call: Call) -> dict[str, Any]:
    """Order lines of a window, the oldest first."""
    args = call.args
    by = one_of(queries.OrderMoment, args.get("query_type", 1), "query_type")
    start, end = window_of(args, longest=_longest())
    rows = _wanted(queries.orders_in_window(call.user, call.affiliate, by, start, end), call)
    page, told = page_turned(rows, call, args)
    return {"data": {**told, "results": [_told(row) for row in page]}}


def details_for(call: Call) -> dict[str, Any]:
    """The same for whoever gave the session, in a shape with less about the pages."""
    told = details(call)
    for name in ("pre_page", "next_page"):
        del told["data"][name]
    return told


def _longest() -> timedelta:
    """As the platform has it: shorter on the main days of a season."""
    minutes = settings.ALLIANCE["GATEWAY_SEASON_MINUTES"]
    if minutes and season_at_its_height():
        return min(timedelta(minutes=minutes), LONGEST)
    return LONGEST


def one_of(kind: type[Code], code: int, name: str) -> Code:
    """The code, if it is one of those. Raises Refused."""
    try:
        return kind(code)
    except ValueError:
        raise wrong(name) from None


def _wanted(rows: CommissionQuerySet, call: Call) -> CommissionQuerySet:
    args = call.args
    if "tk_status" in args:
        if args["tk_status"] not in _STATES:
            raise wrong("tk_status")
        rows = rows.in_standing(_STATES[args["tk_status"]])
    match args.get("member_type"):
        case None:
            pass
        case 2:
            rows = rows.filter(role=PayeeRole.AFFILIATE)
        case 3:
            rows = rows.exclude(role=PayeeRole.AFFILIATE)
        case _:
            raise wrong("member_type")
    scene = args.get("order_scene", EVERY)
    if scene not in (EVERY, CHANNEL, MEMBER):
        raise wrong("order_scene")
    return rows if scene == EVERY else rows.filter(**{f"attribution__subs__{scene - 1}__gt": ""})


# --- A line ---------------------------------------------------------------------------------------


def _told(row: Commission) -> dict[str, Any]:
    """Rates in percent, amounts in major units. Estimates are of what was paid; what is `_fee`
    without `pre`, of what the merchant kept once the buyer has the goods."""
    line, order, product = row.line, row.line.order, row.line.product
    return {
        **_amounts(row),
        **_rates(row),
        **marks(row),
        **_item(product),
        "trade_parent_id": order.external_id,
        "trade_id": line.pk,
        "tk_status": CommissionState(row.standing).wire,
        "tk_order_role": OWN if row.role == PayeeRole.AFFILIATE else SHARED,
        "refund_tag": int(line.refunded_minor > 0),
        "tk_create_time": row.placed_at,
        "tk_paid_time": order.paid_at,
        "tb_paid_time": order.paid_at,
        "tk_deposit_time": order.deposit_paid_at,
        "tb_deposit_time": order.deposit_paid_at,
        "tk_earning_time": row.settled_at,
        "modified_time": max(filter(None, (row.updated_at, row.settled_at))),
        "item_title": line.title or (product.title if product else ""),
        "item_num": line.quantity,
        "seller_nick": row.merchant.name,
        "seller_shop_title": order.shop.name,
        "pub_id": row.affiliate_id,
    }


def _item(product: Product | None) -> dict[str, Any]:
    if product is None:
        return {}
    return {
        "item_id": item_id(product),
        "item_link": product.url,
        "item_img": product.image_url or None,
        "item_category_name": product.category.name_zh if product.category else None,
    }


def marks(row: Commission) -> dict[str, Any]:
    """From where it came and with which marks: of what others brought, that is not the affiliate's
    to know."""
    found = row.attribution
    if found is None:
        return {}
    free, channel, member = [*found.subs, "", "", ""][:3]
    told: dict[str, Any] = {
        "click_time": found.touched_at,
        "unid": free or None,
        "relation_id": _number(channel),
        "special_id": _number(member),
    }
    if zone := found.zone:
        told |= {"adzone_id": zone.pk, "adzone_name": zone.name}
        told |= {"site_id": zone.site_id, "site_name": zone.site.name}
    return told


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _rates(row: Commission) -> dict[str, Any]:
    own_bps = {
        PayeeRole.AFFILIATE: row.share_bps - row.partner_bps,
        PayeeRole.PARTNER: row.partner_bps - row.second_bps,
        PayeeRole.SECOND: row.second_bps,
        PayeeRole.INTERMEDIARY: row.share_bps,
    }[PayeeRole(row.role)]
    subsidy_bps = sum(terms.rate_bps for terms, _subsidy in subsidies_of(row))
    return {
        "total_commission_rate": percent(row.rate_bps),
        "pub_share_rate": percent(own_bps),
        "tk_total_rate": f"{Decimal(row.rate_bps * own_bps) / 1_000_000:.2f}",
        "alimama_rate": percent(row.tech_fee_bps),
        "subsidy_rate": percent(subsidy_bps),
        "income_rate": percent(row.rate_bps + subsidy_bps),
        "platform_special_service_rate": percent(row.special_bps),
    }


def _amounts(row: Commission) -> dict[str, Any]:
    line = row.line
    received, paid = row.standing in _RECEIVED, Money(line.amount_minor, line.currency)
    nothing = Money(0, line.currency)
    before = worth_of(row, paid if row.standing in _ESTIMATED else nothing)
    booked = worth_of(row, Money(row.base_minor, line.currency) if received else nothing)
    now = booked if received else before
    return {
        "tb_gmv_total_price": Money(line.total_minor or line.amount_minor, line.currency).plain,
        "alipay_total_price": paid.plain,
        "pay_price": booked.base.plain,
        "deposit_price": None
        if line.deposit_minor is None
        else Money(line.deposit_minor, line.currency).plain,
        "item_price": Money(line.amount_minor // max(line.quantity, 1), line.currency).plain,
        "total_commission_fee": now.base.share(row.rate_bps).plain,
        "alimama_share_fee": now.tech_fee.plain,
        "platform_special_service_fee": now.special_fee.plain,
        **_promised(before, "pub_share_pre_fee"),
        **_promised(booked, "pub_share_fee"),
        **_subsidies(row, now.base),
        "alimm_share_info_dto": {
            "alimm_tech_service_rate": percent(row.tech_fee_bps),
            "alimm_tech_service_pre_fee": before.tech_fee.plain,
            "alimm_tech_service_fee": booked.tech_fee.plain,
        },
    }


def _promised(due: Worth, name: str) -> dict[str, str]:
    """Commission and subsidy, before the technical service fee."""
    return {
        name: (due.publisher + due.subsidy).plain,
        f"{name}_for_commission": due.publisher.plain,
        f"{name}_for_sdy": due.subsidy.plain,
    }


def _subsidies(row: Commission, base: Money) -> dict[str, Any]:
    """Each of them before the affiliate's share of it."""
    given = [
        (terms, min(base.share(terms.rate_bps), Money(terms.cap_minor, row.currency)))
        for terms, _subsidy in subsidies_of(row)
    ]
    told: dict[str, Any] = {"subsidy_fee": _sum((fee for _t, fee in given), row.currency).plain}
    if given:
        told["subsidy_type"] = "、".join(terms.name for terms, _fee in given)
        told["subsidy_info_dto_list"] = [
            {
                "subsidy_type": terms.name,
                "subsidy_rate": percent(terms.rate_bps),
                "subsidy_fee": fee.plain,
                "subsidy_upper_limit": Money(terms.cap_minor, row.currency).plain,
                "subsidy_share_rate": percent(terms.share_bps),
            }
            for terms, fee in given
        ]
    return told


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money(0, currency))
