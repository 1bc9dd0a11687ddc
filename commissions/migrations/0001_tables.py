"""Commissions, the books, settlement, payouts and what is written about them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [
        ("commissions", "0008_payouts_that_came_back")
    ]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("campaigns", "0002_rules"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="Award",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="awards",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="awards",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "enrolment",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="award",
                                to="campaigns.enrolment",
                                verbose_name="enrolment",
                            ),
                        ),
                        (
                            "rank",
                            models.PositiveIntegerField(blank=True, null=True, verbose_name="rank"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("review", "Being looked at"),
                                    ("due", "Due"),
                                    ("paid", "Paid"),
                                    ("dropped", "Not granted"),
                                ],
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(default=0, verbose_name="amount")),
                        (
                            "reserved_minor",
                            models.BigIntegerField(default=0, verbose_name="reserved"),
                        ),
                        ("booked_minor", models.BigIntegerField(default=0, verbose_name="paid")),
                        (
                            "revision",
                            models.PositiveIntegerField(default=0, verbose_name="revision"),
                        ),
                        (
                            "due_month",
                            models.DateField(
                                help_text="Paid on the settlement day of the month after it.",
                                verbose_name="settles with",
                            ),
                        ),
                        (
                            "doubts",
                            models.JSONField(
                                blank=True, default=list, verbose_name="to be looked at"
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                        ),
                        (
                            "paid_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="paid at"),
                        ),
                    ],
                    options={
                        "verbose_name": "award",
                        "verbose_name_plural": "awards",
                        "indexes": [
                            models.Index(fields=["affiliate", "-id"], name="award_by_affiliate"),
                            models.Index(
                                condition=models.Q(("state", "due")),
                                fields=["due_month"],
                                name="award_to_pay",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "affiliate"), name="award_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["review", "due", "paid", "dropped"])
                                ),
                                name="award_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("amount_minor__gt", 0),
                                        ("booked_minor", 0),
                                        ("paid_at", None),
                                        ("reserved_minor", models.F("amount_minor")),
                                        ("state__in", ["review", "due"]),
                                    ),
                                    models.Q(
                                        ("amount_minor__gte", 0),
                                        ("booked_minor", models.F("amount_minor")),
                                        ("paid_at__isnull", False),
                                        ("reserved_minor", 0),
                                        ("state", "paid"),
                                    ),
                                    models.Q(
                                        ("amount_minor", 0),
                                        ("booked_minor", 0),
                                        ("reserved_minor", 0),
                                        ("state", "dropped"),
                                    ),
                                    _connector="OR",
                                ),
                                name="award_money_fits_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("due_month__day", 1)), name="award_due_is_first"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    ("decided_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="award_decided_has_moment",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TopUp",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="top_ups",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "reference",
                            models.CharField(
                                help_text="To be named in the transfer.",
                                max_length=40,
                                unique=True,
                                verbose_name="reference",
                            ),
                        ),
                        (
                            "receipt",
                            models.CharField(
                                blank=True,
                                help_text="Booked by hand: after what.",
                                max_length=140,
                                verbose_name="bank's receipt",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("announced", "Announced"),
                                    ("received", "Received"),
                                    ("refused", "Refused"),
                                ],
                                default="announced",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "announced_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="announced by",
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                        ),
                    ],
                    options={
                        "verbose_name": "top-up",
                        "verbose_name_plural": "top-ups",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)), name="top_up_positive"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    models.Q(
                                        ("decided_by", models.F("announced_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="top_up_four_eyes",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankStatement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "sha256",
                            models.CharField(max_length=64, unique=True, verbose_name="SHA-256"),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="file")),
                        ("format", models.CharField(max_length=8, verbose_name="format")),
                        ("content", models.BinaryField(verbose_name="content")),
                        (
                            "account",
                            models.CharField(blank=True, max_length=64, verbose_name="account"),
                        ),
                        (
                            "credits_found",
                            models.PositiveIntegerField(verbose_name="transfers in it"),
                        ),
                        ("credits_new", models.PositiveIntegerField(verbose_name="of them new")),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="uploaded by",
                            ),
                        ),
                        (
                            "uploaded_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="uploaded at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "bank statement",
                        "verbose_name_plural": "bank statements",
                    },
                ),
                migrations.CreateModel(
                    name="BankCredit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "statement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credits",
                                to="commissions.bankstatement",
                                verbose_name="bank statement",
                            ),
                        ),
                        (
                            "account",
                            models.CharField(blank=True, max_length=64, verbose_name="account"),
                        ),
                        (
                            "entry_ref",
                            models.CharField(max_length=140, verbose_name="bank's reference"),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("text", models.CharField(blank=True, max_length=500, verbose_name="text")),
                        (
                            "payer",
                            models.CharField(blank=True, max_length=140, verbose_name="payer"),
                        ),
                        ("booked_on", models.DateField(verbose_name="booked on")),
                        ("reversal", models.BooleanField(default=False, verbose_name="reversal")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("new", "New"),
                                    ("open", "To look at"),
                                    ("assigned", "Waits for a second person"),
                                    ("received", "In the wallet"),
                                    ("rejected", "Not ours"),
                                ],
                                default="new",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "finding",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "–"),
                                    ("unknown", "It names no top-up."),
                                    ("several", "It names several top-ups."),
                                    ("differs", "The amount differs from what was announced."),
                                    ("twice", "That top-up was received already: paid twice?"),
                                    ("refused", "That top-up was refused."),
                                    ("reversal", "The bank gave back a payment of ours."),
                                    (
                                        "same",
                                        "Whoever uploaded the statement belongs to the top-up.",
                                    ),
                                    ("limit", "It is more than one person may let in a day."),
                                ],
                                max_length=8,
                                verbose_name="finding",
                            ),
                        ),
                        (
                            "named",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.topup",
                                verbose_name="names",
                            ),
                        ),
                        (
                            "top_up",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit",
                                to="commissions.topup",
                                verbose_name="top-up",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                    ],
                    options={
                        "verbose_name": "incoming transfer",
                        "verbose_name_plural": "incoming transfers",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("account", "entry_ref"), name="bank_credit_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="bank_credit_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["assigned", "received"]),
                                        ("top_up__isnull", False),
                                    ),
                                    models.Q(
                                        models.Q(
                                            ("state__in", ["assigned", "received"]), _negated=True
                                        ),
                                        ("top_up", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="bank_credit_pays_a_top_up",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "rejected"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="bank_credit_rejected_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "open"), _negated=True),
                                    models.Q(("finding", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="bank_credit_open_has_finding",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Settlement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("month", models.DateField(verbose_name="month")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("built", "Built"),
                                    ("closed", "Closed"),
                                ],
                                default="open",
                                max_length=6,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "built_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="built at"),
                        ),
                        (
                            "closed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="closed at"),
                        ),
                        ("told_through", models.BigIntegerField(default=0, editable=False)),
                        ("posted_through", models.BigIntegerField(default=0, editable=False)),
                        (
                            "told_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="statements issued at"
                            ),
                        ),
                        (
                            "closed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="closed by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "settlement",
                        "verbose_name_plural": "settlements",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("month", "currency"), name="settlement_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)),
                                name="settlement_is_first_of_month",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "closed"), _negated=True),
                                    ("closed_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="settlement_closed_has_moment",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Commission",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("base_minor", models.BigIntegerField(default=0, verbose_name="base")),
                        (
                            "commission_minor",
                            models.BigIntegerField(default=0, verbose_name="commission"),
                        ),
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
                        (
                            "subsidy_minor",
                            models.BigIntegerField(default=0, verbose_name="subsidy"),
                        ),
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
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="commissions",
                                to="merchants.orderline",
                                verbose_name="order line",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("affiliate", "Affiliate"),
                                    ("partner", "Partner"),
                                    ("second", "Second-level partner"),
                                    ("intermediary", "Intermediary"),
                                ],
                                default="affiliate",
                                max_length=12,
                                verbose_name="role",
                            ),
                        ),
                        (
                            "attribution",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="commission",
                                to="affiliates.attribution",
                                verbose_name="attribution",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="commissions",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="commissions",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "state",
                            models.CharField(
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
                        (
                            "hold",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "None"),
                                    ("frozen", "Frozen"),
                                    ("barred", "Invalidated"),
                                ],
                                default="",
                                max_length=6,
                                verbose_name="held back",
                            ),
                        ),
                        (
                            "revision",
                            models.PositiveIntegerField(default=0, verbose_name="revision"),
                        ),
                        ("rate_bps", models.PositiveIntegerField(verbose_name="commission rate")),
                        (
                            "share_bps",
                            models.PositiveIntegerField(
                                help_text="Of affiliate and partner together.",
                                verbose_name="share ratio",
                            ),
                        ),
                        (
                            "partner_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="partner's share ratio"
                            ),
                        ),
                        (
                            "second_bps",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="A part of the partner's.",
                                verbose_name="second-level partner's share ratio",
                            ),
                        ),
                        (
                            "tech_fee_bps",
                            models.PositiveIntegerField(verbose_name="technical service fee ratio"),
                        ),
                        (
                            "tech_fee_base",
                            models.CharField(
                                choices=[
                                    ("own_share", "own_share"),
                                    ("order_commission", "order_commission"),
                                ],
                                max_length=16,
                                verbose_name="technical service fee of",
                            ),
                        ),
                        (
                            "special_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="special service fee ratio"
                            ),
                        ),
                        (
                            "subsidies",
                            models.JSONField(blank=True, default=list, verbose_name="subsidies"),
                        ),
                        ("placed_at", models.DateTimeField(verbose_name="placed at")),
                        (
                            "confirmed_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="goods received at"
                            ),
                        ),
                        (
                            "settles_in",
                            models.DateField(blank=True, null=True, verbose_name="settles with"),
                        ),
                    ],
                    options={
                        "verbose_name": "commission",
                        "verbose_name_plural": "commissions",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "-placed_at", "-id"],
                                name="commission_by_affiliate",
                            ),
                            models.Index(
                                fields=["merchant", "-placed_at", "-id"],
                                name="commission_by_merchant",
                            ),
                            models.Index(
                                condition=models.Q(("settles_in__isnull", False)),
                                fields=["currency", "settles_in"],
                                name="commission_to_settle",
                            ),
                            models.Index(
                                condition=models.Q(("state", "unfunded")),
                                fields=["merchant"],
                                name="commission_unfunded",
                            ),
                            models.Index(
                                condition=models.Q(("hold", ""), _negated=True),
                                fields=["affiliate"],
                                name="commission_held",
                            ),
                            models.Index(
                                fields=["affiliate", "updated_at"], name="commission_by_change"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "commission_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("publisher_minor"),
                                            "+",
                                            models.F("platform_minor"),
                                        ),
                                    ),
                                    (
                                        "net_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("publisher_minor"),
                                                "+",
                                                models.F("subsidy_minor"),
                                            ),
                                            "-",
                                            models.F("tech_fee_minor"),
                                        ),
                                    ),
                                ),
                                name="commission_adds_up",
                            ),
                            models.UniqueConstraint(
                                fields=("line", "role"), name="commission_once_per_role"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        (
                                            "placed",
                                            "unfunded",
                                            "estimated",
                                            "confirmed",
                                            "frozen",
                                            "void",
                                        ),
                                    )
                                ),
                                name="commission_state_known",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("attribution__isnull", False), ("role", "affiliate")),
                                    models.Q(
                                        models.Q(("role", "affiliate"), _negated=True),
                                        ("attribution", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="commission_of_affiliate_has_attribution",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("partner_bps__lte", models.F("share_bps")),
                                    ("second_bps__lte", models.F("partner_bps")),
                                    ("share_bps__lte", 10000),
                                ),
                                name="commission_partner_within_share",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("settles_in__day", 1),
                                        ("settles_in__isnull", False),
                                        ("state", "confirmed"),
                                    ),
                                    models.Q(
                                        models.Q(("state", "confirmed"), _negated=True),
                                        ("settles_in", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="commission_confirmed_settles",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceCounter",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("series", models.CharField(max_length=8)),
                        ("year", models.PositiveSmallIntegerField()),
                        ("last", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("series", "year"), name="invoice_counter_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("month", models.DateField(verbose_name="month")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "issued_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="issued at"
                            ),
                        ),
                        (
                            "issued_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="issued by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "invoice run",
                        "verbose_name_plural": "invoice runs",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("month", "currency"), name="invoice_run_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)),
                                name="invoice_run_is_first_of_month",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="commissions.invoicerun",
                                verbose_name="invoice run",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        ("series", models.CharField(max_length=8, verbose_name="series")),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        ("number", models.PositiveIntegerField(verbose_name="number")),
                        ("month", models.DateField(verbose_name="month")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("total_minor", models.BigIntegerField(verbose_name="total")),
                        ("issued_on", models.DateField(verbose_name="issued on")),
                        ("issuer", models.JSONField(verbose_name="issuer")),
                        ("recipient", models.JSONField(verbose_name="recipient")),
                    ],
                    options={
                        "verbose_name": "invoice",
                        "verbose_name_plural": "invoices",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("series", "year", "number"), name="invoice_number_once"
                            ),
                            models.UniqueConstraint(
                                fields=("merchant", "month", "currency"),
                                name="invoice_once_per_month",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="commissions.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("commission", "Commission"),
                                    ("service", "Intermediaries' service fee"),
                                    ("special", "Special service fee"),
                                    ("subsidy", "Your part of subsidies"),
                                    ("campaign", "Your part of the budgets of campaigns"),
                                    ("coupons", "Coupons paid back after refunds"),
                                ],
                                max_length=16,
                                verbose_name="kind",
                            ),
                        ),
                        ("count", models.PositiveIntegerField(verbose_name="order lines")),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                    ],
                    options={
                        "verbose_name": "invoice line",
                        "verbose_name_plural": "invoice lines",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor", 0), _negated=True),
                                name="invoice_line_says_something",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("owner", models.CharField(max_length=40, verbose_name="owner")),
                        ("kind", models.CharField(max_length=20, verbose_name="kind")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                    ],
                    options={
                        "verbose_name": "account",
                        "verbose_name_plural": "accounts",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("code", "currency"), name="account_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Balance",
                    fields=[
                        (
                            "account",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="guarded",
                                serialize=False,
                                to="commissions.account",
                                verbose_name="account",
                            ),
                        ),
                        (
                            "balance_minor",
                            models.BigIntegerField(default=0, verbose_name="balance"),
                        ),
                        (
                            "floor_minor",
                            models.BigIntegerField(default=0, null=True, verbose_name="floor"),
                        ),
                        (
                            "ceiling_minor",
                            models.BigIntegerField(null=True, verbose_name="ceiling"),
                        ),
                    ],
                    options={
                        "verbose_name": "balance",
                        "verbose_name_plural": "balances",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("floor_minor", None),
                                    ("balance_minor__gte", models.F("floor_minor")),
                                    _connector="OR",
                                ),
                                name="balance_not_below_floor",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ceiling_minor", None),
                                    ("balance_minor__lte", models.F("ceiling_minor")),
                                    _connector="OR",
                                ),
                                name="balance_not_above_ceiling",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Entry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("key", models.CharField(max_length=120, unique=True, verbose_name="key")),
                        ("digest", models.CharField(editable=False, max_length=64)),
                        ("effective_on", models.DateField(verbose_name="business day")),
                        ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="actor",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ledger entry",
                        "verbose_name_plural": "ledger entries",
                        "indexes": [models.Index(fields=["effective_on"], name="entry_by_day")],
                    },
                ),
                migrations.CreateModel(
                    name="AwardStep",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "award",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="steps",
                                to="commissions.award",
                                verbose_name="award",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(verbose_name="revision")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("review", "Being looked at"),
                                    ("due", "Due"),
                                    ("paid", "Paid"),
                                    ("dropped", "Not granted"),
                                ],
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        ("reserved_minor", models.BigIntegerField(verbose_name="reserved")),
                        ("booked_minor", models.BigIntegerField(verbose_name="paid")),
                        ("why", models.JSONField(default=dict, verbose_name="why")),
                        (
                            "entry",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.entry",
                            ),
                        ),
                        (
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "step of an award",
                        "verbose_name_plural": "steps of awards",
                        "ordering": ["award", "revision"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("award", "revision"), name="award_step_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CommissionLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("base_minor", models.BigIntegerField(default=0, verbose_name="base")),
                        (
                            "commission_minor",
                            models.BigIntegerField(default=0, verbose_name="commission"),
                        ),
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
                        (
                            "subsidy_minor",
                            models.BigIntegerField(default=0, verbose_name="subsidy"),
                        ),
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
                            "commission",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="lines",
                                to="commissions.commission",
                            ),
                        ),
                        ("revision", models.PositiveIntegerField(verbose_name="revision")),
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
                            "state",
                            models.CharField(
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
                        (
                            "entry",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="commissions.entry",
                            ),
                        ),
                        ("receipt", models.JSONField(verbose_name="receipt")),
                        (
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "commission line",
                        "verbose_name_plural": "commission lines",
                        "ordering": ["commission", "revision"],
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "at"], name="commission_line_by_affiliate"
                            ),
                            models.Index(
                                condition=models.Q(("state", "settled")),
                                fields=["id"],
                                name="commission_line_after_settling",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "commission_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("publisher_minor"),
                                            "+",
                                            models.F("platform_minor"),
                                        ),
                                    ),
                                    (
                                        "net_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("publisher_minor"),
                                                "+",
                                                models.F("subsidy_minor"),
                                            ),
                                            "-",
                                            models.F("tech_fee_minor"),
                                        ),
                                    ),
                                ),
                                name="commission_line_adds_up",
                            ),
                            models.UniqueConstraint(
                                fields=("commission", "revision"), name="commission_line_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Line",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "entry",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="lines",
                                to="commissions.entry",
                                verbose_name="entry",
                            ),
                        ),
                        (
                            "debit",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="commissions.account",
                                verbose_name="debit",
                            ),
                        ),
                        (
                            "credit",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="commissions.account",
                                verbose_name="credit",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                    ],
                    options={
                        "verbose_name": "ledger line",
                        "verbose_name_plural": "ledger lines",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)), name="line_positive"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("debit", models.F("credit")), _negated=True),
                                name="line_two_accounts",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Period",
                    fields=[
                        (
                            "month",
                            models.DateField(
                                primary_key=True, serialize=False, verbose_name="month"
                            ),
                        ),
                        (
                            "closed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="closed at"
                            ),
                        ),
                        (
                            "closed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="closed by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "closed period",
                        "verbose_name_plural": "closed periods",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)),
                                name="period_is_first_of_month",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayeeAccount",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payee_accounts",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "rail",
                            models.CharField(default="manual", max_length=20, verbose_name="way"),
                        ),
                        ("holder", models.CharField(max_length=100, verbose_name="account holder")),
                        (
                            "institution",
                            models.CharField(
                                help_text="For example: Alipay, ICBC, Sparkasse.",
                                max_length=100,
                                verbose_name="bank or wallet",
                            ),
                        ),
                        ("number", models.CharField(max_length=64, verbose_name="account number")),
                        (
                            "bank_code",
                            models.CharField(blank=True, max_length=12, verbose_name="bank code"),
                        ),
                    ],
                    options={
                        "verbose_name": "payee account",
                        "verbose_name_plural": "payee accounts",
                    },
                ),
                migrations.CreateModel(
                    name="Payout",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payouts",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "payee",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.payeeaccount",
                                verbose_name="payee account",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        (
                            "tax_minor",
                            models.BigIntegerField(default=0, verbose_name="tax withheld"),
                        ),
                        (
                            "net_minor",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.expressions.CombinedExpression(
                                    models.F("amount_minor"), "-", models.F("tax_minor")
                                ),
                                output_field=models.BigIntegerField(),
                                verbose_name="sent",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "month",
                            models.DateField(
                                default=alliance.kernel.clock.this_month,
                                help_text="Its income counts as one payment.",
                                verbose_name="month",
                            ),
                        ),
                        (
                            "tax_rule",
                            models.CharField(
                                default="none", max_length=10, verbose_name="tax rule"
                            ),
                        ),
                        (
                            "tax_back_minor",
                            models.BigIntegerField(default=0, verbose_name="tax given back"),
                        ),
                        (
                            "invoice_number",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="invoice number"
                            ),
                        ),
                        (
                            "rail",
                            models.CharField(default="manual", max_length=20, verbose_name="rail"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("requested", "Requested"),
                                    ("ready", "Released"),
                                    ("sending", "Being sent"),
                                    ("paid", "Paid"),
                                    ("failed", "Failed"),
                                    ("returned", "Came back"),
                                ],
                                default="requested",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "rail_ref",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="rail's reference"
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "requested_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="requested by",
                            ),
                        ),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="released by",
                            ),
                        ),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="confirmed by",
                            ),
                        ),
                        (
                            "auto_released",
                            models.BooleanField(
                                default=False, verbose_name="released by the system"
                            ),
                        ),
                        (
                            "closing",
                            models.BooleanField(
                                default=False,
                                help_text="Asked for by operations, of who is closed.",
                                verbose_name="last money",
                            ),
                        ),
                        (
                            "held_until",
                            models.DateTimeField(blank=True, null=True, verbose_name="held until"),
                        ),
                        (
                            "released_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="released at"),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="finished at"),
                        ),
                    ],
                    options={
                        "verbose_name": "payout",
                        "verbose_name_plural": "payouts",
                        "indexes": [
                            models.Index(fields=["affiliate", "-id"], name="payout_by_affiliate"),
                            models.Index(
                                condition=models.Q(("state__in", ["failed", "returned"])),
                                fields=["finished_at"],
                                name="payout_came_back",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)), name="payout_positive"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["paid", "returned"]), _negated=True),
                                    models.Q(("rail_ref", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="payout_paid_has_ref",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["failed", "returned"]), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="payout_failed_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("tax_minor__gte", 0),
                                    ("tax_minor__lt", models.F("amount_minor")),
                                ),
                                name="payout_tax_below_amount",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("tax_back_minor", 0),
                                    models.Q(
                                        ("state__in", ["failed", "returned"]),
                                        ("tax_back_minor__gt", 0),
                                    ),
                                    _connector="OR",
                                ),
                                name="payout_tax_back_when_it_came_back",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("tax_rule", "company"), _negated=True),
                                    models.Q(
                                        ("state__in", ["ready", "sending", "paid"]), _negated=True
                                    ),
                                    models.Q(("invoice_number", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="payout_company_has_invoice",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["ready", "sending", "paid", "returned"]),
                                        _negated=True,
                                    ),
                                    models.Q(
                                        ("auto_released", False), ("released_by__isnull", False)
                                    ),
                                    models.Q(
                                        ("auto_released", True),
                                        ("closing", False),
                                        ("released_by", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="payout_released_by_someone",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_by", None),
                                    models.Q(
                                        ("released_by", models.F("requested_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="payout_release_four_eyes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_by", None),
                                    models.Q(
                                        ("confirmed_by", models.F("released_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="payout_confirm_four_eyes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("auto_released", False),
                                    ("confirmed_by", None),
                                    models.Q(
                                        ("confirmed_by", models.F("requested_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="payout_auto_four_eyes",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("state__in", ["requested", "ready", "sending"])
                                ),
                                fields=("affiliate", "currency"),
                                name="payout_one_alive_per_affiliate",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Transfer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "payout",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfer",
                                to="commissions.payout",
                            ),
                        ),
                        (
                            "handle",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="rail's own number"
                            ),
                        ),
                        (
                            "missing_since",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="unknown to the rail since"
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="BankFile",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "number",
                            models.CharField(max_length=35, unique=True, verbose_name="number"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("payouts_count", models.PositiveIntegerField(verbose_name="payouts")),
                        ("total_minor", models.BigIntegerField(verbose_name="total")),
                        ("content", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                        (
                            "made_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="made at"
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="made by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "bank file",
                        "verbose_name_plural": "bank files",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("payouts_count__gt", 0), ("total_minor__gt", 0)
                                ),
                                name="bank_file_holds_something",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BankFileItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="commissions.bankfile",
                            ),
                        ),
                        (
                            "payout",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bank_item",
                                to="commissions.payout",
                                verbose_name="payout",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                    ],
                    options={
                        "verbose_name": "transfer",
                        "verbose_name_plural": "transfers",
                    },
                ),
                migrations.CreateModel(
                    name="RailFile",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("rail", models.CharField(max_length=20, verbose_name="rail")),
                        ("kind", models.CharField(max_length=20, verbose_name="kind")),
                        ("name", models.CharField(max_length=200, verbose_name="file")),
                        ("first_day", models.DateField(verbose_name="from")),
                        ("last_day", models.DateField(verbose_name="to")),
                        ("closes_days", models.BooleanField(verbose_name="complete for its days")),
                        (
                            "sha256",
                            models.CharField(max_length=64, unique=True, verbose_name="SHA-256"),
                        ),
                        ("content", models.BinaryField()),
                        (
                            "uploaded_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="uploaded at"
                            ),
                        ),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="uploaded by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "answer of a rail",
                        "verbose_name_plural": "answers of the rails",
                    },
                ),
                migrations.CreateModel(
                    name="RailFileRow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rows",
                                to="commissions.railfile",
                                verbose_name="file",
                            ),
                        ),
                        ("line", models.PositiveIntegerField(verbose_name="row")),
                        ("key", models.CharField(blank=True, max_length=100, verbose_name="key")),
                        (
                            "payout",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="file_rows",
                                to="commissions.payout",
                                verbose_name="payout",
                            ),
                        ),
                        (
                            "fact",
                            models.CharField(
                                choices=[
                                    ("paid", "Paid"),
                                    ("failed", "Failed"),
                                    ("returned", "Came back"),
                                    ("pending", "Under way"),
                                ],
                                max_length=8,
                                verbose_name="says",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(null=True, verbose_name="amount")),
                        (
                            "currency",
                            models.CharField(blank=True, max_length=3, verbose_name="currency"),
                        ),
                        (
                            "ref",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="rail's reference"
                            ),
                        ),
                        (
                            "words",
                            models.CharField(blank=True, max_length=300, verbose_name="words"),
                        ),
                    ],
                    options={
                        "verbose_name": "row of an answer",
                        "verbose_name_plural": "rows of answers",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file", "line"), name="rail_file_row_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Difference",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ours_only", "Only we know it"),
                                    ("theirs_only", "Only they know it"),
                                    ("amount", "Amounts differ"),
                                    ("state", "Outcomes differ"),
                                ],
                                max_length=11,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("open", "Open"), ("resolved", "Resolved")],
                                default="open",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="differences",
                                to="commissions.railfile",
                                verbose_name="file",
                            ),
                        ),
                        (
                            "row",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.railfilerow",
                                verbose_name="row",
                            ),
                        ),
                        (
                            "payout",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="differences",
                                to="commissions.payout",
                                verbose_name="payout",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "resolved_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="resolved by",
                            ),
                        ),
                        (
                            "resolved_at",
                            models.DateTimeField(null=True, verbose_name="resolved at"),
                        ),
                    ],
                    options={
                        "verbose_name": "difference",
                        "verbose_name_plural": "differences",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("row__isnull", False),
                                    ("payout__isnull", False),
                                    _connector="OR",
                                ),
                                name="difference_about_something",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "open"),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="difference_resolved_with_reason",
                            ),
                            models.UniqueConstraint(
                                fields=("row",), name="difference_once_per_row"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "ours_only")),
                                fields=("payout",),
                                name="difference_ours_only_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedReport",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_reports",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "side",
                            models.CharField(
                                choices=[("affiliate", "Affiliate"), ("merchant", "Merchant")],
                                max_length=9,
                                verbose_name="side",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("query", models.CharField(max_length=300, verbose_name="query")),
                    ],
                    options={
                        "verbose_name": "saved report",
                        "verbose_name_plural": "saved reports",
                        "constraints": [
                            models.UniqueConstraint(
                                models.F("user"),
                                models.F("side"),
                                django.db.models.functions.text.Lower("name"),
                                name="saved_report_name_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("side__in", ["affiliate", "merchant"])),
                                name="saved_report_side_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SettlementShare",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "settlement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shares",
                                to="commissions.settlement",
                                verbose_name="settlement",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="settlement_shares",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("commissions", models.PositiveIntegerField(verbose_name="commissions")),
                        (
                            "publisher_minor",
                            models.BigIntegerField(verbose_name="affiliate's share"),
                        ),
                        (
                            "tech_fee_minor",
                            models.BigIntegerField(verbose_name="technical service fee"),
                        ),
                        (
                            "subsidy_minor",
                            models.BigIntegerField(default=0, verbose_name="subsidy"),
                        ),
                        ("net_minor", models.BigIntegerField(verbose_name="net")),
                        (
                            "debt_repaid_minor",
                            models.BigIntegerField(default=0, verbose_name="debt repaid"),
                        ),
                        (
                            "corrections",
                            models.PositiveIntegerField(default=0, verbose_name="corrections"),
                        ),
                        (
                            "corrected_minor",
                            models.BigIntegerField(default=0, verbose_name="corrected by"),
                        ),
                        (
                            "digest",
                            models.CharField(blank=True, max_length=64, verbose_name="digest"),
                        ),
                    ],
                    options={
                        "verbose_name": "share",
                        "verbose_name_plural": "shares",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("settlement", "affiliate"), name="settlement_share_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("debt_repaid_minor__gte", 0),
                                    ("debt_repaid_minor__lte", models.F("net_minor")),
                                    (
                                        "net_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("publisher_minor"),
                                                "+",
                                                models.F("subsidy_minor"),
                                            ),
                                            "-",
                                            models.F("tech_fee_minor"),
                                        ),
                                    ),
                                ),
                                name="settlement_share_adds_up",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SettlementLine",
                    fields=[
                        ("base_minor", models.BigIntegerField(default=0, verbose_name="base")),
                        (
                            "commission_minor",
                            models.BigIntegerField(default=0, verbose_name="commission"),
                        ),
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
                        (
                            "subsidy_minor",
                            models.BigIntegerField(default=0, verbose_name="subsidy"),
                        ),
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
                        (
                            "correction",
                            models.BooleanField(default=False, verbose_name="correction"),
                        ),
                    ],
                    options={
                        "verbose_name": "settlement line",
                        "verbose_name_plural": "settlement lines",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "commission_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("publisher_minor"),
                                            "+",
                                            models.F("platform_minor"),
                                        ),
                                    ),
                                    (
                                        "net_minor",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("publisher_minor"),
                                                "+",
                                                models.F("subsidy_minor"),
                                            ),
                                            "-",
                                            models.F("tech_fee_minor"),
                                        ),
                                    ),
                                ),
                                name="settlement_line_adds_up",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StatementKey",
                    fields=[
                        (
                            "key_id",
                            models.CharField(
                                max_length=16,
                                primary_key=True,
                                serialize=False,
                                verbose_name="key id",
                            ),
                        ),
                        (
                            "public",
                            models.CharField(max_length=64, unique=True, verbose_name="public key"),
                        ),
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
                migrations.CreateModel(
                    name="Statement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
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
                            "settlement",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="statements",
                                to="commissions.settlement",
                                verbose_name="settlement",
                            ),
                        ),
                        ("month", models.DateField(verbose_name="month")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "number",
                            models.CharField(max_length=40, unique=True, verbose_name="number"),
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
                        ("opening", models.JSONField(verbose_name="opening figures")),
                        ("closing", models.JSONField(verbose_name="closing figures")),
                        ("sums", models.JSONField(verbose_name="sums by kind of row")),
                        ("rows", models.PositiveIntegerField(verbose_name="rows")),
                        ("head", models.CharField(max_length=64, verbose_name="head hash")),
                        (
                            "key",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.statementkey",
                                verbose_name="signed with",
                            ),
                        ),
                        ("signature", models.CharField(max_length=128, verbose_name="signature")),
                        (
                            "signed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="signed at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "statement",
                        "verbose_name_plural": "statements",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "-id"], name="statement_by_affiliate"
                            ),
                            models.Index(fields=["merchant", "-id"], name="statement_by_merchant"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)),
                                name="statement_is_first_of_month",
                            ),
                            models.UniqueConstraint(
                                fields=("settlement", "affiliate"),
                                name="statement_once_per_settlement",
                            ),
                            models.UniqueConstraint(
                                fields=("merchant", "month", "currency"),
                                name="statement_once_per_month",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("previous", None)),
                                fields=("affiliate", "currency"),
                                name="statement_first_of_affiliate",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("previous", None)),
                                fields=("merchant", "currency"),
                                name="statement_first_of_merchant",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StatementPart",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "statement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parts",
                                to="commissions.statement",
                                verbose_name="statement",
                            ),
                        ),
                        ("place", models.PositiveIntegerField(verbose_name="place")),
                        ("text", models.BinaryField(verbose_name="text")),
                    ],
                    options={
                        "verbose_name": "part of a statement",
                        "verbose_name_plural": "parts of statements",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("statement", "place"), name="statement_part_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaxProfile",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tax_profiles",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
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
                        (
                            "tax_id",
                            models.CharField(blank=True, max_length=40, verbose_name="tax number"),
                        ),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="set by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "tax profile",
                        "verbose_name_plural": "tax profiles",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "company"), _negated=True),
                                    models.Q(("tax_id", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="tax_profile_company_has_id",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaxRemittance",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "month",
                            models.DateField(
                                help_text="Everything up to its end.", verbose_name="month"
                            ),
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
                            "prepared_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="prepared by",
                            ),
                        ),
                        (
                            "remitted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="paid by",
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
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="tax_remittance_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "remitted"), _negated=True),
                                    models.Q(
                                        ("remitted_by__isnull", False),
                                        models.Q(("reference", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="tax_remittance_has_reference",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("remitted_by", None),
                                    models.Q(
                                        ("remitted_by", models.F("prepared_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="tax_remittance_four_eyes",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "prepared")),
                                fields=("currency",),
                                name="tax_remittance_one_prepared",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaxRemittanceLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "remittance",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="commissions.taxremittance",
                                verbose_name="tax remittance",
                            ),
                        ),
                        (
                            "payout",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tax_lines",
                                to="commissions.payout",
                                verbose_name="payout",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                    ],
                    options={
                        "verbose_name": "line of a tax remittance",
                        "verbose_name_plural": "lines of a tax remittance",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("remittance", "payout"), name="tax_line_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor", 0), _negated=True),
                                name="tax_line_says_something",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VerifyRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("night", "Every night"),
                                    ("settlement", "Before a settlement"),
                                    ("command", "Command"),
                                    ("desk", "Desk"),
                                ],
                                max_length=10,
                                verbose_name="source",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting for a worker"),
                                    ("running", "Running"),
                                    ("ended", "Ended"),
                                ],
                                default="waiting",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "asked_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="asked at"
                            ),
                        ),
                        (
                            "asked_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="asked by",
                            ),
                        ),
                        (
                            "started_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="started at"),
                        ),
                        (
                            "ended_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                        ("faults", models.PositiveIntegerField(default=0, verbose_name="faults")),
                        ("results", models.JSONField(default=list, verbose_name="results")),
                    ],
                    options={
                        "verbose_name": "verification",
                        "verbose_name_plural": "verifications",
                        "get_latest_by": "pk",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("ended_at", None),
                                        ("started_at", None),
                                        ("state", "waiting"),
                                    ),
                                    models.Q(
                                        ("ended_at", None),
                                        ("started_at__isnull", False),
                                        ("state", "running"),
                                    ),
                                    models.Q(
                                        ("ended_at__isnull", False),
                                        ("started_at__isnull", False),
                                        ("state", "ended"),
                                    ),
                                    _connector="OR",
                                ),
                                name="verify_run_state_has_moments",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source__in", ["night", "settlement", "command", "desk"])
                                ),
                                name="verify_run_source_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Violation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="violations",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "target",
                            models.CharField(
                                choices=[
                                    ("order", "One order line"),
                                    ("zone", "An ad zone"),
                                    ("relation", "A partner relation"),
                                    ("account", "The whole account"),
                                ],
                                max_length=8,
                                verbose_name="about",
                            ),
                        ),
                        (
                            "commission",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="violations",
                                to="commissions.commission",
                                verbose_name="commission",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="violations",
                                to="affiliates.adzone",
                                verbose_name="ad zone",
                            ),
                        ),
                        (
                            "relation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="violations",
                                to="affiliates.relation",
                                verbose_name="partner relation",
                            ),
                        ),
                        (
                            "reason",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "Shop promoting itself"),
                                    (2, "Fake trade"),
                                    (13, "Other violation"),
                                    (14, "Traffic from a medium that is not filed"),
                                    (25, "Traffic hijacking"),
                                    (26, "Abnormal traffic"),
                                    (27, "Rules of the alliance broken"),
                                    (28, "Anomaly over several transactions"),
                                ],
                                verbose_name="reason",
                            ),
                        ),
                        (
                            "consequence",
                            models.CharField(
                                choices=[
                                    (
                                        "invalidate",
                                        "The orders are invalid, the merchants get the commission back",
                                    ),
                                    (
                                        "freeze",
                                        "The money stays frozen until a day, then it goes on",
                                    ),
                                    ("points", "Points only, the money goes on"),
                                ],
                                max_length=10,
                                verbose_name="consequence",
                            ),
                        ),
                        (
                            "severity",
                            models.CharField(
                                choices=[
                                    ("warning", "Warning, no points"),
                                    ("general", "General"),
                                    ("serious", "Serious"),
                                ],
                                max_length=8,
                                verbose_name="severity",
                            ),
                        ),
                        (
                            "points",
                            models.PositiveSmallIntegerField(default=0, verbose_name="points"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("upheld", "Upheld"),
                                    ("released", "Released"),
                                ],
                                default="open",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "hold",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "None"),
                                    ("frozen", "Frozen"),
                                    ("barred", "Invalidated"),
                                ],
                                default="frozen",
                                max_length=6,
                                verbose_name="effect",
                            ),
                        ),
                        (
                            "opened_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="opened by",
                            ),
                        ),
                        (
                            "opened_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="opened at"
                            ),
                        ),
                        ("appeal_until", models.DateTimeField(verbose_name="appeal until")),
                        (
                            "frozen_until",
                            models.DateTimeField(null=True, verbose_name="frozen until"),
                        ),
                        (
                            "ended_at",
                            models.DateTimeField(null=True, verbose_name="freeze ended at"),
                        ),
                        ("froze_account", models.BooleanField(default=False)),
                        (
                            "decided_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("applied_version", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name": "violation",
                        "verbose_name_plural": "violations",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("hold", ""), _negated=True),
                                fields=["affiliate"],
                                name="violation_in_effect",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("version", models.F("applied_version")), _negated=True
                                ),
                                fields=["id"],
                                name="violation_to_apply",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("commission__isnull", False),
                                        ("relation", None),
                                        ("target", "order"),
                                        ("zone", None),
                                    ),
                                    models.Q(
                                        ("commission", None),
                                        ("relation", None),
                                        ("target", "zone"),
                                        ("zone__isnull", False),
                                    ),
                                    models.Q(
                                        ("commission", None),
                                        ("relation__isnull", False),
                                        ("target", "relation"),
                                        ("zone", None),
                                    ),
                                    models.Q(
                                        ("commission", None),
                                        ("relation", None),
                                        ("target", "account"),
                                        ("zone", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="violation_has_its_target",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("target", "order"),
                                    ("frozen_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="violation_target_freeze_ends",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("consequence", "freeze"), _negated=True),
                                    ("frozen_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="violation_freeze_ends",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("points", 0), ("severity", "warning")),
                                    models.Q(
                                        ("points__gte", 1),
                                        ("points__lt", 48),
                                        ("severity", "general"),
                                    ),
                                    models.Q(("points", 48), ("severity", "serious")),
                                    _connector="OR",
                                ),
                                name="violation_points_fit",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_at", None),
                                        ("hold__in", ["frozen", ""]),
                                        ("state", "open"),
                                    ),
                                    models.Q(("decided_at__isnull", False), ("state", "upheld")),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("hold", ""),
                                        ("state", "released"),
                                    ),
                                    _connector="OR",
                                ),
                                name="violation_hold_fits_state",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("hold", "barred"), _negated=True),
                                    ("consequence", "invalidate"),
                                    _connector="OR",
                                ),
                                name="violation_bar_was_announced",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open")),
                                fields=("commission",),
                                name="violation_one_open_per_commission",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open")),
                                fields=("zone",),
                                name="violation_one_open_per_zone",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open")),
                                fields=("relation",),
                                name="violation_one_open_per_relation",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open"), ("target", "account")),
                                fields=("affiliate",),
                                name="violation_one_open_per_account",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Evidence",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "violation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evidence",
                                to="commissions.violation",
                            ),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        ("from_desk", models.BooleanField(verbose_name="from the alliance")),
                        ("text", models.TextField(max_length=2000, verbose_name="what it shows")),
                        (
                            "filename",
                            models.CharField(blank=True, max_length=100, verbose_name="file"),
                        ),
                        ("content_type", models.CharField(blank=True, max_length=40)),
                        ("content", models.BinaryField(null=True)),
                        (
                            "digest",
                            models.CharField(blank=True, max_length=64, verbose_name="SHA-256"),
                        ),
                        (
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "evidence",
                        "verbose_name_plural": "evidence",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("content", None),
                                        ("content_type", ""),
                                        ("digest", ""),
                                        ("filename", ""),
                                    ),
                                    models.Q(
                                        ("content__isnull", False),
                                        models.Q(("filename", ""), _negated=True),
                                        models.Q(("content_type", ""), _negated=True),
                                        models.Q(("digest", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="evidence_file_is_whole",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Appeal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "violation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appeals",
                                to="commissions.violation",
                            ),
                        ),
                        ("instance", models.PositiveSmallIntegerField(verbose_name="instance")),
                        ("text", models.TextField(max_length=4000, verbose_name="your words")),
                        (
                            "filed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="filed by",
                            ),
                        ),
                        (
                            "filed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="filed at"
                            ),
                        ),
                        ("answer_until", models.DateTimeField(verbose_name="answer due")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("filed", "Waiting for an answer"),
                                    ("granted", "Granted"),
                                    ("dismissed", "Dismissed"),
                                ],
                                default="filed",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "answer",
                            models.TextField(blank=True, max_length=2000, verbose_name="answer"),
                        ),
                        (
                            "opened_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "dismissed_before_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                    ],
                    options={
                        "verbose_name": "appeal",
                        "verbose_name_plural": "appeals",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "filed")),
                                fields=["answer_until"],
                                name="appeal_waiting",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("violation", "instance"), name="appeal_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("dismissed_before_by", None), ("instance", 1)),
                                    models.Q(
                                        ("dismissed_before_by__isnull", False), ("instance", 2)
                                    ),
                                    _connector="OR",
                                ),
                                name="appeal_instance_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_at", None),
                                        ("decided_by", None),
                                        ("state", "filed"),
                                    ),
                                    models.Q(
                                        ("state__in", ["granted", "dismissed"]),
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="appeal_decided_by_a_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    models.Q(("decided_by", models.F("opened_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="appeal_not_by_the_opener",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    ("dismissed_before_by", None),
                                    models.Q(
                                        ("decided_by", models.F("dismissed_before_by")),
                                        _negated=True,
                                    ),
                                    _connector="OR",
                                ),
                                name="appeal_second_by_another",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ViolationEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "violation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="commissions.violation",
                            ),
                        ),
                        (
                            "fact",
                            models.CharField(
                                choices=[
                                    ("opened", "The case was opened; the money is frozen."),
                                    ("evidence", "Evidence was added."),
                                    ("appealed", "The affiliate appealed."),
                                    ("dismissed", "The appeal was dismissed."),
                                    ("granted", "The appeal was granted."),
                                    ("upheld", "The case was upheld."),
                                    (
                                        "expired",
                                        "The deadline passed without an appeal: the case was upheld.",
                                    ),
                                    ("released", "The case was released; the money goes on."),
                                    ("ended", "The freeze ended."),
                                ],
                                max_length=9,
                                verbose_name="what",
                            ),
                        ),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "words",
                            models.CharField(blank=True, max_length=2000, verbose_name="words"),
                        ),
                        (
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "ordering": ["violation", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("actor__isnull", False),
                                    ("fact__in", ["expired", "ended"]),
                                    _connector="OR",
                                ),
                                name="violation_event_has_actor",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WalletRefund",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="wallet_refunds",
                                to="merchants.merchant",
                                verbose_name="merchant",
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
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "requested_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="requested by",
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                        ),
                    ],
                    options={
                        "verbose_name": "wallet refund",
                        "verbose_name_plural": "wallet refunds",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="wallet_refund_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "requested"),
                                    ("decided_by__isnull", False),
                                    _connector="OR",
                                ),
                                name="wallet_refund_decided_by_someone",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "paid"), _negated=True),
                                    models.Q(("reference", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="wallet_refund_paid_has_reference",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    models.Q(
                                        ("decided_by", models.F("requested_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="wallet_refund_four_eyes",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "requested")),
                                fields=("merchant", "currency"),
                                name="wallet_refund_one_open_per_merchant",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Debt",
                    fields=[],
                    options={
                        "verbose_name": "debt",
                        "verbose_name_plural": "debts",
                        "proxy": True,
                    },
                    bases=("commissions.account",),
                ),
                migrations.CreateModel(
                    name="DebtWriteOff",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="write_offs",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.merchant",
                                verbose_name="borne by the merchant",
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
                            "requested_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="requested by",
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                        ),
                    ],
                    options={
                        "verbose_name": "write-off",
                        "verbose_name_plural": "write-offs",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)),
                                name="write_off_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="write_off_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by", None),
                                    models.Q(
                                        ("decided_by", models.F("requested_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="write_off_four_eyes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "refused"), _negated=True),
                                    ("decided_by__isnull", False),
                                    _connector="OR",
                                ),
                                name="write_off_refused_by_someone",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("requested_by__isnull", False),
                                    ("merchant", None),
                                    _connector="OR",
                                ),
                                name="write_off_system_charges_nobody",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "requested")),
                                fields=("affiliate", "currency"),
                                name="write_off_one_open_per_affiliate",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiApp",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        (
                            "key",
                            models.CharField(max_length=12, unique=True, verbose_name="app key"),
                        ),
                        ("secret", models.CharField(max_length=300)),
                        ("old_secret", models.CharField(blank=True, max_length=300)),
                        ("old_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "redirect_url",
                            models.URLField(
                                blank=True, max_length=300, verbose_name="address for permissions"
                            ),
                        ),
                        (
                            "last_used_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="last used at"
                            ),
                        ),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked at"),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="api_apps",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="api_apps",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="made by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "API app",
                        "verbose_name_plural": "API apps",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("old_secret", ""),
                                    ("old_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="api_app_old_secret_ends",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiSession",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("until", models.DateTimeField(verbose_name="works until")),
                        ("refresh_digest", models.CharField(max_length=64, unique=True)),
                        (
                            "refresh_until",
                            models.DateTimeField(verbose_name="can be renewed until"),
                        ),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked at"),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="api_sessions",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "app",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sessions",
                                to="commissions.apiapp",
                                verbose_name="API app",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="api_sessions",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="allowed by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "API session",
                        "verbose_name_plural": "API sessions",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at", None)),
                                fields=("app", "affiliate"),
                                name="api_session_one_open_per_affiliate",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AwardHold",
                    fields=[
                        (
                            "affiliate",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "since",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="since"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "affiliate whose rewards wait",
                        "verbose_name_plural": "affiliates whose rewards wait",
                    },
                ),
                migrations.CreateModel(
                    name="SandboxOrder",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("external_id", models.CharField(max_length=64)),
                        ("facts", models.JSONField()),
                        (
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.shop",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "external_id"), name="sandbox_order_once_per_shop"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SandboxSale",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
                            ),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="updated at",
                            ),
                        ),
                        ("external_id", models.CharField(max_length=64)),
                        ("click_id", models.CharField(blank=True, max_length=32)),
                        (
                            "subs",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        ("rate_bps", models.PositiveIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("placed", "placed"),
                                    ("paid", "paid"),
                                    ("received", "received"),
                                    ("settled", "settled"),
                                    ("void", "void"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("refunded_minor", models.BigIntegerField(default=0)),
                        ("paid_at", models.DateTimeField(null=True)),
                        ("received_at", models.DateTimeField(null=True)),
                        ("revision", models.PositiveIntegerField(default=0)),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.product",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.adzone",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "external_id"),
                                name="sandbox_sale_once_per_affiliate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("refunded_minor__gte", 0),
                                    ("refunded_minor__lte", models.F("amount_minor")),
                                ),
                                name="sandbox_sale_refund_at_most_amount",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
