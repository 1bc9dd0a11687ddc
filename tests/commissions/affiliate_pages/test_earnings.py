"""Earnings: closed months, debts, and the orders that they come from."""

import pytest
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions.services import payouts, settlements
from tests.commissions.affiliate_pages.reading import (
    JUNE_20,
    JUNE_22,
    MAY,
    payee,
    questions,
    rows_of,
    settled,
)

pytestmark = pytest.mark.django_db


def test_earnings_show_closed_months_and_never_a_preview(cast, lin):
    settled(cast)
    with clock.at(MAY.replace(month=6)):
        second = cast.sold("T2")
        cast.received("T2", placed_at=second.placed_at, paid_at=second.placed_at)
    with clock.at(JUNE_20.replace(month=7)):
        settlements.settlement_build(
            settlement=settlements.settlement_open(
                month=JUNE_20.date().replace(day=1), currency="CNY"
            )
        )
        response = lin.get(reverse("commissions:earnings"))
        rows = rows_of(lin, "earnings_csv")

    assert [month for _share, month in response.context["months"]] == ["May 2026"]
    assert rows[1][:1] + rows[1][2:] == [
        "2026-05", "1", "CNY", "21.49", "2.15", "19.34", "0.00", "19.34",
    ]  # fmt: skip


def test_a_debt_is_explained_by_the_orders_it_comes_from(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("19.34"))
        cast.refunded("50.00")
        response = lin.get(reverse("commissions:earnings"))

    assert response.context["balances"].debt == cny("4.86")
    assert [step.net_minor for step in response.context["clawbacks"]] == [-486]
    assert "Owed" in response.content.decode()


def test_earnings_take_as_many_queries_with_30_rows_as_with_one(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        cast.refunded("1.00", refund="R0")
        one = questions(lin, "earnings")
        for i in range(1, 30):
            cast.refunded("1.00", refund=f"R{i}")

        assert questions(lin, "earnings") == one
