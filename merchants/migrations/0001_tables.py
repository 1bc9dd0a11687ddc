"""Merchants, their goods, terms and orders."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [("merchants", "0021_order_by_payment")]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("kernel", "0002_rules"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="Merchant",
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
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "legal_name",
                            models.CharField(blank=True, max_length=200, verbose_name="legal name"),
                        ),
                        (
                            "contact_email",
                            models.EmailField(
                                blank=True, max_length=254, verbose_name="contact e-mail"
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(default="CNY", max_length=3, verbose_name="currency"),
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
                            "credit_limit_minor",
                            models.BigIntegerField(
                                default=0,
                                help_text="How far the wallet may go below zero.",
                                verbose_name="credit limit",
                            ),
                        ),
                        (
                            "auto_receive_days",
                            models.PositiveSmallIntegerField(
                                default=15,
                                help_text="Counted from payment, when the shop does not report the receipt itself.",
                                verbose_name="days until goods count as received",
                            ),
                        ),
                        (
                            "coverage",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "Not looked at yet"),
                                    ("ample", "Funded: 30 days or more"),
                                    ("weeks", "Funded: two weeks or more"),
                                    ("week", "Funded: about a week"),
                                    ("low", "Low: less than a week"),
                                    ("paused", "Paused: out of money"),
                                ],
                                default="",
                                max_length=6,
                                verbose_name="coverage",
                            ),
                        ),
                        (
                            "funding_paused_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="out of money since"
                            ),
                        ),
                        (
                            "low_balance_minor",
                            models.BigIntegerField(
                                blank=True,
                                help_text="Empty: below what a week like the last one costs.",
                                null=True,
                                verbose_name="warn below",
                            ),
                        ),
                        (
                            "low_balance_told_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="warned at"),
                        ),
                        (
                            "first_steps_hidden_at",
                            models.DateTimeField(
                                blank=True,
                                editable=False,
                                null=True,
                                verbose_name="first steps put away at",
                            ),
                        ),
                        (
                            "roi_target_centi",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Sales for each 1 of commission, times 100: 800 is 8.00.",
                                null=True,
                                verbose_name="return aimed for",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "merchant",
                        "verbose_name_plural": "merchants",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("credit_limit_minor__gte", 0)),
                                name="merchant_credit_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["applied", "active", "frozen", "closed"])
                                ),
                                name="merchant_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "coverage__in",
                                        ["", "ample", "weeks", "week", "low", "paused"],
                                    )
                                ),
                                name="merchant_coverage_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("low_balance_minor", None),
                                    ("low_balance_minor__gte", 0),
                                    _connector="OR",
                                ),
                                name="merchant_low_balance_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("roi_target_centi", None),
                                    ("roi_target_centi__gt", 0),
                                    _connector="OR",
                                ),
                                name="merchant_roi_target_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MerchantMember",
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
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        ("chosen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "verbose_name": "member",
                        "verbose_name_plural": "members",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("merchant", "user"), name="merchant_member_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Shop",
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
                                related_name="shops",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "domains",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=253),
                                help_text="A domain covers its subdomains.",
                                size=None,
                                verbose_name="registered domains",
                            ),
                        ),
                        (
                            "score_centi",
                            models.PositiveSmallIntegerField(
                                default=0,
                                help_text="Buyers' rating times 100: 480 is 4.80 of 5.",
                                verbose_name="shop score",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "shop",
                        "verbose_name_plural": "shops",
                    },
                ),
                migrations.CreateModel(
                    name="Category",
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
                        ("slug", models.SlugField(unique=True, verbose_name="slug")),
                        ("name_zh", models.CharField(max_length=60, verbose_name="Chinese name")),
                        ("name_en", models.CharField(max_length=60, verbose_name="English name")),
                        ("name_de", models.CharField(max_length=60, verbose_name="German name")),
                        (
                            "google_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.PositiveIntegerField(),
                                blank=True,
                                default=list,
                                help_text="Numbers of Google's product categories that belong here, with commas between them.",
                                size=None,
                                verbose_name="Google's numbers",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "category",
                        "verbose_name_plural": "categories",
                        "ordering": ["slug"],
                    },
                ),
                migrations.CreateModel(
                    name="Product",
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
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="products",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "external_id",
                            models.CharField(max_length=64, verbose_name="shop's product id"),
                        ),
                        ("title", models.CharField(max_length=200, verbose_name="title")),
                        (
                            "title_en",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="English title"
                            ),
                        ),
                        (
                            "title_de",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="German title"
                            ),
                        ),
                        ("description", models.TextField(blank=True, verbose_name="description")),
                        (
                            "category",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="products",
                                to="merchants.category",
                                verbose_name="category",
                            ),
                        ),
                        (
                            "brand",
                            models.CharField(blank=True, max_length=80, verbose_name="brand"),
                        ),
                        ("url", models.URLField(max_length=500, verbose_name="product page")),
                        (
                            "image_url",
                            models.CharField(
                                blank=True,
                                help_text="Address of the picture.",
                                max_length=500,
                                verbose_name="picture",
                            ),
                        ),
                        ("price_minor", models.BigIntegerField(verbose_name="price")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "rate_bps",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="For lists and sorting only; a commission is computed from the dated terms.",
                                verbose_name="commission rate now",
                            ),
                        ),
                        (
                            "sales_count",
                            models.PositiveIntegerField(default=0, verbose_name="sales in 30 days"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("on_sale", "On sale"), ("withdrawn", "Withdrawn")],
                                default="on_sale",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "gtin",
                            models.CharField(
                                blank=True, default="", max_length=14, verbose_name="GTIN"
                            ),
                        ),
                        (
                            "group_id",
                            models.CharField(
                                blank=True,
                                default="",
                                max_length=50,
                                verbose_name="group of variants",
                            ),
                        ),
                        (
                            "held_back",
                            models.BooleanField(
                                default=False,
                                help_text="Withdrawn by a person: no feed puts it on sale again.",
                                verbose_name="held back",
                            ),
                        ),
                        (
                            "ends_at",
                            models.DateTimeField(
                                blank=True,
                                help_text="Its shop's feed does not list it any more.",
                                null=True,
                                verbose_name="ends at",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product",
                        "verbose_name_plural": "products",
                        "indexes": [
                            models.Index(
                                models.OrderBy(models.F("sales_count"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("rate_bps__gt", 0), ("state", "on_sale")),
                                include=("price_minor", "rate_bps", "category", "shop"),
                                name="product_by_sales",
                            ),
                            models.Index(
                                models.F("price_minor"),
                                models.F("id"),
                                condition=models.Q(("rate_bps__gt", 0), ("state", "on_sale")),
                                include=("price_minor", "rate_bps", "category", "shop"),
                                name="product_by_price",
                            ),
                            models.Index(
                                models.OrderBy(models.F("rate_bps"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("rate_bps__gt", 0), ("state", "on_sale")),
                                include=("price_minor", "rate_bps", "category", "shop"),
                                name="product_by_rate",
                            ),
                            models.Index(
                                models.OrderBy(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("price_minor"), "*", models.F("rate_bps")
                                    ),
                                    descending=True,
                                ),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("rate_bps__gt", 0), ("state", "on_sale")),
                                include=("price_minor", "rate_bps", "category", "shop"),
                                name="product_by_earning",
                            ),
                            models.Index(
                                models.F("shop"),
                                models.Func(
                                    models.F("url"),
                                    models.Value("?"),
                                    models.Value(1),
                                    function="split_part",
                                    output_field=models.TextField(),
                                ),
                                name="product_by_page",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("ends_at__isnull", False), ("state", "on_sale")
                                ),
                                fields=["ends_at"],
                                name="product_ending",
                            ),
                            models.Index(
                                fields=["category", "price_minor"], name="product_by_category"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "external_id"), name="product_once_per_shop"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("price_minor__gte", 0)),
                                name="product_price_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("held_back", False), ("state", "withdrawn"), _connector="OR"
                                ),
                                name="product_held_back_is_withdrawn",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PastCategory",
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
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="past_categories",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "category",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.category",
                                verbose_name="category",
                            ),
                        ),
                        ("until", models.DateTimeField(verbose_name="until")),
                    ],
                    options={
                        "verbose_name": "past category",
                        "verbose_name_plural": "past categories",
                        "indexes": [
                            models.Index(
                                fields=["product", "until"], name="past_category_of_product"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Coupon",
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
                                related_name="coupons",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="coupons",
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
                                related_name="coupons",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                        ("code", models.CharField(max_length=40, verbose_name="code")),
                        ("face_minor", models.BigIntegerField(verbose_name="face value")),
                        (
                            "threshold_minor",
                            models.BigIntegerField(default=0, verbose_name="from an amount of"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("starts_at", models.DateTimeField(verbose_name="starts at")),
                        ("ends_at", models.DateTimeField(verbose_name="ends at")),
                    ],
                    options={
                        "verbose_name": "coupon",
                        "verbose_name_plural": "coupons",
                        "indexes": [
                            models.Index(fields=["product", "ends_at"], name="coupon_by_product"),
                            models.Index(
                                condition=models.Q(("product", None)),
                                fields=["shop"],
                                name="coupon_of_whole_shop",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "code"), name="coupon_code_once_per_shop"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("face_minor__gt", 0), ("threshold_minor__gte", 0)
                                ),
                                name="coupon_amounts_sensible",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="coupon_ends_later",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Event",
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
                            "description",
                            models.TextField(
                                blank=True, max_length=2000, verbose_name="what it is about"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("enrolling", "Merchants enrol"),
                                    ("published", "Published"),
                                    ("ended", "Ended"),
                                    ("void", "Void"),
                                ],
                                default="draft",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "least_bps",
                            models.PositiveIntegerField(
                                help_text="Basis points: 1234 is 12.34 %.",
                                verbose_name="least commission rate",
                            ),
                        ),
                        (
                            "service_bps",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Basis points of what the buyer pays.",
                                verbose_name="service fee",
                            ),
                        ),
                        (
                            "cross_shop",
                            models.BooleanField(default=False, verbose_name="counts across shops"),
                        ),
                        ("enrol_until", models.DateTimeField(verbose_name="merchants enrol until")),
                        ("starts_at", models.DateTimeField(verbose_name="starts at")),
                        ("ends_at", models.DateTimeField(verbose_name="ends at")),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["draft", "enrolling", "published", "ended", "void"],
                                    )
                                ),
                                name="event_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="event_ends_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("enrol_until__lte", models.F("starts_at"))),
                                name="event_enrols_before_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("least_bps__range", (1, 9000)), ("service_bps__lte", 9000)
                                ),
                                name="event_rates_in_bounds",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ShopHook",
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
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="hooks",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("shopify", "Shopify"), ("woocommerce", "WooCommerce")],
                                max_length=12,
                                verbose_name="system",
                            ),
                        ),
                        ("token", models.CharField(max_length=40, unique=True)),
                        ("secret", models.CharField(max_length=1000)),
                        (
                            "heard_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="last heard"),
                        ),
                    ],
                    options={
                        "verbose_name": "webhook",
                        "verbose_name_plural": "webhooks",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "kind"), name="hook_once_per_system"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HookDelivery",
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
                            "hook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="merchants.shophook",
                            ),
                        ),
                        ("delivery_id", models.CharField(max_length=100, verbose_name="delivery")),
                        ("topic", models.CharField(max_length=60, verbose_name="topic")),
                        (
                            "number",
                            models.CharField(blank=True, max_length=64, verbose_name="order"),
                        ),
                        (
                            "result",
                            models.CharField(
                                choices=[
                                    ("taken", "Taken"),
                                    ("unchanged", "Nothing new"),
                                    ("stale", "Older than what we know"),
                                    ("ignored", "Nothing to us"),
                                    ("refused", "Refused"),
                                ],
                                max_length=9,
                                verbose_name="result",
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="when",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "delivery",
                        "verbose_name_plural": "deliveries",
                        "indexes": [
                            models.Index(fields=["hook", "-id"], name="hook_delivery_latest"),
                            models.Index(
                                condition=models.Q(("result", "refused")),
                                fields=["created_at"],
                                name="hook_delivery_refused",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("hook", "delivery_id"), name="hook_delivery_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HookOrder",
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
                            "hook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.shophook",
                            ),
                        ),
                        ("object_id", models.CharField(max_length=64)),
                        ("number", models.CharField(max_length=64)),
                    ],
                    options={
                        "verbose_name": "order of a system",
                        "verbose_name_plural": "orders of systems",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("hook", "object_id"), name="hook_order_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ColumnMapping",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="mappings",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("products", "Products"), ("orders", "Orders")],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "columns",
                            models.JSONField(
                                help_text="Our field → the file's column.", verbose_name="columns"
                            ),
                        ),
                        ("options", models.JSONField(default=dict, verbose_name="options")),
                    ],
                    options={
                        "verbose_name": "column mapping",
                        "verbose_name_plural": "column mappings",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("merchant", "kind"), name="mapping_once_per_kind"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductFeed",
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
                            "shop",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="feed",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        ("url", models.CharField(max_length=500, verbose_name="address")),
                        (
                            "every_hours",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "every hour"),
                                    (3, "every three hours"),
                                    (6, "every six hours"),
                                    (12, "twice a day"),
                                    (24, "once a day"),
                                ],
                                default=6,
                                verbose_name="how often",
                            ),
                        ),
                        (
                            "full",
                            models.BooleanField(default=True, verbose_name="the whole assortment"),
                        ),
                        (
                            "username",
                            models.CharField(blank=True, max_length=120, verbose_name="user name"),
                        ),
                        ("password", models.CharField(blank=True, max_length=1000)),
                        ("active", models.BooleanField(default=True, verbose_name="fetched")),
                        ("etag", models.CharField(blank=True, max_length=200)),
                        ("last_modified", models.CharField(blank=True, max_length=60)),
                        (
                            "next_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="next"
                            ),
                        ),
                        (
                            "asked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="last asked"),
                        ),
                        (
                            "fetched_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="last fetched"
                            ),
                        ),
                        ("reread_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "failures",
                            models.PositiveSmallIntegerField(
                                default=0, verbose_name="failures in a row"
                            ),
                        ),
                        (
                            "trouble",
                            models.CharField(
                                blank=True,
                                choices=[
                                    (
                                        "address",
                                        "The address is not one that can be asked from outside.",
                                    ),
                                    ("unknown", "There is no server under this name."),
                                    ("unreachable", "The server did not answer."),
                                    (
                                        "untrusted",
                                        "The server's certificate is not valid for its name.",
                                    ),
                                    ("slow", "The answer took too long."),
                                    ("large", "The answer is larger than is taken."),
                                    ("broken", "The answer broke off."),
                                    ("redirects", "The server sends us from address to address."),
                                    ("sign_in", "The server wants another name or password."),
                                    ("missing", "There is nothing under this address."),
                                    ("refused", "The server refused to answer."),
                                    ("faulty", "The server has a fault at the moment."),
                                    (
                                        "unreadable",
                                        "The file came, but it cannot be read. Its import says why.",
                                    ),
                                ],
                                max_length=12,
                                verbose_name="trouble",
                            ),
                        ),
                        (
                            "status",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="the server's answer"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product feed",
                        "verbose_name_plural": "product feeds",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("active", True)),
                                fields=["next_at"],
                                name="feed_due",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("every_hours__in", [1, 3, 6, 12, 24])),
                                name="feed_interval_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("password", ""), ("username", "")),
                                    models.Q(("username", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="feed_password_has_user",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportRun",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="imports",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("products", "Products"), ("orders", "Orders")],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("filename", models.CharField(max_length=200, verbose_name="file")),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                ],
                                default="running",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "feed",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="runs",
                                to="merchants.productfeed",
                                verbose_name="product feed",
                            ),
                        ),
                        ("turns_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "layout",
                            models.CharField(
                                blank=True, default="", max_length=12, verbose_name="format"
                            ),
                        ),
                        (
                            "full",
                            models.BooleanField(
                                default=False,
                                help_text="What it does not list is not sold.",
                                verbose_name="the whole assortment",
                            ),
                        ),
                        (
                            "missing",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "None is missing"),
                                    ("ending", "They end"),
                                    ("asked", "A person is asked"),
                                    ("kept", "They stay"),
                                ],
                                default="",
                                max_length=6,
                                verbose_name="missing products",
                            ),
                        ),
                        ("counts", models.JSONField(default=dict, verbose_name="counts")),
                        (
                            "failure",
                            models.CharField(blank=True, max_length=300, verbose_name="failure"),
                        ),
                        ("done", models.BigIntegerField(default=0, editable=False)),
                        ("total", models.BigIntegerField(default=0, editable=False)),
                    ],
                    options={
                        "verbose_name": "import",
                        "verbose_name_plural": "imports",
                        "indexes": [
                            models.Index(fields=["merchant", "-id"], name="import_by_merchant")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportIssue",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="issues",
                                to="merchants.importrun",
                                verbose_name="import",
                            ),
                        ),
                        ("line_no", models.PositiveIntegerField(verbose_name="line")),
                        (
                            "external_id",
                            models.CharField(
                                blank=True, default="", max_length=64, verbose_name="id"
                            ),
                        ),
                        (
                            "field",
                            models.CharField(
                                blank=True, default="", max_length=40, verbose_name="field"
                            ),
                        ),
                        ("code", models.CharField(max_length=40, verbose_name="code")),
                        ("reason", models.CharField(max_length=300, verbose_name="reason")),
                        ("raw", models.JSONField(default=dict, verbose_name="as it came")),
                        (
                            "created_at",
                            models.DateTimeField(default=alliance.kernel.clock.now, editable=False),
                        ),
                    ],
                    options={
                        "verbose_name": "refused line",
                        "verbose_name_plural": "refused lines",
                        "ordering": ["line_no", "id"],
                        "indexes": [
                            django.contrib.postgres.indexes.BrinIndex(
                                fields=["created_at"], name="import_issue_by_time"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportChange",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="changes",
                                to="merchants.importrun",
                                verbose_name="import",
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
                        (
                            "external_id",
                            models.CharField(max_length=64, verbose_name="shop's product id"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("new", "New product"),
                                    ("changed", "Changed"),
                                    ("withdrawn", "Sold out or withdrawn"),
                                    ("back", "Back again"),
                                    ("ending", "Not listed any more: ends"),
                                    ("missing", "Not listed any more: a person is asked"),
                                ],
                                max_length=9,
                                verbose_name="kind",
                            ),
                        ),
                        ("fields", models.JSONField(default=dict, verbose_name="fields")),
                        (
                            "created_at",
                            models.DateTimeField(default=alliance.kernel.clock.now, editable=False),
                        ),
                    ],
                    options={
                        "verbose_name": "change of a product",
                        "verbose_name_plural": "changes of products",
                        "ordering": ["id"],
                        "indexes": [
                            models.Index(fields=["run", "kind", "id"], name="import_change_by_kind")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Order",
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
                                related_name="orders",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="orders",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "external_id",
                            models.CharField(max_length=64, verbose_name="order number"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("placed", "Placed"),
                                    ("paid", "Paid"),
                                    ("received", "Received"),
                                    ("void", "Void"),
                                ],
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("placed_at", models.DateTimeField(verbose_name="placed at")),
                        (
                            "deposit_paid_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="deposit paid at"
                            ),
                        ),
                        (
                            "paid_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="paid at"),
                        ),
                        (
                            "received_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="received at"),
                        ),
                        (
                            "void_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="void at"),
                        ),
                        (
                            "void_reason",
                            models.CharField(
                                blank=True, max_length=120, verbose_name="void reason"
                            ),
                        ),
                        (
                            "click_id",
                            models.CharField(blank=True, max_length=64, verbose_name="click id"),
                        ),
                        (
                            "coupon_code",
                            models.CharField(blank=True, max_length=40, verbose_name="coupon code"),
                        ),
                        ("reported_at", models.DateTimeField(verbose_name="reported at")),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("processed_version", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name": "order",
                        "verbose_name_plural": "orders",
                        "indexes": [
                            models.Index(
                                condition=models.Q(
                                    ("processed_version", models.F("version")), _negated=True
                                ),
                                fields=["id"],
                                name="order_waiting",
                            ),
                            models.Index(
                                fields=["merchant", "-placed_at"], name="order_by_merchant"
                            ),
                            models.Index(
                                condition=models.Q(("state", "paid")),
                                fields=["paid_at"],
                                name="order_unreceived",
                            ),
                            models.Index(
                                condition=models.Q(("paid_at__isnull", False)),
                                fields=["paid_at"],
                                name="order_by_payment",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "external_id"), name="order_once_per_shop"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["placed", "paid", "received", "void"])
                                ),
                                name="order_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "paid"), _negated=True),
                                    ("paid_at__isnull", False),
                                    ("deposit_paid_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="order_paid_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "received"), _negated=True),
                                    models.Q(
                                        ("paid_at__isnull", False), ("received_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="order_received_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("processed_version__lte", models.F("version"))),
                                name="order_processed_not_ahead",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OrderLine",
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
                            "order",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="merchants.order",
                                verbose_name="order",
                            ),
                        ),
                        (
                            "external_id",
                            models.CharField(max_length=96, verbose_name="line number"),
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
                            "product_external_id",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="shop's product id"
                            ),
                        ),
                        (
                            "title",
                            models.CharField(blank=True, max_length=200, verbose_name="title"),
                        ),
                        (
                            "quantity",
                            models.PositiveIntegerField(default=1, verbose_name="quantity"),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount paid")),
                        (
                            "deposit_minor",
                            models.BigIntegerField(blank=True, null=True, verbose_name="deposit"),
                        ),
                        (
                            "total_minor",
                            models.BigIntegerField(
                                blank=True, null=True, verbose_name="deposit and balance"
                            ),
                        ),
                        (
                            "refunded_minor",
                            models.BigIntegerField(default=0, verbose_name="refunded"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                    ],
                    options={
                        "verbose_name": "order line",
                        "verbose_name_plural": "order lines",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("order", "external_id"), name="order_line_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("amount_minor__gte", 0),
                                    ("refunded_minor__gte", 0),
                                    ("refunded_minor__lte", models.F("amount_minor")),
                                ),
                                name="order_line_refund_at_most_amount",
                            ),
                            models.CheckConstraint(
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
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Refund",
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
                            "shop",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refunds",
                                to="merchants.shop",
                                verbose_name="shop",
                            ),
                        ),
                        (
                            "external_id",
                            models.CharField(max_length=128, verbose_name="refund number"),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refunds",
                                to="merchants.orderline",
                                verbose_name="order line",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
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
                        (
                            "awaits",
                            models.CharField(
                                blank=True,
                                default="",
                                max_length=64,
                                verbose_name="order number that it waits for",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        ("refunded_at", models.DateTimeField(verbose_name="refunded at")),
                        (
                            "requested_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="requested at"
                            ),
                        ),
                        (
                            "applied_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="taken off its line at"
                            ),
                        ),
                        (
                            "failed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="failed at"),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=200, verbose_name="reason"),
                        ),
                        ("facts", models.JSONField(default=dict, verbose_name="as reported")),
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
                        "verbose_name": "refund",
                        "verbose_name_plural": "refunds",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("awaits", ""), _negated=True),
                                fields=["shop", "awaits"],
                                name="refund_awaits",
                            ),
                            models.Index(fields=["line", "applied_at"], name="refund_by_line"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("shop", "external_id"), name="refund_once_per_shop"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)), name="refund_positive"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["unmatched", "failed"]),
                                    ("line__isnull", False),
                                    _connector="OR",
                                ),
                                name="refund_applied_has_line",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["applied", "requested", "failed", "unmatched"])
                                ),
                                name="refund_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "applied"), _negated=True),
                                    ("applied_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="refund_applied_has_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "unmatched"), ("awaits", ""), _connector="OR"
                                ),
                                name="refund_only_unmatched_awaits",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Plan",
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
                                related_name="plans",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("COMMON", "General plan"),
                                    ("MKT", "Marketing plan"),
                                    ("SP", "Targeted plan"),
                                    ("ZX", "Self-chosen plan"),
                                    ("EVENT", "Event plan"),
                                    ("TOPN", "First pieces"),
                                ],
                                default="COMMON",
                                max_length=6,
                                verbose_name="kind",
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        (
                            "state",
                            models.CharField(
                                choices=[("active", "Active"), ("ended", "Ended")],
                                default="active",
                                max_length=6,
                                verbose_name="state",
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
                            models.DateTimeField(blank=True, null=True, verbose_name="ends at"),
                        ),
                        (
                            "event",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="plans",
                                to="merchants.event",
                                verbose_name="event",
                            ),
                        ),
                        ("exclusive", models.BooleanField(default=False, verbose_name="exclusive")),
                        (
                            "rates_shown",
                            models.BooleanField(
                                default=True, verbose_name="rates shown to everybody"
                            ),
                        ),
                        (
                            "by_autopilot",
                            models.BooleanField(
                                default=False, verbose_name="kept by the autopilot"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "commission plan",
                        "verbose_name_plural": "commission plans",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "COMMON"), ("state", "active")),
                                fields=("merchant",),
                                name="plan_one_common_per_merchant",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_at", None),
                                    ("ends_at__gt", models.F("starts_at")),
                                    _connector="OR",
                                ),
                                name="plan_ends_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "ended"), _negated=True),
                                    ("ends_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="plan_ended_has_end",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["COMMON", "MKT", "SP", "ZX", "EVENT", "TOPN"])
                                ),
                                name="plan_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("event__isnull", False), ("kind", "EVENT")),
                                    models.Q(
                                        models.Q(("kind", "EVENT"), _negated=True), ("event", None)
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_of_event_has_event",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "active")),
                                fields=("event", "merchant"),
                                name="plan_one_per_event_and_merchant",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("exclusive", False), ("kind", "SP"), _connector="OR"
                                ),
                                name="plan_exclusive_is_targeted",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("by_autopilot", False), ("kind", "ZX"), _connector="OR"
                                ),
                                name="plan_by_autopilot_is_self_chosen",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Terms",
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
                                related_name="terms",
                                to="merchants.plan",
                                verbose_name="plan",
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
                            "category",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.category",
                                verbose_name="category",
                            ),
                        ),
                        (
                            "rate_bps",
                            models.PositiveIntegerField(
                                help_text="Basis points: 1234 is 12.34 %. 0 takes it out.",
                                verbose_name="commission rate",
                            ),
                        ),
                        (
                            "before_bps",
                            models.PositiveIntegerField(null=True, verbose_name="rate before"),
                        ),
                        ("starts_at", models.DateTimeField(verbose_name="in force from")),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="announced at",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="announced by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "terms",
                        "verbose_name_plural": "terms",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("rate_bps__lte", 10000)),
                                name="terms_rate_at_most_all",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("product", None), ("category", None), _connector="OR"
                                ),
                                name="terms_product_or_category",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("starts_at__gte", models.F("created_at"))),
                                name="terms_never_retroactive",
                            ),
                            models.UniqueConstraint(
                                fields=("plan", "product", "category", "starts_at"),
                                name="terms_once_per_moment",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RateLock",
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
                                related_name="locks",
                                to="merchants.plan",
                                verbose_name="commission plan",
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
                        ("starts_at", models.DateTimeField(verbose_name="locked from")),
                        ("ends_at", models.DateTimeField(verbose_name="locked until")),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="announced at",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="announced by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "rate lock",
                        "verbose_name_plural": "rate locks",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="rate_lock_ends_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("starts_at__gte", models.F("created_at"))),
                                name="rate_lock_never_retroactive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PieceStock",
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
                            "plan",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="stock",
                                to="merchants.plan",
                                verbose_name="commission plan",
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
                        ("pieces", models.PositiveIntegerField(verbose_name="pieces")),
                        ("taken", models.PositiveIntegerField(default=0, verbose_name="taken")),
                    ],
                    options={
                        "verbose_name": "first pieces",
                        "verbose_name_plural": "first pieces",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("pieces__gt", 0),
                                    ("taken__gte", 0),
                                    ("taken__lte", models.F("pieces")),
                                ),
                                name="piece_stock_never_oversold",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PieceTake",
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
                                related_name="pieces_taken",
                                to="merchants.orderline",
                            ),
                        ),
                        (
                            "stock",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="takes",
                                to="merchants.piecestock",
                            ),
                        ),
                        ("pieces", models.PositiveIntegerField(verbose_name="pieces")),
                        (
                            "taken_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="taken at"
                            ),
                        ),
                        (
                            "given_back_at",
                            models.DateTimeField(null=True, verbose_name="given back at"),
                        ),
                    ],
                    options={
                        "verbose_name": "taken pieces",
                        "verbose_name_plural": "taken pieces",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("pieces__gt", 0)), name="piece_take_positive"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BulkEdit",
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
                            "deed",
                            models.CharField(
                                choices=[
                                    ("rate", "Commission rate"),
                                    ("pause", "Pause promotion"),
                                    ("resume", "Resume promotion"),
                                    ("category", "Category"),
                                ],
                                max_length=8,
                                verbose_name="what",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                ],
                                default="running",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        ("total", models.PositiveIntegerField(verbose_name="products")),
                        ("done", models.PositiveIntegerField(default=0, verbose_name="changed")),
                        ("refused", models.PositiveIntegerField(default=0, verbose_name="refused")),
                        (
                            "failure",
                            models.CharField(blank=True, max_length=300, verbose_name="failure"),
                        ),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="bulk_edits",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.plan",
                                verbose_name="commission plan",
                            ),
                        ),
                        (
                            "undoes",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="undone_by",
                                to="merchants.bulkedit",
                                verbose_name="takes back",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "change of many products",
                        "verbose_name_plural": "changes of many products",
                        "indexes": [
                            models.Index(fields=["merchant", "-id"], name="bulk_edit_by_merchant"),
                            models.Index(
                                condition=models.Q(("state", "running")),
                                fields=["updated_at"],
                                name="bulk_edit_running",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "done__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("total"), "-", models.F("refused")
                                        ),
                                    )
                                ),
                                name="bulk_edit_counts_add_up",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("deed", "rate"), ("plan__isnull", False)),
                                    models.Q(
                                        models.Q(("deed", "rate"), _negated=True), ("plan", None)
                                    ),
                                    _connector="OR",
                                ),
                                name="bulk_edit_of_rates_has_plan",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BulkLine",
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
                        ("before", models.BigIntegerField(null=True)),
                        ("after", models.BigIntegerField(null=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("done", "Changed"),
                                    ("refused", "Refused"),
                                ],
                                default="waiting",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "why",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=alliance.kernel.clock.now, editable=False),
                        ),
                        (
                            "edit",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="lines",
                                to="merchants.bulkedit",
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
                        "verbose_name": "product of a change",
                        "verbose_name_plural": "products of a change",
                        "indexes": [
                            models.Index(fields=["edit", "state", "id"], name="bulk_line_by_state")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("edit", "product"), name="bulk_line_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PastPrice",
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
                        ("day", models.DateField(verbose_name="until")),
                        ("price_minor", models.BigIntegerField(verbose_name="price")),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="past_prices",
                                to="merchants.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "past price",
                        "verbose_name_plural": "past prices",
                        "indexes": [models.Index(fields=["day"], name="past_price_by_day")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "day"), name="past_price_once_a_day"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("price_minor__gte", 0)),
                                name="past_price_not_negative",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
