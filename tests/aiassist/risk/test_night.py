"""From the night in which an affiliate stands out to the reward that waits, and the appeal."""

from datetime import timedelta

import pytest
from django.test import Client

from affiliates.models import Affiliate
from aiassist.models import RiskReview, RiskScore
from aiassist.risk import Facet, Finding, Score
from aiassist.services.risk import risk_policy_set
from aiassist.tasks import risk_scores_make
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from commissions import chart
from commissions import tasks as jobs
from commissions.models import Award, AwardHold, Violation
from commissions.services.appeals import appeal_decide, appeal_file
from commissions.services.tasks import task_accept
from commissions.verify import verify
from tests.aiassist.risk.world import NIGHT, START, among_peers
from tests.cast import PASSWORD, cast_make, staff_make
from tests.commissions.awards.conftest import day, named, task

pytestmark = pytest.mark.django_db(transaction=True)
REVIEWS = "/admin/aiassist/riskreview/"


@pytest.fixture
def cast():
    with clock.at(day(5, 1)):
        made = cast_make(wallet="20000.00")
        named(made)
    yield made
    with clock.at(day(12, 31)):
        assert verify() == []


def signed_in(user) -> Client:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    return client


def rewarded(cast) -> None:
    """A task whose reward is due on 20 July, earned by the orders of `among_peers`."""
    with clock.at(START - timedelta(hours=1)):
        offered = task(cast, starts_at=START - timedelta(minutes=30))
    with clock.at(START - timedelta(minutes=20)):
        task_accept(actor=cast.lin, campaign=offered, affiliate=cast.affiliate)
    among_peers(cast)
    with clock.at(START + timedelta(days=3)):
        for number in range(16):
            cast.received(f"T{number}", placed_at=START, paid_at=START)
    with clock.at(day(7, 2, 1)):
        jobs.standings_count()
        jobs.campaigns_evaluate()


def test_a_ring_is_proposed_frozen_by_a_person_and_paid_after_the_appeal(cast):
    rewarded(cast)
    due = Award.objects.get()
    assert (due.state, due.amount > cny("0.00")) == ("due", True)
    with clock.at(NIGHT):
        risk_scores_make()
        risk_scores_make()  # delivered twice

    review = RiskReview.objects.get()
    finding = review.score.findings[0]
    assert (review.affiliate, review.state) == (cast.affiliate, "open")
    assert (finding["sign"], finding["k"], finding["n"]) == ("ring", 16, 16)
    assert finding["usual_bps"] < 300
    assert RiskScore.objects.exclude(affiliate=cast.affiliate).count() == 0
    assert Affiliate.objects.get(pk=cast.affiliate.pk).state == "active"  # only proposed

    with clock.at(day(7, 20, 2)):
        jobs.awards_pay()
    assert Award.objects.get().state == "due"  # the reward waits

    anna, ben = staff_make(StaffRole.RISK), staff_make(StaffRole.RISK)
    page = f"{REVIEWS}{review.pk}/"
    with clock.at(day(7, 20, 9)):
        for stranger in (cast.lin, cast.chen, staff_make(StaffRole.SUPPORT)):
            refused = signed_in(stranger).get(f"{page}change/")
            assert refused.status_code in (302, 403)
        desk = signed_in(anna)
        shown = desk.get(f"{page}change/").content.decode()
        assert "16 of 16 orders came from addresses that several of its buyers share." in shown
        assert "Rewards not paid" in shown
        assert "16 of 16" in desk.get(f"{page}case/").content.decode()  # the form is filled in
        form = desk.get(f"{page}case/").context["form"]
        said = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
        del said["file"]
        assert desk.post(f"{page}case/", {**said, "points": 0}).status_code == 302
        jobs.violations_sweep()

    case = Violation.objects.get()
    review.refresh_from_db()
    assert (review.state, review.violation, review.decided_by) == ("case", case, anna)
    assert (case.target, case.state, case.reason, case.hold) == ("account", "open", 2, "frozen")
    evidence = case.evidence.get().text
    assert "score" not in evidence.lower()
    assert not AwardHold.objects.exists()
    mine = signed_in(cast.lin)
    with clock.at(day(7, 20, 10)):
        told = mine.get(f"/affiliate/violations/{case.pk}/").content.decode()
        assert "16 of 16 orders" in told
        jobs.awards_pay()
    assert Award.objects.get().state == "due"  # the account is frozen

    with clock.at(day(7, 21)):
        appeal = appeal_file(actor=cast.lin, violation=case, text="My family, from one flat.")
        appeal_decide(actor=ben, appeal=appeal, grant=True, answer="We have seen the receipts.")
        jobs.violation_apply(case.pk)
        jobs.awards_pay()
    assert Award.objects.get().state == "paid"
    assert cast.balance(chart.payable(cast.affiliate.pk)) >= due.amount


