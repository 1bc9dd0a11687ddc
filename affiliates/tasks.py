"""What the clock does with clicks."""

from celery import shared_task

from affiliates import services
from affiliates.drain import drain


@shared_task
def touches_turn() -> None:
    """Beat: months for touches are made ahead, and dropped when they are old."""
    services.months_turn()


@shared_task
def clicks_drain() -> None:
    """Beat: clicks that a web process left behind, and nobody came since to begin another."""
    drain()
