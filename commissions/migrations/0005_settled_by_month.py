"""A commission settles with a month; each payee has its own; subsidies and fees are components."""

# ruff: noqa: S608 - names of columns only

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from alliance.kernel.db import append_only

COMPONENTS = (
    "base_minor",
    "commission_minor",
    "publisher_minor",
    "platform_minor",
    "tech_fee_minor",
    "net_minor",
)
PARTS = ", ".join(COMPONENTS)
SUMS = ", ".join(f"sum(l.{name})" for name in COMPONENTS)


def months_from_settlements(apps, schema_editor):
    """What is settled keeps the month that took it; what waits gets the first one that is open.

    The lines of closed settlements are written from the commission lines before them; corrections
    made since will be told by the next settlement.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE commissions_commission c SET settles_in = s.month, state = 'confirmed'
            FROM commissions_settlement s WHERE s.id = c.settlement_id;
            UPDATE commissions_commission c SET settles_in = greatest(
                date_trunc('month', c.confirmed_at AT TIME ZONE %s)::date,
                (SELECT (max(s.month) + interval '1 month')::date FROM commissions_settlement s
                 WHERE s.state = 'closed' AND s.currency = c.currency)
            ) WHERE c.state = 'confirmed' AND c.settlement_id IS NULL
            """,
            [settings.TIME_ZONE],
        )
        cursor.execute(
            f"""
            INSERT INTO commissions_settlementline
                (settlement_id, affiliate_id, commission_id, revision, correction,
                 subsidy_minor, merchant_subsidy_minor, special_fee_minor, {PARTS})
            SELECT c.settlement_id, c.affiliate_id, c.id, max(l.revision), false, 0, 0, 0, {SUMS}
            FROM commissions_commission c
            JOIN commissions_commissionline l ON l.commission_id = c.id AND l.state <> 'settled'
            WHERE c.settlement_id IS NOT NULL
            GROUP BY c.settlement_id, c.affiliate_id, c.id
            """
        )
        # Constraints that are checked at the end would keep the tables from being altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0003_parts_of_others"),
        ("commissions", "0004_payout_policy"),
        ("merchants", "0002_append_only"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="commission",
            name="commission_adds_up",
        ),
        migrations.RemoveConstraint(
            model_name="commission",
            name="commission_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="commission",
            name="commission_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="commission",
            name="commission_settled_has_settlement",
        ),
        migrations.RemoveConstraint(
            model_name="commissionline",
            name="commission_line_adds_up",
        ),
        migrations.RemoveConstraint(
            model_name="settlementshare",
            name="settlement_share_adds_up",
        ),
        migrations.RemoveIndex(
            model_name="commission",
            name="commission_to_settle",
        ),
        migrations.AddField(
            model_name="commission",
            name="hold",
            field=models.CharField(
                blank=True,
                choices=[("", "None"), ("frozen", "Frozen"), ("barred", "Invalidated")],
                default="",
                max_length=6,
                verbose_name="held back",
            ),
        ),
        migrations.AddField(
            model_name="commission",
            name="merchant_subsidy_minor",
            field=models.BigIntegerField(default=0, verbose_name="of it the merchant's"),
        ),
        migrations.AddField(
            model_name="commission",
            name="partner_bps",
            field=models.PositiveIntegerField(default=0, verbose_name="partner's share ratio"),
        ),
        migrations.AddField(
            model_name="commission",
            name="role",
            field=models.CharField(
                choices=[
                    ("affiliate", "Affiliate"),
                    ("partner", "Partner"),
                    ("intermediary", "Intermediary"),
                ],
                default="affiliate",
                max_length=12,
                verbose_name="role",
            ),
        ),
        migrations.AddField(
            model_name="commission",
            name="settles_in",
            field=models.DateField(blank=True, null=True, verbose_name="settles with"),
        ),
        migrations.AddField(
            model_name="commission",
            name="special_bps",
            field=models.PositiveIntegerField(default=0, verbose_name="special service fee ratio"),
        ),
        migrations.AddField(
            model_name="commission",
            name="special_fee_minor",
            field=models.BigIntegerField(default=0, verbose_name="special service fee"),
        ),
        migrations.AddField(
            model_name="commission",
            name="subsidies",
            field=models.JSONField(blank=True, default=list, verbose_name="subsidies"),
        ),
        migrations.AddField(
            model_name="commission",
            name="subsidy_minor",
            field=models.BigIntegerField(default=0, verbose_name="subsidy"),
        ),
        migrations.AddField(
            model_name="commissionline",
            name="merchant_subsidy_minor",
            field=models.BigIntegerField(default=0, verbose_name="of it the merchant's"),
        ),
        migrations.AddField(
            model_name="commissionline",
            name="special_fee_minor",
            field=models.BigIntegerField(default=0, verbose_name="special service fee"),
        ),
        migrations.AddField(
            model_name="commissionline",
            name="subsidy_minor",
            field=models.BigIntegerField(default=0, verbose_name="subsidy"),
        ),
        migrations.AddField(
            model_name="settlement",
            name="told_through",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="settlementshare",
            name="corrected_minor",
            field=models.BigIntegerField(default=0, verbose_name="corrected by"),
        ),
        migrations.AddField(
            model_name="settlementshare",
            name="corrections",
            field=models.PositiveIntegerField(default=0, verbose_name="corrections"),
        ),
        migrations.AddField(
            model_name="settlementshare",
            name="digest",
            field=models.CharField(blank=True, max_length=64, verbose_name="digest"),
        ),
        migrations.AddField(
            model_name="settlementshare",
            name="subsidy_minor",
            field=models.BigIntegerField(default=0, verbose_name="subsidy"),
        ),
        migrations.AlterField(
            model_name="commission",
            name="attribution",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commission",
                to="affiliates.attribution",
                verbose_name="attribution",
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commissions",
                to="merchants.orderline",
                verbose_name="order line",
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="share_bps",
            field=models.PositiveIntegerField(
                help_text="Of affiliate and partner together.", verbose_name="share ratio"
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="state",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("unfunded", "Waiting for the merchant's funds"),
                    ("estimated", "Estimated"),
                    ("confirmed", "Confirmed"),
                    ("frozen", "Frozen"),
                    ("settled", "Settled"),
                    ("void", "Void"),
                ],
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="commissionline",
            name="state",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("unfunded", "Waiting for the merchant's funds"),
                    ("estimated", "Estimated"),
                    ("confirmed", "Confirmed"),
                    ("frozen", "Frozen"),
                    ("settled", "Settled"),
                    ("void", "Void"),
                ],
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.CreateModel(
            name="SettlementLine",
            fields=[
                ("base_minor", models.BigIntegerField(default=0, verbose_name="base")),
                ("commission_minor", models.BigIntegerField(default=0, verbose_name="commission")),
                (
                    "publisher_minor",
                    models.BigIntegerField(default=0, verbose_name="affiliate's share"),
                ),
                (
                    "platform_minor",
                    models.BigIntegerField(default=0, verbose_name="platform's share"),
                ),
                (
                    "tech_fee_minor",
                    models.BigIntegerField(default=0, verbose_name="technical service fee"),
                ),
                ("subsidy_minor", models.BigIntegerField(default=0, verbose_name="subsidy")),
                (
                    "merchant_subsidy_minor",
                    models.BigIntegerField(default=0, verbose_name="of it the merchant's"),
                ),
                (
                    "special_fee_minor",
                    models.BigIntegerField(default=0, verbose_name="special service fee"),
                ),
                ("net_minor", models.BigIntegerField(default=0, verbose_name="net")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "settlement_id",
                        "affiliate_id",
                        "commission_id",
                        "revision",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="lines",
                        to="commissions.settlement",
                    ),
                ),
                (
                    "affiliate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="affiliates.affiliate",
                    ),
                ),
                (
                    "commission",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="settlement_lines",
                        to="commissions.commission",
                    ),
                ),
                ("revision", models.PositiveIntegerField(verbose_name="revision")),
                ("correction", models.BooleanField(default=False, verbose_name="correction")),
            ],
            options={
                "verbose_name": "settlement line",
                "verbose_name_plural": "settlement lines",
            },
        ),
        migrations.RunPython(months_from_settlements, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="commission",
            name="settlement",
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("settles_in__isnull", False)),
                fields=["currency", "settles_in"],
                name="commission_to_settle",
            ),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("hold", ""), _negated=True),
                fields=["affiliate"],
                name="commission_held",
            ),
        ),
        migrations.AddIndex(
            model_name="commissionline",
            index=models.Index(
                condition=models.Q(("state", "settled")),
                fields=["id"],
                name="commission_line_after_settling",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "commission_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("publisher_minor"), "+", models.F("platform_minor")
                        ),
                    ),
                    (
                        "net_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("publisher_minor"), "+", models.F("subsidy_minor")
                            ),
                            "-",
                            models.F("tech_fee_minor"),
                        ),
                    ),
                ),
                name="commission_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.UniqueConstraint(
                fields=("line", "role"), name="commission_once_per_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ("placed", "unfunded", "estimated", "confirmed", "frozen", "void"),
                    )
                ),
                name="commission_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("base_minor__gte", 0),
                    ("merchant_subsidy_minor__gte", 0),
                    ("net_minor__gte", 0),
                    ("platform_minor__gte", 0),
                    ("publisher_minor__gte", 0),
                    ("special_fee_minor__gte", 0),
                    ("subsidy_minor__gte", models.F("merchant_subsidy_minor")),
                ),
                name="commission_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attribution__isnull", False), ("role", "affiliate")),
                    models.Q(models.Q(("role", "affiliate"), _negated=True), ("attribution", None)),
                    _connector="OR",
                ),
                name="commission_of_affiliate_has_attribution",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("partner_bps__lte", models.F("share_bps")), ("share_bps__lte", 10000)
                ),
                name="commission_partner_within_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("settles_in__day", 1),
                        ("settles_in__isnull", False),
                        ("state", "confirmed"),
                    ),
                    models.Q(models.Q(("state", "confirmed"), _negated=True), ("settles_in", None)),
                    _connector="OR",
                ),
                name="commission_confirmed_settles",
            ),
        ),
        migrations.AddConstraint(
            model_name="commissionline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "commission_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("publisher_minor"), "+", models.F("platform_minor")
                        ),
                    ),
                    (
                        "net_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("publisher_minor"), "+", models.F("subsidy_minor")
                            ),
                            "-",
                            models.F("tech_fee_minor"),
                        ),
                    ),
                ),
                name="commission_line_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("debt_repaid_minor__gte", 0),
                    ("debt_repaid_minor__lte", models.F("net_minor")),
                    (
                        "net_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("publisher_minor"), "+", models.F("subsidy_minor")
                            ),
                            "-",
                            models.F("tech_fee_minor"),
                        ),
                    ),
                ),
                name="settlement_share_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "commission_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("publisher_minor"), "+", models.F("platform_minor")
                        ),
                    ),
                    (
                        "net_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("publisher_minor"), "+", models.F("subsidy_minor")
                            ),
                            "-",
                            models.F("tech_fee_minor"),
                        ),
                    ),
                ),
                name="settlement_line_adds_up",
            ),
        ),
        append_only("commissions_settlementline"),
    ]
