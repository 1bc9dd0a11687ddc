"""People, their keys and what they are told; the audit trail."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [
        ("kernel", "0010_endpoints_that_are_slow")
    ]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="User",
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
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
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
                            "email",
                            models.EmailField(
                                max_length=254, unique=True, verbose_name="e-mail address"
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                        (
                            "language",
                            models.CharField(blank=True, max_length=10, verbose_name="language"),
                        ),
                        (
                            "mail_choices",
                            models.JSONField(blank=True, default=dict, editable=False),
                        ),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False,
                                help_text="May enter the operations desk.",
                                verbose_name="operations staff",
                            ),
                        ),
                        (
                            "staff_roles",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("ops", "Operations"),
                                        ("risk", "Risk"),
                                        ("finance", "Finance"),
                                        ("support", "Support"),
                                        ("auditor", "Auditor"),
                                    ],
                                    max_length=10,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="staff roles",
                            ),
                        ),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "user",
                        "verbose_name_plural": "users",
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("email"),
                                name="user_email_once_in_any_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiKey",
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
                                related_name="api_keys",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                        (
                            "organisation",
                            models.CharField(
                                help_text="merchant:<id>, affiliate:<id>",
                                max_length=40,
                                verbose_name="organisation",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        (
                            "prefix",
                            models.CharField(max_length=16, unique=True, verbose_name="prefix"),
                        ),
                        ("digest", models.CharField(editable=False, max_length=64)),
                        (
                            "scopes",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=40),
                                default=list,
                                size=None,
                                verbose_name="scopes",
                            ),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="expires at"),
                        ),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked at"),
                        ),
                        (
                            "last_used_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="last used at"
                            ),
                        ),
                        (
                            "networks",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=43),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="only from",
                            ),
                        ),
                        (
                            "sandbox",
                            models.BooleanField(
                                default=False,
                                help_text="Sees and reports invented orders only.",
                                verbose_name="sandbox",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "API key",
                        "verbose_name_plural": "API keys",
                    },
                ),
                migrations.CreateModel(
                    name="AuditEvent",
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
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                        (
                            "actor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="actor",
                            ),
                        ),
                        ("verb", models.CharField(max_length=60, verbose_name="verb")),
                        (
                            "object_type",
                            models.CharField(max_length=60, verbose_name="object type"),
                        ),
                        ("object_id", models.CharField(max_length=60, verbose_name="object id")),
                        ("data", models.JSONField(default=dict, verbose_name="data")),
                        (
                            "request_id",
                            models.CharField(blank=True, max_length=36, verbose_name="request id"),
                        ),
                        (
                            "ip",
                            models.GenericIPAddressField(
                                blank=True, null=True, verbose_name="IP address"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "audit event",
                        "verbose_name_plural": "audit trail",
                        "indexes": [
                            models.Index(
                                fields=["object_type", "object_id", "-at"], name="audit_by_object"
                            ),
                            models.Index(fields=["-at"], name="audit_by_time"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IdempotentCall",
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
                        ("scope", models.CharField(max_length=80)),
                        ("key", models.CharField(max_length=255)),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("status", models.PositiveSmallIntegerField(null=True)),
                        ("answer", models.JSONField(null=True)),
                        ("created_at", models.DateTimeField(default=alliance.kernel.clock.now)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("scope", "key"), name="idempotent_call_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notification",
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
                            "user",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notifications",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "side",
                            models.CharField(
                                choices=[
                                    ("affiliate", "Affiliate"),
                                    ("merchant", "Merchant"),
                                    ("desk", "Operations"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        ("key", models.CharField(help_text="noun:pk:fact", max_length=80)),
                        ("data", models.JSONField(default=dict)),
                        ("link", models.CharField(max_length=200)),
                        ("created_at", models.DateTimeField(default=alliance.kernel.clock.now)),
                        ("read_at", models.DateTimeField(null=True)),
                        ("mail_at", models.DateTimeField(null=True)),
                        ("organisation", models.BigIntegerField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["user", "-id"], name="notification_of_user"),
                            models.Index(
                                condition=models.Q(("read_at", None)),
                                fields=["user"],
                                name="notification_unread",
                            ),
                            models.Index(
                                condition=models.Q(("mail_at__isnull", False)),
                                fields=["mail_at"],
                                name="notification_mail_due",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "key"), name="notification_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
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
                        ("uid", models.UUIDField(default=uuid.uuid4)),
                        ("kind", models.CharField(max_length=40, verbose_name="event")),
                        ("body", models.TextField(verbose_name="message")),
                        (
                            "created_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="when",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("delivered", "Delivered"),
                                    ("failed", "Failed"),
                                    ("missed", "Missed"),
                                ],
                                default="waiting",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "attempts",
                            models.PositiveSmallIntegerField(default=0, verbose_name="attempts"),
                        ),
                        (
                            "due_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, null=True, verbose_name="due at"
                            ),
                        ),
                        (
                            "endpoint",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="kernel.endpoint",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "delivery",
                        "verbose_name_plural": "deliveries",
                        "indexes": [
                            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
                            models.Index(
                                condition=models.Q(("due_at__isnull", False)),
                                fields=["due_at", "id"],
                                name="delivery_due",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("due_at__isnull", False), ("state", "waiting")),
                                    models.Q(
                                        models.Q(("state", "waiting"), _negated=True),
                                        ("due_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="delivery_waiting_is_due",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DeliveryCall",
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
                            "at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="when"
                            ),
                        ),
                        ("url", models.CharField(max_length=8000, verbose_name="address")),
                        (
                            "status",
                            models.PositiveSmallIntegerField(null=True, verbose_name="status"),
                        ),
                        ("trouble", models.CharField(blank=True, max_length=12)),
                        ("took_ms", models.PositiveIntegerField(verbose_name="took")),
                        (
                            "answer",
                            models.CharField(blank=True, max_length=1000, verbose_name="answer"),
                        ),
                        (
                            "delivery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="calls",
                                to="kernel.delivery",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "call",
                        "verbose_name_plural": "calls",
                    },
                ),
                migrations.CreateModel(
                    name="Endpoint",
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
                            "organisation",
                            models.CharField(
                                help_text="merchant:<id>, affiliate:<id>",
                                max_length=40,
                                verbose_name="organisation",
                            ),
                        ),
                        (
                            "form",
                            models.CharField(
                                choices=[("webhook", "Webhook"), ("postback", "Postback")],
                                max_length=8,
                                verbose_name="form",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("url", models.CharField(max_length=2000, verbose_name="address")),
                        (
                            "method",
                            models.CharField(
                                choices=[("GET", "GET"), ("POST", "POST")],
                                default="POST",
                                max_length=4,
                                verbose_name="method",
                            ),
                        ),
                        (
                            "kinds",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=40),
                                size=None,
                                verbose_name="events",
                            ),
                        ),
                        (
                            "only",
                            models.CharField(blank=True, max_length=30, verbose_name="only of"),
                        ),
                        ("secret", models.CharField(blank=True, max_length=1000)),
                        ("secret_before", models.CharField(blank=True, max_length=1000)),
                        ("before_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("on", "On"),
                                    ("paused", "Paused"),
                                    ("dead", "Switched off"),
                                ],
                                default="on",
                                max_length=6,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "failing_since",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="failing since"
                            ),
                        ),
                        (
                            "off_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="off since"),
                        ),
                        ("sandbox", models.BooleanField(default=False, verbose_name="sandbox")),
                        ("slow_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "server",
                            models.GeneratedField(
                                db_persist=True,
                                expression=models.Func(
                                    django.db.models.functions.comparison.Coalesce(
                                        django.db.models.functions.text.Lower(
                                            models.Func(
                                                "url",
                                                models.Value("://([^/?#]*)"),
                                                function="SUBSTRING",
                                            )
                                        ),
                                        models.Value(""),
                                    ),
                                    models.Value("\\.?(:443)?$"),
                                    models.Value(""),
                                    function="REGEXP_REPLACE",
                                ),
                                output_field=models.TextField(),
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "endpoint",
                        "verbose_name_plural": "endpoints",
                        "indexes": [
                            models.Index(fields=["organisation"], name="endpoint_by_organisation")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("form", "webhook"),
                                        ("method", "POST"),
                                        ("only", ""),
                                        models.Q(("secret", ""), _negated=True),
                                    ),
                                    models.Q(("form", "postback"), ("secret", "")),
                                    _connector="OR",
                                ),
                                name="endpoint_webhook_is_signed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("before_until", None), ("secret_before", "")),
                                    models.Q(
                                        models.Q(("secret_before", ""), _negated=True),
                                        ("before_until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="endpoint_secret_before_has_end",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("off_at", None), ("state", "on")),
                                    models.Q(
                                        models.Q(("state", "on"), _negated=True),
                                        ("off_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="endpoint_off_since",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FeedBase",
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
                        ("base", models.BigIntegerField(default=0)),
                        (
                            "server",
                            models.BigIntegerField(
                                help_text="PostgreSQL's own identifier of the server."
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("id", 1)), name="feed_base_once"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
