import django.db.models.deletion
from django.db import migrations, models

import alliance.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_team_chosen"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feed",
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
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("google_xml", "Google product feed (XML)"),
                            ("google_tsv", "Google product feed (TSV)"),
                            ("rss", "RSS 2.0"),
                            ("json", "JSON Feed 1.1"),
                        ],
                        max_length=10,
                        verbose_name="format",
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("content", models.CharField(blank=True, max_length=64)),
                (
                    "changed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="changed at"),
                ),
                (
                    "fetched_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last fetched"),
                ),
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
                "verbose_name": "product feed",
                "verbose_name_plural": "product feeds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="feed_has_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("content", ""), ("changed_at__isnull", False), _connector="OR"
                        ),
                        name="feed_content_has_moment",
                    ),
                ],
            },
        ),
    ]
