"""Touches by month; what was decided is written once; whoever remembers where codes lead is told."""

# ruff: noqa: S608 - names of tables only

from django.db import migrations

from alliance.kernel.db import append_only, frozen_but

# Touches lie in a partition for each month, in UTC (docs/adr/0018): this one and the two that follow;
# from then on affiliates.services.months makes them. What fits none of them lies in `..._other`.
TOUCHES = "affiliates_touch"
PARTED = f"""
    ALTER TABLE {TOUCHES} RENAME TO {TOUCHES}_whole;
    ALTER SEQUENCE {TOUCHES}_id_seq RENAME TO {TOUCHES}_whole_id_seq;
    CREATE TABLE {TOUCHES} (
        LIKE {TOUCHES}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY
    ) PARTITION BY RANGE (touched_at);
    DROP TABLE {TOUCHES}_whole;
    CREATE TABLE {TOUCHES}_other PARTITION OF {TOUCHES} DEFAULT;
    DO $$
    DECLARE month timestamp;
    BEGIN
        FOR month IN SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month'
            FROM generate_series(0, 2) AS n
        LOOP
            EXECUTE format(
                'CREATE TABLE {TOUCHES}_%s PARTITION OF {TOUCHES} FOR VALUES FROM (%L) TO (%L)',
                to_char(month, 'YYYYMM'), month AT TIME ZONE 'UTC',
                (month + interval '1 month') AT TIME ZONE 'UTC'
            );
        END LOOP;
    END $$;
    ALTER TABLE {TOUCHES} ADD PRIMARY KEY (id, touched_at);
    ALTER TABLE {TOUCHES} ADD CONSTRAINT touch_once UNIQUE (click_id, touched_at);
    CREATE INDEX touch_by_visitor ON {TOUCHES} (visitor_key, shop_id, touched_at DESC)
        WHERE NOT (visitor_key = '');
    CREATE INDEX touch_by_affiliate ON {TOUCHES} (affiliate_id, touched_at DESC);
"""
# Triggers on each row hold in every partition; those that refuse to empty a table have to be said.
NOT_EMPTIED = f"""
    DO $$
    DECLARE part regclass;
    BEGIN
        FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = '{TOUCHES}'::regclass LOOP
            EXECUTE format(
                'CREATE TRIGGER {TOUCHES}_no_truncate BEFORE TRUNCATE ON %s '
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
        WHERE i.inhparent = '{TOUCHES}'::regclass AND c.relname ~ '^{TOUCHES}_[0-9]{{6}}$'
    $$
"""
# Of each table, what decides where a code leads (affiliates.queries.ways).
WAYS = {
    "affiliates_link": "url, paused_at, shop_id, product_id, sub1, sub2, sub3, sub4, sub5",
    "affiliates_affiliate": "state",
    "affiliates_site": "state",
    "affiliates_adzone": "frozen_until, site_id",
    "merchants_merchant": "state",
    "merchants_shop": "name, domains",
    "merchants_product": "state",
}
WAYS_CHANGED = """
    CREATE FUNCTION ways_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NOTIFY ways;
        RETURN NULL;
    END $$
"""
# Who was in a plan at a past click stays so: what is written of it is written once.
DATES = """
    CREATE FUNCTION plan_member_dates() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.plan_id, NEW.affiliate_id, NEW.applied_at)
            IS DISTINCT FROM (OLD.plan_id, OLD.affiliate_id, OLD.applied_at)
            OR OLD.starts_at IS NOT NULL AND NEW.starts_at IS DISTINCT FROM OLD.starts_at
            OR OLD.ends_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at
        THEN
            RAISE EXCEPTION 'a place in a plan begins and ends once'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER affiliates_planmember_dates BEFORE UPDATE ON affiliates_planmember
        FOR EACH ROW EXECUTE FUNCTION plan_member_dates();
    CREATE TRIGGER affiliates_planmember_no_delete BEFORE DELETE ON affiliates_planmember
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    replaces = [("affiliates", "0010_channels_end")]  # a database at an earlier one is refused
    dependencies = [("affiliates", "0001_tables")]

    operations = [
        migrations.RunSQL(PARTED, migrations.RunSQL.noop),
        append_only(TOUCHES),
        migrations.RunSQL(NOT_EMPTIED, migrations.RunSQL.noop),
        migrations.RunSQL(KEPT_SINCE, "DROP FUNCTION touches_kept_since()"),
        append_only("affiliates_attribution"),
        append_only("affiliates_specialfee"),
        append_only("affiliates_attributionpolicy"),
        append_only("affiliates_standdown"),
        frozen_but("affiliates_relation", "ends_at"),
        frozen_but("affiliates_intermediation", "starts_at", "ends_at"),
        frozen_but("affiliates_codebinding", "ends_at"),
        frozen_but("affiliates_invitation", "ends_at"),
        migrations.RunSQL(DATES, "DROP FUNCTION plan_member_dates CASCADE"),
        migrations.RunSQL(WAYS_CHANGED, "DROP FUNCTION ways_changed"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_ways AFTER UPDATE OF {columns} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ways_changed()",
                f"DROP TRIGGER {table}_ways ON {table}",
            )
            for table, columns in WAYS.items()
        ),
    ]
