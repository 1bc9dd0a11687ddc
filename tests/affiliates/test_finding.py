"""What stands behind pasted things, and the links that come of it."""

from datetime import timedelta

import pytest

from affiliates.models import Link
from affiliates.pasted import things_in
from affiliates.queries import Missing, targets_apart, targets_of
from affiliates.services import links_convert, zone_freeze
from alliance.kernel.errors import Invalid, WrongState
from merchants.models import Merchant, Plan, Product, ProductState
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db

HOME = "https://alliance.example"


@pytest.fixture
def look(affiliate):
    """What is behind a text: `(product, url)` of each, or its thing where nothing is."""

    def at(text: str):
        sights = targets_of(things_in(text, HOME), affiliate)
        return [
            one.thing.value if isinstance(one, Missing) else (one.product, one.url)
            for one in sights
        ]

    return at


@pytest.fixture
def convert(affiliate, now):
    def make(text: str, **how):
        how = {"zone": affiliate.zone, **how}
        return links_convert(
            actor=affiliate.owner,
            affiliate=affiliate,
            sights=targets_of(things_in(text, HOME), affiliate),
            **how,
        )

    return make


# --- Finding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "pasted", "beyond"),
    [
        ("/p/1", "/p/1", ""),
        ("/p/1", "/p/1/", ""),
        ("/p/1", "/p/1?utm_source=wx&spm=a.b&click_id=x#top", ""),
        ("/p/1", "/p/1?colour=red&utm_source=wx", "https://shop.example/p/1?colour=red"),
        ("/item?id=7", "/item?spm=1&id=7", ""),
        ("/item?id=7", "/item?id=7&size=L", "https://shop.example/item?id=7&size=L"),
        ("/#/p/1", "/#/p/1", ""),
        ("/茶-1", "/茶-1 好", ""),
    ],
)
def test_an_address_is_a_products_however_it_was_copied(look, make_product, own, pasted, beyond):
    product = make_product(url=f"https://shop.example{own}")
    make_product(url="https://shop.example/item")
    assert look(f"https://shop.example{pasted}") == [(product, beyond)]


def test_of_many_texts_each_is_what_it_is_alone(affiliate, make_product, make_link):
    ours = make_product(url="https://shop.example/p/1")
    # A number that is another product's here: alone it is its shop's, beside that page it is not.
    make_product(url="https://shop.example/p/2", external_id=str(ours.pk))
    link = make_link(affiliate, ours)
    texts = [f"{HOME}/affiliate/products/{ours.pk}", str(ours.pk), "https://shop.example/p/2?a=1",
             f"{HOME}/r/{link.code}", "https://nobody.example/", "nobody.example",
             "NO-7"]  # fmt: skip
    things = [things_in(text, HOME)[0] for text in texts]
    alone = [targets_of([thing], affiliate)[0] for thing in things]
    assert alone[0].product != alone[1].product
    assert targets_apart(things, affiliate) == alone


def test_scheme_and_case_of_the_host_do_not_matter(look, make_product):
    product = make_product(url="https://shop.example/P/1")
    assert look("HTTP://Shop.Example/P/1") == [(product, "")]
    assert look("shop.example/P/1快来") == [(product, "")]


def test_another_page_of_a_shop_leads_to_that_page(look, product):
    assert look("https://shop.example/sale?utm_medium=x&a=1") == [
        (None, "https://shop.example/sale?a=1")
    ]
    assert look(f"{product.url}9") == [(None, f"{product.url}9")]


def test_the_product_that_asks_for_most_is_meant(look, make_product):
    make_product(url="https://shop.example/p")
    red = make_product(url="https://shop.example/p?c=red")
    assert look("https://shop.example/p?c=red&x=1")[0][0] == red


def test_a_link_of_others_that_carries_the_address_is_unwrapped(look, product):
    assert look(f"https://go.example/c?u={product.url}&id=9") == [(product, "")]
    assert look("https://go.example/c?u=https://evil.example/") == [
        "https://go.example/c?u=https://evil.example/"
    ]


def test_links_codes_and_numbers_find_their_product(look, link, product, make_link, affiliate):
    for text in (
        f"{HOME}/r/{link.code}", f"￥{link.code}￥", link.code, product.external_id,
        f"#{product.external_id}", f"/affiliate/products/{product.pk}/", str(product.pk),
    ):  # fmt: skip
        assert look(text) == [(product, "")], text
    page = make_link(affiliate, url="https://shop.example/sale?utm_source=me")
    assert look(f"￥{page.code}￥") == [(None, "https://shop.example/sale?utm_source=me")]


def test_a_code_without_a_digit_is_found_and_a_word_in_a_sentence_is_none(look, link, product):
    Link.objects.filter(pk=link.pk).update(code="cympbhnpyj")
    assert look("cympbhnpyj") == [(product, "")]
    assert look("cympbhnpyk") == ["cympbhnpyk"]
    assert look("strawberry tea") == []


