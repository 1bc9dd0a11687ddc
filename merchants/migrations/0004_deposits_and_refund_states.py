from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0003_merchant_funding"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="order",
            name="order_paid_has_moment",
        ),
        migrations.RemoveConstraint(
            model_name="order",
            name="order_received_has_moment",
        ),
        migrations.RemoveConstraint(
            model_name="refund",
            name="refund_applied_has_line",
        ),
        migrations.AddField(
            model_name="order",
            name="deposit_paid_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="deposit paid at"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="deposit_minor",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="deposit"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="total_minor",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="deposit and balance"),
        ),
        migrations.AddField(
            model_name="refund",
            name="applied_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="taken off its line at"),
        ),
        migrations.AddField(
            model_name="refund",
            name="awaits",
            field=models.CharField(
                blank=True, default="", max_length=64, verbose_name="order number that it waits for"
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="failed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="failed at"),
        ),
        migrations.AddField(
            model_name="refund",
            name="requested_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="requested at"),
        ),
        migrations.AlterField(
            model_name="refund",
            name="state",
            field=models.CharField(
                choices=[
                    ("applied", "Applied"),
                    ("requested", "Requested"),
                    ("failed", "Failed or withdrawn"),
                    ("unmatched", "Waiting for review"),
                ],
                max_length=9,
                verbose_name="state",
            ),
        ),
        # What waits already waits for its order, too; what was applied was applied when it came.
        migrations.RunSQL(
            """
            UPDATE merchants_refund SET awaits = facts->>'order'
            WHERE state = 'unmatched' AND length(facts->>'order') BETWEEN 1 AND 64;
            UPDATE merchants_refund SET applied_at = created_at WHERE state = 'applied';
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("awaits", ""), _negated=True),
                fields=["shop", "awaits"],
                name="refund_awaits",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["line", "applied_at"], name="refund_by_line"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paid"), _negated=True),
                    ("paid_at__isnull", False),
                    ("deposit_paid_at__isnull", False),
                    _connector="OR",
                ),
                name="order_paid_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "received"), _negated=True),
                    models.Q(("paid_at__isnull", False), ("received_at__isnull", False)),
                    _connector="OR",
                ),
                name="order_received_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deposit_minor", None), ("total_minor", None)),
                    models.Q(
                        models.Q(
                            ("amount_minor", models.F("deposit_minor")),
                            ("amount_minor", models.F("total_minor")),
                            _connector="OR",
                        ),
                        ("deposit_minor__gte", 0),
                        ("deposit_minor__lte", models.F("total_minor")),
                    ),
                    _connector="OR",
                ),
                name="order_line_amount_is_deposit_or_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["unmatched", "failed"]), ("line__isnull", False), _connector="OR"
                ),
                name="refund_applied_has_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["applied", "requested", "failed", "unmatched"])),
                name="refund_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "applied"), _negated=True),
                    ("applied_at__isnull", False),
                    _connector="OR",
                ),
                name="refund_applied_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "unmatched"), ("awaits", ""), _connector="OR"),
                name="refund_only_unmatched_awaits",
            ),
        ),
    ]
