import django.db.models.deletion
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import frozen_but


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0002_append_only"),
        ("merchants", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subsidy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("rate_bps", models.PositiveIntegerField(verbose_name="subsidy rate")),
                (
                    "cap_minor",
                    models.PositiveBigIntegerField(verbose_name="at most per order line"),
                ),
                (
                    "share_bps",
                    models.PositiveIntegerField(default=10000, verbose_name="affiliate's share"),
                ),
                (
                    "merchant_bps",
                    models.PositiveIntegerField(default=0, verbose_name="funded by the merchant"),
                ),
                (
                    "starts_at",
                    models.DateTimeField(verbose_name="starts at"),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ends at")),
                (
                    "agreed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="agreed at"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: orders of every merchant.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subsidies",
                        to="merchants.merchant",
                        verbose_name="merchant",
                    ),
                ),
            ],
            options={
                "verbose_name": "subsidy",
                "verbose_name_plural": "subsidies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cap_minor__gt", 0),
                            ("merchant_bps__lte", 10000),
                            ("rate_bps__range", (1, 10000)),
                            ("share_bps__range", (1, 10000)),
                        ),
                        name="subsidy_rates_in_bounds",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("merchant_bps", 0), ("merchant__isnull", False), _connector="OR"
                        ),
                        name="subsidy_funding_merchant_is_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at", None),
                            ("ends_at__gte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="subsidy_ends_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("starts_at__gte", models.F("created_at"))),
                        name="subsidy_never_retroactive",
                    ),
                ],
            },
        ),
        frozen_but("campaigns_subsidy", "ends_at", "agreed_at"),
    ]
