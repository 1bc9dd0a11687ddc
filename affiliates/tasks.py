"""What the clock does with clicks, and with applications."""

import time

from celery import shared_task
from django.core.cache import cache

from affiliates import services
from affiliates.drain import drain
from affiliates.services.places import applications_lapse as lapse


@shared_task
def clicks_count() -> None:
    """Beat: clicks become figures. It counts a twentieth of the time at most: a day of ten million
    clicks, which takes long, is counted less often."""
    rests = "affiliates:clicks_count"
    if cache.get(rests):
        return
    started = time.monotonic()
    services.clicks_count()
    cache.set(rests, True, 20 * (time.monotonic() - started))


@shared_task
def touches_turn() -> None:
    """Beat: months for touches are made ahead, and dropped when they are old and counted."""
    services.clicks_count()
    services.months_turn()


@shared_task
def clicks_drain() -> None:
    """Beat: clicks that a web process left behind, and nobody came since to begin another."""
    drain()


@shared_task
def applications_lapse() -> None:
    """Beat, once a day: applications for targeted plans that nobody has answered in 30 days."""
    lapse()
