"""A merchant with a shop, made through the public services."""

from datetime import UTC, datetime

import pytest

from alliance.kernel import clock
from alliance.kernel.models import MemberRole, User
from merchants.models import Category, MerchantMember
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, product_save

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.fixture
def noon():
    with clock.at(NOON):
        yield NOON


@pytest.fixture
def owner(db):
    return User.objects.create_user("owner@tea.example", "correct horse")


@pytest.fixture
def merchant(owner):
    merchant = merchant_apply(
        user=owner, name="West Lake Tea", shop_name="Tea", domains=["tea.example"]
    )
    merchant_approve(merchant=merchant, actor=None)
    return merchant


@pytest.fixture
def shop(merchant):
    return merchant.shops.get()


@pytest.fixture
def viewer(merchant):
    user = User.objects.create_user("viewer@tea.example", "correct horse")
    MerchantMember.objects.create(merchant=merchant, user=user, role=MemberRole.VIEWER)
    return user


@pytest.fixture
def stranger(db):
    """The owner of another merchant."""
    user = User.objects.create_user("owner@silk.example", "correct horse")
    other = merchant_apply(user=user, name="Silk Road", shop_name="Silk", domains=["silk.example"])
    merchant_approve(merchant=other, actor=None)
    return user


@pytest.fixture
def category(db):
    return Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")


@pytest.fixture
def product(shop, category):
    return product_save(shop=shop, data=product_data("LJ-1"), actor=None)


def product_data(number="LJ-1", **fields):
    usual = {
        "title": f"西湖龙井 {number}",
        "title_en": f"Longjing {number}",
        "url": f"https://www.tea.example/p/{number}",
        "price_minor": 8800,
        "category": "tea",
    }
    return ProductData(external_id=number, **{**usual, **fields})


@pytest.fixture
def plan(merchant):
    return plan_open(merchant=merchant, name="General", rate_bps=1000, actor=None)
