"""Housekeeping of the kernel."""

from datetime import timedelta

from celery import shared_task

from alliance.kernel import clock
from alliance.kernel.models import IdempotentCall

REMEMBERED = timedelta(days=30)


@shared_task
def idempotent_calls_forget() -> None:
    """Beat, nightly: answers to Idempotency-Keys are kept for thirty days (docs/api.md)."""
    IdempotentCall.objects.filter(created_at__lt=clock.now() - REMEMBERED).delete()
