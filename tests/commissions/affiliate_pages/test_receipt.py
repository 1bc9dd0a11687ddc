"""The receipt of an order: every figure with its arithmetic, and nobody else's."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.money import cny
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import JUNE_22, read, rows_of, settled

pytestmark = pytest.mark.django_db


def test_the_receipt_shows_every_figure_with_its_arithmetic(cast, lin):
    commission = cast.sold()
    page = read(lin, "receipt", commission.pk)

    for sentence in (
        "CN¥199.00 × 12% = CN¥23.88",
        "CN¥23.88 × 90% = 21.492, rounded half up to CN¥21.49",
        "CN¥21.49 × 10% = 2.149, rounded half up to CN¥2.15",
        "CN¥21.49 − CN¥2.15 = CN¥19.34",
        "It was the last click on this product before the order.",
        "General plan",
        "The shop reported that the order was paid.",
        commission.lines.get().entry.key,
    ):
        assert sentence in page, sentence


def test_the_receipt_tells_a_refund_after_settlement(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        commission = cast.refunded("50.00")
        response = lin.get(reverse("commissions:receipt", args=[commission.pk]))

    assert [(step.state, step.net) for step in response.context["revisions"]] == [
        ("estimated", cny("19.34")),
        ("confirmed", cny("0.00")),
        ("settled", cny("0.00")),
        ("settled", cny("-4.86")),
    ]
    assert "CN¥199.00 paid − CN¥50.00 refunded = CN¥149.00" in response.content.decode()
    assert response.context["waterfall"].net == cny("14.48")


def test_a_placed_order_shows_what_it_will_be_worth(cast, lin):
    commission = cast.sold(state="placed", paid_at=None)
    response = lin.get(reverse("commissions:receipt", args=[commission.pk]))

    assert response.context["waterfall"].expected
    assert response.context["waterfall"].net == cny("19.34")


def test_strangers_find_nothing(cast):
    commission = cast.sold()
    other = user_make()
    affiliate_apply(user=other, kind="small", name="Other")
    client = Client()
    client.force_login(other)

    assert client.get(reverse("commissions:receipt", args=[commission.pk])).status_code == 404
    assert len(rows_of(client, "affiliate_orders_csv")) == 1
    assert not client.get(reverse("commissions:affiliate_orders")).context["rows"]
