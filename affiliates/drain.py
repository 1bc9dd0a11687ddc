"""Bringing clicks from the spool's files into the table of touches, each once.

What was read of a file is kept in the same transaction as the clicks themselves, so whoever dies in
between begins where the last one ended. Any process may drain, several at once: they share the
files out by locks. In production each web process does it for its machine, twice a second, in a
thread of its own; whoever processes orders does it first, so that no order comes before its click.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    connection,
    transaction,
)

from affiliates import ways
from affiliates.models import ClickFile
from affiliates.spool import COLUMNS, SUFFIX, spool
from alliance.kernel import clock
from alliance.kernel.front import Answer, Door, Environ

logger = logging.getLogger(__name__)

EVERY = 0.5  # seconds
CHUNK = 1 << 20  # bytes of a file in one transaction
KEPT = timedelta(days=2)  # a file stays that long: books restored from last night read it again

_COLUMNS = ", ".join(COLUMNS)
_TABLE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS clicks ON COMMIT DELETE ROWS AS
    SELECT {_COLUMNS} FROM affiliates_touch WITH NO DATA
"""  # noqa: S608 - our own columns
_TOUCHES = f"""
    WITH stored AS (
        INSERT INTO affiliates_touch (kind, {_COLUMNS}) SELECT 'click', {_COLUMNS} FROM clicks
        ON CONFLICT (click_id, touched_at) DO NOTHING RETURNING touched_at
    ), news AS (
        INSERT INTO affiliates_clicknews (day)
        SELECT DISTINCT (touched_at AT TIME ZONE %s)::date FROM stored
    )
    SELECT count(*) FROM stored
"""  # noqa: S608


def drain(*, wait: bool = True) -> int:
    """Store what lies in the files; returns how many clicks. `wait` for others who drain: when this
    returns, everything that had been written is stored. Raises DatabaseError, InterfaceError."""
    files = sorted(settings.CLICKS_DIR.glob(f"*{SUFFIX}"))
    if not files:
        return 0
    read = dict(
        ClickFile.objects.filter(name__in=[file.name for file in files]).values_list("name", "read")
    )
    stored = 0
    for file in files:
        try:
            size = file.stat().st_size
        except FileNotFoundError:  # another one was faster
            continue
        if size > read.get(file.name, 0):
            stored += _drain(file, wait=wait)
        elif _over(file):
            file.unlink(missing_ok=True)
            ClickFile.objects.filter(name=file.name).delete()
    return stored


def _drain(file: Path, *, wait: bool) -> int:
    stored, more = 0, True
    while more:
        with transaction.atomic(), connection.cursor() as cursor:
            lock = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
            cursor.execute(f"SELECT {lock}(hashtext('clicks'), hashtext(%s))", [file.name])
            if cursor.fetchone()[0] is False:
                return stored
            place, _made = ClickFile.objects.get_or_create(name=file.name)
            try:
                with file.open("rb") as spooled:
                    spooled.seek(place.read)
                    chunk = spooled.read(CHUNK)
            except FileNotFoundError:
                return stored
            whole = chunk[: chunk.rfind(b"\n") + 1]
            if whole:
                stored += _store(whole, file)
            elif chunk and _over(file):  # nobody is left to write the other half of its last line
                whole = chunk
                _set_aside(chunk, file)
            else:
                return stored
            place.read += len(whole)
            place.save(update_fields=["read", "updated_at"])
            more = len(chunk) == CHUNK
    return stored


def _store(lines: bytes, file: Path) -> int:
    """Into the table; lines that are no clicks (a disk lost them) are set aside and told of."""
    try:
        with transaction.atomic():
            return _copy(lines)
    except (DataError, IntegrityError):
        pass
    stored = 0
    for line in lines.splitlines(keepends=True):
        try:
            with transaction.atomic():
                stored += _copy(line)
        except (DataError, IntegrityError):
            _set_aside(line, file)
    return stored


def _set_aside(line: bytes, file: Path) -> None:
    with file.with_suffix(".refused").open("ab") as refused:
        refused.write(line)
    logger.error("clicks: a line of %s is no click and is set aside", file.name)


def _copy(lines: bytes) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY clicks ({_COLUMNS}) FROM STDIN", BytesIO(lines))
        cursor.execute(_TOUCHES, [clock.ZONE.key])
        stored = int(cursor.fetchone()[0])
        cursor.execute("TRUNCATE clicks")
    return stored


def _over(file: Path) -> bool:
    """Whether nobody writes to the file, or needs it, any more."""
    return file.name[:10] < f"{clock.now() - KEPT:%Y%m%d%H}"


class Drainer(threading.Thread):
    """A web process's own: drains twice a second, and listens for changes of ways."""

    def __init__(self) -> None:
        super().__init__(name="clicks", daemon=True)
        self._listening: object = None

    @classmethod
    def with_first_click(cls, door: Door) -> Door:
        """The door, and a drainer that begins when the first click comes through it."""
        once = threading.Lock()

        def opened(environ: Environ, code: str, form: Callable[[], bytes]) -> Answer | None:
            if once.acquire(blocking=False):  # and never released
                cls().start()
            return door(environ, code, form)

        return opened

    def run(self) -> None:
        while True:
            started = time.monotonic()
            try:
                spool.keep()
                self._listen()
                drain(wait=False)
            except (DatabaseError, InterfaceError, OSError):
                logger.exception("clicks wait in %s", settings.CLICKS_DIR)
                connection.close()
                self._listening = None
                time.sleep(EVERY * 4)
            time.sleep(max(0.0, started + EVERY - time.monotonic()))

    def _listen(self) -> None:
        connection.ensure_connection()
        held = connection.connection
        if self._listening is not held:
            with connection.cursor() as cursor:
                cursor.execute("LISTEN ways")
            self._listening = held
            ways.forget()  # nobody knows what was missed
        with connection.wrap_database_errors:  # or a lost server would end this thread
            held.poll()
        ways.heard(news=bool(held.notifies))
        held.notifies.clear()
