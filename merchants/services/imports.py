"""Files that came in: kept until they are read, their runs counted, their mappings remembered."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from merchants.models import (
    ColumnMapping,
    ImportIssue,
    ImportRun,
    ImportState,
    Merchant,
    Shop,
)

_CELL = 200  # of a refused row, so much of each cell is kept


def _path(run: ImportRun) -> str:
    return f"imports/{run.pk}.csv"


@transaction.atomic
def import_begin(
    *, shop: Shop, kind: str, filename: str, file: File[Any] | BinaryIO, actor: User | None
) -> ImportRun:
    """Keep the file and open a run for it. Whoever reads it calls `import_source`."""
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    file.seek(0)
    run = ImportRun.objects.create(
        merchant_id=shop.merchant_id,
        shop=shop,
        kind=kind,
        filename=filename[-200:],
        sha256=digest.hexdigest(),
        actor=actor,
    )
    default_storage.save(_path(run), file if isinstance(file, File) else File(file))
    audit.record("import.begun", run, actor=actor, kind=kind, filename=run.filename)
    return run


def import_source(run: ImportRun) -> BinaryIO:
    """The run's file, to be closed by the caller. WrongState if it is gone."""
    try:
        return default_storage.open(_path(run), "rb")  # type: ignore[return-value]
    except FileNotFoundError as exc:
        raise WrongState(_("The file of this import is gone. Please upload it again.")) from exc


@contextmanager
def import_held(run: ImportRun) -> Iterator[None]:
    """Nobody else reads the run meanwhile; WrongState if somebody does.

    The lock belongs to the connection: a worker that dies gives it back.
    """
    key = [run.pk]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('import'), %s)", key)
        if not cursor.fetchone()[0]:
            raise WrongState
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('import'), %s)", key)


def import_restart(*, run: ImportRun) -> None:
    """A run is read from its start, also when a worker died in the middle. WrongState if over."""
    if not ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING).update(
        counts={"rows": 0},
        updated_at=clock.now(),  # begun: no longer waiting for its columns
    ):
        raise WrongState
    ImportIssue.objects.filter(run=run).delete()


def import_progress(
    *, run: ImportRun, counts: Mapping[str, Any], issues: Iterable[ImportIssue]
) -> None:
    """Write down how far the run is. A refused row is kept as pairs, in the file's order."""
    for issue in issues:
        cells = issue.raw.items()
        issue.raw = [[name[:_CELL], str(cell)[:_CELL]] for name, cell in cells if cell]
    ImportIssue.objects.bulk_create(issues, batch_size=2000)
    run.counts = dict(counts)
    ImportRun.objects.filter(pk=run.pk).update(counts=run.counts, updated_at=clock.now())


@transaction.atomic
def import_finish(*, run: ImportRun, failure: str = "") -> None:
    """RUNNING → DONE, or FAILED with the sentence that says why. The file itself goes."""
    state = ImportState.FAILED if failure else ImportState.DONE
    running = ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING)
    if not running.update(state=state, failure=failure[:300]):
        raise WrongState
    run.state, run.failure = state, failure[:300]
    audit.record("import.finished", run, actor=run.actor, state=state, counts=run.counts)
    transaction.on_commit(lambda: default_storage.delete(_path(run)))


@transaction.atomic
def mapping_save(
    *,
    merchant: Merchant,
    kind: str,
    columns: Mapping[str, str],
    options: Mapping[str, Any],
    actor: User | None,
) -> ColumnMapping:
    """Remember which column means what for the merchant's next file of this kind."""
    mapping, _created = ColumnMapping.objects.update_or_create(
        merchant=merchant,
        kind=kind,
        defaults={"columns": dict(columns), "options": dict(options)},
    )
    audit.record("mapping.saved", mapping, actor=actor, kind=kind, columns=dict(columns))
    return mapping
