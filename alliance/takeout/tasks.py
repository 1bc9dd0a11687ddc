"""Archives are written by a worker. The rows decide; a message only wakes."""

from celery import shared_task

from alliance.takeout import services


@shared_task
def takeout_make(takeout_pk: int) -> None:
    """Write this archive, if nobody does."""
    services.takeout_write(takeout_pk=takeout_pk)


@shared_task
def takeouts_sweep() -> None:
    """Beat: what waits for a lost message, what was broken off, what has expired."""
    for pk in services.takeouts_sweep():
        takeout_make.delay(pk)
