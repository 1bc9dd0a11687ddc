"""Who may enter the merchant's rooms, and what is refused to whom."""

import io
from datetime import timedelta

import pytest
from django.test import Client

from alliance.kernel.access import api_key_issue
from alliance.kernel.models import ApiKey, User
from merchants.models import Coupon, ImportRun, Merchant, MerchantMember, Plan, Product, Shop, Terms
from merchants.services.coupons import coupon_create
from merchants.services.imports import import_begin
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import LISTS, signed_in, url


@pytest.fixture
def things(shop, product, plan, owner, merchant, viewer):
    """One of each, with the pages that open or change it."""
    coupon = coupon_create(
        shop=shop, code="A", face_minor=1, starts_at=NOON, ends_at=NOON + timedelta(1), actor=None
    )
    run = import_begin(
        shop=shop, kind="products", filename="a.csv", file=io.BytesIO(b"id"), actor=None
    )
    key, _token = api_key_issue(
        actor=owner, organisation=f"merchant:{merchant.pk}", name="x", scopes=["orders:read"]
    )
    member = merchant.members.get(user=viewer)
    return {
        "look": [
            url("product", product.pk),
            url("import_run", run.pk),
            url("import_issues", run.pk),
            url("import_changes", run.pk),
            url("rate_preview", plan.pk) + "?rate=5",
        ],
        "change": [
            (url("product", product.pk), {"title": "x", "url": product.url, "price": "1"}),
            (url("product_withdraw", product.pk), {}),
            (url("product_restore", product.pk), {}),
            (url("plan_rate", plan.pk), {"rate": "20"}),
            (url("plan_end", plan.pk), {}),
            (url("coupon_end", coupon.pk), {}),
            (url("import_missing", run.pk), {"end": "yes"}),
            (url("feed", shop.pk), {"url": "https://tea.example/p.csv", "every_hours": "6"}),
            (url("hooks", shop.pk), {"kind": "shopify", "secret": "12345678"}),
            (url("shop", shop.pk), {"name": "x", "domains": "x.example"}),
            (url("member", member.pk), {"role": "owner"}),
            (url("member_out", member.pk), {}),
            (url("key_out", key.pk), {}),
        ],
        "create": [
            (url("product_new"), {}),
            (url("plan_new", "mkt"), {}),
            (url("coupons"), {}),
            (url("imports"), {}),
            (url("settings"), {"name": "x"}),
            (url("shop_new"), {}),
            (url("member_new"), {}),
            (url("key_new"), {}),
        ],
    }


def rows():
    models = (Product, Terms, Plan, Coupon, Shop, MerchantMember, ApiKey, Merchant, ImportRun)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_stranger_gets_404_and_moves_nothing(things, stranger):
    before, room = rows(), signed_in(stranger)
    for address in things["look"]:
        assert room.get(address).status_code == 404, address
    for address, data in things["change"]:
        assert room.post(address, data).status_code == 404, address
    assert rows() == before


def test_a_viewer_looks_and_changes_nothing(things, viewer):
    before, room = rows(), signed_in(viewer)
    for address in [*things["look"], *map(url, LISTS)]:
        assert room.get(address).status_code == 200, address
    for address, data in things["change"] + things["create"]:
        assert room.post(address, data).status_code == 403, address
    for address in (url("shop_new"), url("plan_new", "mkt")):
        assert room.get(address).status_code == 403
    assert rows() == before


def test_a_manager_leaves_team_and_keys_to_the_owner(things, viewer):
    MerchantMember.objects.filter(user=viewer).update(role="manager")
    before, room = rows(), signed_in(viewer)
    for name, args in [("member_new", []), ("key_new", [])]:
        assert room.post(url(name, *args), {}).status_code == 403
    assert rows() == before
    assert "Issue key" not in room.get(url("settings")).content.decode()


def test_nobody_without_a_team_enters(things, db):
    newcomer = User.objects.create_user("new@x.example")
    for client, target in [(Client(), "/accounts/login/"), (signed_in(newcomer), url("join"))]:
        for address in [*things["look"], *map(url, LISTS)]:
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(target)


def test_somebody_in_two_teams_acts_in_the_first_only(things, viewer, stranger):
    """A manager there and a viewer here must not change things here."""
    theirs = MerchantMember.objects.get(user=stranger).merchant
    MerchantMember.objects.filter(user=viewer).delete()
    MerchantMember.objects.create(merchant=theirs, user=viewer, role="manager")
    MerchantMember.objects.create(
        merchant=Merchant.objects.exclude(pk=theirs.pk).get(), user=viewer, role="viewer"
    )
    before, room = rows(), signed_in(viewer)
    for address, data in things["change"]:
        assert room.post(address, data).status_code in {403, 404}, address
    assert rows() == before
