"""The Celery application. Messages carry ids; the row in PostgreSQL is the queue."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")


_asleep = ContextVar("_asleep", default=False)


@contextmanager
def nobody_woken() -> Iterator[None]:
    """Tasks of what is committed here are left to the sweeps: for a past that is played at once."""
    token = _asleep.set(True)
    try:
        yield
    finally:
        _asleep.reset(token)


class WakingTask(DjangoTask):
    """A task whose message only wakes a worker.

    With the broker away, what was committed is still committed: the caller is told so, the
    failure is logged, and a sweep does the work when the broker is back (docs/adr/0012).
    """

    abstract = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        if _asleep.get():
            return

        def wake() -> None:
            self.delay(*args, **kwargs)

        transaction.on_commit(wake, robust=True)


app = Celery("alliance", task_cls=WakingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
