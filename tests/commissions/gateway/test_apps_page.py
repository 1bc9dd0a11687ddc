"""The page on which an affiliate makes apps and says who may act for it."""

import re

import pytest
from django.test import Client

from alliance.kernel.models import AuditEvent
from commissions.models import ApiApp, ApiSession
from commissions.services.api_apps import api_app_secrets
from tests.commissions.gateway.speaker import Speaker

APPS = "/affiliate/apps/"
SECRET = re.compile(r'data-copy="([0-9a-f]{32})"')


@pytest.fixture
def lin(cast) -> Client:
    client = Client()
    client.force_login(cast.lin)
    return client


def test_an_app_is_made_used_given_a_new_secret_and_revoked(cast, lin):
    shown = lin.post(APPS, {"name": "大淘客", "redirect_url": "https://tool.example/back"})
    app = ApiApp.objects.latest("pk")
    (secret,) = SECRET.findall(shown.content.decode())
    assert (secret, shown["Cache-Control"][:9]) == (api_app_secrets(app)[0], "max-age=0")
    assert secret not in (app.secret, lin.get(APPS).content.decode())  # locked, and never again
    assert not SECRET.search(lin.get(APPS).content.decode())
    made = lin.post(f"{APPS}{app.pk}/session/")
    token = re.search(r'session</div>.*?data-copy="([^"]+)"', made.content.decode())[1]
    assert made["Cache-Control"].startswith("max-age=0")
    assert token not in lin.get(APPS).content.decode()
    tool = Speaker(app, session=token)
    asked = {"adzone_id": cast.zone.pk, "site_id": cast.zone.site_id, "item_id": cast.product.pk}
    assert tool.answer("taobao.tbk.privilege.get", **asked)
    rotated = lin.post(f"{APPS}{app.pk}/rotate/")
    (other,) = SECRET.findall(rotated.content.decode())
    app.refresh_from_db()
    assert [other, secret] == api_app_secrets(app)  # both sign for a day
    assert rotated["Cache-Control"].startswith("max-age=0")
    assert not SECRET.search(lin.get(APPS).content.decode())
    lin.post(f"{APPS}sessions/{ApiSession.objects.latest('pk').pk}/end/")
    app.refresh_from_db()
    assert tool.refusal("taobao.tbk.privilege.get", **asked)[0] == 27
    lin.post(f"{APPS}{app.pk}/revoke/")
    assert tool.refusal("taobao.tbk.privilege.get", **asked)[0] == 29
    done = AuditEvent.objects.filter(object_type="commissions.apiapp", object_id=str(app.pk))
    assert set(done.values_list("verb", flat=True)) == {
        "api_app.made", "api_app.rotated", "api_app.revoked",
    }  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [
        {"name": ""},
        {"name": "\x00 "},
        {"name": "A", "redirect_url": "http://tool.example/"},
        {"name": "A", "redirect_url": "https://tool.example/#x"},
        {"name": "A", "redirect_url": "https://user@tool.example/"},
        {"name": "A", "redirect_url": "javascript:alert(1)"},
    ],
)
def test_an_app_that_makes_no_sense_is_not_made(cast, lin, facts):
    before = ApiApp.objects.count()
    lin.post(APPS, facts)
    assert ApiApp.objects.count() == before


def test_a_viewer_sees_no_secret_and_makes_nothing(cast, lin, tool):
    cast.affiliate.members.update(role="viewer")
    page = lin.get(APPS).content.decode()
    assert tool.app.key in page
    assert not SECRET.search(page)
    assert lin.post(APPS, {"name": "Mine"}).status_code in (302, 403)
    assert not ApiApp.objects.filter(name="Mine").exists()
