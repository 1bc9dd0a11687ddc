"""A person allows a tool of somebody else to act for their affiliate, and takes it back."""

import base64
import hashlib
import html
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from affiliates.services import affiliate_apply
from alliance.kernel.errors import Invalid
from alliance.kernel.models import AuditEvent, StaffRole
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


def granted(app, wei, **asked) -> str:
    return led(wei.post(address(app, **asked), {"allow": "1"}))["code"]


def renewed(app, token):
    return exchanged(app, grant_type="refresh_token", refresh_token=token)


def test_what_comes_a_second_time_ends_the_session_for_whoever_holds_it(cast, app, wei):
    """A stolen code or refresh token is used by two, whoever is first."""
    grant = {"grant_type": "authorization_code", "code": granted(app, wei)}
    tokens = exchanged(app, **grant).json()
    tool = Speaker(app, session=tokens["access_token"])
    assert tool.answer(ORDERS, **hours())
    assert exchanged(app, **grant).status_code == 400
    assert tool.refusal(ORDERS, **hours())[0] == 27

    first = exchanged(app, **{**grant, "code": granted(app, wei)}).json()
    thief = renewed(app, renewed(app, first["refresh_token"]).json()["refresh_token"]).json()
    tool.session = thief["access_token"]
    assert tool.answer(ORDERS, **hours())
    forged = first["refresh_token"][:-1] + ("0" if first["refresh_token"][-1] != "0" else "1")
    for nothing in (
        forged,
        "",
        "..",
        "é.1",
        tokens["refresh_token"],
    ):  # the last, of one that ended
        assert renewed(app, nothing).status_code == 400
    assert tool.answer(ORDERS, **hours())
    assert renewed(app, first["refresh_token"]).status_code == 400
    assert tool.refusal(ORDERS, **hours())[0] == 27
    assert renewed(app, thief["refresh_token"]).status_code == 400
    assert AuditEvent.objects.filter(verb="api_session.reused").count() == 2


def test_a_code_with_a_challenge_is_for_who_knows_its_verifier(cast, app, wei, tool):
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    asks = {
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    code = granted(app, wei, **asks)
    grant = {"grant_type": "authorization_code", "code": code}
    assert exchanged(app, **grant).status_code == 400
    assert Speaker(app).refusal("taobao.top.auth.token.create", code=code)[0] == 50
    assert exchanged(app, **grant, code_verifier="w" * 43).status_code == 400
    assert exchanged(app, **grant, code_verifier=verifier).status_code == 200
    plain = granted(app, wei)  # and where none was asked for, somebody has put their code in
    assert exchanged(app, **{**grant, "code": plain}, code_verifier=verifier).status_code == 400
    for wrong in ({"code_challenge_method": "plain"}, {"code_challenge": "x"}):
        said = led(wei.get(address(app, **{**asks, **wrong})))
        assert said["error"] == "invalid_request"


def test_codes_cannot_be_tried_out_nor_people_asked_for_who_is_gone(cast, app, wei):
    grant = {"grant_type": "authorization_code"}
    tries = [exchanged(app, **grant, code=str(n)).status_code for n in range(31)]
    assert (tries[-2], tries[-1]) == (400, 429)
    page = wei.get(address(app))
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    cast.affiliate.state = "closed"
    cast.affiliate.save()
    assert wei.get(address(app)).status_code == 404
    assert exchanged(app, **grant, code="x").status_code == 401


def test_an_app_leads_nowhere_that_looks_like_another_place(cast, wei):
    facts = {"actor": cast.lin, "affiliate": cast.affiliate}
    for treacherous in (
        f"{settings.PUBLIC_URL}/r/abc",
        "https://a.example;script-src */x",
        "https://a.example, https://b.example/",
        "https://a@b.example/",
        "https://a.example\\@b.example/",
        "http://a.example/",
        "javascript:alert(1)//https://a",
    ):
        with pytest.raises(Invalid):
            api_app_make(name="Tool", redirect_url=treacherous, **facts)
    app = api_app_make(name="\u202eTool\n\u200b", redirect_url="https://täst.example/b", **facts)
    assert app.name == "Tool"
    page = wei.get(ASK, {"client_id": app.key})
    assert "xn--tst-qla.example" in page.content.decode()
    assert (
        "form-action 'self' https://xn--tst-qla.example;" in page["Content-Security-Policy"] + ";"
    )
    back = wei.post(f"{ASK}?client_id={app.key}", {"deny": "1"})["Location"]
    assert back == "https://xn--tst-qla.example/b?error=access_denied"


def test_a_viewer_allows_nothing(cast, app):
    cast.affiliate.members.update(role="viewer")
    client = Client()
    client.force_login(cast.lin)
    assert client.post(address(app), {"allow": "1"}).status_code == 403
