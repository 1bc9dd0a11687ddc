"""Guaranteed tasks from the promise to the payment and back (docs/domain.md §5.1)."""

from datetime import timedelta

import pytest

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.money import cny
from campaigns.models import Campaign, Enrolment, Standing
from commissions import chart
from commissions import tasks as jobs
from commissions.models import Award, Entry
from commissions.services import awards, payouts
from commissions.services.tasks import NoSlots, offer_lapse, task_accept, task_offer, task_quit
from commissions.services.violations import violation_open, violation_release
from merchants.models import MerchantMember
from tests.commissions.awards.conftest import (
    CUT_OFF,
    EVALUATED,
    JULY_20,
    JUNE_10,
    JUNE_17,
    at,
    day,
    sell,
    task,
)

pytestmark = pytest.mark.django_db(transaction=True)


def money(cast, campaign):
    """What lies in the budget, and what is promised."""
    return (
        str(cast.balance(chart.budget(campaign.pk)).decimal),
        str(cast.balance(chart.promised(campaign.pk)).decimal),
    )


def payable(cast):
    return str(cast.balance(chart.payable(cast.affiliate.pk)).decimal)


def test_accepting_sets_the_greatest_reward_aside(cast, accepted):
    assert money(cast, accepted) == ("540.00", "60.00")
    assert Enrolment.objects.get().reserved_minor == 60_00


def test_twenty_one_orders_pay_sixty_on_the_settlement_day_and_two_refunds_take_back_48(twenty_one):
    cast, accepted = twenty_one
    at(JUNE_17)
    estimate = Standing.objects.get(final=False)
    assert (estimate.orders, estimate.buyers, estimate.reward_minor) == (21, 21, 60_00)
    assert Enrolment.objects.get().reward_minor == 60_00

    at(EVALUATED)
    award = Award.objects.get()
    assert (award.state, award.amount_minor, award.due_month) == ("due", 60_00, day(6, 1).date())
    assert Enrolment.objects.get().state == "approved"
    assert money(cast, accepted) == ("540.00", "60.00")
    before = cny(payable(cast))

    at(JULY_20 - timedelta(days=1), jobs.awards_pay)
    assert cny(payable(cast)) == before
    at(JULY_20, jobs.awards_pay)
    at(JULY_20, jobs.awards_pay)  # the broker delivers it again
    award.refresh_from_db()
    assert (award.state, award.booked_minor, award.reserved_minor) == ("paid", 60_00, 0)
    assert payable(cast) == "60.00"
    assert money(cast, accepted) == ("540.00", "0.00")
    assert Enrolment.objects.get().state == "settled"

    with clock.at(day(8, 1)):
        for n in (3, 4):
            cast.refunded("199.00", f"T{n}", refund=f"R{n}")
    at(day(8, 1, 13))
    award.refresh_from_db()
    assert (award.amount_minor, award.booked_minor, award.revision) == (12_00, 12_00, 3)
    assert payable(cast) == "12.00"
    assert money(cast, accepted) == ("588.00", "0.00")
    keys = Entry.objects.filter(key__startswith=f"award:{award.pk}:").order_by("pk")
    # r1, the award itself, moved nothing: the whole of what was set aside was earned.
    assert list(keys.values_list("key", flat=True)) == [
        f"award:{award.pk}:r2",
        f"award:{award.pk}:r3",
    ]


def test_what_is_clawed_back_beyond_what_is_payable_becomes_a_debt(twenty_one):
    cast, _accepted = twenty_one
    at(EVALUATED)
    at(JULY_20, jobs.awards_pay)
    with clock.at(day(7, 22)):
        payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("60.00"))
    with clock.at(day(8, 1)):
        for n in range(5):
            cast.refunded("199.00", f"T{n}", refund=f"R{n}")
    at(day(8, 1, 13))
    assert payable(cast) == "0.00"
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-48.00")


@pytest.mark.parametrize(
    ("orders", "reward", "budget"), [(4, "2.00", "598.00"), (5, "12.00", "588.00")]
)
def test_the_best_step_reached_pays_and_the_rest_goes_back(cast, accepted, orders, reward, budget):
    sell(cast, range(orders))
    at(EVALUATED)
    assert Award.objects.get().amount == cny(reward)
    assert money(cast, accepted) == (budget, reward)


def test_a_task_not_reached_gives_its_reserve_back(cast, accepted):
    at(EVALUATED)
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.reserved_minor) == ("failed", 0)
    assert money(cast, accepted) == ("600.00", "0.00")
    assert not Award.objects.exists()


