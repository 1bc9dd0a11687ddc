"""Super coupons through the gateway: counted by day, ad zone and channel, and who still has one."""

from datetime import timedelta

from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from campaigns import claims
from campaigns.models import Claim
from commissions.services.api_apps import api_session_open
from tests.campaigns.claims.world import campaign_make, stock_of, through
from tests.cast import Cast, user_make

REPORT, STATUS = "taobao.tbk.{}.vegas.send.report", "taobao.tbk.{}.vegas.send.status"


def claimed(cast: Cast) -> list[Claim]:
    """Three packets by the link of channel 77 and member 5, one by a plain one."""
    marked = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product,
        subs={"sub2": "77", "sub3": "5"},
    )  # fmt: skip
    stock = stock_of(campaign_make(cast.product), product=cast.product)
    for number, link in enumerate([marked, marked, marked, cast.link]):
        claims.claim(
            stock_id=stock.pk, buyer_key=f"b{number}", request_key=f"r{number}",
            through=through(link),
        )  # fmt: skip
    return list(Claim.objects.order_by("pk"))


def test_packets_are_counted_by_zone_and_channel_and_used_ones_by_their_order(cast, tool):
    first = claimed(cast)[0]
    with clock.at(first.claimed_at + timedelta(seconds=10)):
        cast.sold("T2", click_id="", coupon_code=first.code)
    day = f"{clock.business_day(first.claimed_at):%Y%m%d}"

    def told(kind="dg", **asked):
        model = tool.answer(REPORT.format(kind), biz_date=day, **asked)["result"]["model"]
        ((_name, rows),) = model.items()
        return rows.get("rights_send_relation_rpt_dto", [])

    pid = cast.zone.pid
    assert told() == [{"biz_date": day, "pid": pid, "fund_num": 4, "use_num": 1}]
    channel = {"biz_date": day, "pid": pid, "fund_num": 3, "use_num": 1, "relation_id": 77}
    assert told("sc", rpt_dim="relation") == told(relation_id=77, pid=pid) == [channel]
    for nothing in ({"relation_id": 78}, {"activity_category": 3}, {"page_no": 2}):
        assert told(**nothing) == []
    for wrong in (
        {"pid": "mm_1_2_3"}, {"activity_category": 9}, {"rpt_dim": "x"}, {"biz_date": "tomorrow"},
    ):  # fmt: skip
        assert tool.refusal(REPORT.format("dg"), **{"biz_date": day, **wrong})[0] == 41, wrong


def test_whoever_holds_a_packet_is_no_new_user_and_nobody_elses_business(cast, tool):
    claimed(cast)

    def new(kind="dg", **asked):
        data = tool.answer(STATUS.format(kind), **asked)["data"]
        return data["result_list"]["map_data"][0]["is_new_user"]

    assert new(special_id="5") == new("sc", relation_id="77") == "0"
    assert new(special_id="5", relation_id="78") == new(special_id="6") == "1"
    assert new(special_id="5", activity_category=2) == "1"
    with clock.at(clock.now() + timedelta(days=2)):
        assert new(special_id="5") == "1"
    wei = user_make()
    other = affiliate_apply(user=wei, kind="small", name="Wei")
    tool.session = api_session_open(actor=wei, app=tool.app, affiliate=other).access
    assert new("sc", special_id="5") == "1"
    assert tool.refusal(STATUS.format("dg"))[:2] == (40, "isv.missing-parameter:special_id")
    device = {"device_type": "IMEI", "device_value": "0" * 32, "special_id": "5"}
    assert tool.refusal(STATUS.format("dg"), **device)[0] == 41
