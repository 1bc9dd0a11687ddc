"""What a load balancer is told, and what it is not."""

import socket
import time

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client, override_settings

from alliance import health


@pytest.fixture(autouse=True)
def _forget_applied_migrations():
    health._migrations.cache_clear()
    yield
    health._migrations.cache_clear()


def test_live_asks_nobody_else(client: Client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_ready_when_database_tables_and_broker_are_there(client: Client, db):
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }
    assert "no-store" in response["Cache-Control"]


def test_not_ready_without_broker_and_no_address_is_told(client: Client, db):
    with override_settings(CELERY_BROKER_URL="redis://:hunter2@127.0.0.1:1/0"):
        response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"]["broker"] == "unreachable"
    assert "hunter2" not in response.text
    assert "127.0.0.1" not in response.text


def test_not_ready_without_database_and_no_address_is_told(client: Client, db, monkeypatch):
    def refuse(*args):
        raise OperationalError("connection to 10.0.0.7 failed: password hunter2 is wrong")

    with monkeypatch.context() as broken:
        broken.setattr(connections["default"], "cursor", refuse)
        response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {
        "database": "unreachable",
        "migrations": "unknown",
        "broker": "ok",
    }
    assert "hunter2" not in response.text


def test_not_ready_while_migrations_are_missing_and_ready_after(client: Client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING *")
        row = cursor.fetchone()
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["checks"]["migrations"]) == (503, "1 not applied")

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations VALUES (%s, %s, %s, %s)", row)
    assert client.get("/health/ready").status_code == 200


def test_probe_over_plain_http_is_not_redirected(client: Client, db, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_probe_only_reads(client: Client):
    assert client.post("/health/live").status_code == 405
    assert client.post("/health/ready").status_code == 405


def test_broker_that_never_answers_does_not_hang_the_probe(client: Client, db):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with override_settings(CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0"):
            started = time.monotonic()
            response = client.get("/health/ready")

    assert response.json()["checks"]["broker"] == "unreachable"
    assert time.monotonic() - started < 30
