"""Tax, holds and releases of payouts; remittances, write-offs and refunds of wallets."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock

MONTHS = """
UPDATE commissions_payout
SET month = date_trunc('month', created_at AT TIME ZONE 'Asia/Shanghai')::date
"""


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0003_parts_of_others"),
        ("commissions", "0003_verify_run"),
        ("merchants", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DebtWriteOff",
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
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("done", "Written off"),
                            ("refused", "Refused"),
                        ],
                        default="requested",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
            ],
            options={
                "verbose_name": "write-off",
                "verbose_name_plural": "write-offs",
            },
        ),
        migrations.CreateModel(
            name="TaxProfile",
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
                (
                    "kind",
                    models.CharField(
                        choices=[("individual", "Individual"), ("company", "Company")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("tax_id", models.CharField(blank=True, max_length=40, verbose_name="tax number")),
            ],
            options={
                "verbose_name": "tax profile",
                "verbose_name_plural": "tax profiles",
            },
        ),
        migrations.CreateModel(
            name="TaxRemittance",
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
                (
                    "month",
                    models.DateField(help_text="Everything up to its end.", verbose_name="month"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "Prepared"),
                            ("remitted", "Paid to the tax office"),
                            ("dropped", "Dropped"),
                        ],
                        default="prepared",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="reference of the transfer"
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
            ],
            options={
                "verbose_name": "tax remittance",
                "verbose_name_plural": "tax remittances",
            },
        ),
        migrations.CreateModel(
            name="TaxRemittanceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
            ],
            options={
                "verbose_name": "line of a tax remittance",
                "verbose_name_plural": "lines of a tax remittance",
            },
        ),
        migrations.CreateModel(
            name="WalletRefund",
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
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("paid", "Paid"),
                            ("refused", "Refused"),
                        ],
                        default="requested",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="reference of the transfer"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
            ],
            options={
                "verbose_name": "wallet refund",
                "verbose_name_plural": "wallet refunds",
            },
        ),
        migrations.CreateModel(
            name="Debt",
            fields=[],
            options={
                "verbose_name": "debt",
                "verbose_name_plural": "debts",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("commissions.account",),
        ),
        migrations.RemoveConstraint(
            model_name="payout",
            name="payout_released_by_someone",
        ),
        migrations.AddField(
            model_name="payout",
            name="auto_released",
            field=models.BooleanField(default=False, verbose_name="released by the system"),
        ),
        migrations.AddField(
            model_name="payout",
            name="closing",
            field=models.BooleanField(
                default=False,
                help_text="Asked for by operations, of who is closed.",
                verbose_name="last money",
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="held_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="held until"),
        ),
        migrations.AddField(
            model_name="payout",
            name="invoice_number",
            field=models.CharField(blank=True, max_length=64, verbose_name="invoice number"),
        ),
        migrations.AddField(
            model_name="payout",
            name="month",
            field=models.DateField(
                default=alliance.kernel.clock.this_month,
                help_text="Its income counts as one payment.",
                verbose_name="month",
            ),
        ),
        migrations.RunSQL(MONTHS, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="payout",
            name="tax_minor",
            field=models.BigIntegerField(default=0, verbose_name="tax withheld"),
        ),
        migrations.AddField(
            model_name="payout",
            name="tax_back_minor",
            field=models.BigIntegerField(default=0, verbose_name="tax given back"),
        ),
        migrations.AddField(
            model_name="payout",
            name="tax_rule",
            field=models.CharField(default="none", max_length=10, verbose_name="tax rule"),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax_minor__gte", 0), ("tax_minor__lt", models.F("amount_minor"))
                ),
                name="payout_tax_below_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax_back_minor", 0),
                    models.Q(("state__in", ["failed"]), ("tax_back_minor__gt", 0)),
                    _connector="OR",
                ),
                name="payout_tax_back_when_it_came_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("tax_rule", "company"), _negated=True),
                    models.Q(("state__in", ["ready", "sending", "paid"]), _negated=True),
                    models.Q(("invoice_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="payout_company_has_invoice",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["ready", "sending", "paid"]), _negated=True),
                    models.Q(("auto_released", False), ("released_by__isnull", False)),
                    models.Q(("auto_released", True), ("closing", False), ("released_by", None)),
                    _connector="OR",
                ),
                name="payout_released_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("auto_released", False),
                    ("confirmed_by", None),
                    models.Q(("confirmed_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="payout_auto_four_eyes",
            ),
        ),
        migrations.AddField(
            model_name="debtwriteoff",
            name="affiliate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="write_offs",
                to="affiliates.affiliate",
                verbose_name="affiliate",
            ),
        ),
        migrations.AddField(
            model_name="debtwriteoff",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="debtwriteoff",
            name="merchant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchants.merchant",
                verbose_name="borne by the merchant",
            ),
        ),
        migrations.AddField(
            model_name="debtwriteoff",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested by",
            ),
        ),
        migrations.AddField(
            model_name="taxprofile",
            name="affiliate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tax_profiles",
                to="affiliates.affiliate",
                verbose_name="affiliate",
            ),
        ),
        migrations.AddField(
            model_name="taxprofile",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="set by",
            ),
        ),
        migrations.AddField(
            model_name="taxremittance",
            name="prepared_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="prepared by",
            ),
        ),
        migrations.AddField(
            model_name="taxremittance",
            name="remitted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="paid by",
            ),
        ),
        migrations.AddField(
            model_name="taxremittanceline",
            name="payout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tax_lines",
                to="commissions.payout",
                verbose_name="payout",
            ),
        ),
        migrations.AddField(
            model_name="taxremittanceline",
            name="remittance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="commissions.taxremittance",
                verbose_name="tax remittance",
            ),
        ),
        migrations.AddField(
            model_name="walletrefund",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="walletrefund",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="wallet_refunds",
                to="merchants.merchant",
                verbose_name="merchant",
            ),
        ),
        migrations.AddField(
            model_name="walletrefund",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested by",
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="net_minor",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.CombinedExpression(
                    models.F("amount_minor"), "-", models.F("tax_minor")
                ),
                output_field=models.BigIntegerField(),
                verbose_name="sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="write_off_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="write_off_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="write_off_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    ("decided_by__isnull", False),
                    _connector="OR",
                ),
                name="write_off_refused_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("requested_by__isnull", False), ("merchant", None), _connector="OR"
                ),
                name="write_off_system_charges_nobody",
            ),
        ),
        migrations.AddConstraint(
            model_name="debtwriteoff",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "requested")),
                fields=("affiliate", "currency"),
                name="write_off_one_open_per_affiliate",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "company"), _negated=True),
                    models.Q(("tax_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="tax_profile_company_has_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittance",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="tax_remittance_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "remitted"), _negated=True),
                    models.Q(
                        ("remitted_by__isnull", False), models.Q(("reference", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="tax_remittance_has_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("remitted_by", None),
                    models.Q(("remitted_by", models.F("prepared_by")), _negated=True),
                    _connector="OR",
                ),
                name="tax_remittance_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "prepared")),
                fields=("currency",),
                name="tax_remittance_one_prepared",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittanceline",
            constraint=models.UniqueConstraint(
                fields=("remittance", "payout"), name="tax_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxremittanceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True),
                name="tax_line_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="walletrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="wallet_refund_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="walletrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "requested"), ("decided_by__isnull", False), _connector="OR"
                ),
                name="wallet_refund_decided_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="walletrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paid"), _negated=True),
                    models.Q(("reference", ""), _negated=True),
                    _connector="OR",
                ),
                name="wallet_refund_paid_has_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="walletrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="wallet_refund_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="walletrefund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "requested")),
                fields=("merchant", "currency"),
                name="wallet_refund_one_open_per_merchant",
            ),
        ),
    ]
