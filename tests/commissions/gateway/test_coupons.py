"""Coupons as tools ask for them, each way, and products that have one."""

from affiliates.models import CodeBinding, Link
from affiliates.services import link_address
from campaigns.coupon_pages import address_of
from commissions.gateway.items import item_id
from merchants.models import Coupon
from tests.campaigns.claims.world import campaign_make, stock_of
from tests.commissions.gateway.examples import allowing, coupon_make

COUPON = "taobao.tbk.coupon.get"
OF_ITEMS, LISTED = "taobao.tbk.itemid.coupon.get", "taobao.tbk.dg.item.coupon.get"


def shown(tool, **asked):
    data = tool.answer(COUPON, **asked)["data"]
    return data.get("coupon_activity_id")


def test_one_coupon_is_found_by_its_number_and_behind_each_of_our_addresses(cast, tool):
    coupon = coupon_make(cast)
    told = tool.answer(COUPON, item_id=item_id(cast.product), activity_id=coupon.pk)["data"]
    assert told.items() >= {
        "coupon_activity_id": str(coupon.pk), "coupon_amount": "20.00",
        "coupon_start_fee": "100.00", "coupon_src_scene": 1, "coupon_type": 1,
    }.items()  # fmt: skip
    assert not {"coupon_remain_count", "coupon_total_count"} & set(told)
    (found,) = tool.answer(LISTED, adzone_id=cast.zone.pk)["results"]["tbk_coupon"]
    before = Link.objects.count()
    address = found["coupon_click_url"]
    for me in (
        address, address.rpartition("/")[2], link_address(cast.link), address_of(cast.link),
        cast.link.code, f"看 ￥{cast.link.code}￥", cast.product.url,
    ):  # fmt: skip
        assert shown(tool, me=me) == str(coupon.pk), me
    assert Link.objects.count() == before  # nothing was made by asking
    Coupon.objects.all().delete()
    assert tool.answer(COUPON, me=address)["data"] == {}


def test_a_campaigns_coupon_says_how_many_are_left(cast, tool):
    stock = stock_of(campaign_make(cast.product), size=7, product=cast.product)
    told = tool.answer(COUPON, item_id=cast.product.pk, activity_id=stock.pk)["data"]
    assert told.items() >= {
        "coupon_activity_id": str(stock.pk), "coupon_remain_count": 7, "coupon_total_count": 7,
        "coupon_src_scene": 4, "coupon_start_fee": "0.00",
    }.items()  # fmt: skip
    assert shown(tool, me=address_of(cast.link)) == str(stock.pk)


def test_products_with_a_coupon_come_by_number_and_by_words(cast, tool):
    assert tool.answer(LISTED, adzone_id=cast.zone.pk)["total_results"] == 0
    assert tool.answer(OF_ITEMS, num_iids=cast.product.pk, pid=cast.zone.pid)["results"] == {
        "tbk_coupon": []
    }
    coupon_make(cast)
    ids = f"{item_id(cast.product)},{cast.product.pk + 1}"
    (told,) = tool.answer(OF_ITEMS, num_iids=ids, pid=cast.zone.pid)["results"]["tbk_coupon"]
    assert told.items() >= {
        "num_iid": str(cast.product.pk), "coupon_info": "满100元减20元", "zk_final_price": "199.00",
        "commission_rate": "12.00", "seller_id": cast.shop.pk,
    }.items()  # fmt: skip
    asked = {"adzone_id": cast.zone.pk, "relation_id": "77"}
    assert tool.answer(LISTED, q=cast.product.title[:3], **asked)["total_results"] == 1
    assert tool.answer(LISTED, q="nothing like it", **asked)["total_results"] == 0


def test_what_makes_no_sense_is_refused_and_a_bound_code_is_not_told(cast, tool):
    coupon = coupon_make(cast)
    elsewhere = allowing(cast)["affiliate"].sites.get().zones.get()
    item, missing = {"item_id": cast.product.pk}, "isv.missing-parameter:"
    assert tool.refusal(COUPON) == (40, f"{missing}item_id")
    assert tool.refusal(COUPON, **item) == (40, f"{missing}activity_id")
    assert tool.refusal(OF_ITEMS, num_iids="1") == (40, f"{missing}pid")
    assert tool.refusal(LISTED) == (40, f"{missing}adzone_id")
    for method, name, asked in (
        (COUPON, "item_id", {"item_id": "9-9", "activity_id": coupon.pk}),
        (COUPON, "activity_id", {**item, "activity_id": coupon.pk + 1}),
        (COUPON, "activity_id", {**item, "activity_id": "九"}),
        (COUPON, "me", {"me": "elsewhere"}),
        (COUPON, "me", {"me": "https://elsewhere.example/"}),
        (OF_ITEMS, "pid", {"num_iids": "1", "pid": elsewhere.pid}),
        (OF_ITEMS, "pid", {"num_iids": "1", "pid": f"mm_9_9_{cast.zone.pk}"}),
        (OF_ITEMS, "num_iids", {"num_iids": ",", "pid": cast.zone.pid}),
        (OF_ITEMS, "num_iids", {"num_iids": ",".join(map(str, range(41))), "pid": cast.zone.pid}),
        (LISTED, "adzone_id", {"adzone_id": elsewhere.pk}),
        (LISTED, "cat", {"adzone_id": cast.zone.pk, "cat": "x"}),
        (LISTED, "page_no", {"adzone_id": cast.zone.pk, "page_no": 0}),
        (LISTED, "page_size", {"adzone_id": cast.zone.pk, "page_size": 101}),
    ):
        refused = tool.refusal(method, **asked)
        assert refused == (41, f"isv.invalid-parameter:{name}"), (method, asked)
    CodeBinding.objects.create(coupon=coupon, affiliate=cast.affiliate, zone=cast.zone)
    assert tool.refusal(COUPON, **item, activity_id=coupon.pk)[0] == 41
