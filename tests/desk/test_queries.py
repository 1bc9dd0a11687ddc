"""Pages of the desk ask as often with 30 rows as with one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.models import Affiliate, Attribution
from commissions.models import Settlement
from tests.desk.thirty import MORE, affiliates
from tests.desk.world import MODELS, url_of


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_a_list_asks_as_often_for_thirty_rows_as_for_one(world, as_, model):
    client, url = as_("administrator"), url_of(model)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url)
        assert page.status_code == 200
        return len(page.context["cl"].result_list), len(queries)

    client.get(url)  # warms the caches of the menu
    rows, few = asked()
    MORE[model._meta.label_lower](world, 30)
    more, many = asked()

    assert more >= min(rows + 29, 50)  # a page of the list holds fifty
    assert many <= few
    assert many < 15


def test_an_order_asks_as_often_for_many_lines_as_for_one(world, as_):
    order = world.things["merchants.order"]
    client, url = as_("administrator"), url_of(type(order), f"{order.pk}/change/")
    client.get(url)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    few = asked()
    line = order.lines.get()
    for i in range(20):
        line.pk, line._state.adding, line.external_id = None, True, f"X{i}"
        line.save()
        Attribution.objects.create(line=line, rule="none")

    assert asked() <= few


def test_the_first_page_is_cheap(world, as_):
    client = as_("administrator")
    client.get("/admin/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/")

    assert len(queries) < 12


def test_a_settlement_page_asks_as_often_for_many_shares(world, as_):
    client, url = as_("finance"), url_of(Settlement, f"{world.june.pk}/change/")
    client.get(url)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    few = asked()
    affiliates(world, 30)
    for one in Affiliate.objects.order_by("-pk")[:30]:
        world.june.shares.create(
            affiliate=one, commissions=1, publisher_minor=10, tech_fee_minor=1, net_minor=9
        )

    assert asked() <= few
