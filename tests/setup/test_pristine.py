"""Test databases are copies of one template, and the template may come out of a dump."""

import re

import psycopg2
import pytest
from django.db import connection

from tests import pristine

COPY = "pristine_copy"


@pytest.fixture
def copy():
    """An empty database beside the tests' own; its name."""
    server = psycopg2.connect(**pristine.server_of("postgres"))
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {COPY}")
        yield COPY
        cursor.execute(f"DROP DATABASE {COPY} WITH (FORCE)")
    server.close()


WORDS = re.compile(r"\(ARRAY\[([^]]*)\]\)::text\[\]")


def restored(line):
    """PostgreSQL writes `state IN (...)` and BETWEEN down in another way after it has read them."""
    line = WORDS.sub(
        lambda found: (
            "ARRAY[" + re.sub(r"('[^']*'::character varying)", r"(\1)::text", found[1]) + "]"
        ),
        line,
    )
    return re.sub("[()]", "", line)


def described(database):
    """Each table, type, function, trigger and constraint, and how many apps' migrations."""
    said = pristine.client("pg_dump", database, "--schema-only").splitlines()
    schema = [restored(line) for line in said if "restrict " not in line]
    applied = pristine.client("pg_dump", database, "--data-only", "--table=django_migrations")
    return schema, applied.count("_initial") + applied.count("_tables")


@pytest.mark.django_db(transaction=True)
def test_what_comes_out_of_a_dump_is_what_the_migrations_made(copy, tmp_path):
    made = connection.settings_dict["NAME"]
    pristine.keep(made, tmp_path / "dump")
    pristine.restore(tmp_path / "dump", copy)

    schema, initial = described(copy)
    assert (schema, initial) == described(made)
    assert sum(line.startswith("CREATE TRIGGER") for line in schema) > 20
    assert initial > 10


def test_a_dump_is_of_no_use_once_a_migration_or_a_package_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(pristine, "ROOT", tmp_path)
    (tmp_path / "shop/migrations").mkdir(parents=True)
    migration, lock = tmp_path / "shop/migrations/0001_initial.py", tmp_path / "requirements.lock"
    seen = [pristine.digest()]
    for path, text in ((migration, "one"), (migration, "two"), (lock, "django==5.2")):
        path.write_text(text)
        seen.append(pristine.digest())
    (tmp_path / "shop/models.py").write_text("the tables come from the migrations alone")

    assert len(set(seen)) == 4
    assert pristine.digest() == seen[-1]
