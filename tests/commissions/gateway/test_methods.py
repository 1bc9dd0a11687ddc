"""What the methods do, beyond the form of their answers."""

import re
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import AdZone, Link
from affiliates.services import affiliate_apply
from affiliates.services.baskets import basket_make, basket_put
from alliance.kernel import clock
from commissions.gateway.items import item_id, key_of
from commissions.services.api_apps import api_session_open
from merchants.models import Event, Product
from merchants.services.plans import first_pieces_open
from merchants.services.products import ProductData, product_save
from tests.cast import user_make


def test_methods_that_act_for_somebody_want_their_session(cast, tool):
    """Another affiliate lets the tool act for it: its ad zones then, and not those of the app."""
    wei = user_make()
    other = affiliate_apply(user=wei, kind="small", name="Wei")
    zone = AdZone.objects.get(site__affiliate=other)
    asked = {"item_id": cast.product.pk, "adzone_id": zone.pk, "site_id": zone.site_id}
    assert tool.refusal("taobao.tbk.privilege.get", session=None, **asked)[0] == 26
    assert tool.refusal("taobao.tbk.privilege.get", **asked)[0] == 41
    tool.session = api_session_open(actor=wei, app=tool.app, affiliate=other).access
    told = tool.answer("taobao.tbk.privilege.get", **asked)["result"]["data"]
    assert told["max_commission_rate"] == "12.00"
    link = Link.objects.get(code=told["item_url"].rpartition("/")[2])
    assert (link.affiliate, link.zone) == (other, zone)
    # The session is Wei's, who stays what they are; whose tool it is may even turn a viewer there.
    # Sent away, or their affiliate closed, the tool acts for nobody any more.
    cast.affiliate.members.update(role="viewer")
    tool.answer("taobao.tbk.privilege.get", **asked)
    member = cast.affiliate.members.get()
    member.delete()
    assert tool.refusal("taobao.tbk.privilege.get", **asked)[0] == 12
    member.save()
    tool.answer("taobao.tbk.privilege.get", **asked)
    cast.affiliate.state = "closed"
    cast.affiliate.save()
    assert tool.refusal("taobao.tbk.privilege.get", **asked)[0] == 12


def goods_make(cast) -> None:
    """Four products more, at 2.00 to 5.00."""
    for number in range(2, 6):
        facts = ProductData(
            external_id=f"P{number}",
            title=f"杯 {number}",
            url=f"https://shop.chen.example/p/{number}",
            price_minor=number * 100,
        )
        product_save(shop=cast.shop, data=facts, actor=cast.chen)


def test_pages_follow_each_other_and_end(cast, tool):
    goods_make(cast)
    seen = []
    for page in (1, 3, 2, 4):
        answer = tool.answer(
            "taobao.tbk.dg.material.optional",
            adzone_id=cast.zone.pk, sort="price_asc", page_size=2, page_no=page,
        )  # fmt: skip
        listed = answer["result_list"].get("map_data", [])
        seen.append([one["zk_final_price"] for one in listed])
    assert seen == [["2.00", "3.00"], ["199.00"], ["4.00", "5.00"], []]
    asked = {"adzone_id": cast.zone.pk, "page_size": 2}
    for most, several in ((1_200, 5), (1_199, 0)):  # pages are of what is wanted, and so is the sum
        answer = tool.answer("taobao.tbk.dg.material.optional", **asked | {"end_tk_rate": most})
        assert answer["total_results"] == several


def test_many_items_cost_no_more_statements_than_one(cast, tool):
    goods_make(cast)
    keys = [str(pk) for pk in Product.objects.values_list("pk", flat=True)]
    pages = dict(Product.objects.values_list("pk", "url"))
    said = {
        "material_list": lambda some: ",".join(pages[int(pk)] for pk in some),
        "material_dto": lambda some: [{"material_url": pages[int(pk)]} for pk in some],
        "requests": lambda some: [{"url": pages[int(pk)]} for pk in some],
    }
    for method, name in (
        ("taobao.tbk.item.info.upgrade.get", "item_id"),
        ("taobao.tbk.dg.general.link.convert", "item_id_list"),
        ("taobao.tbk.dg.general.link.convert", "material_list"),
        ("taobao.tbk.item.convert", "num_iids"),
        ("taobao.tbk.dg.general.link.parse", "material_dto"),
        ("taobao.tbk.spread.get", "requests"),
    ):
        counts = []
        for several in (keys[:1], keys, keys[:1], keys):
            with CaptureQueriesContext(connection) as asked:
                fields = {"fields": "num_iid", name: said.get(name, ",".join)(several)}
                tool.answer(method, adzone_id=cast.zone.pk, **fields)
            counts.append(len(asked))
        assert counts[3] <= counts[2], (method, counts)


def test_an_events_page_leads_on_at_the_events_rate(cast, tool):
    event = Event.objects.get()
    told = tool.answer(
        "taobao.tbk.activity.info.get", activity_material_id=event.pk, adzone_id=cast.zone.pk,
        union_id="a1",
    )["data"]  # fmt: skip
    page = tool.client.get(told["click_url"].removeprefix(settings.PUBLIC_URL))
    address = re.search(r'href="([^"]*/g/[^"]*)"', page.content.decode())[1]
    tool.client.get(address.removeprefix(settings.PUBLIC_URL))
    link = Link.objects.latest("pk")
    assert (link.plan.event, link.sub1, link.product) == (event, "a1", cast.product)
    listed = tool.answer(
        "taobao.tbk.dg.material.recommend",
        adzone_id=cast.zone.pk, material_id=20_000_000 + event.pk,
    )["result_list"]["map_data"]  # fmt: skip
    assert listed[0]["publish_info"]["income_rate"] == "15.00"
    with clock.at(event.ends_at + timedelta(days=1)):
        over = tool.client.get(told["click_url"].removeprefix(settings.PUBLIC_URL))
    assert over.status_code == 404


