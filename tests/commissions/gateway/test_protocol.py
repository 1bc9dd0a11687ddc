"""The protocol: who is let in, how calls are signed, and what is said to those who are not."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.models import AdZone
from alliance.kernel import clock
from commissions.gateway.methods import METHODS
from commissions.gateway.protocol import sign
from commissions.gateway.schema import methods
from commissions.models import ApiApp
from commissions.services.api_apps import (
    api_app_revoke,
    api_app_rotate,
    api_app_secrets,
    api_session_open,
    api_session_renew,
)
from merchants.models import Product
from tests.commissions.gateway.examples import EXAMPLES
from tests.commissions.gateway.speaker import signed

INFO = "taobao.tbk.item.info.get"
CONVERT = "taobao.tbk.dg.general.link.convert"


def test_signatures_are_those_of_the_platform():
    """docs/domain.md §6.1 has them, computed elsewhere."""
    fields = {
        "app_key": "12345678", "end_time": "2025-06-18 12:00:00", "format": "json",
        "method": "taobao.tbk.order.details.get", "query_type": "2", "sign_method": "md5",
        "start_time": "2025-06-18 11:40:00", "timestamp": "2025-06-18 12:00:00", "v": "2.0",
    }  # fmt: skip
    known = {
        "md5": "0DE9E18B07C52DAC15E88D6371225CC4",
        "hmac": "5E5993BB9E216246BBD37060B845ADD4",
        "hmac-sha256": "61417578EC90B0705D14CDE331138AB16CDD8DDA52FDDCD3D525CBE1DA12B0C3",
    }
    for method, signature in known.items():
        assert sign(method, "helloworld", {**fields, "sign_method": method}) == signature, method


def test_a_call_comes_in_each_way_that_tools_send_it(cast, tool):
    for changes in (
        {"sign_method": "hmac"},
        {"sign_method": "hmac-sha256"},
        {"sign_method": None},
        {"timestamp": str(int(time.time() * 1000))},
        {"platform": ""},  # signed, and empty
    ):
        answer = tool.answer(INFO, num_iids=cast.product.pk, **changes)
        assert answer["results"]["n_tbk_item"][0]["title"] == cast.product.title, changes
    secret = api_app_secrets(tool.app)[0]
    fields = signed(secret, tool.fields(INFO, num_iids=cast.product.pk, format=None))
    by_address = tool.client.get("/router/rest", fields)
    assert by_address["Content-Type"] == "text/xml;charset=UTF-8"
    assert "<n_tbk_item>" in by_address.content.decode()
    form = {"num_iids": fields.pop("num_iids")}
    parted = tool.client.post("/router/rest", form, QUERY_STRING="&".join(
        f"{name}={value.replace(' ', '%20')}" for name, value in fields.items()))  # fmt: skip
    assert "<n_tbk_item>" in parted.content.decode()
    without_empty = {**signed(secret, tool.fields(INFO, num_iids=cast.product.pk)), "ip": ""}
    assert "error_response" not in tool.send(without_empty)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": None}, 21),
        ({"method": "taobao.tbk.nothing.get"}, 22),
        ({"app_key": None}, 28),
        ({"app_key": "10000000"}, 29),
        ({"app_key": "1\x00"}, 29),
        ({"timestamp": None}, 30),
        ({"timestamp": "yesterday"}, 31),
        ({"timestamp": "9999999999999"}, 31),
        ({"timestamp": "2026-01-01 00:00:00"}, 31),
        ({"v": None}, 32),
        ({"v": "two"}, 33),
        ({"v": "1.0"}, 34),
        ({"session": "stolen"}, 27),
        ({"num_iids": None}, 40),
        ({"num_iids": ","}, 41),
        ({"num_iids": "1\x00"}, 41),
    ],
)
def test_each_fault_has_the_platforms_number(cast, tool, changes, code):
    fields = {"num_iids": cast.product.pk, **changes}
    method = fields.pop("method", INFO)
    said = tool.fields(method or INFO, **fields)
    if method is None:
        said.pop("method")
    answer = tool.send(signed(api_app_secrets(tool.app)[0], said))
    assert answer["error_response"]["code"] == code
    assert answer["error_response"]["request_id"]


def test_a_call_that_was_changed_or_is_not_signed_is_refused(cast, tool):
    fields = signed(api_app_secrets(tool.app)[0], tool.fields(INFO, num_iids=cast.product.pk))
    for changed, code in (
        ({**fields, "num_iids": "999"}, 25),
        ({**fields, "more": "1"}, 25),
        ({**fields, "sign": "É"}, 25),
        ({**fields, "sign_method": "rot13"}, 25),
        ({**fields, "sign": ""}, 24),
    ):
        assert tool.send(changed)["error_response"]["code"] == code
    xml = tool.send({**fields, "format": "", "sign": "0"})
    assert "<code>25</code><msg>Invalid Signature</msg>" in xml
    assert "<code>23</code>" in tool.send({**fields, "format": "yaml"})
    assert b"<code>9</code>" in tool.client.put("/router/rest").content
    broken = tool.client.post("/router/rest", b"--x", content_type="multipart/form-data; boundary=")
    assert b"<code>43</code>" in broken.content


def test_a_secret_can_be_changed_without_standing_still(cast, tool):
    app = ApiApp.objects.get(pk=tool.app.pk)
    old = api_app_secrets(app)[0]
    api_app_rotate(actor=cast.lin, app=app)
    fields = tool.fields(INFO, num_iids=cast.product.pk)
    tool.app.refresh_from_db()
    for secret in (old, api_app_secrets(tool.app)[0]):
        assert "error_response" not in tool.send(signed(secret, fields))
    ApiApp.objects.update(old_until=clock.now())
    assert tool.send(signed(old, fields))["error_response"]["code"] == 25
    api_app_revoke(actor=cast.lin, app=app)
    assert tool.refusal(INFO, num_iids=1)[0] == 29


def test_a_session_can_be_renewed_once_and_is_replaced(cast, tool):
    facts = {"actor": cast.lin, "app": tool.app, "affiliate": cast.affiliate}
    tokens = api_session_open(**facts)
    assert tool.refusal(INFO, num_iids=1)[0] == 27  # the one before
    tool.session = tokens.access
    tool.answer(INFO, num_iids=cast.product.pk)
    renewed = api_session_renew(app=tool.app, refresh=tokens.refresh)
    assert tool.refusal(INFO, num_iids=1)[0] == 27
    tool.session = renewed.access
    tool.answer(INFO, num_iids=cast.product.pk)
    with pytest.raises(Exception, match="run out"):
        api_session_renew(app=tool.app, refresh=tokens.refresh)


def test_whoever_leaves_the_team_takes_their_tool_with_them(cast, tool):
    cast.affiliate.members.update(role="viewer")
    tool.answer(INFO, num_iids=cast.product.pk)
    assert tool.refusal(CONVERT, adzone_id=cast.zone.pk, item_id_list=1)[0] == 12
    cast.affiliate.members.all().delete()
    assert tool.refusal(INFO, num_iids=cast.product.pk)[0] == 12


def test_too_many_calls_are_refused_until_the_minute_is_over(cast, tool, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "GATEWAY_CALLS_PER_MINUTE": 2}
    with clock.at(clock.now().replace(second=10)):
        codes = [tool.say(INFO, num_iids=1, session=None) for _call in range(3)]
    error = codes[2]["error_response"]
    assert "error_response" not in codes[1]
    assert (error["code"], error["sub_code"]) == (7, "accesscontrol.limited-by-app-access-count")
    assert error["sub_msg"] == "This ban will last for 50 more seconds"


def test_what_may_be_done_once_is_not_done_again_by_the_same_call(cast, tool):
    asked = {"site_id": cast.zone.site_id, "adzone_name": "Group 9"}
    fields = tool.fields("taobao.tbk.adzone.create", **asked)
    fields = signed(api_app_secrets(tool.app)[0], fields)
    first, again = tool.send(fields), tool.send(fields)
    assert first["tbk_adzone_create_response"]["data"] == {"model": AdZone.objects.latest("pk").pid}
    assert again["tbk_adzone_create_response"]["data"] == {"model": AdZone.objects.latest("pk").pid}
    for rewritten in (fields["sign"].lower(), f" {fields['sign']} "):  # it is the same signature
        said = tool.send({**fields, "sign": rewritten})
        data = said["tbk_adzone_create_response"]["data"]
        assert data == first["tbk_adzone_create_response"]["data"]
    another = tool.refusal("taobao.tbk.adzone.create", sign_method="hmac", **asked)
    assert another == (50, "isv.invalid")
    assert cast.zone.site.zones.filter(name="Group 9").count() == 1


def test_a_refusal_of_ours_is_a_business_failure(cast, tool):
    cast.affiliate.state = "frozen"
    cast.affiliate.save()
    asked = {"adzone_id": cast.zone.pk, "item_id_list": cast.product.pk}
    assert tool.refusal(CONVERT, **asked) == (50, "isv.wrong-state")


def test_another_affiliates_zone_is_not_there(cast, tool):
    assert tool.refusal(CONVERT, adzone_id=cast.zone.pk + 1, item_id_list=1) == (
        41,
        "isv.invalid-parameter:adzone_id",
    )


junk = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.sampled_from(
        ["", "0", "-1", "[]", "{}", "[1]", '{"a":{}}', "null", "1e9", "￥aaaaaaaaaa￥"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    ).map(json.dumps),
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_whatever_comes_is_answered_and_harms_nothing(cast, tool, data):
    name = data.draw(st.sampled_from(sorted(METHODS)))
    known = methods()[name].request.fields or {}
    args = {key: str(value) for key, value in EXAMPLES[name](cast).items()}
    args |= data.draw(st.dictionaries(st.sampled_from(sorted(known)), junk, max_size=3))
    said = tool.say(name, **args)
    error = said.get("error_response")
    assert error is None or error["code"] in (40, 41, 50), error
    if error:
        assert Product.objects.filter(pk=cast.product.pk, state="on_sale").exists()
