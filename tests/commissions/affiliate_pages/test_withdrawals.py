"""Asking for a withdrawal: what moves, what is refused in words."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from affiliates.services import affiliate_freeze
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from alliance.kernel.money import cny
from commissions import chart
from commissions.models import Payout
from commissions.services import payouts
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import (
    JUNE_20,
    JUNE_22,
    payee,
    questions,
    read,
    settled,
)

pytestmark = pytest.mark.django_db


def test_a_withdrawal_by_post_takes_the_money_out_of_what_is_available(cast, lin):
    settled(cast)
    url = reverse("commissions:withdrawals")
    with clock.at(JUNE_22):
        payee(cast)
        response = lin.post(url, {"amount": "19.34"}, follow=True)

    payout = Payout.objects.get()
    assert (payout.amount, payout.state) == (cny("19.34"), "requested")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert "Waits for somebody of the alliance to release it." in response.content.decode()
    assert "6222023" not in response.content.decode()
    assert "…8912" in response.content.decode()


def test_more_than_is_available_is_refused_in_words_and_nothing_moves(cast, lin):
    settled(cast)
    url = reverse("commissions:withdrawals")
    with clock.at(JUNE_22):
        payee(cast)
        response = lin.post(
            url, {"amount": "19.35"}, follow=True, headers={"referer": f"http://testserver{url}"}
        )

    assert "That is more than you can withdraw now." in response.content.decode()
    assert not Payout.objects.exists()
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_the_page_says_why_nothing_can_be_withdrawn(cast, lin):
    settled(cast)
    payee(cast)
    with clock.at(JUNE_20):
        assert "Today is settlement day" in read(lin, "withdrawals")
    with clock.at(JUNE_22):
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("5.00"))
        assert "A withdrawal is under way." in read(lin, "withdrawals")
        affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="odd clicks")
        assert "your account is not active" in read(lin, "withdrawals")


def test_a_viewer_looks_but_takes_nothing(cast):
    settled(cast)
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    client = Client()
    client.force_login(viewer)
    with clock.at(JUNE_22):
        payee(cast)
        page = read(client, "withdrawals")
        response = client.post(reverse("commissions:withdrawals"), {"amount": "5.00"})

    assert "19.34" in page
    assert '<form method="post"' not in page.partition("<main")[2].partition("</main")[0]
    assert response.status_code == 403
    assert not Payout.objects.exists()
    assert client.get(reverse("commissions:payee")).status_code == 403


def test_the_account_is_kept_and_masked(cast, lin):
    response = lin.post(
        reverse("commissions:payee"),
        {"holder": "Lin", "institution": "Alipay", "number": "13800138000"},
        follow=True,
    )

    assert "…8000" in response.content.decode()
    assert "13800138000" not in response.content.decode()


def test_withdrawals_take_as_many_queries_with_30_rows_as_with_one(cast, lin):
    settled(cast)
    with clock.at(JUNE_22):
        payee(cast)

        def failed():
            payout = payouts.payout_request(
                actor=cast.lin, affiliate=cast.affiliate, amount=cny("1.00")
            )
            payouts.payout_fail(payout=payout, reason="wrong number", actor=cast.finance)

        failed()
        one = questions(lin, "withdrawals")
        for _i in range(29):
            failed()

        assert questions(lin, "withdrawals") == one
