"""Statements: what was told, kept as it was told."""

import django.db.models.deletion
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_frozen_zones"),
        ("commissions", "0008_violations"),
        ("merchants", "0004_deposits_and_refund_states"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatementKey",
            fields=[
                (
                    "key_id",
                    models.CharField(
                        max_length=16, primary_key=True, serialize=False, verbose_name="key id"
                    ),
                ),
                ("public", models.CharField(max_length=64, unique=True, verbose_name="public key")),
                (
                    "first_used_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="first used at"
                    ),
                ),
            ],
            options={
                "verbose_name": "statement key",
                "verbose_name_plural": "statement keys",
            },
        ),
        migrations.AddField(
            model_name="settlement",
            name="posted_through",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="settlement",
            name="told_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="statements issued at"),
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("affiliate", "Affiliate"), ("merchant", "Merchant")],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                ("opening", models.JSONField(verbose_name="opening figures")),
                ("closing", models.JSONField(verbose_name="closing figures")),
                ("sums", models.JSONField(verbose_name="sums by kind of row")),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                ("head", models.CharField(max_length=64, verbose_name="head hash")),
                ("signature", models.CharField(max_length=128, verbose_name="signature")),
                (
                    "signed_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="signed at"
                    ),
                ),
                (
                    "affiliate",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="affiliates.affiliate",
                        verbose_name="affiliate",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="merchants.merchant",
                        verbose_name="merchant",
                    ),
                ),
                (
                    "previous",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="following",
                        to="commissions.statement",
                        verbose_name="previous statement",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="commissions.settlement",
                        verbose_name="settlement",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.statementkey",
                        verbose_name="signed with",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement",
                "verbose_name_plural": "statements",
            },
        ),
        migrations.CreateModel(
            name="StatementPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveIntegerField(verbose_name="place")),
                ("text", models.BinaryField(verbose_name="text")),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="commissions.statement",
                        verbose_name="statement",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a statement",
                "verbose_name_plural": "parts of statements",
            },
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["affiliate", "-id"], name="statement_by_affiliate"),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["merchant", "-id"], name="statement_by_merchant"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("affiliate__isnull", False),
                        ("kind", "affiliate"),
                        ("merchant", None),
                        ("settlement__isnull", False),
                    ),
                    models.Q(
                        ("affiliate", None),
                        ("kind", "merchant"),
                        ("merchant__isnull", False),
                        ("settlement", None),
                    ),
                    _connector="OR",
                ),
                name="statement_has_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="statement_is_first_of_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                fields=("settlement", "affiliate"), name="statement_once_per_settlement"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                fields=("merchant", "month", "currency"), name="statement_once_per_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("previous", None)),
                fields=("affiliate", "currency"),
                name="statement_first_of_affiliate",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("previous", None)),
                fields=("merchant", "currency"),
                name="statement_first_of_merchant",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementpart",
            constraint=models.UniqueConstraint(
                fields=("statement", "place"), name="statement_part_once"
            ),
        ),
        append_only("commissions_statementkey"),
        append_only("commissions_statement"),
        append_only("commissions_statementpart"),
    ]
