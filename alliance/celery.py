"""The Celery application. Messages carry ids; the row in PostgreSQL is the queue."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")


class WakingTask(DjangoTask):
    """A task whose message only wakes a worker.

    With the broker away, what was committed is still committed: the caller is told so, the
    failure is logged, and a sweep does the work when the broker is back (docs/adr/0012).
    """

    abstract = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        def wake() -> None:
            self.delay(*args, **kwargs)

        transaction.on_commit(wake, robust=True)


app = Celery("alliance", task_cls=WakingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
