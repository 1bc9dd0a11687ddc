"""Tools hear of a task what its page shows: expected, by part, order by order, and then paid."""

import json

import pytest

from affiliates.services import link_create
from alliance.kernel import clock
from commissions import tasks as jobs
from commissions.services.api_apps import api_app_make
from tests.commissions.awards.conftest import EVALUATED, JULY_20, at, day, sell
from tests.commissions.gateway.speaker import Speaker

pytestmark = pytest.mark.django_db(transaction=True)

REPORT, DETAIL = "taobao.tbk.dg.cpa.activity.report", "taobao.tbk.dg.cpa.activity.detail"


def test_a_task_is_reported_as_expected_by_part_and_as_paid(cast, accepted):
    marked = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product,
        subs={"sub2": "77"},
    )  # fmt: skip
    sell(cast, range(1, 5))
    sell(cast, range(5, 7), at=day(6, 12), link=marked)
    at(day(6, 13), jobs.standings_count)
    tool = Speaker(api_app_make(actor=cast.lin, affiliate=cast.affiliate, name="Tool"))
    event = {"event_id": accepted.pk}

    def told(moment, biz_date, **asked):
        with clock.at(moment):
            data = tool.answer(REPORT, **event, biz_date=biz_date, **asked)["result"]["data"]
        (row,) = data["results"]["vegas_cpa_report_dto"]
        return row["reward_amount"], row["union_30d_lx_uv"]

    noon = day(6, 13)
    assert told(noon, "20260613") == ("12.00", 6)
    assert told(noon, "20260610") == ("2.00", 4)
    assert told(noon, "20260613", relation_id=77) == ("4.00", 2)  # two of the six orders
    assert told(noon, "20260613", relation_id=7) == ("0.00", 0)
    assert told(noon, "2026-06-13", pid=cast.zone.pid) == ("12.00", 6)
    assert told(noon, "20260613", query_type=2) == ("0.00", 0)

    def orders(moment, **asked):
        with clock.at(moment):
            data = tool.answer(DETAIL, **event, **asked)["result"]["data"]
        return data, data["results"].get("results", [])

    page, rows = orders(noon, page_size=4)
    assert (page["total_count"], page["has_next"], len(rows)) == (6, True, 4)
    rest, more = orders(noon, page_size=4, start_id=rows[-1]["id"], runtime=page["runtime"])
    assert (rest["has_next"], len({row["id"] for row in rows + more})) == (False, 6)
    said = json.loads(more[-1]["field_detail"])
    assert (said["trade_parent_id"], said["relation_id"], said["pay_price"]) == (
        "T6", "77", "199.00",
    )  # fmt: skip
    assert len(orders(noon, runtime="2026-06-11 00:00:00")[1]) == 4
    assert orders(noon, query_type=2)[1] == []
    with clock.at(noon):
        assert tool.refusal(REPORT, event_id=accepted.pk + 1, biz_date="20260613")[0] == 41
        both = {"pid": cast.zone.pid, "relation_id": 77}
        assert tool.refusal(REPORT, **event, biz_date="20260613", **both)[0] == 41

    at(EVALUATED)
    at(JULY_20, jobs.awards_pay)
    assert told(day(7, 20), "20260720", query_type=2) == ("0.00", 0)  # from tomorrow on
    assert told(day(7, 21), "20260720", query_type=2) == ("12.00", 6)
    assert told(day(7, 21), "20260719", query_type=2) == ("0.00", 0)
    assert told(day(7, 21), "20260720", query_type=2, relation_id=77) == ("4.00", 2)
    assert len(orders(day(7, 21), query_type=2)[1]) == 6
