"""Products by words, filters, order and page: whichever way the search goes, it finds the same."""

import random
from dataclasses import replace
from itertools import count

import pytest
from django.urls import reverse

from affiliates.queries import Place, Wish, picking, products_offered
from merchants.models import Category, Coupon, Product, ProductState, Shop
from tests.affiliates.test_pages import coupon_make

pytestmark = pytest.mark.django_db

WORDS = ["手机壳", "茶", "cotton", "Größe", "T-shirt", "100%"]
WISHES = [
    Wish(),
    Wish("手机"),
    Wish("茶"),
    Wish("COTTON shirt"),
    Wish("größe", sort="price"),
    Wish("％", sort="earning"),
    Wish(sort="rate"),
    Wish(sort="-price", price_from=200, price_to=600),
    Wish(category="tea", sort="price"),
    Wish(rate_from=1_500, sort="sales"),
    Wish(rate_to=1_500, sort="rate"),
    Wish(coupon_only=True, sort="earning"),
    Wish(score_from=480, sort="rate"),
    Wish("茶", score_from=480, coupon_only=True, sort="price"),
    Wish("t", "tea", 1_000, 100, 900, coupon_only=True, sort="price"),
]


@pytest.fixture
def shelf(shop, now, sql) -> list[Product]:
    """Three hundred products with few different prices, rates and sales: many ties."""
    chance, number = random.Random(618), count()
    better = Shop.objects.create(merchant=shop.merchant, name="4.85", score_centi=485, domains=[])
    tea = Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")

    def some() -> str:
        return " ".join(chance.sample(WORDS, chance.randrange(3)))

    made = Product.objects.bulk_create(
        Product(
            shop=chance.choice([shop, shop, better]),
            external_id=f"S{next(number)}",
            title=f"商品 {some()}",
            title_en=some(),
            title_de=some(),
            category=chance.choice([None, tea]),
            url="https://shop.example/",
            price_minor=chance.randrange(1, 10) * 100,
            currency="CNY",
            rate_bps=chance.choice([0, 500, 1_000, 1_500, 2_000]),
            sales_count=chance.randrange(5),
            state=chance.choice([ProductState.ON_SALE] * 4 + [ProductState.WITHDRAWN]),
        )
        for _n in range(300)
    )
    for product in made[::3]:
        coupon_make(product.shop, code=product.external_id, product=product, face_minor=300)
    sql("ANALYZE merchants_product, merchants_coupon")  # as in a shop that has been open for a day
    return made


@pytest.fixture
def picked(client, affiliate):
    """The page of products as HTML."""
    client.force_login(affiliate.owner)
    return lambda **query: client.get(reverse("affiliates:products"), query).content.decode()


def told(wish: Wish, shelf: list[Product]) -> list[int]:
    """The whole answer, by Python."""
    couponed = set(Coupon.objects.filter(face_minor=300).values_list("product", flat=True))
    value = {
        "sales": lambda p: (-p.sales_count, -p.pk),
        "rate": lambda p: (-p.rate_bps, -p.pk),
        "earning": lambda p: (-p.price_minor * p.rate_bps, -p.pk),
        "price": lambda p: (p.price_minor, p.pk),
        "-price": lambda p: (-p.price_minor, -p.pk),
    }[wish.sort]
    return [
        p.pk
        for p in sorted(shelf, key=value)
        if p.state == ProductState.ON_SALE
        and p.rate_bps >= max(wish.rate_from, 1)
        and (wish.rate_to is None or p.rate_bps <= wish.rate_to)
        and all(
            word in f"{p.title}\n{p.title_en}\n{p.title_de}".lower()
            for word in wish.words.lower().replace("％", "%").split()
        )
        and (not wish.category or p.category_id is not None)
        and (wish.price_from is None or wish.price_from <= p.price_minor <= wish.price_to)
        and p.shop.score_centi >= wish.score_from
        and (not wish.coupon_only or (p.pk in couponed and p.price_minor > 300))
    ]


def common(monkeypatch) -> None:
    """Every wish is thought to be common."""
    asked = picking._Search._estimates

    def estimates(self):
        guess = asked(self)
        return picking._Guess(300, [replace(part, count=300) for part in guess.parts])

    monkeypatch.setattr(picking._Search, "_estimates", estimates)


def reach(monkeypatch, first: int, most: int) -> None:
    monkeypatch.setattr(picking, "LOOKED", first)
    monkeypatch.setattr(picking, "LOOKED_MOST", most)
    monkeypatch.setattr(picking, "READ", first)


