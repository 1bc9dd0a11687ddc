"""The affiliate's orders: each explained, filtered alike on screen and in the file."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.services import link_create
from alliance.kernel import clock
from alliance.kernel.money import cny
from tests.cast import cast_make
from tests.commissions.affiliate_pages.reading import MAY, questions, read, rows_of

pytestmark = pytest.mark.django_db


def test_each_order_says_why_it_stands_where_it_stands(cast, lin):
    cast.sold("P1", state="placed", paid_at=None)
    cast.sold("V1")
    cast.record(cast.report("V1", state="void", void_at=MAY, void_reason="out of stock", lines=()))
    cast.sold("R1")
    with clock.at(MAY + timedelta(days=3)):
        cast.received("R1", placed_at=MAY, paid_at=MAY)
        cast.refunded("50.00", "R1")
        page = read(lin, "affiliate_orders")

    assert "Placed, not paid yet." in page
    assert "Void: out of stock" in page
    assert "Goods received on May 13, 2026. Settles on Jun 20, 2026." in page
    assert f"{cny('50.00').localized()} was refunded to the buyer." in page


def test_an_order_that_waits_for_funds_says_so():
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make(wallet="0")
    with clock.at(MAY):
        cast.sold()
        client = Client()
        client.force_login(cast.lin)
        page = read(client, "affiliate_orders", state="unfunded")

    assert "Waiting for the merchant&#x27;s funds" in page


def test_the_filter_narrows_screen_and_file_alike(cast, lin):
    other = link_create(
        actor=cast.lin,
        affiliate=cast.affiliate,
        zone=cast.zone,
        product=cast.product,
        subs={"sub2": "wechat"},
    )
    cast.sold("A1", click_id=cast.click(link=other))
    cast.sold("A2")
    cast.sold("B1", placed_at=MAY - timedelta(minutes=30), state="placed", paid_at=None)
    for query, numbers in (
        ({}, {"A1", "A2", "B1"}),
        ({"sub": "wechat"}, {"A1"}),
        ({"number": "a"}, {"A1", "A2"}),
        ({"state": "placed"}, {"B1"}),
        ({"start": "2026-05-11"}, set()),
        ({"start": "2026-05-10", "end": "2026-05-10"}, {"A1", "A2", "B1"}),
        ({"state": "nonsense"}, {"A1", "A2", "B1"}),
    ):
        page = lin.get(reverse("commissions:affiliate_orders"), query).context["page"]
        assert {row.line.order.external_id for row in page} == numbers, query
        assert {row[0] for row in rows_of(lin, "affiliate_orders_csv", **query)[1:]} == numbers


def test_the_file_has_exact_figures_zoned_moments_and_no_formulas(cast, lin):
    cast.sold("=1+1")
    header, row = rows_of(lin, "affiliate_orders_csv")
    named = dict(zip(header, row, strict=True))

    assert named["Order number"] == "'=1+1"
    assert named["Placed at"] == "2026-05-10T12:00:00+08:00"
    assert (named["Paid"], named["Commission"], named["Your share"]) == ("199.00", "23.88", "21.49")
    assert (named["Service fee"], named["Yours"], named["Currency"]) == ("2.15", "19.34", "CNY")
    assert named["Rate in %"] == "12.00"


def test_htmx_gets_the_rows_alone(cast, lin):
    cast.sold()
    response = lin.get(reverse("commissions:affiliate_orders"), headers={"HX-Request": "true"})

    assert "HX-Request" in response["Vary"]
    assert response.content.decode().lstrip().startswith('<section class="card" id="rows">')


def test_orders_take_as_many_queries_with_30_rows_as_with_one(cast, lin):
    names = ["affiliate_home", "affiliate_orders", "affiliate_orders_csv"]
    cast.sold("T0")
    one = {name: questions(lin, name) for name in names}
    cast.record(*(cast.report(f"T{i}", click_id=cast.click()) for i in range(1, 30)))

    assert {name: questions(lin, name) for name in names} == one
