"""Building links: the same way gives the same link, a foreign address gives none."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from affiliates.models import Affiliate, Link
from affiliates.pasted import ALPHABET
from affiliates.services import (
    link_create,
    link_pause,
    link_resume,
    links,
    site_reject,
    zone_create,
)
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent
from merchants.models import Merchant, MerchantState, Product, ProductState

pytestmark = pytest.mark.django_db


def test_a_link_leads_to_the_product_and_says_for_whom(link, affiliate, product):
    assert re.fullmatch(rf"[{ALPHABET}]{{10}}", link.code)
    assert (link.affiliate, link.zone, link.shop) == (affiliate, affiliate.zone, product.shop)
    assert (link.product, link.url) == (product, product.url)
    assert AuditEvent.objects.filter(verb="link.created", object_id=str(link.pk)).count() == 1


def test_the_same_way_is_the_same_link(make_link, affiliate, product):
    first = make_link(affiliate, product, subs={"sub1": " morning "})
    again = make_link(affiliate, product, subs={"sub1": "morning", "sub2": ""})
    assert again == first
    assert first.sub1 == "morning"


def test_another_zone_page_or_sub_id_is_another_link(make_link, affiliate, product):
    zone = zone_create(actor=affiliate.owner, site=affiliate.zone.site, name="Second")
    ways = [
        make_link(affiliate, product),
        make_link(affiliate, product, subs={"sub1": "a"}),
        make_link(affiliate, product, subs={"sub2": "a"}),
        make_link(affiliate, product, url=product.url + "?colour=red"),
        make_link(affiliate, url="https://shop.example/"),
        link_create(actor=affiliate.owner, affiliate=affiliate, zone=zone, product=product),
    ]
    assert len(set(ways)) == 6


def test_an_address_finds_its_shop_and_product(make_link, make_shop, affiliate, product):
    assert make_link(affiliate, url=f" {product.url} ").product == product
    sub_shop = make_shop("tea.shop.example")
    assert make_link(affiliate, url="https://tea.shop.example/x").shop == sub_shop
    assert make_link(affiliate, url="https://other.shop.example/x").shop == product.shop


def test_a_click_id_in_a_pasted_address_is_left_behind(make_link, affiliate, shop):
    link = make_link(affiliate, url="https://shop.example/sale?click_id=somebodys&a=1")
    assert link.url == "https://shop.example/sale?a=1"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "javascript:alert(1)",
        "shop.example/p",
        "",
        "https://shop.example/" + "a" * 1000,
    ],
)
def test_no_link_leads_elsewhere(make_link, affiliate, shop, url):
    with pytest.raises(Invalid) as refusal:
        make_link(affiliate, url=url)
    assert refusal.value.field == "url"
    assert not Link.objects.exists()


def test_a_products_link_stays_within_its_own_shop(make_link, make_shop, affiliate, product):
    make_shop("other.example")
    with pytest.raises(Invalid, match=r"shop\.example"):
        make_link(affiliate, product, url="https://other.example/p")


@pytest.mark.parametrize("subs", [{"sub6": "x"}, {"sub1": "x" * 101}])
def test_sub_ids_are_five_and_short(make_link, affiliate, product, subs):
    with pytest.raises(Invalid):
        make_link(affiliate, product, subs=subs)


def test_control_characters_leave_a_sub_id(make_link, affiliate, product):
    assert make_link(affiliate, product, subs={"sub1": "a\x00\r\nb"}).sub1 == "ab"


def test_somebody_elses_zone_is_refused(make_affiliate, affiliate, product):
    other = make_affiliate()
    with pytest.raises(Invalid, match="not yours"):
        link_create(actor=affiliate.owner, affiliate=affiliate, zone=other.zone, product=product)


@pytest.mark.parametrize(
    ("state", "says"), [("frozen", "frozen"), ("closed", "closed"), ("applied", "looked at")]
)
def test_only_active_affiliates_build_links(make_link, affiliate, product, state, says):
    Affiliate.objects.filter(pk=affiliate.pk).update(state=state)
    affiliate.refresh_from_db()
    with pytest.raises(WrongState, match=says):
        make_link(affiliate, product)


@pytest.mark.parametrize("state", [MerchantState.FROZEN, MerchantState.CLOSED])
def test_a_merchant_that_is_not_active_is_not_promoted(make_link, affiliate, product, state):
    Merchant.objects.update(state=state)
    with pytest.raises(WrongState, match="merchant"):
        make_link(affiliate, Product.objects.get())


def test_a_withdrawn_product_is_not_promoted(make_link, affiliate, make_product):
    with pytest.raises(WrongState, match="withdrawn"):
        make_link(affiliate, make_product(state=ProductState.WITHDRAWN))


def test_a_rejected_site_says_why_it_carries_no_links(make_link, affiliate, product, ops):
    site_reject(actor=ops, site=affiliate.zone.site, reason="Spam.")
    with pytest.raises(WrongState, match="Spam"):
        make_link(affiliate, product)


def test_pause_and_resume(link, affiliate, make_link, product):
    link_pause(actor=affiliate.owner, link=link)
    with pytest.raises(WrongState):
        link_pause(actor=affiliate.owner, link=link)
    link_resume(actor=affiliate.owner, link=link)
    with pytest.raises(WrongState):
        link_resume(actor=affiliate.owner, link=link)

    link_pause(actor=affiliate.owner, link=link)
    assert make_link(affiliate, product).paused_at is None, "asking for it again resumes it"


def test_a_code_that_is_taken_is_not_used_again(monkeypatch, make_link, affiliate, product):
    rolls = iter("a" * 10 + "a" * 10 + "b" * 10)
    monkeypatch.setattr(links.secrets, "choice", lambda _alphabet: next(rolls))
    assert make_link(affiliate, product).code == "a" * 10
    assert make_link(affiliate, product, subs={"sub1": "x"}).code == "b" * 10


@pytest.mark.django_db(transaction=True)
def test_asking_at_the_same_moment_makes_one_link(affiliate, product):
    start = Barrier(6)

    def ask(_i: int) -> int:
        try:
            start.wait()
            return link_create(
                actor=affiliate.owner, affiliate=affiliate, zone=affiliate.zone, product=product
            ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        made = set(threads.map(ask, range(6)))
    assert len(made) == 1
    assert Link.objects.count() == 1
    assert AuditEvent.objects.filter(verb="link.created").count() == 1
