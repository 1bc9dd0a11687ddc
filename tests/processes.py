"""Processes that are real: forked, each with a connection of its own to the test database."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, connections

PATIENCE = 120  # seconds; who hangs longer has failed


def in_processes(*jobs: Callable[[], object]) -> None:
    """Run each job in a process of its own; fail if one of them failed or hangs."""
    connections.close_all()
    children = [_fork(job) for job in jobs]
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    assert codes == [0] * len(jobs)


def _fork(job: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(PATIENCE)
    try:
        # A connection of its own, whatever the parent still holds open.
        connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
        job()
    except BaseException:  # noqa: BLE001 - a fork must not return into pytest
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
