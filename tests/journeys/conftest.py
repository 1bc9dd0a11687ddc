"""A real Celery worker on the test database, and patience to wait for what it does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from alliance.celery import app
from alliance.embedded.processes import die_with_parent, stop_tree
from tests.journeys.travel import AHEAD

PATIENCE = 30.0


def _database_url() -> str:
    to = connection.settings_dict
    password = f":{quote(to['PASSWORD'])}" if to["PASSWORD"] else ""
    host = f"{to['HOST'] or 'localhost'}:{to['PORT'] or 5432}"
    return f"postgres://{quote(to['USER'])}{password}@{host}/{to['NAME']}"


class Worker:
    """`celery -A alliance worker` as production runs it, one process of its own.

    Its present is the journey's: `ahead` is the file of `tests.journeys.travel`.
    """

    def __init__(self, broker: str, log: Path) -> None:
        self.log, self.ahead = log, log.with_name("ahead")
        self.environment = {
            **os.environ,
            "DATABASE_URL": _database_url(),
            "CELERY_BROKER_URL": broker,
            "ALLIANCE_ENV": "test",
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            AHEAD: str(self.ahead),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.journeys.travel", "worker",
                 "--pool=solo", "--loglevel=INFO", "--hostname=journey@%h", "--without-gossip",
                 "--without-mingle", "--without-heartbeat"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - pytest has one thread here
            )  # fmt: skip
        eventually(lambda: b" ready." in self.log.read_bytes(), why=self.said)

    def stop(self) -> None:
        if self.process is not None:
            stop_tree(self.process.pid)
            self.process.wait()
            self.process = None

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


def eventually(
    look: Callable[[], Any], *, why: Callable[[], str] = str, patience: float = PATIENCE
) -> Any:
    """What `look` answers as soon as it answers something; fails when patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(0.1)
    pytest.fail(f"it did not happen within {patience:.0f} seconds\n{why()}")


class Broker:
    """Where the messages of the journeys go: a database of Valkey of their own, the cache's next.

    Those of other tests stay where they are, and no worker hears of them.
    """

    def __init__(self) -> None:
        cache = urlsplit(settings.CACHE_URL)
        self.url = cache._replace(path=f"/{int(cache.path.strip('/')) + 1}").geturl()
        self._client = redis.Redis.from_url(self.url)
        self._client.flushdb()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Messages go to the worker; in the end it has none left, and none in its hands."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CELERY_BROKER_URL", self.url)  # celery asks for it at each connection
            _forget_connections()
            yield
            self._client.delete(*app.amqp.queues)
            eventually(_idle)
        _forget_connections()

    def close(self) -> None:
        self._client.flushdb()
        self._client.close()


def _idle() -> bool:
    """A worker of one process answers between its messages, and says what it has taken."""
    asked = app.control.inspect(timeout=2, limit=1)
    held = [asked.active(), asked.reserved()]
    return not any(answer is None or any(answer.values()) for answer in held)


def _forget_connections() -> None:
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture(scope="session")
def _broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def _worker(
    django_db_setup: None, _broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    worker = Worker(_broker.url, tmp_path_factory.mktemp("worker") / "log")
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def worker(transactional_db: None, _broker: Broker, _worker: Worker) -> Iterator[Worker]:
    """The worker, running. A journey that stops it must not mind that the next one starts it."""
    if _worker.process is None or _worker.process.poll() is not None:
        _worker.start()
    with _broker.in_use():
        yield _worker
    _worker.ahead.unlink(missing_ok=True)
