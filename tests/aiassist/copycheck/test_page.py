"""The page where an affiliate has a text checked, with the product's facts or without."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from affiliates.services import link_create
from aiassist.queries.facts import facts_of
from alliance.kernel import clock
from merchants.models import Coupon
from merchants.services.products import ProductData, products_save
from tests.cast import Cast, cast_make

NOON = datetime(2026, 6, 16, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
PAGE = reverse("aiassist:copy_check")


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(NOON):
        yield cast_make()


@pytest.fixture
def mask(cast):
    data = ProductData("M", "水润保湿面膜5片装", "https://shop.chen.example/m", 99_00)
    products_save(shop=cast.shop, products=[data], actor=cast.chen)
    product = cast.shop.products.get(external_id="M")
    Coupon.objects.create(
        merchant=cast.merchant, shop=cast.shop, product=product, code="M20", face_minor=20_00,
        currency="CNY", starts_at=NOON - DAY, ends_at=NOON + 2 * DAY,
    )  # fmt: skip
    return product


def posted(client, text: str, **fields):
    data = {"text": text, "channel": "moments", "language": "zh"} | fields
    return client.post(f"{PAGE}?product={fields.get('product', '')}", data).content.decode()


def test_a_text_is_held_to_the_products_facts_and_marked_in_place(client, cast, mask):
    client.force_login(cast.lin)
    page = client.get(f"{PAGE}?product={mask.pk}").content.decode()
    assert f'<option value="{mask.pk}" selected>' in page

    good = posted(client, "【广告】水润保湿面膜5片装，券后79元，6月18日截止", product=mask.pk)
    assert "Nothing to say against it" in good

    mended = posted(client, "最佳面膜，<b>券后79元</b>", product=mask.pk)
    assert '<mark class="checked-block">最佳<a href="#finding-2">2</a></mark>' in mended
    assert "Advertising Law of China, art. 9 (3)" in mended
    assert "【广告】出色面膜，&lt;b&gt;券后79元" in mended

    wrong = posted(client, "【广告】券后69元", product=mask.pk)
    assert "Do not send it like this" in wrong
    assert "It is CN¥79.00." in wrong

    with clock.at(NOON + 3 * DAY):
        assert "take it back" in posted(client, "【广告】券后79元", product=mask.pk)


def test_without_a_product_only_the_words_are_judged(client, cast):
    client.force_login(cast.lin)

    page = posted(client, "【广告】券后69元，纯棉")

    assert "No product was chosen" in page
    assert "Look at this before you send it" in page
    assert "choose the product" in page

    foreign = posted(client, "好看的围巾", language="en")
    assert "choose “Chinese”" in foreign
    assert "Put “Ad: ” in front." in foreign
    assert "in another language" not in posted(client, "好看的围巾")


def test_products_to_choose_are_those_of_the_affiliates_links(client, cast, mask):
    client.force_login(cast.lin)
    assert mask.name not in client.get(PAGE).content.decode()

    link = link_create(actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=mask)

    assert mask.name in client.get(PAGE).content.decode()
    assert link.code in facts_of(mask, affiliate=cast.affiliate).codes
    assert "Select a valid choice" in posted(client, "【广告】面膜", product=0)


def test_a_link_of_our_own_passes_and_another_does_not(client, cast, mask, settings):
    client.force_login(cast.lin)
    ours = posted(client, f"【广告】面膜 {settings.PUBLIC_URL}/r/abc", product=mask.pk)
    assert "Nothing to say against it" in ours

    other = posted(client, "【广告】面膜 https://elsewhere.example/r/abc", product=mask.pk)
    assert "Leads elsewhere than your own link." in other