def test_nothing_is_evaluated_before_a_day_after_the_cut_off_and_only_once(cast, accepted):
    sell(cast, range(5))
    at(CUT_OFF + timedelta(hours=23))
    assert not Award.objects.exists()
    at(EVALUATED)
    at(EVALUATED)
    assert Award.objects.get().revision == 1


def test_refunds_before_the_payment_lower_what_is_promised(twenty_one):
    cast, accepted = twenty_one
    at(EVALUATED)
    with clock.at(day(7, 10)):
        for n in (3, 4):
            cast.refunded("199.00", f"T{n}", refund=f"R{n}")
    at(day(7, 11))
    assert Award.objects.get().amount == cny("12.00")
    assert money(cast, accepted) == ("588.00", "12.00")
    at(JULY_20, jobs.awards_pay)
    assert payable(cast) == "12.00"


def test_refunds_of_everything_before_the_payment_leave_nothing(cast, accepted):
    sell(cast, [1])
    at(EVALUATED)
    with clock.at(day(7, 10)):
        cast.refunded("199.00", "T1")
    at(day(7, 11))
    award = Award.objects.get()
    assert (award.state, award.amount_minor) == ("dropped", 0)
    assert Enrolment.objects.get().state == "failed"
    assert money(cast, accepted) == ("600.00", "0.00")


def test_thirty_days_after_the_payment_refunds_change_it_no_more(twenty_one):
    cast, _accepted = twenty_one
    at(EVALUATED)
    at(JULY_20, jobs.awards_pay)
    with clock.at(day(8, 20)):
        for n in (3, 4):
            cast.refunded("199.00", f"T{n}", refund=f"R{n}")
    at(day(8, 20, 13))
    assert Award.objects.get().amount == cny("60.00")


def test_what_is_late_small_or_by_a_touch_before_the_acceptance_does_not_count(cast, accepted):
    sell(cast, [1, 2])
    sell(cast, [3], at=JUNE_10 + timedelta(hours=6), receive=False)
    with clock.at(day(7, 1)):  # after the cut-off
        cast.received("T3", placed_at=JUNE_10, paid_at=JUNE_10)
    with clock.at(day(6, 15)):
        cast.refunded("195.01", "T2")  # 3.99 is left, 5.00 is the least
    with clock.at(JUNE_10 + timedelta(hours=1)):
        cast.sold("T4", click_id=cast.click(at=JUNE_10 - timedelta(days=1)))
    sell(cast, [5], at=JUNE_17 + timedelta(hours=1))
    at(EVALUATED)
    standing = Standing.objects.get(final=True)
    assert standing.orders == 1
    assert standing.left_out == {"late": 1, "small": 1, "before": 1}
    assert Award.objects.get().amount == cny("2.00")


def test_what_one_sells_of_ones_own_shop_does_not_count(cast, accepted):
    MerchantMember.objects.create(merchant=cast.merchant, user=cast.lin)
    sell(cast, range(6))
    at(CUT_OFF)
    mine = Standing.objects.get(final=True)
    assert (mine.orders, mine.reward_minor, mine.left_out) == (0, 0, {"own": 6})

    Campaign.objects.filter(pk=accepted.pk).update(self_buying=True)
    at(EVALUATED)
    assert Standing.objects.get(final=True).orders == 6


def test_of_one_buyer_one_order_a_day_counts_and_three_in_all(cast, accepted):
    for n in range(5):
        at_ = JUNE_10 + timedelta(days=n)
        sell(cast, [f"{n}a", f"{n}b"], at=at_, visitor_key="a" * 32)
    at(JUNE_17 + timedelta(days=5))
    standing = Standing.objects.get()
    assert (standing.orders, standing.buyers, standing.left_out) == (3, 1, {"same_buyer": 7})


def test_a_reward_of_few_buyers_waits_for_a_person(cast, accepted):
    for n in range(3):
        sell(cast, [f"{n}"], at=JUNE_10 + timedelta(days=n), visitor_key="a" * 32)
    at(EVALUATED)
    award = Award.objects.get()
    assert (award.state, award.doubts) == ("review", ["buyers"])
    assert Enrolment.objects.get().state == "evaluating"
    at(JULY_20, jobs.awards_pay)
    assert payable(cast) == "0.00"

    with clock.at(day(7, 25)):
        awards.award_approve(actor=cast.finance, award=award)
    award.refresh_from_db()
    assert (award.state, award.due_month) == ("due", day(7, 1).date())  # with the next settlement
    at(day(8, 20), jobs.awards_pay)
    assert payable(cast) == "2.00"


