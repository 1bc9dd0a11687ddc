"""A call of each method that is served, as a tool would send it. The contract runs them all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from affiliates.models import Affiliate, CodeKind, InviterCode
from affiliates.services import affiliate_apply, link_address
from affiliates.services.channels import inviter_code_get
from alliance.kernel import clock
from campaigns.models import Campaign
from commissions.services.api_apps import api_code_give, api_session_open
from merchants.models import Coupon, Event
from tests.cast import Cast, user_make


def hours(before: int = 2, after: int = 1) -> dict[str, str]:
    """A window around now."""
    moments = (clock.now() - timedelta(hours=before), clock.now() + timedelta(hours=after))
    said = (moment.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M:%S") for moment in moments)
    return dict(zip(("start_time", "end_time"), said, strict=True))


def allowing(cast: Cast) -> dict[str, Any]:
    """Somebody with an affiliate of their own, and the tool that they allow to act for it."""
    app = cast.affiliate.api_apps.earliest("pk")
    app.redirect_url = "https://tool.example/back"
    user = user_make()
    return {
        "actor": user,
        "app": app,
        "affiliate": affiliate_apply(user=user, kind="small", name=user.email),
    }


def coupon_make(cast: Cast) -> Coupon:
    """20.00 off the product from 100.00 on, for whoever comes; once."""
    now = clock.now()
    facts = {"shop": cast.shop, "merchant": cast.merchant, "product": cast.product}
    terms = {"face_minor": 2_000, "threshold_minor": 10_000, "currency": "CNY"}
    days = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=9)}
    return Coupon.objects.get_or_create(code="TWENTY", **facts, defaults=terms | days)[0]


def task(cast: Cast) -> Campaign:
    """A guaranteed task that the affiliate accepted before its order, counted just now."""
    since, now = clock.now() - timedelta(days=1), clock.now()
    campaign = cast.campaign(
        "guaranteed_task", state="live", starts_at=since, published_at=since, rules={}
    )
    cast.enrol(campaign)
    campaign.enrolments.update(accepted_at=since)
    campaign.standings.create(affiliate=cast.affiliate, orders=1, buyers=1, reward_minor=200)
    assert campaign.standings.update(counted_at=now + timedelta(minutes=1)) == 1
    return campaign


def managing(cast: Cast, code_type: int = 1, **sort: Any) -> InviterCode:
    """Lin's team manages channels from now on: her code of that sort."""
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(kind="channel")
    cast.affiliate.kind = "channel"
    facts = {"actor": cast.lin, "affiliate": cast.affiliate}
    return inviter_code_get(kind=CodeKind(code_type), **facts, **sort)