def test_baskets_are_the_favourites(cast, tool):
    basket = basket_make(actor=cast.lin, affiliate=cast.affiliate, name="Best")
    basket_put(basket=basket, products=[cast.product])
    asked = {"adzone_id": cast.zone.pk, "material_id": 31519}
    told = tool.answer("taobao.tbk.dg.optimus.material", **asked)["result_list"]["map_data"]
    (listed,) = told[0]["favorites_info"]["favorites_list"]["favorites_detail"]
    assert listed["favorites_title"] == "Best"
    asked["favorites_id"] = listed["favorites_id"]
    told = tool.answer("taobao.tbk.dg.optimus.material", **asked)["result_list"]["map_data"]
    assert [one["title"] for one in told] == [cast.product.title]


def test_an_id_in_letters_is_one_of_ours_or_nobodys(cast, tool):
    known = item_id(cast.product)
    assert key_of(known) == key_of(f" {cast.product.pk} ") == cast.product.pk
    for wrong in (
        "",
        "-",
        known[:-1],
        known.lower(),
        f"{known}x",
        "AAAA-12345678",
        "9" * 30,
        "é-1",
    ):
        assert key_of(wrong) == 0, wrong


def test_a_way_of_a_search_becomes_a_link_when_somebody_follows_it(cast, tool):
    before = Link.objects.count()
    asked = {"adzone_id": cast.zone.pk, "relation_id": "77", "union_id": "a1"}
    found = tool.answer("taobao.tbk.dg.material.optional.upgrade", **asked)
    (item,) = found["result_list"]["map_data"]
    address = item["publish_info"]["click_url"].partition("://")[2].partition("/")[2]
    assert Link.objects.count() == before
    for _again in range(2):
        led = tool.client.get(f"/{address}?sub4=x")
        link = Link.objects.latest("pk")
        assert led["Location"] == f"/r/{link.code}?sub4=x"
    assert Link.objects.count() == before + 1
    assert (link.sub2, link.product_id, link.zone_id) == ("77", cast.product.pk, cast.zone.pk)
    assert tool.client.get(f"/{address}x").status_code == 404


def test_first_pieces_are_told_while_some_are_left_and_where_they_pay_best(cast, tool):
    now = clock.now()
    ends = (now + timedelta(days=2)).replace(microsecond=0)
    with clock.at(now - timedelta(hours=2)):
        plan = first_pieces_open(
            product=cast.product,
            name="First three",
            rate_bps=3_000,
            pieces=3,
            ends_at=ends,
            actor=cast.chen,
        )
    zone = {"adzone_id": cast.zone.pk}
    flat, nested = "taobao.tbk.dg.material.optional", "taobao.tbk.dg.material.optional.upgrade"

    def told(method, path, **asked):
        (one,) = tool.answer(method, **zone, **asked)[path]["map_data"]
        return one.get("publish_info", {}).get("topn_info") or one.get("topn_info")

    info = told(flat, "result_list", get_topn_rate=1)
    left, size, rate = (info[f"topn_{name}"] for name in ("quantity", "total_count", "rate"))
    assert (left, size, rate) == (3, 3, "30.00")
    assert info["topn_end_time"] == f"{ends.astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}"
    assert told(nested, "result_list", get_topn_rate=1) == info
    assert told("taobao.tbk.dg.material.recommend", "result_list") == info
    assert told(flat, "result_list") is told(nested, "result_list", get_topn_rate=0) is None
    asked = {"item_id": cast.product.pk, **zone, "get_topn_rate": 1}
    link = tool.answer("taobao.tbk.coupon.convert", **asked)["result"]["results"]
    assert link["topn_info"]["topn_end_time"] == int(ends.timestamp() * 1000)
    cast.sold("T9")
    assert told(flat, "result_list", get_topn_rate=1)["topn_quantity"] == 2
    plan.stock.refresh_from_db()
    type(plan.stock).objects.update(taken=3)
    assert told(flat, "result_list", get_topn_rate=1) is None
    assert "topn_info" not in tool.answer("taobao.tbk.coupon.convert", **asked)["result"]["results"]


def test_a_jump_to_a_late_page_costs_as_much_as_to_the_second(cast, tool):
    goods_make(cast)

    def listed(page, size=1):
        with CaptureQueriesContext(connection) as asked:
            answer = tool.answer(
                "taobao.tbk.dg.material.optional",
                adzone_id=cast.zone.pk, sort="price_asc", page_size=size, page_no=page,
            )  # fmt: skip
        found = [one["zk_final_price"] for one in answer["result_list"].get("map_data", [])]
        return found, answer["total_results"], len(asked)

    listed(1)  # what a first call asks once
    found, total, second = listed(2)
    cache.clear()
    assert (found, total) == (["3.00"], 5)
    found, total, last = listed(5)
    assert (found, total) == (["199.00"], 5)
    assert last <= second + 2
    assert listed(4)[0] == ["5.00"]  # over which it has jumped
    cache.clear()
    found, total, beyond = listed(100)
    assert (found, total) == ([], 5)
    assert beyond <= second + 2
