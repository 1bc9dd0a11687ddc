"""The cast of June, and two people of operations at the desk."""

import pytest
from django.test import Client

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from merchants.models import Product
from tests.cast import cast_make, staff_make
from tests.desk.campaigns.world import DAY, NOON, client_of


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


@pytest.fixture
def ops(cast) -> Client:
    return client_of(staff_make(StaffRole.OPS))


@pytest.fixture
def second(cast) -> Client:
    return client_of(staff_make(StaffRole.OPS))


@pytest.fixture
def teas(cast) -> list[Product]:
    return [
        Product.objects.create(
            shop=cast.shop, external_id=f"T{i}", title=f"茶 {i}", brand="Longjing",
            price_minor=1_000 * i, currency="CNY", sales_count=i,
        )
        for i in range(1, 4)
    ]  # fmt: skip
