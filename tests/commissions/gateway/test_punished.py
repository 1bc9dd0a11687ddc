"""Punished orders as tools ask for them: which, why, how they stand, and whose they are."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from commissions import tasks
from commissions.gateway.schema import moment_said
from commissions.models import Commission
from commissions.services.api_apps import api_app_make
from commissions.services.appeals import appeal_decide, appeal_file
from commissions.services.violations import violation_open
from tests.cast import staff_make
from tests.commissions.gateway.examples import allowing
from tests.commissions.gateway.speaker import Speaker

METHOD = "taobao.tbk.dg.punish.order.get"


def asked(tool, method=METHOD, **option):
    return tool.answer(method, af_order_option=option)["result"]["data"]


def rows(tool, **option):
    return asked(tool, **option)["results"]["result"]


@pytest.fixture
def opened(cast):
    """Opens a case, and lets its order follow."""
    judge = staff_make(StaffRole.RISK)

    def case(target, reason):
        made = violation_open(
            actor=judge, target=target, reason=reason, consequence="invalidate", text="Seen."
        )
        tasks.violation_apply(made.pk)
        return made

    return case


def test_what_a_case_holds_is_frozen_and_what_it_let_go_is_released(cast, tool, opened):
    """The order of the world came through channel 77, and no case is about it."""
    assert rows(tool) == []
    sold = cast.sold("P1", click_id=cast.click(sub2="88"))
    case = opened(sold, 2)
    (row,) = rows(tool)
    assert row == {
        "relation_id": 88, "punish_status": "0", "violation_type": "2",
        "tk_trade_create_time": moment_said(sold.placed_at), "tb_trade_id": sold.line_id,
        "tk_adzone_id": cast.zone.pk, "tk_site_id": cast.zone.site_id,
        "tk_pub_id": str(cast.affiliate.pk),
    }  # fmt: skip
    appeal = appeal_file(actor=cast.lin, violation=case, text="It was not me.")
    appeal_decide(actor=staff_make(StaffRole.RISK), appeal=appeal, grant=True, answer="Right.")
    tasks.violation_apply(case.pk)
    assert [(one["punish_status"], one["violation_type"]) for one in rows(tool)] == [("1", "2")]


def test_a_case_about_an_ad_zone_holds_each_of_its_orders_which_can_be_narrowed(cast, tool, opened):
    sold = cast.sold("P2", click_id=cast.click(sub2="99"))
    opened(cast.zone, 26)
    assert {one["violation_type"] for one in rows(tool)} == {"26"}
    assert [one["relation_id"] for one in rows(tool)] == [77, 99]
    data = asked(tool, page_size=1, page_no=2)
    assert (data["total_count"], data["results"]["result"][0]["relation_id"]) == (2, 99)
    for option in (
        {"relation_id": 99},
        {"tb_trade_id": sold.line_id, "span": 1},
        {"start_time": moment_said(sold.placed_at - timedelta(seconds=1)), "relation_id": 99},
        # Given up by the platform: they narrow nothing.
        {"tb_trade_id": sold.line_id, "punish_status": 1, "violation_type": 1, "special_id": 5},
    ):
        assert [one["tb_trade_id"] for one in rows(tool, **option)] == [sold.line_id]
    for option in (
        {"start_time": moment_said(clock.now() - timedelta(days=9)), "span": 8},
        {"relation_id": 1},
        {"tb_trade_id": sold.line_id + 1},
        {"site_id": cast.zone.site_id, "relation_id": 1},
    ):
        assert rows(tool, **option) == []


def test_nobody_else_sees_them_and_a_session_shows_those_of_who_gave_it(cast, tool, opened):
    opened(Commission.objects.get(), 1)
    other = allowing(cast)
    stranger = Speaker(
        api_app_make(actor=other["actor"], affiliate=other["affiliate"], name="Tool")
    )
    assert rows(stranger) == []
    session = asked(tool, "taobao.tbk.sc.punish.order.get")["results"]["result"]
    assert [one["tk_pub_id"] for one in session] == [cast.affiliate.pk]


def test_what_makes_no_sense_is_refused(cast, tool):
    elsewhere = allowing(cast)["affiliate"].sites.get()
    for name, value in (
        ("span", 31), ("span", 0), ("span", "x"), ("page_no", 0), ("page_size", 101),
        ("start_time", "2026-02-30 00:00:00"), ("tb_trade_id", "x"), ("relation_id", "九"),
        ("site_id", elsewhere.pk), ("adzone_id", elsewhere.zones.get().pk),
    ):  # fmt: skip
        code, sub_code = tool.refusal(METHOD, af_order_option={name: value})
        assert (code, sub_code.rpartition(".")[2].rpartition(":")[2]) == (41, name), (name, value)
    assert tool.refusal(METHOD, af_order_option="[]")[0] == 41
    assert tool.refusal("taobao.tbk.sc.punish.order.get", session=None)[0] == 26
