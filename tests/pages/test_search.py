"""One field finds what people have in hand, of their own and of nobody else's."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.services import affiliate_apply, link_address
from alliance.kernel.search import Asked, Hit, best_first
from commissions.models import Payout
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import user_make
from tests.desk.world import World, world_make


@pytest.fixture
def world(db, settings) -> World:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    return world_make()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(client: Client, text: str):
    return client.get(reverse("search"), {"q": text})


def leads(client: Client, text: str) -> str:
    """Where it leads at once; "" if it shows a list, or nothing."""
    return asked(client, text).get("Location", "")


def of_affiliate(world: World) -> dict[str, str]:
    cast, things = world.cast, world.things
    commission = cast.commission("T1")
    statement = cast.affiliate.statements.get()
    payout = Payout.objects.filter(affiliate=cast.affiliate).latest("pk")
    return {
        "T1": reverse("commissions:receipt", args=[commission.pk]),
        cast.link.code: reverse("affiliates:links") + f"?code={cast.link.code}",
        link_address(cast.link): reverse("affiliates:links") + f"?code={cast.link.code}",
        cast.zone.pid: reverse("affiliates:sites") + f"#zone-{cast.zone.pk}",
        statement.number.lower(): reverse("commissions:affiliate_statement", args=[statement.pk]),
        f"payout-{payout.pk}": reverse("commissions:withdrawals") + f"#payout-{payout.pk}",
        things["commissions.violation"].number: reverse(
            "commissions:violation", args=[things["commissions.violation"].pk]
        ),
    }


def of_merchant(world: World) -> dict[str, str]:
    cast, things = world.cast, world.things
    statement, invoice = cast.merchant.statements.get(), things["commissions.invoice"]
    order = cast.shop.orders.get(external_id="T1")
    return {
        "T1": reverse("commissions:merchant_order", args=[order.pk]),
        cast.product.external_id: reverse("merchants:product", args=[cast.product.pk]),
        cast.zone.pid: reverse("commissions:merchant_orders") + f"?affiliate={cast.affiliate.pk}",
        things["merchants.coupon"].code: reverse("merchants:coupons"),
        statement.number: reverse("commissions:merchant_statement", args=[statement.pk]),
        str(invoice): reverse("commissions:invoice", args=[invoice.pk]),
    }


def test_an_id_leads_its_owner_there_and_tells_nobody_else_that_it_exists(world):
    cast = world.cast
    other, seller = user_make(), user_make()
    affiliate_apply(user=other, kind="small", name="Other")
    merchant = merchant_apply(user=seller, name="Z", shop_name="Z", domains=["other.example"])
    merchant_approve(merchant=merchant, actor=world.people["ops"])
    lin, chen = signed_in(cast.lin), signed_in(cast.chen)

    for owner, strangers, places in (
        (lin, (other, seller, cast.chen), of_affiliate(world)),
        (chen, (other, seller, cast.lin), of_merchant(world)),
    ):
        for text, place in places.items():
            assert leads(owner, text) == place, text
            for stranger in strangers:
                client = signed_in(stranger)
                assert leads(client, text) != place, (text, stranger)
    for text in [*of_affiliate(world), *of_merchant(world)]:
        if text == cast.product.external_id:
            continue  # what is for sale is every affiliate's to promote
        for stranger in (other, seller):
            answer = asked(signed_in(stranger), text)
            nothing = asked(signed_in(stranger), "Q" * len(text))
            assert answer.status_code == 200, text
            assert answer.context["hits"] == nothing.context["hits"] == [], text


def test_an_affiliate_finds_products_by_id_address_and_words(world):
    lin, product = signed_in(world.cast.lin), world.cast.product
    page = reverse("affiliates:product", args=[product.pk])

    assert leads(lin, product.external_id) == page
    assert leads(lin, product.url) == page
    hits = asked(lin, product.title).context["hits"]
    assert page in [hit.url for hit in hits]
    assert not any(hit.exact for hit in hits)


def test_names_give_a_list_and_parts_of_an_order_number_too(world):
    chen = signed_in(world.cast.chen)
    world.cast.sold("SAME-1")
    world.cast.sold("SAME-2")

    assert [hit.title for hit in asked(chen, "SAME").context["hits"]] == ["SAME-2", "SAME-1"]
    names = [hit.title for hit in asked(chen, world.cast.affiliate.name[:4]).context["hits"]]
    assert world.cast.affiliate.name in names


def test_nothing_found_says_what_can_be(world):
    page = asked(signed_in(world.cast.lin), "no such thing <b>").content.decode()

    assert "Nothing found for “no such thing &lt;b&gt;”" in page
    assert reverse("commissions:order_find") in page
    assert "invoice" not in page


def test_whatever_is_typed_breaks_nothing(world):
    clients = [signed_in(world.cast.lin), signed_in(world.cast.chen)]
    for text in ("", "%", "_", "\\", "'", "mm_1_2", "9" * 30, "V", "#", "茶", "x" * 999):
        for client in clients:
            assert asked(client, text).status_code in (200, 302), text


def test_staff_are_shown_to_the_desk(world):
    page = asked(signed_in(world.people["ops"]), "T1")

    assert page.context["hits"] == []
    assert reverse("admin:index") in page.content.decode()


def test_what_two_ways_find_is_shown_once_by_the_better():
    loose, exact = Hit("x", "x", "b", "/b/"), Hit("x", "x", "b", "/b/", exact=True)

    assert best_first([Hit("x", "x", "a", "/a/"), loose, exact]) == [
        exact,
        Hit("x", "x", "a", "/a/"),
    ]


@pytest.mark.parametrize(
    ("text", "prefix", "key"), [("v12", "V", 12), ("V", "V", 0), ("payout-7", "payout-", 7)]
)
def test_a_number_is_read_behind_its_prefix(text, prefix, key):
    assert Asked.read(f" {text} ").numbered(prefix) == key
