"""What advisers do at night, and texts for many products."""

from celery import shared_task

from aiassist.services import anomalies, copies, matching, odds, planner, risk
from aiassist.services.autopilot import nights
from commissions.tasks import violation_apply


@shared_task
def matches_make() -> None:
    """Match every affiliate to products anew. A second delivery makes the same again."""
    matching.matches_make()


@shared_task
def autopilots_wake() -> None:
    """Wake every autopilot that has not looked today. Asked again each hour of the night: the row
    is the queue."""
    for pk in nights.nights_due():
        autopilot_night.delay(pk)


@shared_task(acks_late=True)
def autopilot_night(autopilot_pk: int) -> None:
    """One merchant's night. Whoever comes second finds that it was done today."""
    nights.night_spend(autopilot_pk=autopilot_pk)


@shared_task
def risk_scores_make() -> None:
    """Compare affiliates with their peers, before the night's rewards are paid. A second delivery
    proposes nobody twice."""
    for case in risk.risk_scores_make():
        violation_apply.delay_on_commit(case.pk)  # type: ignore[attr-defined]


@shared_task(acks_late=True)
def copy_run_go_on(run_pk: int) -> None:
    """Write what is left of texts for many products."""
    copies.copy_run_go_on(run_pk=run_pk)


@shared_task
def copy_runs_sweep() -> None:
    """Beat: texts for many products that nobody goes on with."""
    for pk in copies.copy_runs_due():
        copy_run_go_on.delay(pk)


@shared_task
def posts_remind() -> None:
    """Tell of planned posts whose time comes. A second delivery tells nobody twice."""
    planner.posts_remind()


@shared_task
def task_odds_wake() -> None:
    """The night of the tasks' odds: a message for each open task, so that workers share them."""
    for pk in odds.odds_begin():
        task_odds_make.delay(pk)


@shared_task(acks_late=True)
def task_odds_make(campaign_pk: int) -> None:
    """How likely a task is to be completed. A second delivery makes the same again."""
    odds.odds_make(campaign_pk=campaign_pk)


@shared_task
def task_odds_catch_up() -> None:
    """Beat: tasks published, and accepted, since their odds were reckoned. The row is the queue."""
    odds.odds_catch_up()


@shared_task
def anomalies_look() -> None:
    """Note the figures of the last hour that stand out. A second delivery notes nothing twice."""
    anomalies.anomalies_look()
