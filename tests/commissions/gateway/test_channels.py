"""Channels and members through the gateway: who may have them, by which code, and what is told."""

import json

import pytest

from affiliates.models import Channel, InviterCode
from affiliates.services import link_address
from affiliates.services.channels import inviter_code_end
from commissions.services.api_apps import api_session_open
from tests.commissions.gateway.examples import allowing, managing
from tests.commissions.gateway.speaker import Speaker

CODE, SAVE = "taobao.tbk.sc.invitecode.get", "taobao.tbk.sc.publisher.info.save"
GET, MARK = "taobao.tbk.sc.publisher.info.get", "taobao.tbk.sc.relation.record"
SHOP = {
    "phoneNumber": "138", "province": "浙江", "city": "杭州", "location": "西湖",
    "detailAddress": "1", "shopType": "tea", "shopName": "Tea house", "secret": "no",
}  # fmt: skip


def code_of(tool, **asked):
    told = tool.answer(CODE, **{"relation_app": "common", "code_type": 1, **asked})
    return told["data"]["inviter_code"]


def listed(tool, kind=1, **asked):
    data = tool.answer(GET, info_type=kind, **{"relation_app": "common", **asked})["data"]
    return data["total_count"], data["inviter_list"]["map_data"]


@pytest.fixture
def other(cast, tool) -> Speaker:
    """The same tool, acting for somebody else who lets it."""
    facts = allowing(cast)
    facts["app"] = tool.app
    return Speaker(tool.app, session=api_session_open(**facts).access)


def test_who_gives_the_code_is_recorded_once_and_marks_orders(cast, tool, other):
    managing(cast)
    code = code_of(tool)
    assert code == code_of(tool) != code_of(tool, code_type=3)
    facts = {"inviter_code": f" {code.lower()} ", "info_type": 1}
    made = other.answer(SAVE, **facts, online_scene="1", note="from a group")["data"]
    channel = Channel.objects.get()
    assert made == {"relation_id": channel.number, "account_name": channel.publisher.name}
    assert len(str(channel.number)) == 10
    again = other.answer(SAVE, **facts)["data"]
    assert again == {**made, "desc": "重复绑定渠道"}
    own = tool.answer(SAVE, **facts, note="Uncle Wang", offline_scene="2")["data"]
    assert own["account_name"] == "Uncle Wang"
    assert own["relation_id"] != channel.number

    total, rows = listed(tool)
    assert (total, [row["relation_id"] for row in rows]) == (
        2, [own["relation_id"], channel.number],
    )  # fmt: skip
    assert rows[1].items() >= {"online_scene": "1", "note": "from a group"}.items()
    assert [row["account_name"] for row in listed(tool, page_size=1, page_no=1)[1]] == [
        channel.name
    ]
    assert listed(tool, relation_id=channel.number) == (1, [rows[1]])
    assert listed(tool, relation_id=7) == listed(tool, kind=2) == (0, [])

    cast.sold("CH", click_id=cast.click(sub2=str(channel.number)))
    found = tool.answer(
        "taobao.tbk.dg.material.optional", adzone_id=cast.zone.pk, relation_id=channel.number
    )  # a link of the channel's carries its id, and so does the order
    assert found["total_results"] == 1


def test_channels_bring_in_channels_and_those_nobody(cast, tool, other):
    managing(cast)
    first = tool.answer(SAVE, inviter_code=code_of(tool), info_type=1, note="First")["data"]
    below = code_of(tool, code_type=2, relation_id=first["relation_id"])
    second = other.answer(SAVE, inviter_code=below, info_type=1)["data"]
    refused = (41, "isv.invalid-parameter:relation_id")
    asked = {"relation_app": "common", "code_type": 2}
    assert tool.refusal(CODE, **asked, relation_id=second["relation_id"]) == refused
    assert tool.refusal(CODE, **asked, relation_id=5) == refused
    assert tool.refusal(CODE, **asked) == (40, "isv.missing-parameter:relation_id")


def test_a_shop_on_a_street_says_where_it_is_and_nothing_else_is_kept(cast, tool):
    managing(cast)
    facts = {"inviter_code": code_of(tool, relation_app="offlineShop"), "info_type": 1}
    tool.answer(SAVE, **facts, note="Tea", register_info=SHOP)
    ((row,)) = listed(tool, relation_app="offlineShop")[1]
    assert row["offline_info"].items() >= {"shop_name": "Tea house", "phone_number": "138"}.items()
    assert "secret" not in json.dumps(row)
    for said, refusal in (
        (None, (40, "isv.missing-parameter:register_info")),
        ("[]", (41, "isv.invalid-parameter:register_info")),
        ("{", (41, "isv.invalid-parameter:register_info")),
        ({**SHOP, "shopName": " "}, (40, "isv.missing-parameter:register_info.shopName")),
    ):
        assert tool.refusal(SAVE, **facts, note="Tea 2", register_info=said) == refusal
    assert Channel.objects.count() == 1


