"""What several apps' migrations share: tables made together, and SQL."""

from collections.abc import Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class Tables(Operation):
    """A migration step: the tables of an app, all at once.

    One by one, Django would build each model and all that it refers to anew for each table, which
    took longer than everything else. They may refer to each other in circles: foreign keys follow
    when all tables are there.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, tables: Sequence[migrations.CreateModel]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # built when it is asked for: once
        for table in self.tables:
            table.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table in self.tables:
            table.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table in reversed(self.tables):
            table.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.tables)} tables"


APPEND_ONLY_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """A migration step: the database itself refuses to change or remove rows of `table`."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """,
        f"""
        DROP TRIGGER {table}_append_only ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        """,
    )


def frozen_but(table: str, *columns: str) -> migrations.RunSQL:
    """A migration step: of a row of `table` only `columns` may change, and no row may go."""
    free = "', '".join(columns)
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {table}_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF to_jsonb(OLD) - ARRAY['{free}'] <> to_jsonb(NEW) - ARRAY['{free}'] THEN
                RAISE EXCEPTION '{table} is frozen but for {", ".join(columns)}'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_frozen();
        CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        """,
        f"""
        DROP TRIGGER {table}_frozen ON {table};
        DROP FUNCTION {table}_frozen();
        DROP TRIGGER {table}_no_delete ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
        """,
    )


FEED_FUNCTION = """
CREATE FUNCTION feed_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.feed_position := coalesce((SELECT base FROM kernel_feedbase), 0)
        + pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
"""


def in_feed(table: str, *columns: str, by: str = "") -> migrations.RunSQL:
    """A migration step: rows of `table` get a place in the change feed (alliance.kernel.feed) when
    they come and when one of `columns` is written; none named: any. `by`: whose they are."""
    of = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    owner = f"{by}, " if by else ""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD COLUMN feed_position bigint NOT NULL DEFAULT 0;
        CREATE INDEX {table}_feed ON {table} ({owner}feed_position, id);
        CREATE TRIGGER {table}_feed BEFORE INSERT OR {of} ON {table}
            FOR EACH ROW EXECUTE FUNCTION feed_stamp();
        """,
        f"""
        DROP TRIGGER {table}_feed ON {table};
        ALTER TABLE {table} DROP COLUMN feed_position;
        """,
    )
