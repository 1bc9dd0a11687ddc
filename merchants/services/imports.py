"""Files that came in: kept until they are read, their runs counted, their mappings remembered."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from merchants.models import (
    ChangeKind,
    ColumnMapping,
    ImportChange,
    ImportIssue,
    ImportKind,
    ImportRun,
    ImportState,
    Merchant,
    Missing,
    ProductFeed,
    Shop,
)
from merchants.notices import import_tell
from merchants.services.products import products_let_end

KEPT = timedelta(days=90)
_CELL = 200  # of a refused row, so much of each cell is kept


def _path(run: ImportRun) -> str:
    return f"imports/{run.pk}.csv"


@transaction.atomic
def import_begin(
    *,
    shop: Shop,
    kind: str,
    filename: str,
    file: File[Any] | BinaryIO,
    actor: User | None,
    full: bool = False,
    layout: str = "",
    feed: ProductFeed | None = None,
) -> ImportRun:
    """Keep the file and open a run for it. Whoever reads it calls `import_source`.

    `full`: the file is the shop's whole assortment, so what it does not list is sold no more.
    `layout`: the export that an order file was recognised as; `feed`: what fetched it.
    """
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
        full=full,
        layout=layout,
        feed=feed,
    )
    # After a restore keys are given again, and a file of the time that was lost may lie there.
    default_storage.delete(_path(run))
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
        done=0,
        total=0,
        updated_at=clock.now(),  # begun: no longer waiting for its columns
    ):
        raise WrongState
    ImportIssue.objects.filter(run=run).delete()


def import_progress(
    *,
    run: ImportRun,
    counts: Mapping[str, Any],
    issues: Iterable[ImportIssue],
    changes: Iterable[ImportChange] = (),
) -> None:
    """Write down how far the run is. A refused row is kept as pairs, in the file's order."""
    for issue in issues:
        cells = issue.raw.items()
        issue.raw = [[name[:_CELL], str(cell)[:_CELL]] for name, cell in cells if cell]
    ImportIssue.objects.bulk_create(issues, batch_size=2000)
    ImportChange.objects.bulk_create(changes, batch_size=2000)
    run.counts = dict(counts)
    ImportRun.objects.filter(pk=run.pk).update(
        counts=run.counts,
        done=run.done,
        total=run.total,
        layout=run.layout,
        turns_at=run.turns_at,
        updated_at=clock.now(),
    )


@transaction.atomic
def import_finish(*, run: ImportRun, failure: str = "") -> None:
    """RUNNING → DONE, or FAILED with the sentence that says why. The file itself goes."""
    state = ImportState.FAILED if failure else ImportState.DONE
    running = ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING)
    if not running.update(state=state, failure=failure[:300]):
        raise WrongState
    run.state, run.failure = state, failure[:300]
    audit.record("import.finished", run, actor=run.actor, state=state, counts=run.counts)
    import_tell(run)
    transaction.on_commit(lambda: default_storage.delete(_path(run)))


def newer_than(run: ImportRun) -> QuerySet[ImportRun]:
    """The product files that the shop has brought since; those that failed say nothing."""
    later = ImportRun.objects.filter(shop=run.shop_id, kind=ImportKind.PRODUCTS, pk__gt=run.pk)
    return later.exclude(state=ImportState.FAILED)


@transaction.atomic
def import_missing(*, run: ImportRun, products: Mapping[int, str], ask: bool) -> None:
    """Products (key → shop's id) that a full feed lists no more: they end with the next business
    day; or, with `ask`, nothing happens to them before a person has said so."""
    kind = ChangeKind.MISSING if ask else ChangeKind.ENDING
    ImportChange.objects.bulk_create(
        [
            ImportChange(run=run, product_id=pk, external_id=number, kind=kind)
            for pk, number in products.items()
        ],
        batch_size=2000,
    )
    run.missing = Missing.ASKED if ask else Missing.ENDING
    ImportRun.objects.filter(pk=run.pk).update(missing=run.missing)
    if not ask:
        products_let_end(products=list(products), at=_after_next_day())


@transaction.atomic
def import_missing_decide(*, run: ImportRun, end: bool, actor: User | None) -> None:
    """A person says whether the missing products end. WrongState if that was answered, or if the
    shop has brought another product file since: it would say something newer."""
    asked = ImportRun.objects.filter(pk=run.pk, missing=Missing.ASKED)
    answer = Missing.ENDING if end else Missing.KEPT
    if newer_than(run).exists() or not asked.update(missing=answer):
        raise WrongState
    run.missing = answer
    changes = ImportChange.objects.filter(run=run, kind=ChangeKind.MISSING)
    if end:
        missing = list(changes.values_list("product", flat=True))
        products_let_end(products=missing, at=_after_next_day())
        changes.update(kind=ChangeKind.ENDING)
    audit.record("import.missing_decided", run, actor=actor, end=end)


def _after_next_day() -> datetime:
    """The end of the next business day: affiliates have a whole one to change their links."""
    return clock.day_start(clock.business_day() + timedelta(days=2))


def imports_forget() -> int:
    """What runs said of single rows and products is kept for ninety days. How many changes went."""
    before = clock.now() - KEPT
    ImportIssue.objects.filter(created_at__lt=before).delete()
    gone, _each = ImportChange.objects.filter(created_at__lt=before).delete()
    return gone


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