def test_a_member_comes_by_an_address_with_their_number(cast, tool):
    managing(cast)
    asked = {"external_type": 1, "op_type": 1, "redirect_url": f"{link_address(cast.link)}?sub1=a"}
    url = tool.answer(MARK, external_id="openid-1", **asked)["data"]["url"]
    member = Channel.objects.get()
    assert url == f"{asked['redirect_url']}&special_id={member.number}"
    assert (
        tool.answer(MARK, external_id="openid-1", **{**asked, "op_type": 2})["data"]["url"] == url
    )
    found = listed(tool, 2, external_id="openid-1", external_type=1)
    assert found == listed(tool, 2, special_id=member.number)
    assert listed(tool, 2, external_id="openid-1") == (0, [])
    for name, value in (
        ("external_id", "unknown"), ("external_id", "x" * 65), ("external_type", 9),
        ("redirect_url", "https://elsewhere.example/"),
        ("redirect_url", link_address(cast.link).replace("/r/", "/q/")),
        ("redirect_url", link_address(cast.link).replace("/r/", "/s/")),
    ):  # fmt: skip
        refused = tool.refusal(
            MARK, **{"external_id": "openid-1", **asked, "op_type": 2, name: value}
        )
        assert refused == (41, f"isv.invalid-parameter:{name}"), value
    assert tool.refusal(MARK, external_id="a", **{**asked, "op_type": 3})[0] == 41
    assert Channel.objects.count() == 1


def test_what_makes_no_sense_or_is_not_allowed_changes_nothing(cast, tool, other):
    small = (12, "isv.permission-user-not-allowed")
    right = {
        CODE: {"relation_app": "common", "code_type": 1},
        GET: {"relation_app": "common", "info_type": 1},
        MARK: {
            "external_id": "a", "external_type": 1, "op_type": 1,
            "redirect_url": link_address(cast.link),
        },
    }  # fmt: skip
    for method, asked in right.items():
        assert tool.refusal(method, **asked) == small, method
        assert tool.refusal(method, **asked, session=None)[0] == 26
        for name in asked:
            left = {key: value for key, value in asked.items() if key != name}
            assert tool.refusal(method, **left)[0] in (12, 40), (method, name)
    assert not InviterCode.objects.exists()

    channels, members = managing(cast), managing(cast, 3)
    for method, name, asked in (
        (CODE, "relation_app", {"relation_app": "moon", "code_type": 1}),
        (CODE, "code_type", {"relation_app": "common", "code_type": 4}),
        (GET, "info_type", {"relation_app": "common", "info_type": 3}),
        (GET, "relation_app", {"relation_app": "moon", "info_type": 1}),
        (GET, "page_no", {"relation_app": "common", "info_type": 1, "page_no": -1}),
        (GET, "page_size", {"relation_app": "common", "info_type": 1, "page_size": 101}),
        (SAVE, "inviter_code", {"inviter_code": "NONE", "info_type": 1}),
        (SAVE, "info_type", {"inviter_code": members.code, "info_type": 1}),
        (SAVE, "info_type", {"inviter_code": channels.code, "info_type": 2}),
        (SAVE, "info_type", {"inviter_code": channels.code, "info_type": 0}),
        (SAVE, "online_scene", {"inviter_code": channels.code, "info_type": 1,
                                "note": "N", "online_scene": "9"}),
        (SAVE, "offline_scene", {"inviter_code": channels.code, "info_type": 1,
                                 "note": "N", "offline_scene": "五"}),
    ):  # fmt: skip
        refused = tool.refusal(method, **asked)
        assert refused == (41, f"isv.invalid-parameter:{name}"), (method, asked)
    facts = {"inviter_code": channels.code, "info_type": 1}
    assert tool.refusal(SAVE, **facts) == (40, "isv.missing-parameter:note")
    inviter_code_end(actor=cast.lin, code=channels)
    assert other.refusal(SAVE, **facts) == (41, "isv.invalid-parameter:inviter_code")
    assert other.refusal(CODE, **right[CODE]) == small
    assert not Channel.objects.exists()
