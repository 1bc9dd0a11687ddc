"""Seasons, campaigns and their coupons."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [("campaigns", "0003_boards")]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("affiliates", "0002_rules"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="Season",
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
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("warm_up_from", models.DateTimeField(verbose_name="warm-up from")),
                        ("opening_from", models.DateTimeField(verbose_name="opening from")),
                        ("main_from", models.DateTimeField(verbose_name="main days from")),
                        ("closing_from", models.DateTimeField(verbose_name="closing from")),
                        ("ends_at", models.DateTimeField(verbose_name="ends at")),
                    ],
                    options={
                        "verbose_name": "season",
                        "verbose_name_plural": "seasons",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("closing_from__lt", models.F("ends_at")),
                                    ("main_from__lte", models.F("closing_from")),
                                    ("opening_from__lte", models.F("main_from")),
                                    ("warm_up_from__lte", models.F("opening_from")),
                                ),
                                name="season_phases_in_order",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Campaign",
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
                        ("kind", models.CharField(max_length=24, verbose_name="mechanic")),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        (
                            "about",
                            models.TextField(
                                blank=True,
                                max_length=2000,
                                verbose_name="what it says to those who take part",
                            ),
                        ),
                        (
                            "season",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="campaigns",
                                to="campaigns.season",
                                verbose_name="season",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("scheduled", "Scheduled"),
                                    ("live", "Live"),
                                    ("paused", "Paused"),
                                    ("closed", "Closed"),
                                    ("settled", "Settled"),
                                ],
                                default="draft",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("rules", models.JSONField(default=dict, verbose_name="rules")),
                        (
                            "sponsor",
                            models.CharField(
                                choices=[
                                    ("platform", "The alliance"),
                                    ("merchant", "A merchant"),
                                    ("joint", "The alliance and a merchant"),
                                    ("affiliate", "An affiliate"),
                                ],
                                default="platform",
                                max_length=9,
                                verbose_name="paid by",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                blank=True,
                                help_text="Who pays a part of the budget.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="campaigns",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "merchant_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="paid by the merchant"
                            ),
                        ),
                        (
                            "host",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="hosted_campaigns",
                                to="affiliates.affiliate",
                                verbose_name="held by",
                            ),
                        ),
                        (
                            "agreed_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="agreed at"
                            ),
                        ),
                        (
                            "budget_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="budget"),
                        ),
                        (
                            "raise_minor",
                            models.PositiveBigIntegerField(
                                default=0, editable=False, verbose_name="asked on top"
                            ),
                        ),
                        (
                            "raise_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="asked by",
                            ),
                        ),
                        (
                            "returned_minor",
                            models.PositiveBigIntegerField(
                                default=0, editable=False, verbose_name="returned"
                            ),
                        ),
                        (
                            "daily_minor",
                            models.PositiveBigIntegerField(
                                blank=True, null=True, verbose_name="budget of a day"
                            ),
                        ),
                        (
                            "per_order_minor",
                            models.PositiveBigIntegerField(
                                blank=True, null=True, verbose_name="at most per order line"
                            ),
                        ),
                        (
                            "per_affiliate_minor",
                            models.PositiveBigIntegerField(
                                blank=True, null=True, verbose_name="at most per affiliate"
                            ),
                        ),
                        (
                            "per_affiliate_day_minor",
                            models.PositiveBigIntegerField(
                                blank=True, null=True, verbose_name="at most per affiliate and day"
                            ),
                        ),
                        (
                            "orders_per_affiliate",
                            models.PositiveIntegerField(
                                blank=True,
                                null=True,
                                verbose_name="the first orders of each affiliate",
                            ),
                        ),
                        (
                            "pieces",
                            models.PositiveIntegerField(
                                blank=True, null=True, verbose_name="the first pieces"
                            ),
                        ),
                        ("starts_at", models.DateTimeField(verbose_name="starts at")),
                        ("ends_at", models.DateTimeField(verbose_name="ends at")),
                        ("confirm_until", models.DateTimeField(verbose_name="received until")),
                        (
                            "enrol_from",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="enrolment from"
                            ),
                        ),
                        (
                            "enrol_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="enrolment until"
                            ),
                        ),
                        (
                            "kinds",
                            models.JSONField(
                                blank=True, default=list, verbose_name="kinds of affiliates"
                            ),
                        ),
                        (
                            "least_tier",
                            models.PositiveSmallIntegerField(default=0, verbose_name="least tier"),
                        ),
                        (
                            "all_products",
                            models.BooleanField(
                                default=False,
                                help_text="Else those of its slate.",
                                verbose_name="all products",
                            ),
                        ),
                        (
                            "stacking_group",
                            models.CharField(
                                blank=True, max_length=24, verbose_name="stacking group"
                            ),
                        ),
                        (
                            "self_buying",
                            models.BooleanField(default=False, verbose_name="own purchases count"),
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
                            "published_by",
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
                            "published_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="published at"
                            ),
                        ),
                        (
                            "closed_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="closed at"
                            ),
                        ),
                        (
                            "close_reason",
                            models.CharField(
                                blank=True,
                                editable=False,
                                max_length=300,
                                verbose_name="reason for closing",
                            ),
                        ),
                        (
                            "evaluated_at",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="evaluated at"
                            ),
                        ),
                        (
                            "barred",
                            models.ManyToManyField(
                                blank=True,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliates left out",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "campaign",
                        "verbose_name_plural": "campaigns",
                        "indexes": [
                            models.Index(fields=["starts_at", "ends_at"], name="campaign_by_time"),
                            models.Index(fields=["state", "-starts_at"], name="campaign_by_state"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "draft",
                                            "scheduled",
                                            "live",
                                            "paused",
                                            "closed",
                                            "settled",
                                        ],
                                    )
                                ),
                                name="campaign_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirm_until__gte", models.F("ends_at")),
                                    ("ends_at__gt", models.F("starts_at")),
                                ),
                                name="campaign_times_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("enrol_from", None),
                                    ("enrol_until", None),
                                    ("enrol_until__gt", models.F("enrol_from")),
                                    _connector="OR",
                                ),
                                name="campaign_enrolment_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("merchant_bps", 0), ("sponsor", "platform")),
                                    models.Q(
                                        ("host__isnull", False),
                                        ("merchant_bps", 0),
                                        ("sponsor", "affiliate"),
                                    ),
                                    models.Q(
                                        ("merchant__isnull", False),
                                        ("merchant_bps", 10000),
                                        ("sponsor", "merchant"),
                                    ),
                                    models.Q(
                                        ("merchant__isnull", False),
                                        ("merchant_bps__range", (1, 9999)),
                                        ("sponsor", "joint"),
                                    ),
                                    _connector="OR",
                                ),
                                name="campaign_sponsor_is_named",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("raise_by", None), ("raise_minor", 0)),
                                    models.Q(("raise_by__isnull", False), ("raise_minor__gt", 0)),
                                    _connector="OR",
                                ),
                                name="campaign_raise_is_asked_by_somebody",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("published_at", None), ("state", "draft")),
                                    models.Q(
                                        models.Q(("state", "draft"), _negated=True),
                                        ("published_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="campaign_published_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["closed", "settled"]), _negated=True),
                                    ("closed_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="campaign_closed_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("returned_minor", 0),
                                    models.Q(
                                        ("returned_minor__lte", models.F("budget_minor")),
                                        ("state", "settled"),
                                    ),
                                    _connector="OR",
                                ),
                                name="campaign_returns_at_most_its_budget",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CampaignPause",
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
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pauses",
                                to="campaigns.campaign",
                            ),
                        ),
                        (
                            "from_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="from"
                            ),
                        ),
                        (
                            "until_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="until"),
                        ),
                        ("reason", models.CharField(max_length=300, verbose_name="reason")),
                    ],
                    options={
                        "verbose_name": "pause",
                        "verbose_name_plural": "pauses",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until_at", None),
                                    ("until_at__gte", models.F("from_at")),
                                    _connector="OR",
                                ),
                                name="pause_ends_later",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("until_at", None)),
                                fields=("campaign",),
                                name="pause_one_open",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SlateItem",
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
                                related_name="slate",
                                to="campaigns.campaign",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("proposed", "Proposed"),
                                    ("approved", "On the slate"),
                                    ("rejected", "Rejected"),
                                ],
                                default="approved",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "rate_bps",
                            models.PositiveIntegerField(
                                blank=True, null=True, verbose_name="commission rate"
                            ),
                        ),
                        (
                            "service_bps",
                            models.PositiveIntegerField(default=0, verbose_name="service fee"),
                        ),
                        (
                            "price_minor",
                            models.PositiveBigIntegerField(
                                blank=True, null=True, verbose_name="price in the campaign"
                            ),
                        ),
                        (
                            "agreed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="agreed at"),
                        ),
                        (
                            "proposed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                    ],
                    options={
                        "verbose_name": "product of a campaign",
                        "verbose_name_plural": "products of campaigns",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "product"), name="slate_item_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["proposed", "approved", "rejected"])
                                ),
                                name="slate_item_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("rate_bps", None),
                                        ("rate_bps__range", (1, 9000)),
                                        _connector="OR",
                                    ),
                                    ("service_bps__lte", 9000),
                                ),
                                name="slate_item_rates_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "rejected"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="slate_item_rejected_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Enrolment",
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
                                related_name="enrolments",
                                to="campaigns.campaign",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="enrolments",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("applied", "Applied"),
                                    ("offered", "Offered"),
                                    ("accepted", "Running"),
                                    ("evaluating", "Being evaluated"),
                                    ("approved", "Approved"),
                                    ("settled", "Paid"),
                                    ("failed", "Not reached"),
                                    ("quit", "Quit"),
                                    ("void", "Void"),
                                ],
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "statement",
                            models.TextField(
                                blank=True, max_length=1000, verbose_name="what the affiliate says"
                            ),
                        ),
                        (
                            "reserved_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="reserved"),
                        ),
                        (
                            "reward_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="reward"),
                        ),
                        (
                            "offered_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="offered until"
                            ),
                        ),
                        (
                            "accepted_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="accepted at"),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                    ],
                    options={
                        "verbose_name": "enrolment",
                        "verbose_name_plural": "enrolments",
                        "indexes": [
                            models.Index(fields=["affiliate", "-id"], name="enrolment_by_affiliate")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["quit", "void"]), _negated=True),
                                fields=("campaign", "affiliate"),
                                name="enrolment_one_alive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "applied",
                                            "offered",
                                            "accepted",
                                            "evaluating",
                                            "approved",
                                            "settled",
                                            "failed",
                                            "quit",
                                            "void",
                                        ],
                                    )
                                ),
                                name="enrolment_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["applied", "offered", "quit", "void", "failed"]),
                                    ("accepted_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="enrolment_accepted_has_moment",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CouponStock",
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
                                related_name="stocks",
                                to="campaigns.campaign",
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
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("open", "Open"),
                                    ("closed", "Closed"),
                                ],
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
                            models.PositiveIntegerField(
                                default=1440, verbose_name="usable for (minutes)"
                            ),
                        ),
                        (
                            "until_end",
                            models.BooleanField(
                                default=True, verbose_name="not longer than the campaign"
                            ),
                        ),
                        (
                            "opens_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="claims from"),
                        ),
                        (
                            "closes_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="claims until"
                            ),
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
                                default=False,
                                verbose_name="the order goes to the affiliate of the claim",
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
                    ],
                    options={
                        "verbose_name": "coupon stock",
                        "verbose_name_plural": "coupon stocks",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "draft"), _negated=True),
                                fields=["product"],
                                name="stock_by_product",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["draft", "open", "closed"]),
                                    ("mode__in", ["first", "draw"]),
                                ),
                                name="stock_words_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("size__range", (1, 10000000)),
                                    ("valid_minutes__range", (5, 86400)),
                                ),
                                name="stock_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("faces__len__range", (1, 1000)), ("total_minor__gt", 0)
                                ),
                                name="stock_has_faces",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("opens_at", None),
                                    ("closes_at", None),
                                    ("closes_at__gt", models.F("opens_at")),
                                    _connector="OR",
                                ),
                                name="stock_closes_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "draft"),
                                    ("opened_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="stock_open_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "closed"), _negated=True),
                                    ("closed_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="stock_closed_has_moment",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("mode", "draw"), _negated=True),
                                    models.Q(("seed", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="stock_draw_has_seed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Claim",
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
                        (
                            "code",
                            models.CharField(
                                max_length=16, unique=True, verbose_name="coupon code"
                            ),
                        ),
                        ("face_minor", models.PositiveBigIntegerField(verbose_name="face value")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("buyer_key", models.CharField(max_length=32)),
                        ("network_key", models.CharField(blank=True, max_length=32)),
                        ("trail", models.BooleanField(default=True)),
                        ("day", models.DateField(verbose_name="business day")),
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
                            "claimed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="claimed at"
                            ),
                        ),
                        ("expires_at", models.DateTimeField(verbose_name="usable until")),
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
                        ("used_at", models.DateTimeField(null=True, verbose_name="used at")),
                        (
                            "worth_minor",
                            models.PositiveBigIntegerField(
                                null=True, verbose_name="worth to the shop"
                            ),
                        ),
                        (
                            "paid_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="reimbursed"),
                        ),
                        ("paid_revision", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name": "claim",
                        "verbose_name_plural": "claims",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "held")),
                                fields=["expires_at"],
                                name="claim_by_expiry",
                            ),
                            models.Index(
                                condition=models.Q(("order__isnull", False)),
                                fields=["order"],
                                name="claim_by_order",
                            ),
                            django.contrib.postgres.indexes.BrinIndex(
                                autosummarize=True,
                                fields=["claimed_at"],
                                name="claim_by_time",
                                pages_per_range=16,
                            ),
                            models.Index(
                                condition=models.Q(("state", "held")),
                                fields=["affiliate", "expires_at"],
                                name="claim_held_by_affiliate",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["held", "used"])),
                                fields=("stock", "slot"),
                                name="claim_slot_once",
                            ),
                            models.UniqueConstraint(
                                fields=("campaign", "buyer_key", "day"),
                                name="claim_once_per_buyer_and_day",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["held", "used", "expired", "entered", "lost"])
                                ),
                                name="claim_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["entered", "lost"]),
                                    ("slot__isnull", False),
                                    _connector="OR",
                                ),
                                name="claim_held_has_slot",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("order__isnull", False),
                                        ("state", "used"),
                                        ("used_at__isnull", False),
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("paid_minor", 0),
                                    models.Q(
                                        ("paid_minor__lte", models.F("worth_minor")),
                                        ("state", "used"),
                                        ("worth_minor__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="claim_paid_was_used",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("worth_minor", None),
                                    models.Q(
                                        ("state", "used"),
                                        ("worth_minor__lte", models.F("face_minor")),
                                    ),
                                    _connector="OR",
                                ),
                                name="claim_worth_at_most_face",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FreeSlot",
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
                            "stock",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="campaigns.couponstock",
                            ),
                        ),
                        ("slot", models.IntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("stock", "slot"), name="free_slot_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Refusal",
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
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="refusals",
                                to="campaigns.campaign",
                            ),
                        ),
                        ("minute", models.DateTimeField(verbose_name="minute")),
                        ("reason", models.CharField(max_length=16, verbose_name="reason")),
                        ("count", models.PositiveIntegerField(default=0, verbose_name="how many")),
                    ],
                    options={
                        "verbose_name": "refused claims",
                        "verbose_name_plural": "refused claims",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "minute", "reason"),
                                name="refusals_once_per_minute",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Grant",
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
                                related_name="grants",
                                to="campaigns.campaign",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grants",
                                to="merchants.orderline",
                                verbose_name="order line",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("day", models.DateField(verbose_name="day")),
                        ("pieces", models.PositiveIntegerField(default=1, verbose_name="pieces")),
                        (
                            "rate_bps",
                            models.PositiveIntegerField(default=0, verbose_name="subsidy rate"),
                        ),
                        (
                            "cap_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="at most"),
                        ),
                        (
                            "subsidy_share_bps",
                            models.PositiveIntegerField(
                                default=10000, verbose_name="share of the subsidy"
                            ),
                        ),
                        (
                            "commission_bps",
                            models.PositiveIntegerField(
                                blank=True, null=True, verbose_name="commission rate"
                            ),
                        ),
                        (
                            "share_bps",
                            models.PositiveIntegerField(
                                blank=True, null=True, verbose_name="affiliate's share"
                            ),
                        ),
                        (
                            "service_bps",
                            models.PositiveIntegerField(default=0, verbose_name="service fee"),
                        ),
                        (
                            "amount_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="amount"),
                        ),
                        ("active", models.BooleanField(default=True, verbose_name="counts")),
                        ("why", models.JSONField(default=dict, verbose_name="why")),
                        (
                            "granted_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="granted at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "grant",
                        "verbose_name_plural": "grants",
                        "indexes": [
                            models.Index(
                                fields=["campaign", "affiliate", "day"], name="grant_by_affiliate"
                            ),
                            models.Index(fields=["campaign", "day"], name="grant_by_day"),
                            models.Index(fields=["campaign", "-granted_at"], name="grant_by_time"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "line"), name="grant_once_per_line"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__lte", models.F("cap_minor"))),
                                name="grant_within_cap",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Standing",
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
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="standings",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="standings",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("final", models.BooleanField(default=False, verbose_name="final")),
                        (
                            "orders",
                            models.PositiveIntegerField(default=0, verbose_name="valid orders"),
                        ),
                        ("pieces", models.PositiveIntegerField(default=0, verbose_name="pieces")),
                        ("buyers", models.PositiveIntegerField(default=0, verbose_name="buyers")),
                        (
                            "shop_orders",
                            models.PositiveIntegerField(
                                default=0, verbose_name="orders of one shop"
                            ),
                        ),
                        (
                            "gmv_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="sales"),
                        ),
                        (
                            "commission_minor",
                            models.PositiveBigIntegerField(
                                default=0, verbose_name="net commission"
                            ),
                        ),
                        (
                            "baseline_gmv_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="usual sales"),
                        ),
                        (
                            "links",
                            models.PositiveIntegerField(default=0, verbose_name="links made"),
                        ),
                        ("clicks", models.PositiveIntegerField(default=0, verbose_name="clicks")),
                        (
                            "visitors",
                            models.PositiveIntegerField(default=0, verbose_name="visitors"),
                        ),
                        (
                            "active_days",
                            models.PositiveIntegerField(default=0, verbose_name="active days"),
                        ),
                        (
                            "reached_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="reached at"),
                        ),
                        (
                            "rank",
                            models.PositiveIntegerField(blank=True, null=True, verbose_name="rank"),
                        ),
                        (
                            "reward_minor",
                            models.PositiveBigIntegerField(default=0, verbose_name="reward"),
                        ),
                        (
                            "left_out",
                            models.JSONField(
                                blank=True, default=dict, verbose_name="orders that do not count"
                            ),
                        ),
                        (
                            "counted_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="counted at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "standing",
                        "verbose_name_plural": "standings",
                        "indexes": [
                            models.Index(
                                fields=["campaign", "final", "rank"], name="standing_by_rank"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "affiliate", "final"), name="standing_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("buyers__lte", models.F("orders")),
                                    ("shop_orders__lte", models.F("orders")),
                                ),
                                name="standing_within_orders",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Subsidy",
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
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
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
                        ("rate_bps", models.PositiveIntegerField(verbose_name="subsidy rate")),
                        (
                            "cap_minor",
                            models.PositiveBigIntegerField(verbose_name="at most per order line"),
                        ),
                        (
                            "share_bps",
                            models.PositiveIntegerField(
                                default=10000, verbose_name="affiliate's share"
                            ),
                        ),
                        (
                            "merchant_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="funded by the merchant"
                            ),
                        ),
                        ("starts_at", models.DateTimeField(verbose_name="starts at")),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
                        ),
                        (
                            "agreed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="agreed at"),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="created at",
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
                                    ("merchant_bps", 0),
                                    ("merchant__isnull", False),
                                    _connector="OR",
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
                migrations.CreateModel(
                    name="Board",
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
                                choices=[
                                    ("rising", "Rising"),
                                    ("highest", "Highest commission"),
                                    ("lowest", "Lower than ever"),
                                    ("campaign", "Of a campaign"),
                                ],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("places", models.JSONField(default=list, verbose_name="places")),
                        ("made_at", models.DateTimeField(verbose_name="as of")),
                        (
                            "campaign",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="boards",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "board",
                        "verbose_name_plural": "boards",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("kind", "campaign"), name="board_once", nulls_distinct=False
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("campaign__isnull", False), ("kind", "campaign")),
                                    models.Q(
                                        models.Q(("kind", "campaign"), _negated=True),
                                        ("campaign", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="board_of_a_campaign",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["rising", "highest", "lowest", "campaign"])
                                ),
                                name="board_kind_known",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
