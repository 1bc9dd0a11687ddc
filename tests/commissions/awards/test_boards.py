"""Leaderboards and pots: real standings only, frozen, audited, paid with the next settlement."""

from datetime import timedelta

import pytest

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.models import Campaign, Standing
from campaigns.services.enrolments import enrolment_apply, enrolment_decide
from commissions import chart
from commissions import tasks as jobs
from commissions.models import Award
from commissions.services.awards import award_refuse
from commissions.services.campaigns import campaign_wind_up
from tests.cast import user_make
from tests.commissions.awards.conftest import CUT_OFF, JUNE_10, at, day, sell, task

pytestmark = pytest.mark.django_db(transaction=True)

BOARD = {
    "metric": "orders",
    "prizes": [
        {"prize_minor": 100_00, "least_orders": 2},
        {"prize_minor": 50_00, "least_orders": 1},
    ],
    "audit_days": 7,
}
JULY_8 = day(7, 8)  # the cut-off and seven days


@pytest.fixture
def zhou(cast):
    """Another affiliate, and its link to the product."""
    with clock.at(day(5, 1)):
        user = user_make("zhou@test.example")
        affiliate = affiliate_apply(user=user, kind="small", name="Zhou")
        affiliate.refresh_from_db()
        zone = AdZone.objects.get(site__affiliate=affiliate)
        link = link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)
    return affiliate, link


@pytest.fixture
def board(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        return task(cast, kind="leaderboard", rules=BOARD, budget_minor=150_00)


def ranks(final):
    rows = Standing.objects.filter(final=final, rank__isnull=False).order_by("rank")
    return [(row.affiliate.name, row.orders, row.reward_minor) for row in rows]


def test_whoever_was_there_first_is_ahead_and_the_prizes_come_with_the_settlement(
    cast, board, zhou
):
    affiliate, link = zhou
    sell(cast, [1, 2])
    sell(cast, [3, 4], at=JUNE_10 + timedelta(days=1), link=link)
    at(JUNE_10 + timedelta(days=2), jobs.standings_count)
    assert ranks(final=False) == [("Lin's picks", 2, 100_00), ("Zhou", 2, 50_00)]

    at(CUT_OFF + timedelta(hours=1), jobs.standings_count)
    assert len(ranks(final=True)) == 2
    with clock.at(day(7, 3)):  # in the audit days
        cast.refunded("199.00", "T1")
    at(day(7, 4), jobs.standings_count)
    assert ranks(final=True)[0] == ("Lin's picks", 2, 100_00)  # the board is frozen
    at(day(7, 5), jobs.campaigns_evaluate)
    assert not Award.objects.exists()

    at(JULY_8, jobs.campaigns_evaluate)  # minus the refund
    assert ranks(final=True) == [("Zhou", 2, 100_00), ("Lin's picks", 1, 50_00)]
    at(day(7, 20), jobs.awards_pay)
    assert cast.balance(chart.payable(affiliate.pk)) == cny("100.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("50.00")
    assert cast.balance(chart.budget(board.pk)) == cny("0.00")

    with clock.at(day(7, 25)):  # a rank stays, once awarded
        cast.refunded("199.00", "T3", refund="R3")
    at(day(7, 26))
    assert Award.objects.get(affiliate=affiliate).amount == cny("100.00")


def test_a_prize_may_be_taken_back_with_a_reason(cast, board):
    sell(cast, [1, 2])
    at(JULY_8, jobs.campaigns_evaluate)
    at(day(7, 20), jobs.awards_pay)
    with clock.at(day(7, 25)):
        award_refuse(actor=cast.finance, award=Award.objects.get(), reason="Fake orders.")
    award = Award.objects.get()
    assert (award.state, award.booked_minor, award.rank) == ("dropped", 0, 1)
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")
    assert cast.balance(chart.budget(board.pk)) == cny("150.00")


def test_a_campaign_is_not_wound_up_before_its_prizes_are_paid(cast, board):
    sell(cast, [1, 2])
    at(day(6, 18), jobs.campaigns_turn)
    at(day(7, 2), jobs.campaigns_turn)
    assert Campaign.objects.get().state == "closed"
    at(JULY_8, jobs.campaigns_evaluate, jobs.campaigns_turn)
    assert Campaign.objects.get().state == "closed"
    at(day(7, 20), jobs.awards_pay)
    with clock.at(day(7, 20, 13)):
        assert campaign_wind_up(campaign=board) == cny("50.00")


def test_nobody_on_the_board_gets_nothing(cast, board):
    at(JUNE_10 + timedelta(days=1), jobs.standings_count)
    assert not Standing.objects.exists()
    at(JULY_8, jobs.campaigns_evaluate)
    assert not Award.objects.exists()
    assert Campaign.objects.get().evaluated_at == JULY_8


def test_a_pot_goes_to_who_was_let_in_and_sold_more_than_before(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        pot = task(
            cast,
            kind="million_subsidy",
            rules={"pot_minor": 500_00, "rate_bps": 500, "cap_minor": 2_000},
            budget_minor=500_00,
        )
        made = enrolment_apply(
            actor=cast.lin, campaign=pot, affiliate=cast.affiliate, statement="Two posts a day."
        )
        assert made.state == "applied"
        enrolment_decide(actor=cast.finance, enrolment=made, accept=True)
    sell(cast, [1], at=JUNE_10 - timedelta(days=8))  # the baseline: 199.00 in 14 days
    sell(cast, range(2, 6))
    at(day(7, 2))
    # 796.00 sold, 99.50 usual for seven days: 5 % of 696.50.
    award = Award.objects.get()
    assert award.amount == cny("34.83")
    at(day(7, 20), jobs.awards_pay)
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("34.83")
    with clock.at(day(7, 25)):
        cast.refunded("199.00", "T2")
    at(day(7, 25, 13))
    award.refresh_from_db()
    assert award.amount == cny("24.88")  # 5 % of 497.50
