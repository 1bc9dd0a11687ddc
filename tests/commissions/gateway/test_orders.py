"""Orders and refunds as tools follow them: exact figures, windows, pages, and whose they are."""

from datetime import timedelta

import pytest

from affiliates.services import affiliate_apply, relation_open
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from campaigns.services.seasons import PHASES, season_make
from campaigns.services.subsidies import subsidy_open
from commissions.gateway.schema import moment_said
from commissions.models import Commission
from commissions.services.api_apps import api_app_make
from commissions.services.settlements import settlement_run
from tests.cast import staff_make, user_make
from tests.commissions.gateway.examples import hours
from tests.commissions.gateway.speaker import Speaker

DETAILS, REFUNDS = "taobao.tbk.order.details.get", "taobao.tbk.order.refund.get"
CHANNELS = "taobao.tbk.relation.refund"


def found(tool, **asked):
    data = tool.answer(DETAILS, **{**hours(), **asked})["data"]
    return data["results"]["publisher_order_dto"]


def refunded(tool, **asked):
    option = {"publisher_refund_order_query_option": {**hours(), **asked}}
    return tool.answer(REFUNDS, **option)["data"]["result"]["publisher_refund_order_dto"]


def test_an_order_has_the_figures_of_the_book(cast, tool):
    """Case A of docs/domain.md §4.2, and then C: 50.00 came back once it was received."""
    subsidy_open(actor=staff_make(StaffRole.OPS), name="Summer", rate_bps=300, cap=cny("5.00"))
    sold = cast.sold("A", click_id=cast.click(sub1="a1", sub2="0077", sub3="x"))
    (row,) = [one for one in found(tool) if one["trade_parent_id"] == "A"]
    assert row.items() >= {
        "trade_id": str(sold.line_id), "tk_status": 12, "tk_order_role": 2, "refund_tag": 0,
        "alipay_total_price": "199.00", "pay_price": "0.00",
        "total_commission_rate": "12.00", "pub_share_rate": "90.00", "tk_total_rate": "10.80",
        "total_commission_fee": "23.88", "pub_share_pre_fee": "26.49", "pub_share_fee": "0.00",
        "pub_share_pre_fee_for_commission": "21.49", "pub_share_pre_fee_for_sdy": "5.00",
        "subsidy_rate": "3.00", "income_rate": "15.00", "subsidy_fee": "5.00",
        "alimama_rate": "10.00", "alimama_share_fee": "2.15",
        "adzone_id": cast.zone.pk, "unid": "a1", "relation_id": 77,
    }.items()  # fmt: skip
    assert "special_id" not in row
    assert row in found(tool, order_scene=2)
    assert found(tool, order_scene=3) == [row]  # the other order came from a channel, of no member
    cast.received("A", placed_at=sold.placed_at, paid_at=sold.placed_at)
    cast.refunded("50.00", "A", "R9")
    (row,) = [one for one in found(tool, tk_status=14) if one["trade_parent_id"] == "A"]
    assert row.items() >= {
        "tk_status": 14, "refund_tag": 1, "pay_price": "149.00", "pub_share_pre_fee": "26.49",
        "pub_share_fee_for_commission": "16.09", "pub_share_fee_for_sdy": "4.47",
        "pub_share_fee": "20.56", "total_commission_fee": "17.88", "alimama_share_fee": "1.61",
    }.items()  # fmt: skip
    (refund,) = [one for one in refunded(tool) if one["refund_suit_id"] == "R9"]
    assert refund.items() >= {
        "tb_trade_parent_id": "A", "tb_trade_id": str(sold.line_id), "refund_fee": "50.00",
        "tk_commission_fee_refund": "4.86", "tk_subsidy_fee_refund": "0.53",
        "tk_commission_alimm_refund_fee": "0.54", "show_return_fee": "5.93",
        "tk_order_role": "2", "refund_status": 2, "relation_id": 77,
    }.items()  # fmt: skip


def test_windows_are_by_what_they_say_and_states_narrow(cast, tool):
    tool.session = ""
    noon = cast.moment + timedelta(days=3)
    with clock.at(noon):
        sold = cast.sold("M", placed_at=noon - timedelta(days=1), click_id=cast.click(
            at=noon - timedelta(days=2)))  # fmt: skip
        assert [one["trade_parent_id"] for one in found(tool, query_type=2)] == ["M"]
        assert found(tool, query_type=1) == found(tool, query_type=3) == []
        cast.received("M", placed_at=sold.placed_at, paid_at=noon)
    with clock.at(noon + timedelta(days=60)):
        settlement_run(month=clock.business_day(noon), currency="CNY")
        for by in (3, 4):
            (row,) = found(tool, query_type=by)
            assert row["tk_status"] == 3
            assert row["tk_earning_time"] == row["modified_time"] == moment_said(clock.now())
            assert found(tool, query_type=by, tk_status=3)
            assert not found(tool, query_type=by, tk_status=14)
    cast.record(cast.report("T1", state="void", lines=()))
    (row,) = found(tool, tk_status=13)
    assert (row["pub_share_pre_fee"], row["pub_share_fee"]) == ("0.00", "0.00")


