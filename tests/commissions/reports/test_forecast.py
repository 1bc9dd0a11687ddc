"""How long a merchant's wallet lasts, in words."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import queries
from tests.cast import cast_make
from tests.commissions.reports.reading import MAY

pytestmark = pytest.mark.django_db


def said(client):
    return " ".join(client.get(reverse("commissions:wallet")).content.decode().split())


def test_the_pace_of_the_last_fourteen_days_says_the_day(client):
    with clock.at(MAY - timedelta(days=21)):
        cast = cast_make(wallet="100.00")
    client.force_login(cast.chen)
    with clock.at(MAY - timedelta(days=14)):
        cast.sold("T1")  # a day too early
    with clock.at(MAY - timedelta(days=13)):
        cast.sold("T2")
    with clock.at(MAY):
        state = queries.wallet_of(cast.merchant)
        page = said(client)

    assert (state.fortnight, state.daily) == (cny("23.88"), cny("1.71"))
    assert state.days == 5224 * 14 // 2388 == 30
    assert "it lasts about <strong>30 days</strong>, until <strong>Jun 9, 2026</strong>" in page
    assert f"{cny('23.88').localized()} left the wallet" in page
    assert str(state.coverage.label) in page


@pytest.mark.parametrize(
    ("wallet", "orders", "words"),
    [
        ("100.00", 0, "there is no pace to go by"),
        ("24.00", 1, "it does not last for another day"),
        ("1000.00", 1, "it lasts for over a year"),
    ],
)
def test_where_no_day_can_be_said_there_are_words(client, wallet, orders, words):
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make(wallet=wallet)
    client.force_login(cast.chen)
    with clock.at(MAY):
        for number in range(orders):
            cast.sold(f"T{number}")
        assert words in said(client)
