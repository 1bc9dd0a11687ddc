"""Real processes at once: exactly as many promises as the budget reaches for."""

from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.money import cny
from campaigns.models import Enrolment
from commissions import chart
from commissions.models import Award, Entry
from commissions.services.awards import award_pay, campaign_evaluate
from commissions.services.tasks import NoSlots, locked, task_accept, task_quit
from tests.commissions.awards.conftest import EVALUATED, JULY_20, JUNE_10, named, sell, task
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_32_at_once_exactly_as_many_accept_as_the_budget_reaches_for(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast, budget_minor=7 * 60_00 + 59_99)
    with clock.at(JUNE_10 - timedelta(days=20)):
        others = [
            Affiliate.objects.create(name=f"A{n}", state="active", kind="small") for n in range(32)
        ]
        for one in others:
            named(cast, one)

    def job(affiliate):
        def run():
            with clock.at(JUNE_10), suppress(NoSlots):
                task_accept(actor=cast.lin, campaign=campaign, affiliate=affiliate)

        return run

    in_processes(*(job(one) for one in others))

    taken = Enrolment.objects.filter(state="accepted")
    assert taken.count() == Enrolment.objects.count() == 7
    assert set(taken.values_list("reserved_minor", flat=True)) == {60_00}
    assert cast.balance(chart.promised(campaign.pk)) == cny("420.00")
    assert cast.balance(chart.budget(campaign.pk)) == cny("59.99")


def test_one_affiliate_in_eight_processes_takes_one_task(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaigns = [task(cast) for _ in range(4)]

    def job(campaign):
        def run():
            with clock.at(JUNE_10), suppress(WrongState):
                task_accept(actor=cast.lin, campaign=campaign, affiliate=cast.affiliate)

        return run

    in_processes(*(job(one) for one in campaigns * 2))

    assert Enrolment.objects.get().state == "accepted"


def test_nobody_leaves_a_task_while_it_is_evaluated(cast, accepted):
    held, left = Event(), Event()

    def evaluation():
        with transaction.atomic():
            locked(accepted)
            held.set()
            left.wait(60)
        connection.close()

    thread = Thread(target=evaluation)
    thread.start()
    assert held.wait(60)
    with clock.at(JUNE_10), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(OperationalError):
            task_quit(actor=cast.lin, enrolment=Enrolment.objects.get())
        transaction.set_rollback(True)
    left.set()
    thread.join()
    assert Enrolment.objects.get().state == "accepted"


def test_evaluated_and_paid_in_eight_processes_it_is_one_award_and_one_payment(cast, accepted):
    sell(cast, range(5))

    def evaluate():
        with clock.at(EVALUATED):
            campaign_evaluate(campaign=accepted)

    in_processes(*[evaluate] * 8)
    award = Award.objects.get()
    assert (award.revision, award.amount_minor) == (1, 12_00)

    def pay():
        with clock.at(JULY_20):
            award_pay(award_pk=award.pk)
            campaign_evaluate(campaign=accepted)

    in_processes(*[pay] * 8)
    award.refresh_from_db()
    assert (award.state, award.revision) == ("paid", 2)
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("12.00")
    assert Entry.objects.filter(key=f"award:{award.pk}:r2").count() == 1
