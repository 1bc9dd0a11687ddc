"""Clicks come out of files, and whoever remembers where codes lead is told when that changes."""

from django.db import migrations, models

import alliance.kernel.clock

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
FUNCTION = """
    CREATE FUNCTION ways_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NOTIFY ways;
        RETURN NULL;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0005_claims"),
        ("merchants", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClickFile",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, editable=False, verbose_name="updated at"
                    ),
                ),
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("read", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "file of clicks",
                "verbose_name_plural": "files of clicks",
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION ways_changed"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_ways AFTER UPDATE OF {columns} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ways_changed()",
                f"DROP TRIGGER {table}_ways ON {table}",
            )
            for table, columns in WAYS.items()
        ),
    ]
