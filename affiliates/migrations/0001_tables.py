"""Affiliates, their places and links, touches and attribution."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [("affiliates", "0009_channels")]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("merchants", "0002_rules"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="Affiliate",
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
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("ka", "Key-account media"),
                                    ("traffic", "Traffic media"),
                                    ("tuanzhang", "Intermediary (tuanzhang)"),
                                    ("small", "Small and medium affiliate"),
                                    ("channel", "Channel service provider"),
                                ],
                                default="small",
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("applied", "Applied"),
                                    ("active", "Active"),
                                    ("frozen", "Frozen"),
                                    ("closed", "Closed"),
                                ],
                                default="applied",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "tier",
                            models.PositiveSmallIntegerField(
                                default=0,
                                help_text="T0 (new) to T5, by last month's settled sales.",
                                verbose_name="tier",
                            ),
                        ),
                        (
                            "share_bps",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Basis points of the commission; empty: the alliance's usual share.",
                                null=True,
                                verbose_name="agreed share",
                            ),
                        ),
                        (
                            "introduction",
                            models.TextField(
                                blank=True,
                                max_length=1000,
                                verbose_name="where and how you promote",
                            ),
                        ),
                        (
                            "no_links_until",
                            models.DateTimeField(
                                blank=True,
                                editable=False,
                                null=True,
                                verbose_name="no new links until",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "affiliate",
                        "verbose_name_plural": "affiliates",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["applied", "active", "frozen", "closed"])
                                ),
                                name="affiliate_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("tier__lte", 5)), name="affiliate_tier_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("share_bps", None), ("share_bps__lte", 10000), _connector="OR"
                                ),
                                name="affiliate_share_at_most_all",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AffiliateMember",
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
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("owner", "Owner"),
                                    ("manager", "Manager"),
                                    ("viewer", "Viewer"),
                                ],
                                default="owner",
                                max_length=8,
                                verbose_name="role",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("chosen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "verbose_name": "member",
                        "verbose_name_plural": "members",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "user"), name="affiliate_member_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Site",
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
                                related_name="sites",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("website", "Website"),
                                    ("app", "App"),
                                    ("guide", "Groups and social media"),
                                    ("software", "Software"),
                                ],
                                default="guide",
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "url",
                            models.URLField(blank=True, max_length=300, verbose_name="address"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("submitted", "Submitted"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                ],
                                default="submitted",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True, max_length=300, verbose_name="reason for rejection"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "site",
                        "verbose_name_plural": "sites",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "rejected"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="site_rejected_has_reason",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AdZone",
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
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="zones",
                                to="affiliates.site",
                                verbose_name="site",
                            ),
                        ),
                        ("name", models.CharField(max_length=64, verbose_name="name")),
                        (
                            "frozen_until",
                            models.DateTimeField(
                                blank=True, editable=False, null=True, verbose_name="frozen until"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ad zone",
                        "verbose_name_plural": "ad zones",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("site", "name"), name="zone_name_once_per_site"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Link",
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
                        ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="links",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="links",
                                to="affiliates.adzone",
                                verbose_name="ad zone",
                            ),
                        ),
                        (
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="links",
                                to="merchants.plan",
                                verbose_name="event plan",
                            ),
                        ),
                        (
                            "dx",
                            models.BooleanField(default=False, verbose_name="general plan only"),
                        ),
                        ("url", models.URLField(max_length=1000, verbose_name="leads to")),
                        ("sub1", models.CharField(blank=True, max_length=100)),
                        ("sub2", models.CharField(blank=True, max_length=100)),
                        ("sub3", models.CharField(blank=True, max_length=100)),
                        ("sub4", models.CharField(blank=True, max_length=100)),
                        ("sub5", models.CharField(blank=True, max_length=100)),
                        (
                            "paused_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="paused at"),
                        ),
                    ],
                    options={
                        "verbose_name": "link",
                        "verbose_name_plural": "links",
                        "indexes": [
                            models.Index(fields=["affiliate", "-id"], name="link_by_affiliate")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("plan", None), ("dx", False), _connector="OR"),
                                name="link_for_one_plan",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Touch",
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
                        ("click_id", models.CharField(max_length=32, verbose_name="click id")),
                        (
                            "kind",
                            models.CharField(
                                choices=[("click", "Click"), ("claim", "Coupon claim")],
                                default="click",
                                max_length=5,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "link",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="touches",
                                to="affiliates.link",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="touches",
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
                            "touched_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="touched at"
                            ),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="counts until"
                            ),
                        ),
                        ("visitor_key", models.CharField(blank=True, max_length=32)),
                        ("ip_key", models.CharField(blank=True, max_length=32)),
                        (
                            "visitor",
                            models.CharField(
                                choices=[
                                    ("human", "Person"),
                                    ("bot", "Bot"),
                                    ("preview", "Link preview"),
                                ],
                                default="human",
                                max_length=7,
                                verbose_name="visitor",
                            ),
                        ),
                        ("sub1", models.CharField(blank=True, max_length=100)),
                        ("sub2", models.CharField(blank=True, max_length=100)),
                        ("sub3", models.CharField(blank=True, max_length=100)),
                        ("sub4", models.CharField(blank=True, max_length=100)),
                        ("sub5", models.CharField(blank=True, max_length=100)),
                    ],
                    options={
                        "verbose_name": "touch",
                        "verbose_name_plural": "touches",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("visitor_key", ""), _negated=True),
                                fields=["visitor_key", "shop", "-touched_at"],
                                name="touch_by_visitor",
                            ),
                            models.Index(
                                fields=["affiliate", "-touched_at"], name="touch_by_affiliate"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("click_id", "touched_at"), name="touch_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClickFile",
                    fields=[
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
                            "name",
                            models.CharField(max_length=80, primary_key=True, serialize=False),
                        ),
                        ("read", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name": "file of clicks",
                        "verbose_name_plural": "files of clicks",
                    },
                ),
                migrations.CreateModel(
                    name="Attribution",
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
                            "line",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attribution",
                                to="merchants.orderline",
                                verbose_name="order line",
                            ),
                        ),
                        (
                            "rule",
                            models.CharField(
                                choices=[
                                    ("coupon", "Coupon claimed through the affiliate"),
                                    ("code", "Code that is bound to the affiliate"),
                                    ("same_product", "Click on this product"),
                                    ("same_shop", "Click on another product of the shop"),
                                    ("cross_shop", "Click in another shop of the same event"),
                                    ("none", "Not attributed"),
                                ],
                                max_length=12,
                                verbose_name="rule",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attributions",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.adzone",
                            ),
                        ),
                        (
                            "touch",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="affiliates.touch",
                            ),
                        ),
                        ("touched_at", models.DateTimeField(null=True, verbose_name="touched at")),
                        (
                            "subs",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.plan",
                            ),
                        ),
                        (
                            "terms",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.terms",
                            ),
                        ),
                        (
                            "rate_bps",
                            models.PositiveIntegerField(default=0, verbose_name="commission rate"),
                        ),
                        (
                            "share_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="affiliate's share"
                            ),
                        ),
                        (
                            "special_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="special service fee"
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="partner",
                            ),
                        ),
                        (
                            "partner_share_bps",
                            models.PositiveIntegerField(default=0, verbose_name="partner's share"),
                        ),
                        (
                            "second_partner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="second-level partner",
                            ),
                        ),
                        (
                            "second_share_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="second-level partner's share"
                            ),
                        ),
                        (
                            "intermediary",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="intermediary",
                            ),
                        ),
                        (
                            "service_bps",
                            models.PositiveIntegerField(default=0, verbose_name="service fee"),
                        ),
                        ("receipt", models.JSONField(default=dict, verbose_name="receipt")),
                        (
                            "decided_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="decided at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "attribution",
                        "verbose_name_plural": "attributions",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "-id"], name="attribution_by_affiliate"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("affiliate", None), ("rule", "none")),
                                    models.Q(
                                        models.Q(("rule", "none"), _negated=True),
                                        ("affiliate__isnull", False),
                                        ("terms__isnull", False),
                                        models.Q(
                                            ("touch__isnull", False),
                                            ("rule", "code"),
                                            _connector="OR",
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="attribution_has_affiliate_or_none",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("second_partner", None), ("second_share_bps", 0)),
                                    models.Q(
                                        ("second_partner__isnull", False),
                                        ("second_share_bps__gt", 0),
                                        ("second_share_bps__lte", models.F("partner_share_bps")),
                                        models.Q(
                                            ("second_partner", models.F("affiliate")), _negated=True
                                        ),
                                        models.Q(
                                            ("second_partner", models.F("partner")), _negated=True
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="attribution_second_has_part_of_partners",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("intermediary", None), ("service_bps", 0)),
                                    models.Q(
                                        ("intermediary__isnull", False),
                                        ("service_bps__range", (1, 9000)),
                                    ),
                                    _connector="OR",
                                ),
                                name="attribution_intermediary_has_fee",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("rule", "none"), _negated=True),
                                    models.Q(
                                        ("intermediary", None),
                                        ("partner", None),
                                        ("special_bps", 0),
                                    ),
                                    _connector="OR",
                                ),
                                name="attribution_nobodys_has_no_parts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("touch__isnull", True), ("touched_at__isnull", True)),
                                    models.Q(
                                        ("touch__isnull", False), ("touched_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="attribution_touch_has_moment",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CodeBinding",
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
                            "coupon",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bindings",
                                to="merchants.coupon",
                                verbose_name="coupon",
                            ),
                        ),
                        ("key", models.TextField(editable=False)),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="codes",
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
                        (
                            "starts_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="starts at"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="bound by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "bound code",
                        "verbose_name_plural": "bound codes",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "-id"], name="code_binding_by_affiliate"
                            ),
                            models.Index(fields=["key"], name="code_binding_by_key"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ends_at", None)),
                                fields=("coupon",),
                                name="code_binding_one_open_per_coupon",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at", None),
                                    ("ends_at__gte", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="code_binding_ends_later",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClickDay",
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
                        ("day", models.DateField(verbose_name="day")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="affiliates.affiliate",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="merchants.merchant",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="affiliates.adzone",
                            ),
                        ),
                        (
                            "link",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="days",
                                to="affiliates.link",
                            ),
                        ),
                        ("clicks", models.PositiveIntegerField(verbose_name="clicks")),
                        ("visitors", models.PositiveIntegerField(verbose_name="visitors")),
                        ("bots", models.PositiveIntegerField(verbose_name="bots")),
                        ("previews", models.PositiveIntegerField(verbose_name="link previews")),
                        (
                            "hours",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.PositiveIntegerField(),
                                null=True,
                                size=None,
                                verbose_name="clicks by hour",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "day of clicks",
                        "verbose_name_plural": "days of clicks",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("merchant", None), ("zone", None)),
                                fields=["affiliate", "day"],
                                name="click_day_by_affiliate",
                            ),
                            models.Index(
                                condition=models.Q(("merchant__isnull", False)),
                                fields=["merchant", "day"],
                                name="click_day_by_merchant",
                            ),
                            models.Index(
                                condition=models.Q(("link", None), ("zone__isnull", False)),
                                fields=["affiliate", "day"],
                                name="click_day_by_zone",
                            ),
                            models.Index(
                                condition=models.Q(("link__isnull", False)),
                                fields=["link"],
                                name="click_day_by_link",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("day", "affiliate", "merchant", "zone", "link"),
                                name="click_day_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("visitors__lte", models.F("clicks"))),
                                name="click_day_visitors_clicked",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClickNews",
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
                        ("day", models.DateField()),
                    ],
                    options={
                        "verbose_name": "day to count",
                        "verbose_name_plural": "days to count",
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invitations",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                        ("share_bps", models.PositiveIntegerField(verbose_name="partner's share")),
                        (
                            "below_bps",
                            models.PositiveIntegerField(
                                default=0, verbose_name="share of the level below"
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="created at"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                    ],
                    options={
                        "verbose_name": "invitation",
                        "verbose_name_plural": "invitations",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("below_bps__lte", 10000), ("share_bps__range", (1, 10000))
                                ),
                                name="invitation_shares_in_bounds",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Relation",
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="relations",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="partnerships",
                                to="affiliates.affiliate",
                                verbose_name="partner",
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
                            "below_bps",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Basis points of the whole commission, out of what the affiliate gets of it.",
                                verbose_name="share of the level below",
                            ),
                        ),
                        (
                            "starts_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="starts at"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                    ],
                    options={
                        "verbose_name": "partner relation",
                        "verbose_name_plural": "partner relations",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ends_at", None)),
                                fields=("affiliate",),
                                name="relation_one_active_per_affiliate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("partner", models.F("affiliate")), _negated=True
                                ),
                                name="relation_partner_is_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("share_bps__range", (1, 10000))),
                                name="relation_share_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("below_bps__lte", 10000)),
                                name="relation_below_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at", None),
                                    ("ends_at__gte", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="relation_ends_later",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Intermediation",
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="intermediations",
                                to="affiliates.affiliate",
                                verbose_name="intermediary",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="intermediations",
                                to="merchants.plan",
                                verbose_name="commission plan",
                            ),
                        ),
                        (
                            "service_bps",
                            models.PositiveIntegerField(
                                help_text="Basis points of what the buyer pays.",
                                verbose_name="service fee",
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
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="in force from"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                    ],
                    options={
                        "verbose_name": "intermediation",
                        "verbose_name_plural": "intermediations",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ends_at", None)),
                                fields=("plan",),
                                name="intermediation_one_open_per_plan",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("service_bps__range", (1, 9000))),
                                name="intermediation_fee_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("starts_at", None),
                                    ("starts_at__gte", models.F("offered_at")),
                                    _connector="OR",
                                ),
                                name="intermediation_starts_after_offer",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at", None),
                                    ("starts_at", None),
                                    ("ends_at__gte", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="intermediation_ends_later",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpecialFee",
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
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="special_fees",
                                to="affiliates.site",
                                verbose_name="site",
                            ),
                        ),
                        (
                            "special_bps",
                            models.PositiveIntegerField(verbose_name="special service fee"),
                        ),
                        (
                            "starts_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="in force from"
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="set by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "special service fee",
                        "verbose_name_plural": "special service fees",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("special_bps__lte", 5000)),
                                name="special_fee_in_bounds",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanMember",
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
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plan_members",
                                to="merchants.plan",
                                verbose_name="commission plan",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plan_places",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Pending"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                    ("lapsed", "Lapsed"),
                                    ("withdrawn", "Withdrawn"),
                                    ("removed", "Removed"),
                                    ("quit", "Left"),
                                ],
                                default="pending",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        ("words", models.CharField(blank=True, max_length=500, verbose_name="why")),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "by_rule",
                            models.BooleanField(default=False, verbose_name="decided by rule"),
                        ),
                        (
                            "applied_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="applied at"
                            ),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                        ),
                        (
                            "starts_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="in the plan from"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="in the plan until"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "place in a plan",
                        "verbose_name_plural": "places in plans",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "plan"], name="plan_member_by_affiliate"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "pending",
                                            "approved",
                                            "rejected",
                                            "lapsed",
                                            "withdrawn",
                                            "removed",
                                            "quit",
                                        ],
                                    )
                                ),
                                name="plan_member_state_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["pending", "approved"])),
                                fields=("plan", "affiliate"),
                                name="plan_member_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("starts_at__gte", models.F("applied_at")),
                                        ("state__in", ["approved", "removed", "quit"]),
                                    ),
                                    models.Q(
                                        models.Q(
                                            ("state__in", ["approved", "removed", "quit"]),
                                            _negated=True,
                                        ),
                                        ("ends_at", None),
                                        ("starts_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_member_begins_when_approved",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("ends_at__gt", models.F("starts_at")),
                                        ("state__in", ["removed", "quit"]),
                                    ),
                                    models.Q(
                                        models.Q(("state__in", ["removed", "quit"]), _negated=True),
                                        ("ends_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_member_ends_when_out",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["rejected", "removed"]), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="plan_member_refused_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanRule",
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
                            "plan",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="join_rule",
                                to="merchants.plan",
                                verbose_name="commission plan",
                            ),
                        ),
                        (
                            "kinds",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("ka", "Key-account media"),
                                        ("traffic", "Traffic media"),
                                        ("tuanzhang", "Intermediary (tuanzhang)"),
                                        ("small", "Small and medium affiliate"),
                                        ("channel", "Channel service provider"),
                                    ],
                                    max_length=10,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="kinds of affiliates",
                            ),
                        ),
                        (
                            "least_tier",
                            models.PositiveSmallIntegerField(default=0, verbose_name="tier from"),
                        ),
                        (
                            "least_orders",
                            models.PositiveIntegerField(default=0, verbose_name="orders from"),
                        ),
                        (
                            "least_gmv_minor",
                            models.BigIntegerField(default=0, verbose_name="sales from"),
                        ),
                        (
                            "approved_site",
                            models.BooleanField(
                                default=False, verbose_name="with an approved site"
                            ),
                        ),
                        (
                            "refuses",
                            models.BooleanField(
                                default=False, verbose_name="rejects everybody else"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "rule of a targeted plan",
                        "verbose_name_plural": "rules of targeted plans",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("least_gmv_minor__gte", 0), ("least_tier__lte", 5)
                                ),
                                name="plan_rule_in_bounds",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventHost",
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
                            "event",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="hosting",
                                to="merchants.event",
                                verbose_name="event",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="hostings",
                                to="affiliates.affiliate",
                                verbose_name="host",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "host of an event",
                        "verbose_name_plural": "hosts of events",
                    },
                ),
                migrations.CreateModel(
                    name="AttributionPolicy",
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
                            "starts_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="in force from"
                            ),
                        ),
                        (
                            "window_days",
                            models.PositiveSmallIntegerField(
                                default=15,
                                help_text="In which an order of the same shop earns commission.",
                                verbose_name="days from the click",
                            ),
                        ),
                        (
                            "precedence",
                            models.CharField(
                                choices=[
                                    ("code_first", "The affiliate of the code"),
                                    ("click_first", "The affiliate of the click"),
                                ],
                                default="code_first",
                                help_text="Whose the order is when they name different affiliates.",
                                max_length=11,
                                verbose_name="a click and a bound code",
                            ),
                        ),
                        (
                            "stand_down_seconds",
                            models.PositiveSmallIntegerField(
                                default=5,
                                help_text="An order so soon after a click was not brought by that click. 0: off.",
                                verbose_name="stand-down in seconds",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="set by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "attribution policy",
                        "verbose_name_plural": "attribution policies",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("window_days__range", (1, 90))),
                                name="policy_window_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("stand_down_seconds__lte", 600)),
                                name="policy_stand_down_in_bounds",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("precedence__in", ["code_first", "click_first"])
                                ),
                                name="policy_precedence_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StandDown",
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
                            "order",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.order",
                                verbose_name="order",
                            ),
                        ),
                        (
                            "touch",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="affiliates.touch",
                                verbose_name="click",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="stand_downs",
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
                        (
                            "after_ms",
                            models.PositiveIntegerField(
                                verbose_name="milliseconds from click to order"
                            ),
                        ),
                        (
                            "noticed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="noticed at"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "order too soon after its click",
                        "verbose_name_plural": "orders too soon after their click",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "-id"], name="stand_down_by_affiliate"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("order", "touch"), name="stand_down_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Basket",
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="baskets",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "basket",
                        "verbose_name_plural": "baskets",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "name"), name="basket_name_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True),
                                name="basket_has_name",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BasketItem",
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
                            "added_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="added at"
                            ),
                        ),
                        (
                            "basket",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="items",
                                to="affiliates.basket",
                                verbose_name="basket",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product in a basket",
                        "verbose_name_plural": "products in baskets",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("basket", "product"), name="basket_item_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Feed",
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
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="last fetched"
                            ),
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
                                condition=models.Q(("name", ""), _negated=True),
                                name="feed_has_name",
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
                migrations.CreateModel(
                    name="Widget",
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
                        (
                            "shelf",
                            models.CharField(blank=True, max_length=20, verbose_name="chosen by"),
                        ),
                    ],
                    options={
                        "verbose_name": "widget",
                        "verbose_name_plural": "widgets",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("shelf", ""), ("basket", None), _connector="OR"
                                ),
                                name="widget_one_source",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Channel",
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
                            models.PositiveSmallIntegerField(
                                choices=[(1, "Channel"), (2, "Member")], verbose_name="kind"
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        (
                            "scene",
                            models.CharField(
                                choices=[
                                    ("common", "Anywhere"),
                                    ("etao", "A rebate app"),
                                    ("minietao", "A rebate mini program"),
                                    ("offlineShop", "A shop on a street"),
                                    ("offlinePerson", "A person who goes about"),
                                ],
                                default="common",
                                max_length=13,
                                verbose_name="where",
                            ),
                        ),
                        (
                            "online_scene",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "WeChat group"),
                                    (2, "QQ group"),
                                    (3, "Another place"),
                                ],
                                null=True,
                                verbose_name="online",
                            ),
                        ),
                        (
                            "offline_scene",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "Shop"),
                                    (2, "School"),
                                    (3, "Factory"),
                                    (4, "Another place"),
                                ],
                                null=True,
                                verbose_name="offline",
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                        (
                            "source",
                            models.CharField(blank=True, max_length=100, verbose_name="came from"),
                        ),
                        ("register", models.JSONField(default=dict, verbose_name="registration")),
                        (
                            "external_id",
                            models.CharField(blank=True, max_length=64, verbose_name="own mark"),
                        ),
                        (
                            "external_kind",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "Another system"),
                                    (1, "WeChat"),
                                    (2, "Weibo"),
                                    (3, "Douyin"),
                                    (4, "Kuaishou"),
                                    (5, "QQ"),
                                ],
                                default=0,
                                verbose_name="system of the mark",
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="channels",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "publisher",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="channels_of",
                                to="affiliates.affiliate",
                                verbose_name="account",
                            ),
                        ),
                        (
                            "code",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="channels",
                                to="affiliates.invitercode",
                                verbose_name="inviter code",
                            ),
                        ),
                        (
                            "ended_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                    ],
                    options={
                        "verbose_name": "channel or member",
                        "verbose_name_plural": "channels and members",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("publisher__isnull", False)),
                                fields=("affiliate", "kind", "publisher"),
                                name="channel_publisher_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("external_id", ""), ("publisher", None)),
                                fields=("affiliate", "kind", "name"),
                                name="channel_name_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("external_id", ""), _negated=True),
                                fields=("affiliate", "kind", "external_kind", "external_id"),
                                name="channel_mark_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True),
                                name="channel_has_name",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", [1, 2])), name="channel_kind_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("publisher", models.F("affiliate")), _negated=True
                                ),
                                name="channel_publisher_is_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ended_at", None),
                                    ("publisher__isnull", False),
                                    _connector="OR",
                                ),
                                name="channel_ended_by_publisher",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InviterCode",
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
                        ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                        (
                            "kind",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "Channels"),
                                    (2, "Channels of a channel"),
                                    (3, "Members"),
                                ],
                                verbose_name="takes",
                            ),
                        ),
                        (
                            "scene",
                            models.CharField(
                                choices=[
                                    ("common", "Anywhere"),
                                    ("etao", "A rebate app"),
                                    ("minietao", "A rebate mini program"),
                                    ("offlineShop", "A shop on a street"),
                                    ("offlinePerson", "A person who goes about"),
                                ],
                                default="common",
                                max_length=13,
                                verbose_name="where",
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="created at"
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="inviter_codes",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "channel",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="codes",
                                to="affiliates.channel",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "inviter code",
                        "verbose_name_plural": "inviter codes",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ends_at", None)),
                                fields=("affiliate", "kind", "scene", "channel"),
                                name="inviter_code_one_open_of_a_sort",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("channel__isnull", False), ("kind", 2)),
                                    models.Q(("channel", None), ("kind__in", [1, 3])),
                                    _connector="OR",
                                ),
                                name="inviter_code_fission_has_channel",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
