"""The merchant's products: written down, changed, explained."""

from datetime import timedelta

from alliance.kernel import clock
from merchants.models import Product
from merchants.services.terms import terms_announce
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import url


def test_a_product_is_written_down_and_changed(room, shop, category):
    form = {
        "shop": shop.pk,
        "external_id": "N-1",
        "title": "碧螺春",
        "url": "https://tea.example/n1",
        "price": "12.5",
        "category": "tea",
    }
    answer = room.post(url("product_new"), form)
    made = Product.objects.get()
    assert answer["Location"] == url("product", made.pk)
    assert (made.price_minor, made.currency) == (1250, "CNY")

    room.post(url("product", made.pk), {**form, "external_id": "other", "price": "13"})
    made.refresh_from_db()
    assert (made.external_id, made.price_minor) == ("N-1", 1300)


def test_a_refused_product_keeps_what_was_typed(room, product):
    form = {"title": "typed", "url": "https://evil.example/", "price": "1"}
    answer = room.post(url("product", product.pk), form)

    assert answer.context["form"].errors["url"] == [
        "The address lies outside the shop's domains (tea.example)."
    ]
    assert "typed" in answer.content.decode()
    product.refresh_from_db()
    assert product.title != "typed"


def test_the_product_page_says_why_it_pays_what_it_pays(room, product, plan):
    with clock.at(NOON + timedelta(minutes=1)):
        terms_announce(plan=plan, rate_bps=1500, product=product, actor=None)
        terms_announce(plan=plan, rate_bps=500, product=product, actor=None)
        text = room.get(url("product", product.pk)).content.decode()
    assert "“General” counts: 15% for this product" in text
    assert "<strong>5%</strong> from Jun 2, 2026 00:00" in text
