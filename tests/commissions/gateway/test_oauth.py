"""A person allows a tool of somebody else to act for their affiliate, and takes it back."""

import html
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from affiliates.services import affiliate_apply
from alliance.kernel.models import StaffRole
from commissions.models import ApiApp
from commissions.services.api_apps import api_app_make, api_app_secrets
from tests.cast import staff_make, user_make
from tests.commissions.gateway.examples import hours
from tests.commissions.gateway.speaker import Speaker

ASK, TOKEN, BACK = "/oauth/authorize", "/oauth/token", "https://tool.example/back?from=us"
ORDERS = "taobao.tbk.sc.order.details.get"


@pytest.fixture
def app(cast) -> ApiApp:
    facts = {"actor": cast.lin, "affiliate": cast.affiliate}
    return api_app_make(name="大淘客", redirect_url=BACK, **facts)


@pytest.fixture
def wei(cast) -> Client:
    user = user_make()
    affiliate_apply(user=user, kind="small", name="Wei")
    client = Client()
    client.force_login(user)
    return client


def asked(app, **more):
    return {"client_id": app.key, "response_type": "code", "redirect_uri": BACK, **more}


def address(app, **more):
    """Of the form, which sends its own address again."""
    said = {name: value for name, value in asked(app, **more).items() if name != "redirect_uri"}
    return f"{ASK}?{urlencode(said)}"


def led(response) -> dict[str, str]:
    assert response.status_code == 302
    assert response["Location"].startswith(BACK + "&"), response["Location"]
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def exchanged(app, **said):
    facts = {"client_id": app.key, "client_secret": api_app_secrets(app)[0], **said}
    return Client().post(TOKEN, facts)


def test_a_tool_is_allowed_used_renewed_and_stopped_by_the_desk(cast, app, wei):
    assert Client().get(ASK, asked(app)).status_code == 302  # signs in first
    page = wei.get(ASK, asked(app, state="s&1"))
    words = html.unescape(page.content.decode())
    assert "大淘客" in words
    assert cast.affiliate.name in words
    assert "form-action 'self' https://tool.example" in page["Content-Security-Policy"]
    said = led(wei.post(address(app, state="s&1"), {"allow": "1"}))
    assert (said["state"], said["from"]) == ("s&1", "us")
    grant = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": BACK}
    assert exchanged(app, **grant, client_secret="wrong").status_code == 401
    assert exchanged(app, **{**grant, "redirect_uri": "https://evil.example/"}).status_code == 400
    tokens = exchanged(app, **grant).json()
    assert (tokens["expires_in"], tokens["taobao_user_nick"]) == (30 * 86_400, "Wei")
    assert exchanged(app, **grant).json()["error"] == "invalid_grant"  # a code works once
    tool = Speaker(app, session=tokens["access_token"])
    assert not tool.answer(ORDERS, **hours())["data"]["results"]["publisher_order_dto"]
    renewed = tool.answer(
        "taobao.top.auth.token.refresh", session=None, refresh_token=tokens["refresh_token"]
    )
    assert tool.refusal(ORDERS, **hours())[0] == 27
    tool.session = json.loads(renewed["token_result"])["access_token"]
    assert tool.answer(ORDERS, **hours())
    desk = Client()
    desk.force_login(staff_make(StaffRole.RISK))
    listed = desk.get("/admin/commissions/apiapp/").content.decode()
    assert app.key in listed
    assert api_app_secrets(app)[0] not in listed
    desk.post(f"/admin/commissions/apiapp/{app.pk}/revoke/")
    app.refresh_from_db()
    assert app.revoked_at
    assert tool.refusal(ORDERS, **hours())[0] == 29
    assert wei.get(ASK, asked(app)).status_code == 404


def test_who_denies_is_sent_back_and_nobody_is_sent_elsewhere(cast, app, wei, tool):
    assert led(wei.post(address(app), {"deny": "1"}))["error"] == "access_denied"
    said = led(wei.get(address(app, response_type="token")))
    assert said["error"] == "unsupported_response_type"
    for changes in (
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": BACK + "/.evil"},
        {"client_id": tool.app.key, "redirect_uri": ""},  # never said where to
        {"client_id": "1\x00"},
    ):
        for send in (wei.get, wei.post):
            response = send(ASK, query_params={**asked(app), **changes})
            assert response.status_code in (400, 404), changes
    assert exchanged(app, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert Client(enforce_csrf_checks=True).post(address(app), {"allow": "1"}).status_code == 403


def test_a_code_is_of_the_app_that_it_was_given_to(cast, app, wei, tool):
    code = led(wei.post(address(app), {"allow": "1"}))["code"]
    assert tool.refusal("taobao.top.auth.token.create", code=code)[0] == 50
    other = Speaker(app).answer("taobao.top.auth.token.create", code=code)
    assert json.loads(other["token_result"])["access_token"]


def test_a_viewer_allows_nothing(cast, app):
    cast.affiliate.members.update(role="viewer")
    client = Client()
    client.force_login(cast.lin)
    assert client.post(address(app), {"allow": "1"}).status_code == 403
