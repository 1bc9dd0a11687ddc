"""Touches lie in a partition for each month, in UTC (docs/adr/0018).

The months of the touches that are there, this one and the two that follow; from then on
affiliates.services.months makes them. What fits none of them lies in `affiliates_touch_other`.
"""

# ruff: noqa: S608 - names of tables only

from django.db import migrations, models

from alliance.kernel.db import append_only

TABLE = "affiliates_touch"
PARTED = f"""
    ALTER SEQUENCE {TABLE}_id_seq RENAME TO {TABLE}_whole_id_seq;
    ALTER TABLE {TABLE} RENAME TO {TABLE}_whole;
    CREATE TABLE {TABLE} (
        LIKE {TABLE}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY
    ) PARTITION BY RANGE (touched_at);
    CREATE TABLE {TABLE}_other PARTITION OF {TABLE} DEFAULT;
    DO $$
    DECLARE
        first timestamptz := (SELECT coalesce(min(touched_at), now()) FROM {TABLE}_whole);
        month timestamp;
    BEGIN
        FOR month IN SELECT generate_series(
            date_trunc('month', first AT TIME ZONE 'UTC'),
            date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months',
            interval '1 month'
        ) LOOP
            EXECUTE format(
                'CREATE TABLE {TABLE}_%s PARTITION OF {TABLE} FOR VALUES FROM (%L) TO (%L)',
                to_char(month, 'YYYYMM'), month AT TIME ZONE 'UTC',
                (month + interval '1 month') AT TIME ZONE 'UTC'
            );
        END LOOP;
    END $$;
    INSERT INTO {TABLE} SELECT * FROM {TABLE}_whole;
    SELECT setval('{TABLE}_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM {TABLE}_whole), false);
    DROP TABLE {TABLE}_whole;
    ALTER TABLE {TABLE} ADD PRIMARY KEY (id, touched_at);
"""
WHOLE = f"""
    ALTER SEQUENCE {TABLE}_id_seq RENAME TO {TABLE}_parted_id_seq;
    ALTER TABLE {TABLE} RENAME TO {TABLE}_parted;
    CREATE TABLE {TABLE} (
        LIKE {TABLE}_parted INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY
    );
    INSERT INTO {TABLE} SELECT * FROM {TABLE}_parted;
    SELECT setval('{TABLE}_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM {TABLE}_parted), false);
    DROP TABLE {TABLE}_parted;
    ALTER TABLE {TABLE} ADD PRIMARY KEY (id);
    ALTER TABLE {TABLE} ADD CONSTRAINT {TABLE}_click_id_key UNIQUE (click_id);
"""
INDEXES = f"""
    CREATE INDEX touch_by_visitor ON {TABLE} (visitor_key, shop_id, touched_at DESC)
        WHERE NOT (visitor_key = '');
    CREATE INDEX touch_by_affiliate ON {TABLE} (affiliate_id, touched_at DESC);
"""
# Triggers on each row hold in every partition; those that refuse to empty a table have to be said.
NOT_EMPTIED = f"""
    DO $$
    DECLARE part regclass;
    BEGIN
        FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = '{TABLE}'::regclass LOOP
            EXECUTE format(
                'CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON %s '
                'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part
            );
        END LOOP;
    END $$;
"""
# Older touches were dropped with their months.
KEPT_SINCE = f"""
    CREATE FUNCTION touches_kept_since() RETURNS timestamptz STABLE LANGUAGE sql AS $$
        SELECT coalesce(
            min(to_date(right(c.relname, 6), 'YYYYMM')::timestamp AT TIME ZONE 'UTC'), '-infinity'
        )
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '{TABLE}'::regclass AND c.relname ~ '^{TABLE}_[0-9]{{6}}$'
    $$
"""


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0010_attribution_outlives_its_touch")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(PARTED, migrations.RunSQL.noop),
                migrations.RunSQL(INDEXES, migrations.RunSQL.noop),
                append_only(TABLE),
                migrations.RunSQL(NOT_EMPTIED, migrations.RunSQL.noop),
                migrations.RunSQL(migrations.RunSQL.noop, INDEXES),
                migrations.RunSQL(migrations.RunSQL.noop, WHOLE),
            ],
            [
                migrations.AlterField(
                    model_name="touch",
                    name="click_id",
                    field=models.CharField(max_length=32, verbose_name="click id"),
                ),
                migrations.AlterField(
                    model_name="touch",
                    name="link",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=models.DO_NOTHING,
                        related_name="touches",
                        to="affiliates.link",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.UniqueConstraint(
                fields=("click_id", "touched_at"), name="touch_once"
            ),
        ),
        migrations.RunSQL(KEPT_SINCE, "DROP FUNCTION touches_kept_since()"),
    ]
