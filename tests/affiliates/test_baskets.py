"""Baskets: put in, taken out, put back; whose they are, and how much there can be."""

import pytest
from django.urls import reverse

from affiliates.models import AffiliateMember, Basket, BasketItem
from affiliates.services import baskets
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, MemberRole

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def travel(now):
    return now


@pytest.fixture
def mine(client, affiliate):
    client.force_login(affiliate.owner)
    return client


def post(client, page, *args, **fields):
    return client.post(reverse(f"affiliates:{page}", args=args), fields)


def inside(basket):
    return [item.product for item in basket.items.order_by("pk")]


def test_the_first_product_makes_the_first_basket_and_goes_back_where_it_came_from(
    mine, affiliate, product, terms
):
    here = reverse("affiliates:products")
    answer = mine.post(
        reverse("affiliates:basket_put"),
        {"product": product.pk},
        headers={"referer": f"http://testserver{here}"},
    )

    basket = Basket.objects.get()
    assert (basket.affiliate_id, basket.name, inside(basket)) == (
        affiliate.pk, "My basket", [product],
    )  # fmt: skip
    assert answer["Location"].endswith(here)
    page = mine.get(here).content.decode()
    assert "1 product is in “My basket” now." in page
    assert reverse("affiliates:basket", args=[basket.pk]) in page


def test_to_htmx_the_button_becomes_the_way_to_the_basket(mine, product):
    answer = mine.post(
        reverse("affiliates:basket_put"),
        {"product": product.pk},
        headers={"HX-Request": "true"},
    )

    assert "is-held" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_what_is_put_in_again_is_in_it_once_and_the_one_used_last_is_offered(
    mine, affiliate, make_product, travel
):
    a, b = make_product(), make_product()
    first = baskets.basket_make(actor=affiliate.owner, affiliate=affiliate, name="First")
    travel(minutes=1)
    baskets.basket_make(actor=affiliate.owner, affiliate=affiliate, name="Second")
    travel(minutes=2)
    post(mine, "basket_put", product=[a.pk, a.pk, b.pk], basket=first.pk)
    post(mine, "basket_put", product=a.pk)

    assert inside(first) == [a, b]
    assert BasketItem.objects.count() == 2


def test_what_is_taken_out_can_be_put_back(mine, affiliate, make_product, terms):
    product = make_product(title_en="Oolong tin")
    post(mine, "basket_put", product=product.pk)
    basket = Basket.objects.get()

    answer = post(mine, "basket_take", basket.pk, product=product.pk)
    assert inside(basket) == []
    page = mine.get(answer["Location"]).content.decode()
    assert "“Oolong tin” is out of the basket." in page
    post(mine, "basket_put", product=product.pk, basket=basket.pk)
    assert inside(basket) == [product]


def test_the_basket_says_what_cannot_be_promoted(mine, make_product, terms):
    gone, good = make_product(), make_product()
    post(mine, "basket_put", product=[gone.pk, good.pk])
    type(gone).objects.filter(pk=gone.pk).update(state="withdrawn")

    page = mine.get(reverse("affiliates:basket", args=[Basket.objects.get().pk])).content.decode()
    assert page.count("The shop has withdrawn this product.") == 1


def test_baskets_of_others_are_not_there(client, make_affiliate, affiliate, product):
    basket = baskets.basket_make(actor=affiliate.owner, affiliate=affiliate, name="Mine")
    baskets.basket_put(basket=basket, products=[product])
    client.force_login(make_affiliate().owner)

    assert client.get(reverse("affiliates:basket", args=[basket.pk])).status_code == 404
    assert "Mine" not in client.get(reverse("affiliates:baskets")).content.decode()
    for name in ("basket_take", "basket_rename", "basket_drop"):
        answer = post(client, name, basket.pk, product=product.pk, name="Theirs")
        assert answer.status_code == 404
    assert post(client, "basket_put", product=product.pk, basket=basket.pk).status_code == 404
    bulk = reverse("campaigns:bulk")
    assert client.get(bulk, {"basket": basket.pk}).status_code == 404
    assert inside(basket) == [product]


def test_viewers_look_and_change_nothing(client, affiliate, make_user, product):
    viewer = make_user()
    AffiliateMember.objects.create(affiliate=affiliate, user=viewer, role=MemberRole.VIEWER)
    client.force_login(viewer)

    assert client.get(reverse("affiliates:baskets")).status_code == 200
    assert "product-choose" not in client.get(reverse("affiliates:products")).content.decode()
    assert post(client, "basket_put", product=product.pk).status_code == 403
    assert not Basket.objects.exists()


def test_limits_are_said_and_nothing_goes_in_beyond_them(affiliate, make_product, monkeypatch):
    monkeypatch.setattr(baskets, "PRODUCTS", 3)
    monkeypatch.setattr(baskets, "BASKETS", 1)
    actor = affiliate.owner
    basket = baskets.basket_make(actor=actor, affiliate=affiliate, name=" Tea   time ")
    goods = [make_product() for _n in range(4)]
    baskets.basket_put(basket=basket, products=goods[:2])

    with pytest.raises(WrongState, match=r"“Tea time” has room for 1 more product; .* 3 in it"):
        baskets.basket_put(basket=basket, products=goods[1:])
    assert inside(basket) == goods[:2]
    with pytest.raises(WrongState, match="1 baskets"):
        baskets.basket_make(actor=actor, affiliate=affiliate, name="Another")


def test_names_are_given_once_and_baskets_end(mine, affiliate):
    actor = affiliate.owner
    basket = baskets.basket_make(actor=actor, affiliate=affiliate, name="Tea")
    for name in ("Tea", " ", "x" * 61):
        with pytest.raises(Invalid):
            baskets.basket_make(actor=actor, affiliate=affiliate, name=name)
    other = baskets.basket_make(actor=actor, affiliate=affiliate, name="Coffee")
    with pytest.raises(Invalid):
        baskets.basket_rename(actor=actor, basket=other, name="Tea")

    post(mine, "basket_rename", basket.pk, name="Green tea")
    post(mine, "basket_drop", other.pk)
    assert [one.name for one in Basket.objects.all()] == ["Green tea"]
    verbs = AuditEvent.objects.filter(verb__startswith="basket.").order_by("pk")
    assert [event.verb for event in verbs] == [
        "basket.made", "basket.made", "basket.renamed", "basket.dropped",
    ]  # fmt: skip


def test_nothing_is_put_into_a_basket_that_another_tab_has_dropped(affiliate, product):
    basket = baskets.basket_make(actor=affiliate.owner, affiliate=affiliate, name="Tea")
    stale = Basket.objects.get(pk=basket.pk)
    baskets.basket_drop(actor=affiliate.owner, basket=basket)

    with pytest.raises(WrongState):
        baskets.basket_put(basket=stale, products=[product])
    assert not BasketItem.objects.exists()
