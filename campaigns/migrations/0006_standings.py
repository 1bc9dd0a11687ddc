import django.db.models.deletion
from django.db import migrations, models

import alliance.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_frozen_zones"),
        ("campaigns", "0005_claim_take"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="evaluated_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="evaluated at"
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="offered_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="offered until"),
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("final", models.BooleanField(default=False, verbose_name="final")),
                ("orders", models.PositiveIntegerField(default=0, verbose_name="valid orders")),
                ("pieces", models.PositiveIntegerField(default=0, verbose_name="pieces")),
                ("buyers", models.PositiveIntegerField(default=0, verbose_name="buyers")),
                (
                    "shop_orders",
                    models.PositiveIntegerField(default=0, verbose_name="orders of one shop"),
                ),
                ("gmv_minor", models.PositiveBigIntegerField(default=0, verbose_name="sales")),
                (
                    "commission_minor",
                    models.PositiveBigIntegerField(default=0, verbose_name="net commission"),
                ),
                (
                    "baseline_gmv_minor",
                    models.PositiveBigIntegerField(default=0, verbose_name="usual sales"),
                ),
                ("links", models.PositiveIntegerField(default=0, verbose_name="links made")),
                ("clicks", models.PositiveIntegerField(default=0, verbose_name="clicks")),
                ("visitors", models.PositiveIntegerField(default=0, verbose_name="visitors")),
                ("active_days", models.PositiveIntegerField(default=0, verbose_name="active days")),
                (
                    "reached_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reached at"),
                ),
                ("rank", models.PositiveIntegerField(blank=True, null=True, verbose_name="rank")),
                ("reward_minor", models.PositiveBigIntegerField(default=0, verbose_name="reward")),
                (
                    "left_out",
                    models.JSONField(
                        blank=True, default=dict, verbose_name="orders that do not count"
                    ),
                ),
                (
                    "counted_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="counted at"
                    ),
                ),
                (
                    "affiliate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standings",
                        to="affiliates.affiliate",
                        verbose_name="affiliate",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standings",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "standing",
                "verbose_name_plural": "standings",
                "indexes": [
                    models.Index(fields=["campaign", "final", "rank"], name="standing_by_rank")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "affiliate", "final"), name="standing_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("buyers__lte", models.F("orders")),
                            ("shop_orders__lte", models.F("orders")),
                        ),
                        name="standing_within_orders",
                    ),
                ],
            },
        ),
    ]
