"""The demo's shops and products: complete, sensible, and the same everywhere."""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from alliance.demo.catalogue import products, products_by_shop
from alliance.demo.dice import Dice, shares
from alliance.demo.merchants import DEMO_MERCHANT, Character, merchants
from alliance.demo.names import Material, Said, Tone, Words, pack, size, title, words
from alliance.demo.shelves import categories, kinds

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def fingerprint() -> str:
    said = "\n".join(f"{p.code} {p.title} {p.price_minor} {p.rate_bps}" for p in products())
    return hashlib.sha256(said.encode()).hexdigest()


def test_there_are_three_thousand_products_of_forty_shops_on_sixteen_shelves():
    assert len(products()) == 3000
    assert len(merchants()) == 40
    assert len(categories()) == 16
    assert {product.kind for product in products()} == set(kinds())
    assert set(products_by_shop()) == set(merchants())
    assert min(len(listed) for listed in products_by_shop().values()) >= 25
    assert min(Counter(product.category for product in products()).values()) >= 100


def test_another_process_grows_the_same_catalogue():
    here = "from tests.demo.test_catalogue import fingerprint; print(fingerprint())"
    there = subprocess.run(
        [sys.executable, "-c", here],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )

    assert there.stdout.strip() == fingerprint()


def test_dice_fall_as_they_fell_when_this_was_written():
    dice = Dice("known")

    assert [dice.below(1000) for _ in range(5)] == [653, 829, 968, 34, 836]
    assert dice.some("abcdef", 3) == ["d", "e", "f"]


def test_every_product_is_named_in_three_languages_and_no_two_are_named_alike():
    for language in Words._fields:
        titles = [getattr(product.title, language) for product in products()]
        assert len(set(titles)) == 3000
        assert all(title == title.strip() and "  " not in title for title in titles)
        assert all(10 <= len(title) <= 200 for title in titles)
    for product in products():
        assert CHINESE.search(product.title.zh)
        assert not CHINESE.search(product.title.en + product.title.de)
        assert product.noun.en in product.title.en
        assert product.title.zh.count(product.brand.zh) == 1
        assert not re.search(r", ,|,,|\{|\|", product.title.en + product.title.de)


def test_no_title_boasts():
    boasts = ("最", "第一", "顶级", "国家级", "唯一", "极致", "100%", "独家", "首选", "永久")
    spoken = [product.title.zh for product in products()]
    spoken += [shop.shop.zh + shop.line.zh for shop in merchants().values()]

    assert [text for text in spoken if any(boast in text for boast in boasts)] == []


def test_prices_end_as_shops_end_them():
    for product in products():
        kind = kinds()[product.kind]
        assert 4_00 <= product.price_minor <= 4_000_00
        assert product.price_minor % 10 == 0
        assert product.price_minor < 100_00 or product.price_minor % 100 in {0, 90}
        assert product.price_minor <= kind.high_yuan * 100 * 5
    median = sorted(product.price_minor for product in products())[1500]
    assert 50_00 <= median <= 120_00


def test_rates_stay_within_what_the_category_pays():
    for product in products():
        category = categories()[product.category]
        general = dict(merchants()[product.merchant].general_bps)[product.category]
        assert category.low_rate_bps <= product.rate_bps <= category.high_rate_bps
        assert product.rate_bps >= general
        assert product.marketed or product.rate_bps == general


def test_a_coupon_is_worth_having_and_usable_on_one_piece():
    with_coupon = [product for product in products() if product.coupon]

    assert 500 <= len(with_coupon) <= 1000
    for product in with_coupon:
        assert product.coupon.threshold_minor <= product.price_minor
        assert 5 <= 100 * product.coupon.face_minor / product.price_minor <= 30


def test_few_products_sell_most():
    sales = sorted((product.monthly_sales for product in products()), reverse=True)

    assert sales[0] > 30_000
    assert sum(sales[:600]) > 0.6 * sum(sales)
    assert sales[-1] >= 3


def test_shops_have_names_domains_and_characters():
    shops = list(merchants().values())

    assert DEMO_MERCHANT in merchants()
    assert len({shop.domain for shop in shops}) == 40
    assert all(shop.domain.endswith(".example") for shop in shops)
    assert {shop.character for shop in shops} == set(Character)
    for shop in shops:
        assert all([*shop.shop, *shop.line, *shop.city, *shop.brand])
        assert 450 <= shop.score <= 500
        assert {kinds()[kind].category for kind in shop.kinds} == set(shop.shelves)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.5 l", Words("1.5L", "1.5 L", "1,5 l")),
        ("150x200 cm", Words("150×200cm", "150 × 200 cm", "150 × 200 cm")),
        ("20 inch", Words("20英寸", "20-Inch", "20 Zoll")),
        ("S-XXL", Words("S-XXL码", "Sizes S–XXL", "Gr. S–XXL")),
        ("A5|A5|A5", Words("A5", "A5", "A5")),
    ],
)
def test_sizes_are_written_as_each_language_writes_them(text, said):
    assert size(text) == said


def test_one_piece_is_no_pack():
    assert pack("双", 1) == Words("", "", "")
    assert pack("双", 3) == Words("3双装", "3 Pairs", "3 Paar")


def test_the_facts_of_a_product_become_a_title_in_each_language():
    flask = Said(
        brand=Words("暖壶匠", "Nuanova", "Nuanova"),
        noun=words("保温杯|Vacuum Flask|Thermobecher"),
        also="水杯",
        style=words("轻量|Lightweight|besonders leicht"),
        material=Material(words("304不锈钢|304 Stainless Steel|Edelstahl"), "304-Edelstahl"),
        features=(words("不漏水|Leakproof|auslaufsicher"),),
        audience=words("儿童|for Kids|für Kinder"),
        size=size("350 ml"),
        pack=pack("只", 2),
        tone=Tone(words("薄荷绿|Mint|Mintgrün"), "#a4d8c2", "", "colour"),
    )

    assert title(flask, 0) == Words(
        "暖壶匠轻量304不锈钢保温杯儿童不漏水水杯 350ml×2只 薄荷绿",
        "Nuanova Lightweight 304 Stainless Steel Vacuum Flask for Kids, Leakproof, "
        "350 ml, 2 Pieces, Mint",
        "Nuanova Thermobecher aus 304-Edelstahl für Kinder, besonders leicht, auslaufsicher, "
        "350 ml, 2 Stück, in Mintgrün",
    )


def test_a_short_german_noun_grows_together_with_its_material():
    shirt = Said(
        brand=Words("芷汀", "Zhitin", "Zhitin"),
        noun=words("衬衫|Shirt|Hemd"),
        also="",
        style=words("条纹|Striped|gestreift"),
        material=Material(words("亚麻|Linen|Leinen"), "Leinen"),
        features=(words("长袖|Long Sleeves|langärmelig"),),
        audience=Words("", "", ""),
        size=size("S-3XL"),
        pack=Words("", "", ""),
        tone=Tone(words("白色|White|Weiß"), "#f7f6f2", "", "colour"),
    )

    assert title(shirt, 1).de == ("Zhitin Leinenhemd, gestreift, langärmelig, Gr. S–3XL, in Weiß")


def test_shares_lose_nothing():
    assert shares(10, [1, 1, 1]) == [3, 4, 3]
    assert sum(shares(2999, [0.3, 7, 0.01, 2.2])) == 2999
