import django.db.models.deletion
from django.db import migrations, models

import alliance.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0005_product_feeds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Widget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("wish", models.JSONField(verbose_name="which products")),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("zh-hans", "Simplified Chinese"),
                            ("de", "German"),
                        ],
                        max_length=7,
                        verbose_name="language",
                    ),
                ),
                ("size", models.PositiveSmallIntegerField(verbose_name="products at most")),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="closed at"),
                ),
                ("code", models.CharField(max_length=16, unique=True, verbose_name="code")),
                (
                    "affiliate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="affiliates.affiliate",
                        verbose_name="affiliate",
                    ),
                ),
                (
                    "basket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="affiliates.basket",
                        verbose_name="basket",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="affiliates.adzone",
                        verbose_name="ad zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "widget",
                "verbose_name_plural": "widgets",
            },
        ),
    ]