def test_pages_are_turned_both_ways_and_miss_nothing(cast, tool):
    for number in range(1, 6):
        cast.sold(f"P{number}")
    asked = {**hours(), "page_size": 2}
    seen, said = [], {}
    for page in range(1, 5):
        said = tool.answer(DETAILS, **asked, page_no=page, jump_type=1,
                           position_index=said.get("position_index"))["data"]  # fmt: skip
        seen.append([one["trade_parent_id"] for one in said["results"]["publisher_order_dto"]])
        assert (said["has_pre"], said["has_next"]) == (page > 1, page < 3)
        if not said["has_next"]:
            break
    assert seen == [["T1", "P1"], ["P2", "P3"], ["P4", "P5"]]
    back = tool.answer(DETAILS, **asked, page_no=2, jump_type=-1,
                       position_index=said["position_index"])["data"]  # fmt: skip
    numbers = [one["trade_parent_id"] for one in back["results"]["publisher_order_dto"]]
    assert (numbers, back["has_pre"], back["has_next"]) == (["P2", "P3"], True, True)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"end_time": hours(after=2)["end_time"]}, "end_time"),
        ({"end_time": hours()["start_time"]}, "end_time"),
        ({"start_time": "2026-05-10"}, "start_time"),
        ({"query_type": 5}, "query_type"),
        ({"tk_status": 4}, "tk_status"),
        ({"member_type": 1}, "member_type"),
        ({"order_scene": 4}, "order_scene"),
        ({"position_index": "1_1"}, "position_index"),
        ({"jump_type": 0}, "jump_type"),
        ({"page_size": 101}, "page_size"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(cast, tool, changes, name):
    refusal = tool.refusal(DETAILS, **{**hours(), **changes})
    assert refusal == (41, f"isv.invalid-parameter:{name}")
    assert tool.refusal(DETAILS, **hours(), page_no=2)[0] == 40


def test_each_sees_its_own_part_and_no_more(cast, tool):
    """Wei gets a part of what Lin brings: he sees the order, not from where it came. Who has no
    part sees nothing."""
    with clock.at(clock.now() - timedelta(days=1)):
        wei, stranger = (
            Speaker(api_app_make(actor=user, affiliate=made, name="Tool"))
            for user in (user_make(), user_make())
            for made in [affiliate_apply(user=user, kind="small", name=user.email)]
        )
        relation_open(
            actor=cast.lin,
            affiliate=cast.affiliate,
            partner=wei.app.affiliate,
            share_bps=1_000,
        )
    cast.sold("S", click_id=cast.click(sub1="secret", sub2="5"))
    cast.refunded("50.00", "S", "R7")
    (row,) = found(wei)
    assert (row["tk_order_role"], row["pub_share_rate"]) == (3, "10.00")
    assert not {"adzone_id", "unid", "relation_id", "click_time"} & set(row)
    assert found(wei, member_type=2) == found(wei, order_scene=2) == []
    (refund,) = refunded(wei, member_type=2)
    assert (refund["refund_suit_id"], refund["tk_order_role"]) == ("R7", "3")
    assert refunded(wei, member_type=1) == found(stranger) == refunded(stranger) == []
    mine = [one for one in found(tool) if one["trade_parent_id"] == "S"]
    assert [(one["tk_order_role"], one["pub_share_rate"]) for one in mine] == [(2, "80.00")]
    asked = {"search_option": {"start_time": hours()["start_time"], "search_type": 3}}
    told = tool.answer(CHANNELS, **asked)["result"]["data"]
    assert [one["relation_id"] for one in told["results"]["result"]] == [77, 5]
    assert wei.answer(CHANNELS, **asked)["result"]["data"]["total_count"] == 0
    asked["search_option"]["biz_type"] = 2  # of members: there is none
    assert tool.answer(CHANNELS, **asked)["result"]["data"]["total_count"] == 0
    assert Commission.objects.filter(line__order__external_id="S").count() == 2


def test_windows_are_shorter_while_everybody_sells(cast, tool, settings):
    """As on the platform: twenty minutes on the main days of a season."""
    now = clock.now()
    days = [now + timedelta(days=n) for n in (-3, -2, 0, 1, 2)]
    season_make(actor=staff_make(StaffRole.OPS), name="618", **dict(zip(PHASES, days, strict=True)))
    minutes = {**hours(0, 0), "end_time": moment_said(now + timedelta(minutes=20))}
    minutes["start_time"] = moment_said(now)
    said = tool.say(DETAILS, **hours())["error_response"]
    assert (said["code"], said["sub_code"]) == (41, "isv.invalid-parameter:end_time")
    assert "20" in said["sub_msg"]
    assert "error_response" not in tool.say(DETAILS, **minutes)
    with clock.at(days[3]):
        assert "error_response" not in tool.say(DETAILS, **hours())
        assert tool.refusal(DETAILS, **hours(4))[0] == 41
    settings.ALLIANCE = {**settings.ALLIANCE, "GATEWAY_SEASON_MINUTES": 0}
    assert "error_response" not in tool.say(DETAILS, **hours())
