import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0005_claims"),
        ("campaigns", "0003_returned"),
        ("merchants", "0004_deposits_and_refund_states"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CouponStock",
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
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("open", "Open"), ("closed", "Closed")],
                        default="draft",
                        editable=False,
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("first", "First come, first served"),
                            ("draw", "Drawn among those who entered"),
                        ],
                        default="first",
                        max_length=5,
                        verbose_name="who gets one",
                    ),
                ),
                (
                    "size",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="coupons",
                    ),
                ),
                (
                    "faces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        editable=False,
                        size=None,
                        verbose_name="face values",
                    ),
                ),
                (
                    "total_minor",
                    models.PositiveBigIntegerField(
                        editable=False, verbose_name="worth of the whole stock"
                    ),
                ),
                (
                    "currency",
                    models.CharField(editable=False, max_length=3, verbose_name="currency"),
                ),
                (
                    "valid_minutes",
                    models.PositiveIntegerField(default=1440, verbose_name="usable for (minutes)"),
                ),
                (
                    "until_end",
                    models.BooleanField(default=True, verbose_name="not longer than the campaign"),
                ),
                (
                    "opens_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="claims from"),
                ),
                (
                    "closes_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="claims until"),
                ),
                (
                    "per_buyer",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="In all; one a day at most.",
                        null=True,
                        verbose_name="at most per buyer",
                    ),
                ),
                (
                    "pause_days",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="days between two of a buyer"
                    ),
                ),
                (
                    "wins",
                    models.BooleanField(
                        default=False, verbose_name="the order goes to the affiliate of the claim"
                    ),
                ),
                (
                    "least_wait_seconds",
                    models.PositiveIntegerField(
                        default=0, verbose_name="seconds between claim and payment"
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="opened at"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="closed at"
                    ),
                ),
                (
                    "set_aside_minor",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, verbose_name="set aside"
                    ),
                ),
                ("swept_slot", models.BigIntegerField(default=0, editable=False)),
                ("swept_at", models.DateTimeField(editable=False, null=True)),
                ("seed", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "drawn_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="drawn at"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stocks",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every product of the campaign.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "coupon stock",
                "verbose_name_plural": "coupon stocks",
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.IntegerField(null=True, verbose_name="slot")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Claimed"),
                            ("used", "Used"),
                            ("expired", "Expired"),
                            ("entered", "Entered"),
                            ("lost", "Not drawn"),
                        ],
                        default="held",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True, verbose_name="coupon code")),
                ("face_minor", models.PositiveBigIntegerField(verbose_name="face value")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("buyer_key", models.CharField(max_length=32)),
                ("network_key", models.CharField(blank=True, max_length=32)),
                ("trail", models.BooleanField(default=True)),
                ("day", models.DateField(verbose_name="business day")),
                (
                    "claimed_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="claimed at"
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="usable until")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used at")),
                (
                    "paid_minor",
                    models.PositiveBigIntegerField(default=0, verbose_name="reimbursed"),
                ),
                ("paid_revision", models.PositiveIntegerField(default=0)),
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
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="affiliates.link",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="merchants.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="merchants.product",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="merchants.shop",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="affiliates.adzone",
                    ),
                ),
                (
                    "stock",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="claims",
                        to="campaigns.couponstock",
                        verbose_name="coupon stock",
                    ),
                ),
            ],
            options={
                "verbose_name": "claim",
                "verbose_name_plural": "claims",
            },
        ),
        migrations.CreateModel(
            name="FreeSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.IntegerField()),
                (
                    "stock",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="campaigns.couponstock",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("minute", models.DateTimeField(verbose_name="minute")),
                ("reason", models.CharField(max_length=16, verbose_name="reason")),
                ("count", models.PositiveIntegerField(default=0, verbose_name="how many")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "refused claims",
                "verbose_name_plural": "refused claims",
            },
        ),
        migrations.AddIndex(
            model_name="couponstock",
            index=models.Index(
                condition=models.Q(("state", "draft"), _negated=True),
                fields=["product"],
                name="stock_by_product",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "open", "closed"]), ("mode__in", ["first", "draw"])
                ),
                name="stock_words_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("size__range", (1, 10000000)), ("valid_minutes__range", (5, 86400))
                ),
                name="stock_in_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(("faces__len__range", (1, 1000)), ("total_minor__gt", 0)),
                name="stock_has_faces",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens_at", None),
                    ("closes_at", None),
                    ("closes_at__gt", models.F("opens_at")),
                    _connector="OR",
                ),
                name="stock_closes_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"), ("opened_at__isnull", False), _connector="OR"
                ),
                name="stock_open_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    ("closed_at__isnull", False),
                    _connector="OR",
                ),
                name="stock_closed_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("set_aside_minor__lte", models.F("total_minor")),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        ("set_aside_minor", 0),
                        _connector="OR",
                    ),
                ),
                name="stock_set_aside_within_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponstock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mode", "draw"), _negated=True),
                    models.Q(("seed", ""), _negated=True),
                    _connector="OR",
                ),
                name="stock_draw_has_seed",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["expires_at"], name="claim_by_expiry"
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("order__isnull", False)),
                fields=["order"],
                name="claim_by_order",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["claimed_at"], name="claim_by_time", pages_per_range=16
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["held", "used"])),
                fields=("stock", "slot"),
                name="claim_slot_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                fields=("campaign", "buyer_key", "day"), name="claim_once_per_buyer_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["held", "used", "expired", "entered", "lost"])),
                name="claim_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["entered", "lost"]), ("slot__isnull", False), _connector="OR"
                ),
                name="claim_held_has_slot",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("order__isnull", False), ("state", "used"), ("used_at__isnull", False)
                    ),
                    models.Q(
                        models.Q(("state", "used"), _negated=True),
                        ("order", None),
                        ("used_at", None),
                    ),
                    _connector="OR",
                ),
                name="claim_used_has_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("paid_minor", 0),
                    models.Q(("paid_minor__lte", models.F("face_minor")), ("state", "used")),
                    _connector="OR",
                ),
                name="claim_paid_was_used",
            ),
        ),
        migrations.AddConstraint(
            model_name="freeslot",
            constraint=models.UniqueConstraint(fields=("stock", "slot"), name="free_slot_once"),
        ),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                fields=("campaign", "minute", "reason"), name="refusals_once_per_minute"
            ),
        ),
    ]
