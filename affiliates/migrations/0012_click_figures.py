"""Figures of clicks by day; the days of the clicks that are there are counted at once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The alliance's days turn in its own zone, and the setting for that never changes.
COUNT_ALL = f"""
    INSERT INTO affiliates_clicknews (day)
    SELECT DISTINCT (touched_at AT TIME ZONE '{settings.TIME_ZONE}')::date
    FROM affiliates_touch WHERE kind = 'click'
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0011_touches_by_month"),
        ("merchants", "0004_deposits_and_refund_states"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClickNews",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
            ],
            options={
                "verbose_name": "day to count",
                "verbose_name_plural": "days to count",
            },
        ),
        migrations.CreateModel(
            name="ClickDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("clicks", models.PositiveIntegerField(verbose_name="clicks")),
                ("visitors", models.PositiveIntegerField(verbose_name="visitors")),
                ("bots", models.PositiveIntegerField(verbose_name="bots")),
                ("previews", models.PositiveIntegerField(verbose_name="link previews")),
                (
                    "affiliate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="affiliates.affiliate",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="days",
                        to="affiliates.link",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="affiliates.adzone",
                    ),
                ),
            ],
            options={
                "verbose_name": "day of clicks",
                "verbose_name_plural": "days of clicks",
                "indexes": [
                    models.Index(
                        condition=models.Q(("merchant", None), ("zone", None)),
                        fields=["affiliate", "day"],
                        name="click_day_by_affiliate",
                    ),
                    models.Index(
                        condition=models.Q(("merchant__isnull", False)),
                        fields=["merchant", "day"],
                        name="click_day_by_merchant",
                    ),
                    models.Index(
                        condition=models.Q(("link", None), ("zone__isnull", False)),
                        fields=["affiliate", "day"],
                        name="click_day_by_zone",
                    ),
                    models.Index(
                        condition=models.Q(("link__isnull", False)),
                        fields=["link"],
                        name="click_day_by_link",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "affiliate", "merchant", "zone", "link"),
                        name="click_day_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("visitors__lte", models.F("clicks"))),
                        name="click_day_visitors_clicked",
                    ),
                ],
            },
        ),
        migrations.RunSQL(COUNT_ALL, migrations.RunSQL.noop),
    ]
