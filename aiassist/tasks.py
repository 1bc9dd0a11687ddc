"""What advisers do at night."""

from celery import shared_task

from aiassist.services import matching


@shared_task
def matches_make() -> None:
    """Match every affiliate to products anew. A second delivery makes the same again."""
    matching.matches_make()
