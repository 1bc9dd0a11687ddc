"""Product feeds: made on a page, fetched by a program, followed by a buyer."""

import csv
import json
from io import StringIO
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from affiliates.models import Feed, Link
from affiliates.services.links import link_pause
from alliance.kernel import clock

pytestmark = pytest.mark.django_db
G = "{http://base.google.com/ns/1.0}"


@pytest.fixture(autouse=True)
def travel(now):
    return now


@pytest.fixture
def open_feed(client, affiliate):
    """Posts the form and returns the path of the private address."""

    def make(layout="google_xml", **filters):
        client.force_login(affiliate.owner)
        fields = {
            "name": "Tea", "layout": layout, "zone": affiliate.zone.pk, "language": "en",
            "size": "100", **filters,
        }  # fmt: skip
        page = client.post(reverse("affiliates:feed_new"), fields)
        client.logout()
        return urlsplit(page.context["address"]).path

    return make


def test_prices_that_cross_are_refused(client, affiliate):
    client.force_login(affiliate.owner)
    fields = {
        "name": "Tea", "layout": "google_xml", "zone": affiliate.zone.pk, "language": "en",
        "size": "100", "price_from": "50", "price_to": "10",
    }  # fmt: skip

    page = client.post(reverse("affiliates:feed_new"), fields)

    assert "The upper price is below the lower one." in page.content.decode()
    assert not Feed.objects.exists()


def body(answer):
    return b"".join(answer.streaming_content)


def test_a_feed_holds_what_its_filters_find_with_links_of_its_own(
    client, affiliate, open_feed, make_product, category, terms
):
    tea = make_product(
        title_en="Oolong \x0b& <tin>", category=category, rate_bps=1_200, brand="Lin",
        image_url="https://shop.example/1.jpg",
    )  # fmt: skip
    make_product(rate_bps=600)
    address = open_feed(category="tea", rate="1000")
    answer = client.get(address)
    (item,) = ElementTree.fromstring(body(answer)).iter("item")

    link = Link.objects.get()
    assert (link.product, link.zone, link.sub1) == (tea, affiliate.zone, Feed.objects.get().sub)
    said = {one.tag.removeprefix(G): one.text for one in item if one.tag.startswith(G)}
    assert said == {
        "id": str(tea.pk),
        "title": "Oolong & <tin>",
        "description": "Oolong & <tin>",
        "link": said["link"],
        "image_link": "https://shop.example/1.jpg",
        "availability": "in_stock",
        "condition": "new",
        "price": "199.00 CNY",
        "brand": "Lin",
        "product_type": "Tea",
        "custom_label_2": said["custom_label_2"],
        "custom_label_3": tea.shop.name,
    }
    assert said["link"].endswith(f"/r/{link.code}")
    assert "sessionid" not in answer.cookies

    body(client.get(address))
    assert Link.objects.count() == 1  # the second time they are there


def test_who_has_it_already_is_told_so_until_something_changes(
    client, open_feed, product, terms, travel
):
    address = open_feed()
    first = client.get(address)
    body(first)
    tags = {"If-None-Match": first["ETag"]}
    assert client.get(address, headers=tags).status_code == 304
    travel(minutes=10)  # made again, and the same
    assert client.get(address, headers=tags).status_code == 304
    dated = {"If-Modified-Since": first["Last-Modified"]}
    assert client.get(address, headers=dated).status_code == 304

    type(product).objects.filter(pk=product.pk).update(price_minor=9_900)
    travel(minutes=20)
    again = client.get(address, headers=tags)
    assert b"99.00 CNY" in body(again)
    assert again["Last-Modified"] != first["Last-Modified"]


@pytest.mark.parametrize("layout", ["rss", "json", "google_tsv"])
def test_every_format_says_the_same_products_and_leaves_out_paused_links(
    client, affiliate, open_feed, make_product, terms, layout
):
    kept, paused = make_product(), make_product(description="a\tb\nc")
    address = open_feed(layout)
    assert read(layout, client.get(address)) == {str(kept.pk), str(paused.pk)}

    link_pause(actor=affiliate.owner, link=Link.objects.get(product=paused))
    assert read(layout, client.get(address)) == {str(kept.pk)}


def test_a_description_is_no_markup_in_readers_that_take_it_for_some(
    client, open_feed, make_product, terms
):
    make_product(description='Tea <a href="https://evil.example/">here</a>\n<script>x</script>')
    (item,) = ElementTree.fromstring(body(client.get(open_feed("rss")))).iter("item")
    words = item.findtext("description")
    assert "<a" not in words
    assert "<script" not in words
    assert "Tea &lt;a" in words
    assert "<br>" in words


def read(layout, answer):
    text = body(answer).decode()
    if layout == "rss":
        return {one.findtext("guid") for one in ElementTree.fromstring(text).iter("item")}
    if layout == "json":
        found = json.loads(text)
        assert found["version"] == "https://jsonfeed.org/version/1.1"
        return {one["id"] for one in found["items"]}
    return {row["id"] for row in csv.DictReader(StringIO(text), dialect="excel-tab")}


def test_a_closed_feed_and_strangers_find_nothing(client, affiliate, make_affiliate, open_feed):
    address = open_feed()
    token = address.rpartition("/")[2]
    feed = Feed.objects.get()
    assert token not in {str(value) for value in vars(feed).values()}
    close = reverse("affiliates:feed_close", args=[feed.pk])
    client.force_login(make_affiliate().owner)
    assert client.post(close).status_code == 404
    client.force_login(affiliate.owner)
    client.post(close)

    assert Feed.objects.get().closed_at == clock.now()
    assert client.get(address).status_code == 404


def test_it_cannot_be_fetched_all_the_time(client, open_feed):
    address = open_feed()
    answers = [client.get(address).status_code for _time in range(21)]
    assert answers == [200] * 20 + [429]
