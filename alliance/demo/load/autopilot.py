"""The demo merchant has signed a policy of the autopilot, and some nights have decided by it."""

from datetime import datetime, timedelta

from aiassist.models import Autopilot, AutopilotMode, DecisionState, GroupKind
from aiassist.services.autopilot.decisions import decision_roll_back
from aiassist.services.autopilot.nights import night_spend
from aiassist.services.autopilot.policies import Limits, PolicyWish, policy_sign
from alliance.demo.load.stage import Seller, Stage
from alliance.demo.load.year import steps
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.kernel import clock
from commissions.queries.merchant import Sold, sold_by_day
from merchants.models import Category

NIGHTS = 4  # those after the shops' last reports, when there are news
LOOKED_BACK = 60  # days whose return the merchant knows when it signs
ROOM_BPS = 800  # above what it pays everybody


def autopilot_plan(stage: Stage) -> None:
    """Signed before the first of the nights; what the last but one did is rolled back in part."""
    reported = [one for one in steps(stage) if one < stage.ago(hours=5)][-NIGHTS:]
    nights = [one + timedelta(hours=4) for one in reported]
    stage.agenda.at(nights[0] - timedelta(hours=1), _signed, stage)
    for moment in nights:
        stage.agenda.at(moment, _night, stage)
    if len(nights) > 1:
        stage.agenda.at(nights[-1] - timedelta(hours=12), _rolled_back, stage)


def _signed(stage: Stage) -> None:
    """A little below the return that it had: there is room to sell more."""
    seller = stage.sellers[DEMO_MERCHANT]
    brought = _brought(seller, clock.now())
    if not brought.roi_centi or brought.roi_centi <= 200:
        return
    day_minor = max(brought.cost_minor // LOOKED_BACK, 100_00)
    rates = dict(seller.facts.general_bps)
    policy_sign(
        merchant=seller.merchant,
        wish=PolicyWish(
            mode=AutopilotMode.ACT,
            roi_target_centi=brought.roi_centi * 85 // 100,
            roi_floor_centi=brought.roi_centi * 60 // 100,
            budget_day_minor=day_minor * 4,
            budget_minor=day_minor * 4 * 60,
            ends_on=clock.business_day() + timedelta(days=90),
            limits=[
                Limits(GroupKind.CATEGORY, rates[one.slug], rates[one.slug] + ROOM_BPS, one)
                for one in Category.objects.filter(slug__in=rates).order_by("slug")
            ],
        ),
        actor=seller.user,
    )


def _brought(seller: Seller, now: datetime) -> Sold:
    today = clock.business_day(now)
    days = sold_by_day(seller.merchant, today - timedelta(days=LOOKED_BACK), today)
    return sum(days.values(), Sold())


def _night(stage: Stage) -> None:
    merchant = stage.sellers[DEMO_MERCHANT].merchant
    if autopilot := Autopilot.objects.filter(merchant=merchant).first():
        night_spend(autopilot_pk=autopilot.pk)


def _rolled_back(stage: Stage) -> None:
    """One of what it has raised: the merchant knows better."""
    seller = stage.sellers[DEMO_MERCHANT]
    if autopilot := Autopilot.objects.filter(merchant=seller.merchant).first():
        last = autopilot.nights.latest("day")
        if decision := last.decisions.filter(state=DecisionState.DONE).order_by("pk").first():
            decision_roll_back(decision=decision, actor=seller.user)
