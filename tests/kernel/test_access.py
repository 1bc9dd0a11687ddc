"""API keys are shown once, kept as a hash, scoped, and stop when they should; staff by role."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from alliance.kernel import access, clock, tries
from alliance.kernel.errors import NotFound
from alliance.kernel.models import ApiKey, AuditEvent, StaffRole, User

pytestmark = pytest.mark.django_db


class Orders(APIView):
    permission_classes = [access.HasScope]
    required_scope = "orders:write"

    def get(self, request):
        return Response({"who": request.user.email, "for": request.auth.organisation})


urlpatterns = [path("orders", Orders.as_view())]


@pytest.fixture
def owner():
    return User.objects.create_user("owner@shop.example", "secret")


@pytest.fixture
def issued(owner):
    return access.api_key_issue(
        actor=owner, organisation="merchant:1", name="Shop", scopes=["orders:write"]
    )


@pytest.fixture
def ask(settings):
    settings.ROOT_URLCONF = __name__

    def ask(token=None, scheme="Bearer", **meta):
        headers = {"HTTP_AUTHORIZATION": f"{scheme} {token}"} if token else {}
        return APIClient().get("/orders", **headers, **meta)

    return ask


def test_a_key_opens_the_door_of_its_scope(issued, ask):
    _, token = issued
    answer = ask(token)

    assert answer.status_code == 200
    assert answer.json() == {"who": "owner@shop.example", "for": "merchant:1"}


def test_the_token_is_kept_nowhere(issued):
    key, token = issued
    stored = str(ApiKey.objects.values().get()) + str(list(AuditEvent.objects.values()))

    assert token not in stored
    assert token.removeprefix(f"{key.prefix}_") not in stored
    assert token.startswith(key.prefix)


def test_issuing_leaves_a_trace(issued, owner):
    event = AuditEvent.objects.get()

    assert (event.verb, event.actor, event.object_id) == (
        "api_key.issued", owner, str(issued[0].pk),
    )  # fmt: skip
    said = {"prefix": issued[0].prefix, "scopes": ["orders:write"], "networks": []}
    assert event.data == {**said, "sandbox": False, "expires_at": None}


def test_without_a_key_the_answer_is_401_and_says_how_to_ask(ask):
    answer = ask()

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "not_authenticated"


@pytest.mark.parametrize("damage", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"),
                                    lambda t: "tk_00000000_" + "x" * 43,
                                    lambda t: "nonsense",
                                    lambda t: ""])  # fmt: skip
def test_a_key_that_is_not_quite_right_opens_nothing(issued, ask, damage):
    assert ask(damage(issued[1])).status_code == 401


def test_an_address_with_too_many_wrong_keys_waits_a_minute(issued, ask, monkeypatch):
    monkeypatch.setattr(tries, "WRONG_MOST", 2)
    _, token = issued
    assert [ask(f"{token}x").status_code for _n in range(3)] == [401, 401, 429]
    answer = ask(token)  # not even looked at
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "throttled")
    assert "wrong keys" in answer.json()["error"]["message"]
    assert answer.headers["Retry-After"] == "60"
    assert ask(token, REMOTE_ADDR="192.0.2.7").status_code == 200
    cache.clear()  # a minute later
    assert ask(token).status_code == 200


def test_a_household_is_counted_as_one(monkeypatch):
    monkeypatch.setattr(tries, "WRONG_MOST", 1)
    tries.wrong("key", "2001:db8::1")
    tries.wrong("key", "192.0.2.1")
    asked = ("2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "192.0.2.2")
    assert [tries.barred("key", one) for one in asked] == [True, False, True, False]


def test_a_revoked_key_stops_at_once_and_is_revoked_once(issued, owner, ask):
    key, token = issued
    access.api_key_revoke(actor=owner, key=key)

    assert ask(token).status_code == 401
    assert AuditEvent.objects.filter(verb="api_key.revoked", actor=owner).count() == 1
    with pytest.raises(NotFound):
        access.api_key_revoke(actor=owner, key=key)
    assert AuditEvent.objects.filter(verb="api_key.revoked").count() == 1


def test_a_key_stops_at_the_moment_it_expires(owner, ask):
    ends = datetime(2026, 6, 18, tzinfo=UTC)
    _, token = access.api_key_issue(
        actor=owner, organisation="merchant:1", name="June", scopes=["orders:write"],
        expires_at=ends,
    )  # fmt: skip
    with clock.at(ends - timedelta(seconds=1)):
        assert ask(token).status_code == 200
    with clock.at(ends):
        assert ask(token).status_code == 401


def test_a_key_of_somebody_switched_off_opens_nothing(issued, owner, ask):
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert ask(issued[1]).status_code == 401


def test_a_key_without_the_scope_is_refused_with_a_sentence(owner, ask):
    _, token = access.api_key_issue(
        actor=owner, organisation="merchant:1", name="Reader", scopes=["orders:read"]
    )
    answer = ask(token)

    assert answer.status_code == 403
    assert "scope" in answer.json()["error"]["message"]


def test_last_use_is_noted_at_most_once_a_minute(issued, ask):
    key, token = issued
    noon = datetime(2026, 6, 18, 12, tzinfo=UTC)

    def used_after(**passed):
        with clock.at(noon + timedelta(**passed)):
            ask(token)
        return ApiKey.objects.get(pk=key.pk).last_used_at

    assert used_after() == noon
    assert used_after(seconds=59) == noon
    assert used_after(seconds=61) == noon + timedelta(seconds=61)


def test_staff_act_by_role_and_strangers_never():
    finance = User(is_staff=True, staff_roles=[StaffRole.FINANCE])

    assert access.has_role(finance, StaffRole.FINANCE)
    assert access.has_role(finance, StaffRole.RISK, StaffRole.FINANCE)
    assert not access.has_role(finance, StaffRole.RISK)
    assert access.has_role(User(is_staff=True, is_superuser=True), StaffRole.RISK)
    assert not access.has_role(User(is_superuser=True), StaffRole.RISK)  # not staff
    assert not access.has_role(User(staff_roles=[StaffRole.RISK]), StaffRole.RISK)
    assert not access.has_role(
        User(is_staff=True, is_active=False, staff_roles=[StaffRole.RISK]), StaffRole.RISK
    )
    assert not access.has_role(AnonymousUser(), StaffRole.RISK)
