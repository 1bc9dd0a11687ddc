import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import append_only, frozen_but


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0002_append_only"),
        ("merchants", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Intermediation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "service_bps",
                    models.PositiveIntegerField(
                        help_text="Basis points of what the buyer pays.", verbose_name="service fee"
                    ),
                ),
                (
                    "offered_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="offered at"
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="in force from"),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "intermediation",
                "verbose_name_plural": "intermediations",
            },
        ),
        migrations.CreateModel(
            name="Relation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "share_bps",
                    models.PositiveIntegerField(
                        help_text="Basis points of the whole commission, out of the affiliate's share.",
                        verbose_name="partner's share",
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="starts at"
                    ),
                ),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "partner relation",
                "verbose_name_plural": "partner relations",
            },
        ),
        migrations.CreateModel(
            name="SpecialFee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("special_bps", models.PositiveIntegerField(verbose_name="special service fee")),
                (
                    "starts_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="in force from"
                    ),
                ),
            ],
            options={
                "verbose_name": "special service fee",
                "verbose_name_plural": "special service fees",
            },
        ),
        migrations.AddField(
            model_name="attribution",
            name="intermediary",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="affiliates.affiliate",
                verbose_name="intermediary",
            ),
        ),
        migrations.AddField(
            model_name="attribution",
            name="partner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="affiliates.affiliate",
                verbose_name="partner",
            ),
        ),
        migrations.AddField(
            model_name="attribution",
            name="partner_share_bps",
            field=models.PositiveIntegerField(default=0, verbose_name="partner's share"),
        ),
        migrations.AddField(
            model_name="attribution",
            name="service_bps",
            field=models.PositiveIntegerField(default=0, verbose_name="service fee"),
        ),
        migrations.AddField(
            model_name="attribution",
            name="special_bps",
            field=models.PositiveIntegerField(default=0, verbose_name="special service fee"),
        ),
        migrations.AddConstraint(
            model_name="attribution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "rate_bps__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.Value(10000), "-", models.F("special_bps")
                        ),
                    ),
                    (
                        "share_bps__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.Value(10000), "-", models.F("partner_share_bps")
                        ),
                    ),
                ),
                name="attribution_rates_at_most_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="attribution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("partner", None), ("partner_share_bps", 0)),
                    models.Q(
                        ("partner__isnull", False),
                        ("partner_share_bps__gt", 0),
                        models.Q(("partner", models.F("affiliate")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="attribution_partner_has_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="attribution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("intermediary", None), ("service_bps", 0)),
                    models.Q(("intermediary__isnull", False), ("service_bps__range", (1, 9000))),
                    _connector="OR",
                ),
                name="attribution_intermediary_has_fee",
            ),
        ),
        migrations.AddConstraint(
            model_name="attribution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rule", "none"), _negated=True),
                    models.Q(("intermediary", None), ("partner", None), ("special_bps", 0)),
                    _connector="OR",
                ),
                name="attribution_nobodys_has_no_parts",
            ),
        ),
        migrations.AddField(
            model_name="intermediation",
            name="affiliate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="intermediations",
                to="affiliates.affiliate",
                verbose_name="intermediary",
            ),
        ),
        migrations.AddField(
            model_name="intermediation",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="intermediations",
                to="merchants.plan",
                verbose_name="commission plan",
            ),
        ),
        migrations.AddField(
            model_name="relation",
            name="affiliate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="relations",
                to="affiliates.affiliate",
                verbose_name="affiliate",
            ),
        ),
        migrations.AddField(
            model_name="relation",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="partnerships",
                to="affiliates.affiliate",
                verbose_name="partner",
            ),
        ),
        migrations.AddField(
            model_name="specialfee",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="set by",
            ),
        ),
        migrations.AddField(
            model_name="specialfee",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="special_fees",
                to="affiliates.site",
                verbose_name="site",
            ),
        ),
        migrations.AddConstraint(
            model_name="intermediation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None)),
                fields=("plan",),
                name="intermediation_one_open_per_plan",
            ),
        ),
        migrations.AddConstraint(
            model_name="intermediation",
            constraint=models.CheckConstraint(
                condition=models.Q(("service_bps__range", (1, 9000))),
                name="intermediation_fee_in_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="intermediation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_at", None), ("starts_at__gte", models.F("offered_at")), _connector="OR"
                ),
                name="intermediation_starts_after_offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="intermediation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None),
                    ("starts_at", None),
                    ("ends_at__gte", models.F("starts_at")),
                    _connector="OR",
                ),
                name="intermediation_ends_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_at", None)),
                fields=("affiliate",),
                name="relation_one_active_per_affiliate",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("partner", models.F("affiliate")), _negated=True),
                name="relation_partner_is_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("share_bps__range", (1, 10000))),
                name="relation_share_in_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                ),
                name="relation_ends_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="specialfee",
            constraint=models.CheckConstraint(
                condition=models.Q(("special_bps__lte", 5000)), name="special_fee_in_bounds"
            ),
        ),
        append_only("affiliates_specialfee"),
        frozen_but("affiliates_relation", "ends_at"),
        frozen_but("affiliates_intermediation", "starts_at", "ends_at"),
    ]
