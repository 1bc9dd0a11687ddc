"""The site and the worker as they run in production, at the hour that a journey says it is.

A journey writes how far ahead it is into a file, which both processes read for each request and
each message: their present is moved by as much.
"""

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.signals import task_prerun

from alliance.celery import app as app
from alliance.kernel import clock

AHEAD = "JOURNEY_IS_AHEAD"  # names the file of seconds; without one it is now


def _ahead() -> timedelta:
    file = Path(os.environ.get(AHEAD, ""))
    return timedelta(seconds=float(file.read_text()) if file.is_file() else 0)


@task_prerun.connect
def _each_message_at_its_hour(**_about: Any) -> None:
    if AHEAD not in os.environ:
        return  # a test that only imports us travels by itself
    clock._travelled.set(None)
    if ahead := _ahead():
        clock._travelled.set(clock.now() + ahead)


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI: alliance.wsgi, a while ahead."""
    from alliance.wsgi import application as site

    ahead = _ahead()
    if not ahead:
        return site(environ, start)
    with clock.at(clock.now() + ahead):
        return site(environ, start)
