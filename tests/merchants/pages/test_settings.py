"""Joining, and what a merchant says of itself: details, shops, team, keys."""

import pytest
from django.urls import reverse

from alliance.kernel.access import _digest
from alliance.kernel.models import ApiKey, User
from merchants.models import Merchant, Shop
from merchants.services.merchants import merchant_apply, merchant_freeze
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import signed_in, url


def test_one_applies_waits_and_gets_ready(db, django_user_model):
    user = django_user_model.objects.create_user("new@x.example")
    room = signed_in(user)
    form = {"name": "New", "shop_name": "New", "domain": "https://New.Example/"}
    assert "Apply" in room.get(url("join")).content.decode()
    assert room.post(url("join"), form)["Location"] == reverse("commissions:first_steps")
    assert "We are looking at New" in room.get(url("join"), follow=True).content.decode()
    assert "being looked at" in room.get(url("products")).content.decode()
    room.post(url("join"), form)
    assert Merchant.objects.count() == 1


def test_a_bad_application_keeps_what_was_typed(db, merchant):
    user = User.objects.create_user("new@x.example")
    form = {"name": "New", "shop_name": "New", "domain": "www.tea.example"}
    answer = signed_in(user).post(url("join"), form)
    assert "belongs to another merchant" in answer.context["form"].errors["domain"][0]
    assert Merchant.objects.count() == 1


def test_a_frozen_merchant_is_told_why(room, merchant):
    merchant_freeze(merchant=merchant, reason="papers are missing", actor=None)
    assert "The reason: papers are missing" in room.get(url("products")).content.decode()


def test_a_closed_merchant_may_apply_again(owner, merchant):
    Merchant.objects.filter(pk=merchant.pk).update(state="closed")
    merchant_apply(user=owner, name="Again", shop_name="A", domains=["tea.example"])
    assert (
        "We are looking at Again" in signed_in(owner).get(url("join"), follow=True).content.decode()
    )


def test_details_shops_and_team_are_changed(room, merchant, shop, viewer):
    room.post(url("settings"), {"name": "Lake Tea", "contact_email": "a@tea.example"})
    room.post(url("shop_new"), {"name": "Second", "domains": "two.example\nthree.example"})
    room.post(url("shop", shop.pk), {"name": "First", "domains": "tea.example, green.example"})
    room.post(url("member_new"), {"email": "m@tea.example", "role": "manager"})
    room.post(url("member", merchant.members.get(user=viewer).pk), {"role": "manager"})

    merchant.refresh_from_db()
    assert merchant.name == "Lake Tea"
    assert sorted(Shop.objects.values_list("name", "domains")) == [
        ("First", ["green.example", "tea.example"]),
        ("Second", ["three.example", "two.example"]),
    ]
    roles = merchant.members.order_by("pk").values_list("role", flat=True)
    assert list(roles) == ["owner", "manager", "manager"]
    room.post(url("member_out", merchant.members.get(user=viewer).pk))
    assert merchant.members.count() == 2


@pytest.mark.parametrize(
    ("name", "form", "context", "field"),
    [
        ("settings", {"name": ""}, "details", "name"),
        ("shop_new", {"name": "x", "domains": "localhost:8000"}, "form", "domains"),
        ("member_new", {"email": "nobody", "role": "viewer"}, "member_form", "email"),
        ("key_new", {"name": "x", "scopes": ["everything"]}, "key_form", "scopes"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(room, name, form, context, field):
    answer = room.post(url(name), form)
    assert answer.status_code == 200
    assert field in answer.context[context].errors


def test_a_key_is_shown_once_and_revoked(room, owner, merchant):
    answer = room.post(url("key_new"), {"name": "Shop", "scopes": ["orders:write"]})
    token, key = answer.context["token"], ApiKey.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert token in answer.content.decode()
    assert (key.digest, key.organisation) == (_digest(token), f"merchant:{merchant.pk}")
    assert token not in room.get(url("settings")).content.decode()

    room.post(url("key_out", key.pk))
    key.refresh_from_db()
    assert key.revoked_at == NOON