WAYS = {
    "gather": ((0, 0), {}),
    "walk": ((300, 300), {}),
    "walk on": ((20, 300), {}),
    "give up": ((10, 10), {}),
    "look on": ((10, 10), {"FEW": 0, "GATHERED": 15}),
    "bands": (
        (10, 10),
        {"FEW": 0, "GATHERED": 15, "FIT": 0, "LEFT": 0, "PAGES": 0, "MANY": 10, "SAMPLE": 300},
    ),
}


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_every_page_forwards_and_backwards(shelf, monkeypatch, wish):
    expected = told(wish, shelf)
    common(monkeypatch)
    for way, (looks, limits) in WAYS.items():
        with monkeypatch.context() as this_way:
            reach(this_way, *looks)
            for name, limit in limits.items():
                this_way.setattr(picking, name, limit)
            assert leafed_through(wish, len(expected)) == expected, way


def leafed_through(wish: Wish, total: int) -> list[int]:
    """What the pages show, from the first to the last; and the same backwards."""
    pages, place = [], None
    while not pages or place:
        found = products_offered(wish, size=7, after=place)
        pages.append([product.pk for product in found.products])
        assert (found.before is None) == (len(pages) == 1)
        assert found.total in (None, total)
        place = found.after
    assert all(len(page) == 7 for page in pages[:-1])

    back, place = pages[:-1], found.before
    while place:
        found = products_offered(wish, size=7, before=place)
        assert [product.pk for product in found.products] == back.pop()
        assert found.after is not None
        place = found.before
    assert back == []
    return [pk for page in pages for pk in page]


def test_the_ways_are_what_they_are_called(shelf, monkeypatch):
    """Else the test above proves less than it says."""
    taken: list[str] = []

    def watch(name):
        done = getattr(picking._Search, name)
        monkeypatch.setattr(
            picking._Search,
            name,
            lambda *given, **named: (taken.append(name), done(*given, **named))[1],
        )

    for name in ("_walk", "_gather", "_by_bands"):
        watch(name)

    def ways(wish) -> list[str]:
        taken.clear()
        assert products_offered(wish, size=7).products
        return taken

    assert ways(Wish("茶")) == ["_gather"]  # a small alliance: counted
    common(monkeypatch)
    reach(monkeypatch, 300, 300)
    assert ways(Wish("茶")) == ["_walk"]
    reach(monkeypatch, 15, 300)
    assert ways(Wish("茶")) == ["_walk", "_walk"]
    reach(monkeypatch, 10, 10)
    assert ways(Wish("茶")) == ["_walk", "_gather"]
    monkeypatch.setattr(picking, "FEW", 0)
    monkeypatch.setattr(picking, "GATHERED", 15)
    assert ways(Wish("茶")) == ["_walk", "_gather", "_gather"]
    monkeypatch.setattr(picking, "FIT", 0)
    monkeypatch.setattr(picking, "LEFT", 0)
    assert ways(Wish("茶"))[:4] == ["_walk", "_gather", "_by_bands", "_gather"]
    monkeypatch.setattr(picking, "MANY", 10)
    assert ways(Wish(coupon_only=True))[:3] == ["_walk", "_by_bands", "_gather"]


def test_a_new_title_is_found_and_the_old_one_is_not(make_product):
    product = make_product(title="手机壳")
    Product.objects.filter(pk=product.pk).update(title="保温杯")
    assert products_offered(Wish("保温"), size=7).products == [product]
    assert products_offered(Wish("手机"), size=7).total == 0


@pytest.mark.parametrize("text", ["", "5", ".", "5.", "-5.3", "5.3.1", "x.1", "9" * 30 + ".1"])
def test_a_place_that_makes_no_sense_is_the_first_page(picked, make_product, text):
    product = make_product(title_en="only one")
    assert Place.read(text) is None
    assert product.title_en in picked(after=text)


def test_a_place_in_an_address_is_read_as_it_was_written():
    assert Place.read(str(Place(1200, 345))) == Place(1200, 345)


def test_neighbours_are_linked_and_keep_the_filters(picked, shelf, monkeypatch):
    monkeypatch.setattr("affiliates.views.products.PER_PAGE", 7)
    expected = told(Wish("茶", sort="price"), shelf)
    html = picked(words="茶", sort="price")
    assert f"{len(expected)} products" in html
    price, key = Product.objects.values_list("price_minor", "pk").get(pk=expected[6])
    assert f'rel="next" href="?words=%E8%8C%B6&amp;sort=price&amp;after={price}.{key}"' in html
    assert 'rel="prev"' not in html
    second = picked(words="茶", sort="price", after=f"{price}.{key}")
    assert 'rel="prev"' in second