def test_nothing_wrong_lets_rewards_go_on_and_is_not_asked_again_for_a_month(cast):
    rewarded(cast)
    with clock.at(NIGHT):
        risk_scores_make()
    ops = staff_make(StaffRole.OPS)
    review = RiskReview.objects.get()
    with clock.at(day(7, 5)):
        answer = signed_in(ops).post(f"{REVIEWS}{review.pk}/clear/", {"reason": "A family."})
        assert answer.status_code == 302
        risk_scores_make()
    review.refresh_from_db()
    assert (review.state, review.reason, review.decided_by) == ("cleared", "A family.", ops)
    assert RiskScore.objects.count() == 2
    assert RiskReview.objects.count() == 1
    assert AuditEvent.objects.filter(verb="risk_review.cleared", actor=ops).exists()
    with clock.at(day(7, 20, 2)):
        jobs.awards_pay()
    assert Award.objects.get().state == "paid"
    with clock.at(day(8, 10)):
        risk_scores_make()
    assert RiskReview.objects.filter(state="open").count() == 1


def test_an_unusual_way_of_working_is_noted_and_nothing_waits_until_it_stands_out(
    cast, monkeypatch
):
    risk, ops = staff_make(StaffRole.RISK), staff_make(StaffRole.OPS)
    among_peers(cast)
    with clock.at(START):
        risk_policy_set(actor=risk, false_bps=100, opens_cases=True)

    def night(day_of_july: int, *facets: Facet, false: float = 0.5) -> None:
        odd = tuple(Finding(one, 40, 60, 0.1, 0.05, 0.2, 50, 1e-6, 1, 2) for one in facets)
        score = Score(cast.affiliate.pk, 1e-6, false, 0.001, odd)
        monkeypatch.setattr("aiassist.risk.scores.judge", lambda *_facts: [score])
        with clock.at(day(7, day_of_july)):
            risk_scores_make()

    night(4, Facet.ALIKE, Facet.GAP)
    review = RiskReview.objects.get()
    assert review.state == "unusual"
    assert not AwardHold.objects.exists()
    assert not Violation.objects.exists()  # though the policy freezes at once
    page = f"{REVIEWS}{review.pk}/"
    with clock.at(day(7, 5)):
        desk = signed_in(ops)
        shown = desk.get(f"{page}change/").content.decode()
        assert "nothing waits for it" in shown
        assert f"{page}clear/" not in shown
        assert desk.get(f"{REVIEWS}?state__exact=unusual").content.decode().count(page)
        assert desk.post(f"{page}way/", {"reason": "One drop a month."}).status_code == 302
    assert AuditEvent.objects.filter(verb="risk_review.way", actor=ops).exists()
    night(6, Facet.GAP)
    assert not RiskReview.objects.filter(state="unusual").exists()  # known
    night(7, Facet.GAP, Facet.HANDS)
    other = RiskReview.objects.get(state="unusual")
    night(8, Facet.GAP, Facet.HANDS, false=0.001)
    other.refresh_from_db()
    assert (other.state, other.violation) == ("case", Violation.objects.get())


def test_the_desk_may_have_cases_opened_at_once_in_the_name_of_who_wants_it(cast):
    risk = staff_make(StaffRole.RISK)
    with clock.at(START):
        url = "/admin/aiassist/riskpolicy/new/"
        assert signed_in(staff_make(StaffRole.OPS)).get(url).status_code == 403
        made = signed_in(risk).post(url, {"false_bps": "100", "opens_cases": "on"})
        assert made.status_code == 302
    with pytest.raises(Invalid):
        risk_policy_set(actor=risk, false_bps=5_000, opens_cases=True)
    among_peers(cast)
    with clock.at(NIGHT):
        risk_scores_make()
        case = Violation.objects.get()
        assert (case.opened_by, case.affiliate, case.state) == (risk, cast.affiliate, "open")
        assert Affiliate.objects.get(pk=cast.affiliate.pk).state == "frozen"
        risk_scores_make()  # who is frozen is not looked at again
        assert RiskReview.objects.get().state == "case"
        appeal = appeal_file(actor=cast.lin, violation=case, text="No.")
        with pytest.raises(Exception, match="somebody else"):
            appeal_decide(actor=risk, appeal=appeal, grant=False, answer="Yes.")
        answer = signed_in(risk).get(f"{REVIEWS}{RiskReview.objects.get().pk}/clear/")
        assert str(WrongState.message) in [str(one) for one in answer.wsgi_request._messages]
