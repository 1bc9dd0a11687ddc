"""Housekeeping of the kernel."""

from datetime import timedelta

from celery import shared_task

from alliance.kernel import clock, notice_mails
from alliance.kernel.models import IdempotentCall, Notification

REMEMBERED = timedelta(days=30)
TOLD = timedelta(days=180)


@shared_task
def idempotent_calls_forget() -> None:
    """Beat, nightly: answers to Idempotency-Keys are kept for thirty days (docs/api.md)."""
    IdempotentCall.objects.filter(created_at__lt=clock.now() - REMEMBERED).delete()


@shared_task
def mails_send() -> None:
    """The mails of notifications that are due: after each commit that tells, and by beat."""
    notice_mails.mails_due_send()


@shared_task
def notifications_forget() -> None:
    """Beat, nightly: notifications are kept for 180 days (docs/notifications.md)."""
    Notification.objects.filter(created_at__lt=clock.now() - TOLD).delete()
