"""The wiring: settings, URLs, Celery, and the kernel that every app stands on."""

from alliance.celery import app as celery_app

__all__ = ["celery_app"]
