"""What advisers do at night."""

from celery import shared_task

from aiassist.services import matching
from aiassist.services.autopilot import nights


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
