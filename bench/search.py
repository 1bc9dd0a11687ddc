"""Picking among a million products: every filter and order, against what was obvious before.

The titles are the demo's in three languages, with a tail of rare words and model names added. Half
of the searches have a word that is very common. Baselines: the same wish with ILIKE on the three
titles, as the planner likes it; once without an index, once with a trigram index on the titles.
Nothing is lost: every page is compared with what the baseline finds.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import StringIO
from itertools import accumulate
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection

from affiliates.queries import Wish, products_offered
from alliance.demo.catalogue import products
from alliance.demo.shelves import categories
from alliance.kernel import clock
from merchants.models import Category, Coupon, Merchant, MerchantState, Product, Shop

PAGE = 24
SHOPS = 2_000
CHANCE = random.Random(618)
COLUMNS = (
    "shop_id", "external_id", "title", "title_en", "title_de", "description", "category_id",
    "brand", "url", "image_url", "price_minor", "currency", "rate_bps", "sales_count", "state",
    "gtin", "group_id", "held_back", "created_at", "updated_at",
)  # fmt: skip
INDEX = """CREATE INDEX bench_titles ON merchants_product
    USING gin (title gin_trgm_ops, title_en gin_trgm_ops, title_de gin_trgm_ops)"""


def run(small: bool = False) -> None:
    size, rounds = (3_000, 1) if small else (1_000_000, 6)
    _products_make(size)
    wishes = {name: [make() for _round in range(rounds * 4)] for name, make in WISHES.items()}
    print(f"  {size:,} products, pages of {PAGE}, {rounds * 12} pages a row")
    print(f"  {'':28}{'p50':>9}{'p99':>9} ms")
    ours: list[float] = []
    for name, each in wishes.items():
        times = [seconds for wish in each for seconds in _three_pages(wish)]
        ours += times
        print(f"  {name:28}{_ms(median(times)):>9}{_ms(_p99(times)):>9}")
    print(f"  {'all of them':28}{_ms(median(ours)):>9}{_ms(_p99(ours)):>9}")
    some = [wish for each in wishes.values() for wish in each[: 1 if rounds == 1 else 3]]
    plain = [_baseline(wish) for wish in some]
    print(f"  {'ILIKE, no index':28}{_ms(median(plain)):>9}{_ms(_p99(plain)):>9}")
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
    trigrams = [_baseline(wish) for wish in some]
    print(f"  {'ILIKE, trigram index':28}{_ms(median(trigrams)):>9}{_ms(_p99(trigrams)):>9}")
    print(f"  p99 of ILIKE with trigrams to ours: ratio {_p99(trigrams) / _p99(ours):.1f}")
    _sizes()


# --- What is looked for ---

COMMON = ("手机", "套装", "家用", "儿童", "cotton", "set", "kids", "home", "für", "aus")


def _word(*, rare: bool) -> str:
    return CHANCE.choice(_RARE if rare else COMMON)


WISHES: dict[str, Callable[[], Wish]] = {
    "nothing": Wish,
    "by rate": lambda: Wish(sort="rate"),
    "by earning": lambda: Wish(sort="earning"),
    "by price": lambda: Wish(sort=CHANCE.choice(["price", "-price"])),
    "category": lambda: Wish(category=_category(), sort=_order()),
    "rate from": lambda: Wish(rate_from=CHANCE.choice([1000, 2000, 3000]), sort=_order()),
    "price range": lambda: _priced(Wish(sort=_order())),
    "shop score": lambda: Wish(score_from=CHANCE.choice([450, 470, 480]), sort=_order()),
    "coupon": lambda: Wish(coupon_only=True, sort=_order()),
    "common word": lambda: Wish(_word(rare=False), sort=_order()),
    "rare word": lambda: Wish(_word(rare=True), sort=_order()),
    "common and rare word": lambda: Wish(f"{_word(rare=False)} {_word(rare=True)}", sort=_order()),
    "two common words": lambda: Wish(f"{_word(rare=False)} {_word(rare=False)}", sort=_order()),
    "one sign": lambda: Wish(CHANCE.choice("茶鞋酒竹锅灯瓶"), sort=_order()),
    "word, category": lambda: Wish(_word(rare=False), category=_category(), sort=_order()),
    "word, rate": lambda: Wish(_word(rare=False), rate_from=2000, sort=_order()),
    "word, price": lambda: _priced(Wish(_word(rare=False), sort=_order())),
    "word, coupon": lambda: Wish(_word(rare=False), coupon_only=True, sort=_order()),
    "all filters": lambda: _priced(
        Wish(_word(rare=False), _category(), 1000, coupon_only=True, sort=_order())
    ),
    "a word that nobody has": lambda: Wish("qzxv", sort=_order()),
}


def _order() -> str:
    return CHANCE.choice(["sales", "rate", "earning", "price", "-price"])


def _category() -> str:
    return CHANCE.choice(list(categories()))


def _priced(wish: Wish) -> Wish:
    low = CHANCE.choice([500, 2_000, 9_900, 50_000])
    return replace(wish, price_from=low, price_to=low * CHANCE.choice([12, 20, 50]) // 10)


# --- Ours and the obvious ---


def _three_pages(wish: Wish) -> Iterator[float]:
    place, seen = None, list[int]()
    for _page in range(3):
        start = perf_counter()
        found = products_offered(wish, size=PAGE, after=place)
        seconds = perf_counter() - start
        yield seconds
        seen += [product.pk for product in found.products]
        place = found.after
        if place is None:
            break
    if len(seen) != len(set(seen)):
        raise AssertionError(f"{wish} shows a product twice")


def _baseline(wish: Wish) -> float:
    """One page as the ORM would ask for it, in seconds. It is the same page."""
    start = perf_counter()
    page = _asked_plainly(wish)
    seconds = perf_counter() - start
    ours = [product.pk for product in products_offered(wish, size=PAGE).products]
    if ours != page:
        raise AssertionError(f"{wish}: {ours} instead of {page}")
    return seconds


def _asked_plainly(wish: Wish) -> list[int]:
    by, falls = wish.order
    way = "DESC" if falls else "ASC"
    where = ["p.state = 'on_sale'", "p.rate_bps >= %s"]
    values: list[Any] = [max(wish.rate_from, 1)]
    for word in wish.words.split():
        where.append("(p.title ILIKE %s OR p.title_en ILIKE %s OR p.title_de ILIKE %s)")
        values += [f"%{word}%"] * 3
    if wish.category:
        where.append("c.slug = %s")
        values.append(wish.category)
    if wish.price_from is not None:
        where.append("p.price_minor BETWEEN %s AND %s")
        values += [wish.price_from, wish.price_to]
    if wish.score_from:
        where.append("s.score_centi >= %s")
        values.append(wish.score_from)
    if wish.coupon_only:
        where.append(
            """EXISTS (SELECT FROM merchants_coupon k
            WHERE (k.product_id = p.id OR k.product_id IS NULL AND k.shop_id = p.shop_id)
            AND k.starts_at <= now() AND k.ends_at > now() AND k.currency = p.currency
            AND k.threshold_minor <= p.price_minor AND k.face_minor < p.price_minor)"""
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT p.id FROM merchants_product p JOIN merchants_shop s ON s.id = p.shop_id
            JOIN merchants_merchant m ON m.id = s.merchant_id
            JOIN merchants_category c ON c.id = p.category_id
            WHERE m.state = 'active' AND m.funding_paused_at IS NULL AND {" AND ".join(where)}
            ORDER BY {by} {way}, p.id {way} LIMIT {PAGE}""",
            values,
        )
        return [pk for (pk,) in cursor.fetchall()]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _sizes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class
            WHERE relname IN ('merchants_product', 'product_words',
                'product_by_sales', 'bench_titles') ORDER BY 1"""
        )
        print("  " + ", ".join(f"{name} {size}" for name, size in cursor.fetchall()))


# --- The products ---


def _tail(make: Callable[[], str]) -> list[str]:
    return [make() for _word in range(30_000)]


def _syllables() -> str:
    return "".join(
        CHANCE.choice("bcdfghjklmnprstvwz") + CHANCE.choice("aeiou")
        for _i in range(CHANCE.choice([2, 3, 3, 4]))
    )


_ZH = _tail(lambda: "".join(chr(0x4E00 + CHANCE.randrange(2_500)) for _i in range(2)))
_LATIN = _tail(_syllables)
_RARE = [*_ZH[5_000::50], *_LATIN[5_000::50]]
_WEIGHTS = list(accumulate(1 / (rank + 5) for rank in range(30_000)))


def _products_make(size: int) -> None:
    run_id = uuid4().hex[:8]
    Category.objects.bulk_create(
        [Category(slug=slug, name_zh=slug, name_en=slug, name_de=slug) for slug in categories()],
        ignore_conflicts=True,
    )
    slugs = dict(Category.objects.values_list("slug", "pk"))
    merchants = Merchant.objects.bulk_create(
        Merchant(
            name=f"M{i}",
            state=MerchantState.ACTIVE if i % 50 else MerchantState.FROZEN,
        )
        for i in range(SHOPS)
    )
    shops = Shop.objects.bulk_create(
        Shop(
            merchant=merchant,
            name=merchant.name,
            domains=[f"{run_id}{i}.example"],
            score_centi=CHANCE.randrange(420, 500),
        )
        for i, merchant in enumerate(merchants)
    )
    facts, now = products(), clock.now().isoformat()
    with connection.cursor() as cursor:
        # The index is made at once after the rows, as whoever brings a million would do.
        cursor.execute("DROP INDEX product_words")
        for start in range(0, size, 50_000):
            rows = StringIO()
            for i in range(start, min(start + 50_000, size)):
                row = _row(i, size, CHANCE.choice(facts), shops, slugs, now)
                rows.write("\t".join(map(str, row)) + "\n")
            rows.seek(0)
            cursor.copy_expert(f"COPY merchants_product ({', '.join(COLUMNS)}) FROM STDIN", rows)
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "CREATE INDEX product_words ON merchants_product USING gin (words gin_trgm_ops)"
        )
        cursor.execute("RESET maintenance_work_mem")
    _coupons_make(shops, size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE merchants_product, merchants_coupon")


def _row(
    i: int, size: int, fact: Any, shops: Sequence[Shop], slugs: dict[str, int], now: str
) -> tuple[object, ...]:
    zh = CHANCE.choices(_ZH, cum_weights=_WEIGHTS, k=2)
    en, de = CHANCE.choices(_LATIN, cum_weights=_WEIGHTS, k=2)
    model = f"{CHANCE.choice('ABDEGKMRTX')}{CHANCE.randrange(10, 9_999)}"
    return (
        shops[int(SHOPS * CHANCE.random() ** 2)].pk,
        f"S{i}",
        f"{fact.title.zh}{''.join(zh)} {model}"[:200],
        f"{fact.title.en} {en} {model}"[:200],
        f"{fact.title.de} {de} {model}"[:200],
        "",
        slugs[fact.category],
        fact.brand.zh,
        f"https://shop.example/{i}",
        "",
        max(100, int(fact.price_minor * (0.5 + CHANCE.random()))),
        "CNY",
        min(9_000, max(0, int(CHANCE.gauss(1_200, 700)) // 50 * 50)),
        900_000 // (CHANCE.randrange(size) + 15) + CHANCE.randrange(40),
        "on_sale" if CHANCE.random() < 0.95 else "withdrawn",
        "",
        "",
        "f",
        now,
        now,
    )


def _coupons_make(shops: Sequence[Shop], size: int) -> None:
    """One product in fifty has a coupon of its own, one shop in ten one for everything."""
    now = clock.now()
    span = {"currency": "CNY", "starts_at": now, "ends_at": now.replace(year=now.year + 1)}
    last = Product.objects.order_by("-pk").values_list("pk", flat=True)[0]
    some = Product.objects.filter(pk__in=range(last - size + 1, last + 1, 50))
    Coupon.objects.bulk_create(
        Coupon(merchant_id=merchant, shop_id=shop, product_id=pk, code=f"B{pk}",
               face_minor=max(price // 10, 1), threshold_minor=price // 2, **span)
        for pk, shop, merchant, price in some.values_list(
            "pk", "shop", "shop__merchant", "price_minor"
        )
    )  # fmt: skip
    Coupon.objects.bulk_create(
        Coupon(merchant_id=shop.merchant_id, shop=shop, code="ALL", face_minor=500,
               threshold_minor=2_000, **span)
        for shop in shops[5::10]
    )  # fmt: skip
