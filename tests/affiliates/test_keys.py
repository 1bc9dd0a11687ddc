"""An affiliate's API keys: made by owners, shown once, revoked for good."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from alliance.kernel import clock
from alliance.kernel.models import ApiKey, MemberRole
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return cast_make()


def room(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_owner_makes_a_key_and_revokes_it(cast):
    lin = room(cast.lin)
    form = {
        "name": "Bot", "scopes": ["products:read"], "days": "30",
        "networks": "203.0.113.9/24, 2001:DB8::1\n203.0.113.0/24",
    }  # fmt: skip
    answer = lin.post(reverse("affiliates:key_new"), form)
    key, token = ApiKey.objects.get(), answer.context["token"]

    assert "no-store" in answer["Cache-Control"]
    assert token in answer.content.decode()
    assert key.organisation == f"affiliate:{cast.affiliate.pk}"
    assert key.networks == ["203.0.113.0/24", "2001:db8::1/128"]
    assert (key.sandbox, key.prefix[:3]) == (False, "tk_")
    assert timedelta(days=29) < key.expires_at - clock.now() <= timedelta(days=30)
    page = lin.get(reverse("affiliates:keys")).content.decode()
    assert key.prefix in page
    assert '<li title="products:read">Find products</li>' in page
    assert token not in page

    assert room(user_make()).post(reverse("affiliates:key_out", args=[key.pk])).status_code == 302
    assert room(cast.chen).post(reverse("affiliates:key_out", args=[key.pk])).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is None  # both were only sent to where one joins
    lin.post(reverse("affiliates:key_out", args=[key.pk]))
    key.refresh_from_db()
    assert key.revoked_at


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("networks", "203.0.113.0/33"), ("networks", "1.1.1.1 " * 21), ("scopes", "orders:write"),
     ("days", "7"), ("name", "")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(cast, field, wrong):
    form = {"name": "Bot", "scopes": ["products:read"], field: wrong}
    answer = room(cast.lin).post(reverse("affiliates:key_new"), form)

    assert field in answer.context["key_form"].errors
    assert not ApiKey.objects.exists()


def test_only_an_owner_does(cast):
    manager = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=manager, role=MemberRole.MANAGER)
    answer = room(manager).post(
        reverse("affiliates:key_new"), {"name": "Bot", "scopes": ["products:read"]}
    )

    assert answer.status_code == 403
    assert not ApiKey.objects.exists()