EXAMPLES: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "taobao.tbk.item.info.get": lambda cast: {"num_iids": cast.product.pk},
    "taobao.tbk.item.info.upgrade.get": lambda cast: {"item_id": cast.product.pk},
    "taobao.tbk.dg.material.optional": lambda cast: {
        "adzone_id": cast.zone.pk, "q": "保温杯", "start_tk_rate": 1000, "end_price": "200",
    },
    "taobao.tbk.dg.material.optional.upgrade": lambda cast: {
        "adzone_id": cast.zone.pk, "q": "保温杯", "sort": "tk_rate_des", "relation_id": 77,
    },
    "taobao.tbk.dg.general.link.convert": lambda cast: {
        "adzone_id": cast.zone.pk, "item_id_list": cast.product.pk,
        "seller_id_list": cast.shop.pk, "material_dto": [{"material_url": cast.product.url}],
    },
    "taobao.tbk.sc.material.optional": lambda cast: {
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id, "q": "500ml",
    },
    "taobao.tbk.optimus.tou.material.ids.get": lambda cast: {
        "material_query": {"page_no": 1, "page_size": 20},
    },
    "taobao.tbk.dg.material.recommend": lambda cast: {"adzone_id": cast.zone.pk},
    "taobao.tbk.dg.optimus.material": lambda cast: {
        "adzone_id": cast.zone.pk, "material_id": 28026,
    },
    "taobao.tbk.sc.optimus.material": lambda cast: {
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id, "material_id": 13366,
    },
    "taobao.tbk.sc.general.link.convert": lambda cast: {
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id,
        "item_dto": [{"item_id": cast.product.pk, "dx": "1"}],
    },
    "taobao.tbk.dg.general.link.parse": lambda cast: {
        "material_dto": [{"material_url": f"看这个 ￥{cast.link.code}￥"}],
    },
    "taobao.tbk.sc.general.link.parse": lambda cast: {
        "material_dto": {"material_url": cast.product.url},
    },
    "taobao.tbk.item.convert": lambda cast: {
        "fields": "num_iid,click_url", "num_iids": cast.product.pk, "adzone_id": cast.zone.pk,
    },
    "taobao.tbk.privilege.get": lambda cast: {
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id, "item_id": cast.product.pk,
    },
    "taobao.tbk.coupon.convert": lambda cast: {
        "adzone_id": cast.zone.pk, "item_id": cast.product.pk,
    },
    "taobao.tbk.spread.get": lambda cast: {
        "requests": [{"url": link_address(cast.link)}, {"url": "https://elsewhere.example/"}],
    },
    "taobao.tbk.activity.info.get": lambda cast: {
        "activity_material_id": Event.objects.get().pk, "adzone_id": cast.zone.pk,
    },
    "taobao.tbk.sc.activity.info.get": lambda cast: {
        "activity_material_id": 20_000_000 + Event.objects.get().pk,
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id,
    },
    "taobao.tbk.tpwd.create": lambda cast: {"url": link_address(cast.link)},
    "taobao.tbk.tpwd.parse": lambda cast: {"password_content": f"￥{cast.link.code}￥"},
    "taobao.tbk.tpwd.convert": lambda cast: {
        "password_content": f"￥{cast.link.code}￥", "adzone_id": cast.zone.pk,
    },
    "taobao.tbk.sc.tpwd.convert": lambda cast: {
        "password_content": f"￥{cast.link.code}￥",
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id,
    },
    "taobao.tbk.order.details.get": lambda cast: {**hours(), "order_scene": 2},
    "taobao.tbk.sc.order.details.get": lambda cast: {**hours(), "tk_status": 12, "query_type": 4},
    "taobao.tbk.order.refund.get": lambda cast: {
        "publisher_refund_order_query_option": {**hours(), "query_type": 3},
    },
    "taobao.tbk.relation.refund": lambda cast: {
        "search_option": {"start_time": hours()["start_time"], "search_type": 5},
    },
    "taobao.tbk.sc.relation.refund": lambda cast: {
        "search_option": {
            "start_time": hours()["start_time"], "search_type": 1, "refund_type": 0,
            "biz_type": 1, "page_no": 1, "page_size": 20,
        },
    },
    "taobao.tbk.coupon.get": lambda cast: {
        "item_id": cast.product.pk, "activity_id": coupon_make(cast).pk,
    },
    "taobao.tbk.itemid.coupon.get": lambda cast: {
        "num_iids": coupon_make(cast).product_id, "pid": cast.zone.pid,
    },
    "taobao.tbk.dg.item.coupon.get": lambda cast: {
        "adzone_id": cast.zone.pk, "q": coupon_make(cast).product.title[:3], "page_size": 5,
    },
    "taobao.tbk.dg.punish.order.get": lambda cast: {
        "af_order_option": {"span": 30, "page_no": 1, "page_size": 20, "adzone_id": cast.zone.pk},
    },
    "taobao.tbk.sc.punish.order.get": lambda cast: {},
    "taobao.tbk.dg.cpa.activity.report": lambda cast: {
        "event_id": task(cast).pk, "biz_date": f"{clock.business_day():%Y%m%d}", "relation_id": 77,
    },
    "taobao.tbk.dg.cpa.activity.detail": lambda cast: {
        "event_id": task(cast).pk, "query_type": 1, "page_size": 1,
    },
    "taobao.tbk.dg.vegas.send.report": lambda cast: {
        "biz_date": f"{clock.business_day():%Y%m%d}", "pid": cast.zone.pid,
    },
    "taobao.tbk.sc.vegas.send.report": lambda cast: {
        "biz_date": f"{clock.business_day()}", "rpt_dim": "relation", "activity_category": 1,
    },
    "taobao.tbk.dg.vegas.send.status": lambda cast: {"special_id": "5", "pid": cast.zone.pid},
    "taobao.tbk.sc.vegas.send.status": lambda cast: {"relation_id": "77"},
    "taobao.tbk.sc.invitecode.get": lambda cast: {
        "relation_app": managing(cast).scene, "code_type": 1,
    },
    "taobao.tbk.sc.publisher.info.save": lambda cast: {
        "inviter_code": managing(cast).code, "info_type": 1, "note": "Uncle Wang",
        "online_scene": "1",
    },
    "taobao.tbk.sc.publisher.info.get": lambda cast: {
        "info_type": 1, "relation_app": managing(cast).scene,
    },
    "taobao.tbk.sc.relation.record": lambda cast: {
        "external_id": f"openid-{managing(cast).pk}", "external_type": 1, "op_type": 1,
        "redirect_url": link_address(cast.link),
    },
    "taobao.top.auth.token.create": lambda cast: {"code": api_code_give(**allowing(cast))},
    "taobao.top.auth.token.refresh": lambda cast: {
        "refresh_token": api_session_open(**allowing(cast)).refresh,
    },
    "taobao.tbk.shop.get": lambda cast: {"fields": "user_id,shop_title", "q": "chen"},
    "taobao.tbk.shop.recommend.get": lambda cast: {
        "fields": "user_id,shop_title,shop_url", "user_id": cast.shop.pk,
    },
    "taobao.tbk.sc.shop.convert": lambda cast: {
        "fields": "user_id,click_url", "user_ids": cast.shop.pk,
        "adzone_id": cast.zone.pk, "site_id": cast.zone.site_id,
    },
    "taobao.tbk.adzone.create": lambda cast: {
        "site_id": cast.zone.site_id, "adzone_name": "Group 7",
    },
    "taobao.tbk.sc.adzone.create": lambda cast: {
        "site_id": cast.zone.site_id, "adzone_name": "Group 8",
    },
}  # fmt: skip
