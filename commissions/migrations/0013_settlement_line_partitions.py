"""The lines of each settlement lie in a partition of their own (docs/adr/0015).

Closing fills a table without indexes, and the indexes are built once, from sorted rows.
"""

# ruff: noqa: S608 - names of tables only

from django.db import migrations

from alliance.kernel.db import append_only

TABLE = "commissions_settlementline"
KEYS = f"""
    ALTER TABLE {TABLE} ADD CONSTRAINT {TABLE}_pkey
        PRIMARY KEY (settlement_id, affiliate_id, commission_id, revision);
    CREATE INDEX {TABLE}_commission_id ON {TABLE} (commission_id);
"""
PARTED = f"""
    ALTER TABLE {TABLE} RENAME TO {TABLE}_old;
    CREATE TABLE {TABLE} (LIKE {TABLE}_old INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY LIST (settlement_id);
    DO $$
    DECLARE settled bigint;
    BEGIN
        FOR settled IN SELECT DISTINCT settlement_id FROM {TABLE}_old LOOP
            EXECUTE format(
                'CREATE TABLE {TABLE}_%s PARTITION OF {TABLE} FOR VALUES IN (%s)', settled, settled
            );
            EXECUTE format(
                'CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}_%s '
                'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', settled
            );
        END LOOP;
    END $$;
    INSERT INTO {TABLE} SELECT * FROM {TABLE}_old;
    DROP TABLE {TABLE}_old;
    {KEYS}
"""
WHOLE = f"""
    ALTER TABLE {TABLE} RENAME TO {TABLE}_old;
    CREATE TABLE {TABLE} (LIKE {TABLE}_old INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    INSERT INTO {TABLE} SELECT * FROM {TABLE}_old;
    DROP TABLE {TABLE}_old;
    {KEYS}
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0012_finding_above_limit")]

    operations = [
        migrations.RunSQL(PARTED, migrations.RunSQL.noop),
        append_only(TABLE),
        migrations.RunSQL(migrations.RunSQL.noop, WHOLE),
    ]
