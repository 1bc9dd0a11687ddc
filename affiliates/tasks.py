"""What the clock does with clicks."""

from celery import shared_task

from affiliates.drain import drain


@shared_task
def clicks_drain() -> None:
    """Beat: clicks that a web process left behind, and nobody came since to begin another."""
    drain()
