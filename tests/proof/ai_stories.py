"""What the tasks of matching, copy, plans, odds, risk and the autopilot have to do once."""

from datetime import timedelta

from aiassist.models import Autopilot, AutopilotMode, CopyRun, GroupKind, PlannedPost
from aiassist.services.autopilot.kept import Holder, rate_set
from aiassist.services.autopilot.policies import Limits, PolicyWish, policy_sign
from aiassist.services.copies import copy_run_begin
from aiassist.services.planner import reminders_choose
from alliance.kernel import clock
from campaigns.models import Campaign
from tests.aiassist.risk.world import among_peers
from tests.cast import Cast
from tests.proof.stories import MAY, story_of


@story_of("aiassist.tasks.matches_make")
def others_are_promoted_too(cast: Cast):
    with clock.at(MAY):
        for number in range(3):
            cast.sold(f"T{number}")
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.task_odds_wake")
@story_of("aiassist.tasks.task_odds_catch_up")
def a_task_is_open_to_somebody_who_sells(cast: Cast):
    _task_open(cast)
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.task_odds_make")
def a_night_asks_for_a_task(cast: Cast):
    return MAY + timedelta(days=1), [(_task_open(cast).pk,)]


def _task_open(cast: Cast) -> Campaign:
    with clock.at(MAY):
        made = cast.publish(cast.campaign("guaranteed_task"))
        cast.sold("T1")
    return made


@story_of("aiassist.tasks.posts_remind")
def a_post_is_due_of_which_somebody_is_to_be_told(cast: Cast):
    PlannedPost.objects.create(
        affiliate=cast.affiliate,
        zone=cast.zone,
        product=cast.product,
        at=MAY + timedelta(minutes=10),
        channel="web",
    )
    reminders_choose(actor=cast.lin, affiliate=cast.affiliate, wanted=True)
    return MAY, [()]


@story_of("aiassist.tasks.autopilots_wake")
def an_autopilot_was_signed(cast: Cast):
    with clock.at(MAY):
        _signed(cast)
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.autopilot_night")
def an_autopilot_is_woken(cast: Cast):
    with clock.at(MAY):
        made = _signed(cast)
    return MAY + timedelta(days=1), [(made.pk,)]


def _signed(cast: Cast) -> Autopilot:
    """One that pays an affiliate more, and has to stop tonight: its budget is spent."""
    cast.sold("T1")
    made = policy_sign(
        merchant=cast.merchant,
        wish=PolicyWish(
            mode=AutopilotMode.ACT,
            roi_target_centi=700,
            roi_floor_centi=500,
            budget_day_minor=1_00,
            budget_minor=1_00,
            ends_on=clock.business_day() + timedelta(days=30),
            limits=[Limits(GroupKind.SHOP, 800, 2_000)],
        ),
        actor=cast.chen,
    )
    rate_set(
        autopilot=made,
        holder=Holder(affiliate=cast.affiliate.pk),
        group=made.policy.groups.get(),
        rate_bps=1_300,
        actor=cast.chen,
    )
    return made


@story_of("aiassist.tasks.risk_scores_make")
def one_of_ten_sells_to_itself(cast: Cast):
    return among_peers(cast), [()]


@story_of("aiassist.tasks.anomalies_look")
def an_hour_is_over(cast: Cast):
    with clock.at(MAY):
        cast.sold("T1")
    return MAY + timedelta(hours=1), [()]


def _to_write(cast: Cast) -> CopyRun:
    """A text for the product is to be written, and nobody has begun."""
    facts = {"actor": cast.lin, "affiliate": cast.affiliate, "zone": cast.zone}
    return copy_run_begin(products=[cast.product], channel="web", language="en", **facts)


@story_of("aiassist.tasks.copy_run_go_on")
def a_text_is_to_be_written(cast: Cast):
    with clock.at(MAY):
        return MAY, [(_to_write(cast).pk,)]


@story_of("aiassist.tasks.copy_runs_sweep")
def nobody_gets_on_with_writing(cast: Cast):
    with clock.at(MAY):
        _to_write(cast)
    return MAY + timedelta(minutes=5), [()]
