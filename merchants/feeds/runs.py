"""What every feed shares: counts that add up, refused rows by number and reason, one ending."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from alliance.kernel.errors import DomainError, Invalid
from merchants.models import ColumnMapping, ImportChange, ImportIssue, ImportKind, ImportRun
from merchants.services.imports import (
    import_finish,
    import_held,
    import_progress,
    import_restart,
    import_source,
)

logger = logging.getLogger(__name__)

OnChanged = Callable[[list[int]], None]


class Feed(Protocol):
    """What a module of this package offers."""

    KIND: ImportKind
    LABEL: Any

    def read(
        self,
        tally: "Tally",
        file: BinaryIO,
        mapping: ColumnMapping | None,
        on_changed: OnChanged,
    ) -> None: ...


class RowFault(Invalid):
    """Why one row is refused, and by which of its fields."""

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message, field=field)
        self.code = code


class Tally:
    """Counts a run's rows and keeps the refused ones. `save` writes both, with what changed, and
    empties the latter.

    How far the run is `behind` says: what is done, of how much. A feed that says nothing is taken
    by the place in the file that it watches (`watch`).
    """

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.counts: Counter[str] = Counter()
        self.behind: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._issues: list[ImportIssue] = []

    def watch(self, file: BinaryIO) -> None:
        """The run is as far as this file is read."""
        place = file.tell()
        size = file.seek(0, os.SEEK_END)
        file.seek(place)
        self.behind = lambda: (file.tell(), size)

    def refuse(
        self, row: int, error: DomainError, raw: Mapping[str, Any], *, external_id: str = ""
    ) -> None:
        self.counts["refused"] += 1
        self._issues.append(
            ImportIssue(
                run=self.run,
                line_no=row,
                external_id=external_id[:64],
                field=error.field[:40],
                code=error.code[:40],
                reason=str(error)[:300],
                raw=dict(raw),
            )
        )

    def save(self, changes: Iterable[ImportChange] = ()) -> None:
        issues, self._issues = self._issues, []
        self.run.done, self.run.total = self.behind()
        import_progress(run=self.run, counts=self.counts, issues=issues, changes=changes)


def run_feed(
    feed: Feed,
    *,
    run: ImportRun,
    mapping: ColumnMapping | None = None,
    on_changed: OnChanged = lambda keys: None,
) -> ImportRun:
    """Read the run's file through the feed, to its end or to a failure that is said in words.

    `on_changed` gets the keys of rows that changed, batch by batch, each batch committed. Safe to
    call again for a run whose worker died: what was taken is recognised. Raises WrongState for a
    run that is over or that somebody is reading.
    """
    with import_held(run), translation.override(_language(run)):
        return _read(feed, run, mapping, on_changed)


def _language(run: ImportRun) -> str:
    """Reasons are kept as words, so they are said in the language of who will read them."""
    return (run.actor.language if run.actor else "") or settings.LANGUAGE_CODE


def _read(
    feed: Feed, run: ImportRun, mapping: ColumnMapping | None, on_changed: OnChanged
) -> ImportRun:
    import_restart(run=run)
    tally = Tally(run)
    failure = ""
    try:
        with import_source(run) as file:
            tally.watch(file)
            feed.read(tally, file, mapping, on_changed)
    except DomainError as exc:
        failure = str(exc)
    except Exception:
        logger.exception("import %s failed", run.pk)
        import_finish(run=run, failure=_("Something went wrong on our side. Please try again."))
        raise
    tally.behind = lambda: (run.done, run.total)  # the file is closed
    tally.save()
    import_finish(run=run, failure=failure)
    return run
