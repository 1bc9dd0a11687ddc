"""What every call of the REST door has in common: limits, addresses, refusals, what a key is."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from alliance.kernel import access, clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.errors import Invalid
from alliance.kernel.parsers import LARGEST
from alliance.kernel.rest.errors import MEANINGS
from alliance.kernel.rest.limits import KeyThrottle
from tests.cast import cast_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture
def key(cast):
    def issue(*scopes, **more):
        made, token = api_key_issue(
            actor=cast.chen,
            organisation=f"merchant:{cast.merchant.pk}",
            name="shop",
            scopes=scopes,
            **more,
        )
        return made, Client(headers={"Authorization": f"Bearer {token}"})

    return issue


def refused(answer):
    error = answer.json()["error"]
    assert error["code"] in MEANINGS, error
    assert error["help"].endswith(f"/api/errors/#{error['code']}")
    return answer.status_code, error["code"]


def test_a_key_learns_what_it_is(key):
    made, client = key("orders:read", networks=["127.0.0.0/8", "2001:db8::/32"])

    assert client.get("/api/v1/me").json() == {
        "name": "shop",
        "prefix": made.prefix,
        "organisation": made.organisation,
        "scopes": ["orders:read"],
        "networks": ["127.0.0.0/8", "2001:db8::/32"],
        "sandbox": False,
        "expires_at": None,
    }


def test_each_key_has_its_own_calls_and_each_answer_counts_them(key, monkeypatch):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "2/min"})
    one, other = key("orders:read")[1], key("orders:read")[1]
    minute = clock.now().replace(second=15, microsecond=0)

    with clock.at(minute):
        said = [one.get("/api/v1/me") for _call in range(3)]
        assert other.get("/api/v1/me").status_code == 200
    assert [answer["RateLimit"] for answer in said] == [
        '"key";r=1;t=45', '"key";r=0;t=45', '"key";r=0;t=45',
    ]  # fmt: skip
    assert {answer["RateLimit-Policy"] for answer in said} == {'"key";q=2;w=60'}
    assert (refused(said[2]), said[2]["Retry-After"]) == ((429, "throttled"), "45")
    with clock.at(minute + timedelta(seconds=45)):
        assert one.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("networks", "address", "opens"),
    [
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.114.9", False),
        (["203.0.113.7/32", "2001:db8::/32"], "2001:db8::1", True),
        (["203.0.113.0/24"], "", False),
    ],
)
def test_a_key_that_is_bound_to_addresses(key, networks, address, opens):
    answer = key(networks=networks)[1].get("/api/v1/me", REMOTE_ADDR=address)

    assert (answer.status_code == 200) is opens
    if not opens:
        assert refused(answer) == (403, "address_not_allowed")


def test_each_refusal_says_what_to_do(cast, key):
    _made, client = key("orders:read")
    sandbox = key("conversions:write", sandbox=True)[1]
    plain = {"content_type": "application/json"}

    assert refused(Client().get("/api/v1/me")) == (401, "not_authenticated")
    assert refused(client.get("/api/v1/nothing/here")) == (404, "not_found")
    assert refused(client.delete("/api/v1/orders")) == (405, "method_not_allowed")
    assert refused(client.get("/api/v1/me", headers={"accept": "text/html"})) == (
        406, "not_acceptable",
    )  # fmt: skip
    assert refused(client.get("/api/v1/orders/A1?wrong=1")) == (400, "invalid")
    assert refused(client.get("/api/v1/orders/a%00b")) == (400, "invalid")
    missing = client.post("/api/v1/orders", {}, **plain)
    assert refused(missing) == (403, "scope_missing")
    assert missing.json()["error"]["facts"] == {"scope": "orders:write"}
    assert refused(sandbox.post("/api/v1/conversions")) == (403, "not_in_sandbox")
    writer = key("orders:write")[1]
    assert refused(writer.post("/api/v1/orders", "a=1", "text/plain")) == (
        415, "unsupported_media_type",
    )  # fmt: skip
    assert refused(writer.post("/api/v1/orders", " " * (LARGEST + 1), **plain)) == (
        413, "too_large",
    )  # fmt: skip
    _key, token = api_key_issue(
        actor=cast.lin, organisation=f"affiliate:{cast.affiliate.pk}", name="x",
        scopes=["orders:read"],
    )  # fmt: skip
    other = Client(headers={"Authorization": f"Bearer {token}"})
    assert refused(other.get("/api/v1/orders/A1")) == (403, "wrong_side")


def test_every_code_has_its_place_on_the_page_of_errors():
    page = Client().get("/api/errors/").content.decode()

    assert re.findall(r'<tr id="(\w+)"', page) == list(MEANINGS)


def test_nobody_gets_more_calls_by_more_keys(cast, key, monkeypatch):
    """Each key has its own calls, so there are only so many; who revokes one may have another."""
    monkeypatch.setattr(access, "KEYS_MOST", 2)
    first, _client = key("orders:read")
    key("orders:read")
    with pytest.raises(Invalid):
        key("orders:read")
    access.api_key_revoke(actor=cast.chen, key=first)
    key("orders:read")
