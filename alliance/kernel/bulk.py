"""One statement for many rows: what Django's bulk methods do, without their work per value."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from io import StringIO
from typing import Any, TypeVar

from django.db import connection, models

from alliance.kernel import clock

Row = TypeVar("Row", bound=models.Model)


def update_many(rows: Iterable[models.Model], fields: Sequence[str]) -> int:
    """Write `fields` (and updated_at, where there is one) of these rows of one model by key.

    Measured on 1,000 orders with ten fields: 20 ms, where `bulk_update` takes a second.
    """
    rows = list(rows)
    if not rows:
        return 0
    meta = rows[0]._meta
    by_name = {field.name: field for field in meta.fields}
    key, *columns = [by_name[name] for name in ("id", *fields)]
    if "updated_at" in by_name:
        columns.append(by_name["updated_at"])
        moment = clock.now()
        for row in rows:
            row.updated_at = moment  # type: ignore[attr-defined]
    arrays = [_array(field, rows) for field in (key, *columns)]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            # Names come from our own models, values go in as parameters.
            "UPDATE {table} SET {sets} FROM unnest({arrays}) AS fresh(pk, {names}) "  # noqa: S608
            "WHERE {table}.{pk} = fresh.pk".format(
                table=quote(meta.db_table),
                sets=", ".join(
                    f"{quote(f.column or '')} = fresh.c{i}" for i, f in enumerate(columns)
                ),
                arrays=", ".join(
                    f"%s::{field.rel_db_type(connection)}[]" for field in (key, *columns)
                ),
                names=", ".join(f"c{i}" for i in range(len(columns))),
                pk=quote(key.column or "id"),
            ),
            arrays,
        )
        return int(cursor.rowcount)


def _array(field: models.Field[Any, Any], rows: Sequence[models.Model]) -> list[Any]:
    if isinstance(field, models.JSONField):
        return [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
    return [getattr(row, field.attname) for row in rows]


def insert_many(rows: Iterable[Row]) -> list[Row]:
    """Insert new rows of one model by COPY, and give them their keys. Returns them.

    What `bulk_create` does for models whose rows are whole: no conflicts, no signals, related rows
    saved before. All or nothing.
    """
    rows = list(rows)
    if not rows:
        return rows
    meta = rows[0]._meta
    key: models.Field[Any, Any] = meta.pk
    columns = [field for field in meta.concrete_fields if not field.generated]
    writers = [_writer(field) for field in columns]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quote(meta.db_table), key.column, len(rows)],
        )
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number
        text = "".join("\t".join([write(row) for write in writers]) + "\n" for row in rows)
        names = ", ".join(quote(field.column or "") for field in columns)
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {quote(meta.db_table)} ({names}) FROM STDIN", StringIO(text))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return rows


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _writer(field: models.Field[Any, Any]) -> Callable[[models.Model], str]:
    """How the field's value stands in a row of COPY."""
    name = field.attname
    if isinstance(field, models.JSONField):
        return lambda row: _json(getattr(row, name), field.encoder)
    return lambda row: copy_text(getattr(row, name))


def _json(value: object, encoder: type[json.JSONEncoder] | None) -> str:
    return copy_text(None if value is None else json.dumps(value, cls=encoder))


def copy_text(value: object) -> str:
    """The value as it stands in a row of COPY. Raises TypeError for what it does not know."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPED)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return copy_text("{" + ",".join(_element(each) for each in value) + "}")
    raise TypeError(f"{value!r} cannot be written by COPY")


def _element(value: object) -> str:
    """As it stands in an array. Raises TypeError for what is neither text nor number."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"{value!r} cannot be written by COPY")
