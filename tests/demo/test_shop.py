"""The demo's shop takes a claimed coupon off, and reports the order with it."""

import pytest

from alliance.demo import shop
from campaigns.claims import Through, claim
from merchants.models import Order
from tests.campaigns.claims.world import world_make

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_claimed_coupon_is_taken_off_and_reported():
    world = world_make()
    cast = world.cast
    taken = claim(
        stock_id=world.stock.pk,
        buyer_key="b",
        request_key="r",
        through=Through(
            link_id=cast.link.pk,
            affiliate_id=cast.affiliate.pk,
            zone_id=cast.zone.pk,
            shop_id=cast.shop.pk,
            product_id=cast.product.pk,
        ),
    )
    assert shop.coupon_of(cast.product, "nothing") is None
    place = {"product": cast.product, "quantity": 1, "click_id": taken.code}

    plain = shop.order_place(**place, coupon="nothing")
    dressed = shop.order_place(**place, coupon=taken.code)
    price = cast.product.price_minor
    found = {
        order.external_id: (order.coupon_code, order.lines.get().amount_minor)
        for order in Order.objects.all()
    }
    assert found == {plain: ("", price), dressed: (taken.code, price - 30_00)}