def test_marks_of_others_stay_behind(look, make_link, make_affiliate, product):
    other = make_affiliate()
    link = make_link(other, product, url=f"{product.url}?size=L&utm_source=them")
    assert look(f"￥{link.code}￥") == [(product, f"{product.url}?size=L")]


def test_a_shops_number_comes_before_ours(look, make_product, product):
    twin = make_product(external_id=str(product.pk))
    assert look(str(product.pk)) == [(twin, "")]
    assert look(f"/affiliate/products/{product.pk}/") == [(product, "")]


def test_nothing_behind_a_sure_thing_is_said_and_a_guess_left_out(look, product):
    assert look("https://evil.example/x") == ["https://evil.example/x"]
    assert look("￥k7m2x9p4ab￥") == ["k7m2x9p4ab"]
    assert look("evil.example") == ["https://evil.example"]
    assert look(f"see evil.example or {product.url}") == [(product, "")]
    assert look("good tea") == []


def test_many_things_take_no_more_statements_than_one(
    look, make_product, make_link, affiliate, django_assert_num_queries
):
    def text(number: int) -> str:
        made = [make_product() for _n in range(number)]
        codes = [f"￥{make_link(affiliate, make_product()).code}￥" for _n in range(number)]
        return "\n".join([*(one.url for one in made), *codes, made[0].external_id])

    one, many = text(1), text(4)
    for pasted in (one, many):
        with django_assert_num_queries(4):
            look(pasted)


# --- Making --------------------------------------------------------------------------------------


def test_a_message_becomes_links_and_reasons(convert, make_product, make_shop, make_plan, shop):
    make_plan(shop.merchant)
    tea = make_product()
    gone = make_product(state=ProductState.WITHDRAWN)
    poor = make_shop("poor.example", funding_paused_at=START)
    dear = make_product(shop=poor)
    free = make_product(shop=make_shop("free.example"))
    text = f"{tea.url} {gone.url} {dear.url} {free.url} https://evil.example/ https://shop.example/"
    made = convert(text, subs={"sub1": "g7"})

    assert [(one.product, one.state) for one in made] == [
        (tea, ""), (gone, "withdrawn"), (dear, "funding_paused"), (free, "no_rate"),
        (None, "missing"), (None, ""),
    ]  # fmt: skip
    assert [one.why_not[:36] for one in made] == [
        "", "The shop has withdrawn this product.", "This merchant's money for commission",
        "No commission is promised for this p", "No shop of the alliance is at this a", "",
    ]  # fmt: skip
    assert (made[0].link.product, made[0].link.sub1, made[0].found.rate_bps) == (tea, "g7", 1_200)
    assert Link.objects.count() == 2


def test_asking_again_and_in_other_words_is_the_same_link(convert, product, terms):
    texts = (product.url, f"{product.url}?utm_source=x", product.external_id)
    assert len({convert(text)[0].link for text in texts}) == 1
    assert len(convert(" ".join(texts[:2]))) == 1
    assert convert(product.url, subs={"sub2": "a"})[0].link != convert(product.url)[0].link


def test_somebody_elses_link_becomes_ones_own(
    convert, make_link, make_affiliate, product, affiliate, terms
):
    theirs = make_link(make_affiliate(), product, subs={"sub1": "theirs"})
    (made,) = convert(f"￥{theirs.code}￥")
    assert (made.link.affiliate, made.link.product, made.link.sub1) == (affiliate, product, "")
    assert made.from_others
    assert not convert(f"￥{made.link.code}￥")[0].from_others


def test_the_general_plan_only_pays_what_it_pays(convert, product, terms):
    best = Plan.objects.create(
        merchant=product.shop.merchant, kind="MKT", name="Best", starts_at=START
    )
    best.terms.create(rate_bps=2_000, starts_at=START, created_at=START)
    assert convert(product.url)[0].found.rate_bps == 2_000
    (made,) = convert(product.url, dx=True)
    assert (made.found.rate_bps, made.link.dx) == (1_200, True)


def test_what_concerns_all_refuses_all(convert, product, terms, affiliate, make_affiliate, ops):
    with pytest.raises(Invalid, match="not yours"):
        convert(product.url, zone=make_affiliate().zone)
    with pytest.raises(Invalid, match="100 characters"):
        convert(product.url, subs={"sub1": "x" * 101})
    zone_freeze(actor=ops, zone=affiliate.zone, until=START + timedelta(days=1))
    affiliate.zone.refresh_from_db()
    with pytest.raises(WrongState, match="frozen"):
        convert(product.url)
    assert not Link.objects.exists()


@pytest.mark.parametrize("state", ["applied", "frozen", "closed"])
def test_a_merchant_that_does_not_trade_is_named_as_the_reason(convert, product, terms, state):
    Merchant.objects.update(state=state)
    (made,) = convert(Product.objects.get().url)
    assert made.link is None
    assert made.state == state