def test_a_refused_reward_goes_back_to_the_budget_with_a_reason(cast, accepted):
    for n in range(3):
        sell(cast, [f"{n}"], at=JUNE_10 + timedelta(days=n), visitor_key="a" * 32)
    at(EVALUATED)
    award = Award.objects.get()
    awards.award_refuse(actor=cast.finance, award=award, reason="One buyer only.")
    at(EVALUATED + timedelta(days=1))
    award.refresh_from_db()
    assert (award.state, award.amount_minor, award.reason) == ("dropped", 0, "One buyer only.")
    assert money(cast, accepted) == ("600.00", "0.00")


def test_a_task_may_be_left_before_its_first_order_only(cast, accepted):
    enrolment = Enrolment.objects.get()
    with clock.at(JUNE_10):
        task_quit(actor=cast.lin, enrolment=enrolment)
        assert money(cast, accepted) == ("600.00", "0.00")
        enrolment = task_accept(actor=cast.lin, campaign=accepted, affiliate=cast.affiliate)
    sell(cast, [1])
    with clock.at(JUNE_17 - timedelta(days=1)), pytest.raises(WrongState):
        task_quit(actor=cast.lin, enrolment=enrolment)
    assert money(cast, accepted) == ("540.00", "60.00")


def test_an_offer_keeps_its_place_for_48_hours(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast, budget_minor=60_00)
        [offer] = task_offer(actor=cast.finance, campaign=campaign, affiliates=[cast.affiliate])
    assert money(cast, campaign) == ("0.00", "60.00")
    with clock.at(JUNE_10 + timedelta(hours=46)):
        assert not offer_lapse(enrolment_pk=offer.pk)
    at(JUNE_10 + timedelta(hours=47), jobs.offers_lapse)
    offer.refresh_from_db()
    assert (offer.state, offer.reserved_minor) == ("void", 0)
    assert money(cast, campaign) == ("60.00", "0.00")


def test_an_offer_that_is_accepted_reserves_nothing_twice(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast, budget_minor=60_00)
        task_offer(actor=cast.finance, campaign=campaign, affiliates=[cast.affiliate])
        task_accept(actor=cast.lin, campaign=campaign, affiliate=cast.affiliate)
    assert money(cast, campaign) == ("0.00", "60.00")
    assert Enrolment.objects.get().state == "accepted"


def test_without_a_place_left_nothing_is_accepted(cast):
    with clock.at(JUNE_10):
        campaign = task(cast, budget_minor=119_99)
        other = Affiliate.objects.create(name="Other", state="active")
        task_offer(actor=cast.finance, campaign=campaign, affiliates=[other])
        with pytest.raises(NoSlots):
            task_accept(actor=cast.lin, campaign=campaign, affiliate=cast.affiliate)
    assert money(cast, campaign) == ("59.99", "60.00")
    assert Enrolment.objects.get().affiliate == other


def test_one_task_at_a_time(cast, accepted):
    with clock.at(JUNE_10):
        other = task(cast)
        with pytest.raises(WrongState, match="finish it first"):
            task_accept(actor=cast.lin, campaign=other, affiliate=cast.affiliate)
    assert money(cast, other) == ("600.00", "0.00")


def test_orders_held_by_a_case_count_when_it_is_released(cast, accepted):
    sell(cast, range(5))
    with clock.at(day(6, 20)):
        case = violation_open(
            actor=cast.finance,
            target=cast.commission("T0"),
            reason=2,
            consequence="invalidate",
            text="Looks made up.",
        )
        jobs.violation_apply(case.pk)
    at(EVALUATED)
    award = Award.objects.get()
    assert award.amount == cny("2.00")
    assert Standing.objects.get(final=True).left_out == {"held": 1}
    at(JULY_20, jobs.awards_pay)
    with clock.at(day(7, 22)):
        violation_release(actor=cast.finance2, violation=case, words="It was real.")
        jobs.violation_apply(case.pk)
    at(day(7, 22, 13))
    assert Award.objects.get().amount == cny("12.00")
    assert payable(cast) == "12.00"
    assert money(cast, accepted) == ("588.00", "0.00")


def test_whoever_is_frozen_is_paid_when_active_again(cast, accepted):
    sell(cast, range(5))
    at(EVALUATED)
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(state="frozen")
    at(JULY_20, jobs.awards_pay)
    assert payable(cast) == "0.00"
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(state="active")
    at(day(7, 21), jobs.awards_pay)
    assert payable(cast) == "12.00"
