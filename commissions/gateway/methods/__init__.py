"""Every method that is served, by its name on the wire. How one is added: `commissions.gateway`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commissions.gateway.call import Call
from commissions.gateway.methods import (
    channels,
    codes,
    coupons,
    goods,
    links,
    materials,
    orders,
    packets,
    punished,
    refunds,
    rewards,
    sessions,
    shops,
)


@dataclass(frozen=True, slots=True)
class Served:
    """`answer` says it. `changes`: only for whose maker may change something. `once`: a repeated
    signature gets the first answer. `session`: it acts for whoever allowed the app to."""

    answer: Callable[[Call], dict[str, Any]]
    changes: bool = False
    once: bool = False
    session: bool = False


def _reads(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    return Served(answer, session=session)


def _makes(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    """It may change something, and does no harm twice."""
    return Served(answer, changes=True, session=session)


def _once(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    """It must not be done twice."""
    return Served(answer, changes=True, once=True, session=session)


METHODS: dict[str, Served] = {
    # Goods
    "taobao.tbk.item.info.get": _reads(goods.item_info),
    "taobao.tbk.item.info.upgrade.get": _reads(goods.item_info_upgrade),
    "taobao.tbk.dg.material.optional": _reads(goods.material_optional),
    "taobao.tbk.dg.material.optional.upgrade": _reads(goods.material_upgrade),
    "taobao.tbk.sc.material.optional": _reads(goods.material_optional, session=True),
    # Materials
    "taobao.tbk.optimus.tou.material.ids.get": _reads(materials.material_ids),
    "taobao.tbk.dg.material.recommend": _reads(materials.recommend),
    "taobao.tbk.dg.optimus.material": _reads(materials.optimus),
    "taobao.tbk.sc.optimus.material": _reads(materials.optimus_for, session=True),
    # Links
    "taobao.tbk.dg.general.link.convert": _makes(links.convert),
    "taobao.tbk.sc.general.link.convert": _makes(links.convert, session=True),
    "taobao.tbk.dg.general.link.parse": _reads(links.parse),
    "taobao.tbk.sc.general.link.parse": _reads(links.parse, session=True),
    "taobao.tbk.item.convert": _makes(links.item_convert),
    "taobao.tbk.privilege.get": _makes(links.privilege, session=True),
    "taobao.tbk.coupon.convert": _makes(links.coupon_convert),
    "taobao.tbk.spread.get": _makes(links.spread),
    "taobao.tbk.activity.info.get": _reads(links.activity),
    "taobao.tbk.sc.activity.info.get": _reads(links.activity, session=True),
    # Share codes
    "taobao.tbk.tpwd.create": _makes(codes.create),
    "taobao.tbk.tpwd.parse": _reads(codes.parse),
    "taobao.tbk.tpwd.convert": _makes(codes.convert),
    "taobao.tbk.sc.tpwd.convert": _makes(codes.convert_for, session=True),
    # Coupons
    "taobao.tbk.coupon.get": _reads(coupons.details),
    "taobao.tbk.itemid.coupon.get": _reads(coupons.of_items),
    "taobao.tbk.dg.item.coupon.get": _reads(coupons.search),
    # Orders
    "taobao.tbk.order.details.get": _reads(orders.details),
    "taobao.tbk.sc.order.details.get": _reads(orders.details_for, session=True),
    "taobao.tbk.order.refund.get": _reads(refunds.refunds),
    "taobao.tbk.relation.refund": _reads(refunds.of_channels),
    "taobao.tbk.sc.relation.refund": _reads(refunds.of_channels, session=True),
    "taobao.tbk.dg.punish.order.get": _reads(punished.orders),
    "taobao.tbk.sc.punish.order.get": _reads(punished.orders, session=True),
    # What campaigns pay at their end
    "taobao.tbk.dg.cpa.activity.report": _reads(rewards.report),
    "taobao.tbk.dg.cpa.activity.detail": _reads(rewards.detail),
    # Super coupons
    "taobao.tbk.dg.vegas.send.report": _reads(packets.report),
    "taobao.tbk.sc.vegas.send.report": _reads(packets.report, session=True),
    "taobao.tbk.dg.vegas.send.status": _reads(packets.status),
    "taobao.tbk.sc.vegas.send.status": _reads(packets.status, session=True),
    # Channels and members
    "taobao.tbk.sc.invitecode.get": _makes(channels.invite_code, session=True),
    "taobao.tbk.sc.publisher.info.save": _makes(channels.record, session=True),
    "taobao.tbk.sc.publisher.info.get": _reads(channels.info, session=True),
    "taobao.tbk.sc.relation.record": _makes(channels.mark_member, session=True),
    # Sessions
    "taobao.top.auth.token.create": _makes(sessions.create),
    "taobao.top.auth.token.refresh": _makes(sessions.refresh),
    # Shops and places
    "taobao.tbk.shop.get": _reads(shops.search),
    "taobao.tbk.shop.recommend.get": _reads(shops.recommended),
    "taobao.tbk.sc.shop.convert": _makes(shops.convert, session=True),
    "taobao.tbk.adzone.create": _once(shops.adzone_create),
    "taobao.tbk.sc.adzone.create": _once(shops.adzone_create, session=True),
}
