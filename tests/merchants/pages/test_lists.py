"""The merchant's lists: what they cost, and how things are found."""

import io
from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import User
from merchants.models import MerchantMember, Product
from merchants.services.coupons import coupon_create
from merchants.services.imports import import_begin
from merchants.services.products import products_save
from merchants.services.terms import terms_announce
from tests.merchants.conftest import NOON, product_data
from tests.merchants.pages.room import LISTS, url


def fill(shop, merchant, plan, count):
    saved = products_save(
        shop=shop, products=[product_data(f"P{n}") for n in range(count)], actor=None
    )
    product = Product.objects.get(pk=saved[0].product_pk)
    for n in range(count):
        with clock.at(NOON + timedelta(minutes=n)):
            terms_announce(plan=plan, rate_bps=2000 + n, product=product, actor=None)
        coupon_create(
            shop=shop, code=f"C{n}", face_minor=1, product=product, starts_at=NOON,
            ends_at=NOON + timedelta(days=1), actor=None,
        )  # fmt: skip
        import_begin(
            shop=shop, kind="products", filename=f"{n}.csv", file=io.BytesIO(b"x"), actor=None
        )
        user = User.objects.create_user(f"member{n}@x.example")
        MerchantMember.objects.create(merchant=merchant, user=user)
        api_key_issue(actor=user, organisation=f"merchant:{merchant.pk}", name="x", scopes=[])


@pytest.mark.parametrize("count", [1, 30])
def test_a_list_costs_the_same_with_one_row_and_thirty(
    room, shop, merchant, plan, category, count, django_assert_max_num_queries
):
    fill(shop, merchant, plan, count)
    for name in LISTS:
        room.get(url(name))
        with django_assert_max_num_queries(13, info=name):
            assert room.get(url(name)).status_code == 200


def test_products_are_found_by_words_category_and_state(room, shop, category, product):
    products_save(
        shop=shop,
        products=[
            product_data("OO-1", title="乌龙茶", title_en="Oolong", category=""),
            product_data("PU-1", title="普洱茶", title_en="Pu'er", on_sale=False),
        ],
        actor=None,
    )

    def found(**asked):
        return sorted(row.external_id for row in room.get(url("products"), asked).context["page"])

    assert found() == ["LJ-1", "OO-1", "PU-1"]
    assert found(words="oolong") == ["OO-1"]
    assert found(words="龙 茶") == ["OO-1"]
    assert found(words="lj-1") == ["LJ-1"]
    assert found(category="tea") == ["LJ-1", "PU-1"]
    assert found(state="withdrawn") == ["PU-1"]
    assert found(category="nonsense", state="x", sort="y", page="z") == ["LJ-1", "OO-1", "PU-1"]
    part = room.get(url("products"), {"words": "oolong"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="rows">')
    assert "<html" not in part.content.decode()
