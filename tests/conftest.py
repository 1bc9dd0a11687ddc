"""The shared cast, and what every test stands on: a real PostgreSQL, a real Valkey."""

import logging
import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NoReturn

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.utils import asyncio as django_asyncio
from django.utils import translation
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from alliance.demo.made import DROPS
from tests import rows
from tests.far_end import Server
from tests.pristine import django_db_modify_db_settings

__all__ = ["django_db_modify_db_settings"]


def _no_loop() -> NoReturn:
    """Playwright keeps an event loop running in this thread, which Django takes for an async view.

    (Its own switch for that is an environment variable, and those reach the processes we start.)
    """
    raise RuntimeError


django_asyncio.get_running_loop = _no_loop


# How fast a machine is says nothing of the code: no time limit for an example, none for making one.
# In CI a change is judged and not the day's luck: the examples are the same each time. Runs by hand
# and the nightly ones look for others.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


def _empty_tables(_case: TransactionTestCase) -> None:
    """Leave no row behind a test that committed.

    Django would truncate every table, which our triggers refuse, and then make all content types
    and permissions anew. Only a superuser can leave the triggers out, or the owner of the tables
    switch them off (after which PostgreSQL plans everything anew), and only this does. Foreign keys
    are deferred, or left out with the triggers, so the order does not matter.
    """
    assert not connection.in_atomic_block, "a file with `one_world` has no transaction=True tests"
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(DROPS)
        for (drop,) in cursor.fetchall():
            cursor.execute(drop)
        filled = rows.filled(cursor)
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() == ("on",):
            cursor.execute("SET LOCAL session_replication_role = replica")
            if filled:
                cursor.execute(";".join(f"DELETE FROM {table}" for table in filled))
            return
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = "
            "'refuse_change'::regproc"
        )
        guarded = {row[0] for row in cursor.fetchall()} & set(filled)
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in filled:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


TransactionTestCase._fixture_teardown = _empty_tables
# Django would also begin each test with a new connection, which has to read the catalogue anew.
# Only a database that forgets a session's settings on a rollback needs that.
TransactionTestCase._should_reload_connections = lambda _case: False


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The year in which most tests play has its months, wherever today is."""
    from affiliates.services.months import months_make

    with django_db_blocker.unblock():
        months_make(since=date(2026, 1, 1), until=date(2026, 12, 1))


class _OfAFile(TestCase):
    """What Django has for the data of a class of tests, for a file of ours."""

    databases = {"default"}


@pytest.fixture(scope="module")
def one_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around all tests of a file, for a world that is dear to make.

    A fixture of the module makes the world in it, once; a fixture of the test takes that one and
    `db`, so that what a test does is undone, and gives out a copy, so that its objects are fresh:

        @pytest.fixture(scope="module")
        def made(one_world): ...

        @pytest.fixture
        def world(made, db):
            return copy.deepcopy(made)

    Nothing is ever committed: where another process has to see it, or `on_commit` to run, it takes
    transaction=True, in another file.
    """
    with django_db_blocker.unblock():
        around = _OfAFile._enter_atomics()
        try:
            yield
        finally:
            _OfAFile._rollback_atomics(around)


@pytest.fixture(scope="module", autouse=True)
def _made_once_for_a_file() -> Iterator[None]:
    rows.made = {}
    yield
    rows.made = None


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A page drawn in another language leaves this thread in it; the next test must not notice."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _no_clicks_waiting() -> Iterator[None]:
    """A click of a test that was rolled back would come home in the next one."""
    yield
    from affiliates import ways
    from affiliates.spool import spool

    spool.close()
    ways.forget()
    for file in settings.CLICKS_DIR.glob("*.clicks"):
        file.unlink()


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Rate limits and throttles of one test must not reach the next."""
    yield
    cache.clear()


@pytest.fixture
def sql() -> Any:
    """Run a statement on the test database, past the ORM."""

    def execute(statement: str, *args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, args)

    return execute


def pytest_unconfigure() -> None:
    """The browser's driver goes after pytest's last line and need not be heard any more."""
    logging.getLogger("asyncio").disabled = True


def _chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; it may run as root in a container, hence no sandbox of its own."""
    return {
        **browser_type_launch_args,
        "executable_path": _chromium(),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    }


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Browser tests need a Chromium. Left out loudly without one; in CI that is a failure."""
    if item.get_closest_marker("browser") and not _chromium():
        said = "no Chromium here: browser tests left out (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


@pytest.fixture
def site(live_server: Any) -> str:
    """Where the browser finds the running site. What it waits for may take a busy machine long."""
    expect.set_options(timeout=30_000)
    return str(live_server.url)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Servers of the far end, each on the address that it is asked for."""
    made: list[Server] = []

    def begin(host: str, tls: ssl.SSLContext | None = None) -> Server:
        made.append(Server(host, tls))
        return made[-1]

    yield begin
    for one in made:
        one.server.shutdown()
        one.server.server_close()
