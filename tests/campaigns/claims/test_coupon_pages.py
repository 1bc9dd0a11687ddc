"""Where an affiliate takes its coupon pages: copy, QR, and only what its buyers can claim."""

from datetime import timedelta

import pytest

from affiliates.models import Link
from affiliates.queries import way_of
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns.coupon_pages import qr_of
from campaigns.landing import offer_of
from campaigns.models import Campaign, CouponStock
from campaigns.services.stock import stock_close, stock_open, stocks_plan
from tests.campaigns.claims.world import EVENING, campaign_make, stock_of
from tests.cast import staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/affiliate/coupons/"


@pytest.fixture
def lin(world, client):
    client.force_login(world.cast.lin)
    return client


def test_each_stock_has_the_affiliates_own_page_with_copy_and_qr(world, lin):
    page = lin.get(PAGE).content.decode()
    address = f"http://localhost:8000/s/{world.cast.link.code}"

    assert f'data-copy="{address}"' in page
    assert "100 of 100 left" in page
    assert str(qr_of(address)) in page


def test_without_a_link_one_click_makes_it(world, lin):
    Link.objects.all().delete()
    assert "Make my coupon page" in lin.get(PAGE).content.decode()

    response = lin.post(f"{PAGE}{world.stock.pk}/link/")
    assert response["Location"] == PAGE
    assert f"/s/{Link.objects.get().code}" in lin.get(PAGE).content.decode()


def test_coupons_for_every_product_have_a_page_for_the_product_that_one_picks(world, lin):
    Link.objects.all().delete()
    stock_close(stock=world.stock)
    campaign = campaign_make(world.cast.product)
    stock = stock_of(campaign, product=None)
    pick = world.cast.product.pk
    assert f"/affiliate/campaigns/{campaign.pk}/?all=1#slate" in lin.get(PAGE).content.decode()
    assert "Make my coupon page" in lin.get(f"{PAGE}of/{pick}/").content.decode()

    assert lin.post(f"{PAGE}{stock.pk}/link/").status_code == 404  # to which product?
    assert lin.post(f"{PAGE}{stock.pk}/link/", {"product": "999999"}).status_code == 404
    assert not Link.objects.exists()
    answer = lin.post(f"{PAGE}{stock.pk}/link/", {"product": pick})
    assert answer["Location"] == f"/affiliate/products/{pick}/"
    assert f"/s/{Link.objects.get().code}" in lin.get(f"{PAGE}of/{pick}/").content.decode()


@pytest.mark.parametrize("change", [{"kinds": ["ka"]}, {"least_tier": 3}, {"state": "paused"}])
def test_what_its_buyers_cannot_claim_is_not_there(world, lin, change):
    Campaign.objects.filter(pk=world.campaign.pk).update(**change)

    assert "No coupons now" in lin.get(PAGE).content.decode()
    assert lin.post(f"{PAGE}{world.stock.pk}/link/").status_code == 404


def test_closed_stock_is_not_there(world, lin):
    stock_close(stock=world.stock)
    assert "No coupons now" in lin.get(PAGE).content.decode()


def test_the_products_page_tells_of_its_coupons(world, lin):
    part = lin.get(f"{PAGE}of/{world.cast.product.pk}/").content.decode()

    assert "Coupon page: CN¥30.00 off" in part
    assert "<html" not in part
    assert "card" not in lin.get(f"{PAGE}of/999999/").content.decode()


def test_the_list_asks_as_often_with_many(world, lin, django_assert_max_num_queries):
    def count() -> int:
        with django_assert_max_num_queries(60) as asked:
            lin.get(PAGE)
        return len(asked)

    lin.get(PAGE)
    one = count()
    for _stock in range(15):
        stock_of(campaign_make(world.cast.product), product=world.cast.product)
    assert count() == one


def test_strangers_are_sent_away(world, client):
    assert client.get(PAGE).status_code == 302
    client.force_login(user_make())
    assert client.get(PAGE).status_code == 302


def slots_of(world, days: int) -> None:
    """The opened slots of a freebie that began yesterday: 10:00 and 20:00, half an hour each."""
    stock_close(stock=world.stock)
    rules = {"most_price_minor": 5000, "winners": 1}
    begins = EVENING.replace(hour=0) - timedelta(days=1)
    campaign = campaign_make(
        world.cast.product, kind="freebie", rules=rules, starts_at=begins,
        ends_at=begins + timedelta(days=days),
    )  # fmt: skip
    with clock.at(begins):
        for stock in stocks_plan(
            actor=staff_make(StaffRole.OPS), campaign=campaign, product=world.cast.product
        ):
            stock_open(stock=stock)


def test_of_many_time_slots_the_open_one_is_offered_then_the_next(world, lin):
    slots_of(world, days=15)
    way = way_of(world.cast.link.code)
    assert CouponStock.objects.filter(state="open").count() == 30
    now, sold = offer_of(way), world.claim(stock=CouponStock(pk=offer_of(way).stock_id))
    assert (now.state, now.opens_at, sold.holds) == ("open", EVENING, True)

    then = offer_of(way)
    assert (then.state, then.opens_at) == ("soon", EVENING + timedelta(hours=14))
    assert lin.get(PAGE).content.decode().count("data-copy=") == 1
    with clock.at(EVENING + timedelta(days=13)):
        assert offer_of(way).state == "open"
    with clock.at(EVENING + timedelta(days=14)):
        assert offer_of(way).state == "ended"
