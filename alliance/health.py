"""Two questions a machine asks: is the process alive, and may it be sent visitors?"""

from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


class _Fault(Exception):
    """Why a check fails, fit for strangers: no address, no name of a host, no credentials."""


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all; nothing else is asked."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 if the database, its tables and the broker are there; else 503, saying which is not."""
    checks = {name: _outcome(check) for name, check in _CHECKS.items()}
    well = all(outcome == "ok" for outcome in checks.values())
    return JsonResponse(
        {"status": "ready" if well else "not ready", "checks": checks}, status=200 if well else 503
    )


def _outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except _Fault as fault:
        return str(fault)
    return "ok"


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as exc:
        raise _Fault("unreachable") from exc


@cache
def _migrations() -> None:
    """Asked until it passes once (a raise is not cached): neither code nor tables go back."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as exc:
        raise _Fault("unknown") from exc
    if missing:
        raise _Fault(f"{len(missing)} not applied")


def _broker() -> None:
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_connect_timeout=2, socket_timeout=2
        ) as broker:
            broker.ping()
    except redis.RedisError as exc:
        raise _Fault("unreachable") from exc


_CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
}
