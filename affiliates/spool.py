"""Clicks on their way to the database: each a line in a file of the process that took it.

A click is written with one system call before its buyer is sent on. From then on it survives the
death of every process; affiliates.drain brings it into the table of touches, once. (The disk is
told to keep it for good twice a second: a power cut may take the last half second with it.)

A file is an hour of one process: 2026061820-<process>-<chance>.clicks. A line is a row as COPY
takes it, in the order of COLUMNS.
"""

import os
import secrets
import threading

from django.conf import settings

from affiliates.services import Click
from alliance.kernel.bulk import copy_text

COLUMNS = (
    "click_id", "link_id", "affiliate_id", "zone_id", "shop_id", "product_id", "touched_at",
    "visitor_key", "ip_key", "visitor", "sub1", "sub2", "sub3", "sub4", "sub5",
)  # fmt: skip
SUFFIX = ".clicks"
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def line_of(click: Click) -> bytes:
    """The click as a line of a spool file."""
    fields = [copy_text(getattr(click, name)) for name in COLUMNS]
    return ("\t".join(fields) + "\n").encode()


class Spool:
    """The file that this process writes to at present. For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fd = -1
        self._of = ("", 0)  # the hour and the process of the file

    def write(self, click: Click) -> None:
        """Write the click down. Raises OSError where that cannot be: it is as if never made."""
        line = line_of(click)
        hour = f"{click.touched_at:%Y%m%d%H}"
        with self._lock:
            if self._of != (hour, os.getpid()):
                self._open(hour)
            written = os.write(self._fd, line)
            if written != len(line):
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
                raise OSError("there is no room for the click")

    def keep(self) -> None:
        """Ask the disk to keep what was written."""
        with self._lock:
            if self._fd >= 0:
                os.fdatasync(self._fd)

    def close(self) -> None:
        """Write to a new file from now on."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd, self._of = -1, ("", 0)

    def _open(self, hour: str) -> None:
        held, forked = self._fd, self._of[1] != os.getpid()
        name = f"{hour}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        settings.CLICKS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(settings.CLICKS_DIR / name, _APPEND, 0o600)
        self._of = (hour, os.getpid())
        if held >= 0:
            if not forked:
                os.fdatasync(held)
            os.close(held)


spool = Spool()
