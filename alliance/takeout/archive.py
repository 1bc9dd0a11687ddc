"""The archive itself: a ZIP of CSV files, a schema, signed statements, a signed manifest."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction

from alliance.kernel import clock
from alliance.kernel.exports import cell
from alliance.takeout.sheets import Sheet, sheets_of
from commissions import queries
from commissions.models import Statement
from commissions.statements import keys
from commissions.statements.file import file_of

README = Path(__file__).with_name("README.txt")
MANIFEST = "manifest.json"
Told = Callable[[int, int], None]  # files written, of how many


def archive_write(organisation: str, into: IO[bytes], told: Told) -> None:
    """Write all that is kept of the organisation, as of one moment.

    The rows are read in one snapshot, and are streamed: memory does not grow with them.
    """
    sheets = sheets_of(organisation)
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        as_of = clock.now()  # the next statement takes the snapshot; writing may last for hours
        told_now = list(_statements_of(organisation))
        total = len(sheets) + len(told_now)
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            book = _Book(archive)
            book.write("README.txt", [README.read_text()])
            book.write("schema.json", [_json({sheet.name: _schema(sheet) for sheet in sheets})])
            for number, sheet in enumerate(sheets):
                told(number, total)
                book.write(f"{sheet.name}.csv", _csv(sheet, organisation))
            for number, statement in enumerate(told_now, len(sheets)):
                told(number, total)
                name = f"statements/{statement.number}.csv"
                book.write(name, file_of(statement, queries.statement_lines(statement)))
            book.seal(organisation, as_of)


class _Book:
    """Writes files into the archive and remembers what they hold."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive, self._files = archive, {}  # type: ignore[var-annotated]

    def write(self, name: str, pieces: Iterable[str]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as file:
            for piece in pieces:
                raw = piece.encode()
                digest.update(raw)
                size += len(raw)
                file.write(raw)
        self._files[name] = {"sha256": digest.hexdigest(), "bytes": size}

    def seal(self, organisation: str, as_of: datetime) -> None:
        """The manifest, and what signs it: the key that statements are signed with."""
        manifest = _json(
            {
                "takeout": 1,
                "organisation": organisation,
                "alliance": settings.PUBLIC_URL,
                "as_of": as_of.astimezone(UTC).isoformat(timespec="seconds"),
                "files": self._files,
            }
        ).encode()
        self._archive.writestr(MANIFEST, manifest)
        digest = hashlib.sha256(manifest).hexdigest()
        public = keys.public()
        signature = {
            "key": public,
            "key_id": keys.key_id(public),
            "sha256": digest,
            "signature": keys.sign(digest),
        }
        self._archive.writestr("manifest.sig.json", _json(signature))


def _statements_of(organisation: str) -> Iterator[Statement]:
    kind, _colon, key = organisation.partition(":")
    return Statement.objects.filter(**{kind: key}).order_by("pk").iterator()


def _csv(sheet: Sheet, organisation: str) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.attname for field in sheet.fields])
    for row in sheet.lines(organisation):
        writer.writerow([_cell(value) for value in row])
        if text.tell() > 1 << 16:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _cell(value: Any) -> str:
    """As in our other files; moments in UTC, and what has parts as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return cell(value)


def _schema(sheet: Sheet) -> dict[str, Any]:
    return {
        "about": " ".join((sheet.table.__doc__ or "").split()),
        "columns": {
            field.attname: {
                "type": field.get_internal_type(),
                "says": str(field.verbose_name),
                **_more(field),
            }
            for field in sheet.fields
        },
        "table": sheet.table._meta.label,
    }


def _more(field: Any) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if field.related_model:
        more["refers_to"] = field.related_model._meta.label
    if field.choices:
        more["choices"] = [str(key) for key, _words in field.flatchoices]
    return more


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
