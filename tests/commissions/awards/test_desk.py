"""What the desk decides: places offered, standings counted, rewards granted and refused."""

from datetime import timedelta

import pytest
from django.test import Client

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns.models import Enrolment, Standing
from commissions import tasks as jobs
from commissions.models import Award
from tests.cast import staff_make
from tests.commissions.awards.conftest import EVALUATED, JUNE_10, at, day, sell, task

pytestmark = pytest.mark.django_db(transaction=True)


def staff(role):
    client = Client()
    client.force_login(staff_make(role))
    return client


def test_operations_offer_places_and_count_standings(cast):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast)
    ops, desk = staff(StaffRole.OPS), f"/admin/campaigns/campaign/{campaign.pk}"
    with clock.at(JUNE_10):
        assert (
            "There is no affiliate"
            in ops.post(f"{desk}/offer/", {"affiliates": "999999"}).content.decode()
        )
        assert not Enrolment.objects.exists()
        ops.post(f"{desk}/offer/", {"affiliates": f"{cast.affiliate.pk}, {cast.affiliate.pk}"})
    offer = Enrolment.objects.get()
    assert (offer.state, offer.reserved_minor) == ("offered", 60_00)

    Enrolment.objects.update(state="accepted", accepted_at=JUNE_10)
    at(JUNE_10, jobs.campaigns_turn)
    sell(cast, range(2))
    with clock.at(JUNE_10 + timedelta(days=1)):
        ops.post(f"{desk}/count/")
    assert Standing.objects.get().orders == 2


def test_risk_looks_at_a_reward_and_grants_or_refuses_it(cast, accepted):
    for n in range(3):
        sell(cast, [f"{n}"], at=JUNE_10 + timedelta(days=n), visitor_key="a" * 32)
    at(EVALUATED)
    award = Award.objects.get()
    risk, desk = staff(StaffRole.RISK), f"/admin/commissions/award/{award.pk}"
    with clock.at(day(7, 3)):
        page = risk.get(f"{desk}/approve/").content.decode()
        assert "Few different buyers." in page
        risk.post(f"{desk}/approve/")
        award.refresh_from_db()
        assert award.state == "due"
        risk.post(f"{desk}/refuse/", {"reason": "One buyer only."})
    award.refresh_from_db()
    assert (award.state, award.amount_minor, award.reason) == ("dropped", 0, "One buyer only.")
