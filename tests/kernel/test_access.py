"""API keys are shown once, kept as a hash, scoped, and stop when they should; staff by role."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from alliance.kernel import access, clock
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

    def ask(token=None, scheme="Bearer"):
        headers = {"HTTP_AUTHORIZATION": f"{scheme} {token}"} if token else {}
        return APIClient().get("/orders", **headers)

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
    assert event.data == {"prefix": issued[0].prefix, "scopes": ["orders:write"]}


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
