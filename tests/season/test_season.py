"""A small 618 night with real servers: everything agrees in the morning."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests import pristine

PROJECT = Path(__file__).parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "ALLIANCE_ENV")
NAME = "season_night"


@pytest.fixture
def environment(django_db_setup: None) -> Iterator[dict[str, str]]:
    """No servers named but, on a server of ours, a database with its tables in it already."""
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    if not os.environ.get("SERVER_IS_OURS"):
        yield plain
        return
    server = psycopg2.connect(**pristine.server_of("postgres"))
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE {pristine.NAME}")
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}").geturl()
        yield {**plain, "DATABASE_URL": url}
        cursor.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    server.close()


@pytest.mark.kill
def test_a_small_night_is_played_closed_settled_and_paid_and_everything_agrees(environment):
    """In a process of its own: it starts servers, kills one of them, and travels in time."""
    small = ["--minutes", "0.4", "--visitors", "150", "--shops", "9", "--affiliates", "14"]
    done = subprocess.run(
        [sys.executable, "-m", "alliance.season", *small],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, f"{said}\n{done.stderr}"
    for told in (
        "times somebody joined a campaign",
        "Valkey is killed",
        "a storm:",
        "operations pause",
        "campaigns are closed",
        "affiliates withdraw",
        "coupons claimed",
        "Everything agrees",
    ):
        assert told in said, said
