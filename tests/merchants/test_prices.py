"""What a product cost before is kept when its price changes: of a day the lowest, for 120 days."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from merchants.models import PastPrice
from merchants.services.prices import prices_forget
from merchants.services.products import ProductData, products_save
from merchants.tasks import imports_forget
from tests.cast import cast_make

NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)

pytestmark = pytest.mark.django_db


def test_of_several_prices_on_a_day_the_lowest_is_kept_and_old_ones_go():
    with clock.at(NOON):
        cast = cast_make()

    def cost(*prices, at):
        with clock.at(at):
            for price in prices:
                row = ProductData("A", "Tea", "https://shop.chen.example/t", price)
                products_save(shop=cast.shop, products=[row], actor=cast.chen)

    cost(90_00, 90_00, at=NOON)
    assert not PastPrice.objects.exists()  # nothing is over
    cost(80_00, 95_00, 60_00, 99_00, at=NOON + timedelta(days=1))
    cost(70_00, at=NOON + timedelta(days=2))

    kept = PastPrice.objects.order_by("day").values_list("day", "price_minor")
    assert list(kept) == [
        ((NOON + timedelta(days=1)).date(), 60_00),
        ((NOON + timedelta(days=2)).date(), 99_00),
    ]
    with clock.at(NOON + timedelta(days=121)):
        assert prices_forget() == 0
    with clock.at(NOON + timedelta(days=122)):
        imports_forget()
    assert PastPrice.objects.get().price_minor == 99_00
