"""Cases against affiliates, with evidence, appeals and what happened."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_frozen_zones"),
        ("commissions", "0007_bank_statements_and_invoices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Violation",
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
                            ("freeze", "The money stays frozen until a day, then it goes on"),
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
                ("points", models.PositiveSmallIntegerField(default=0, verbose_name="points")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("upheld", "Upheld"), ("released", "Released")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "hold",
                    models.CharField(
                        blank=True,
                        choices=[("", "None"), ("frozen", "Frozen"), ("barred", "Invalidated")],
                        default="frozen",
                        max_length=6,
                        verbose_name="effect",
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        default=alliance.kernel.clock.now, verbose_name="opened at"
                    ),
                ),
                ("appeal_until", models.DateTimeField(verbose_name="appeal until")),
                ("frozen_until", models.DateTimeField(null=True, verbose_name="frozen until")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="freeze ended at")),
                ("froze_account", models.BooleanField(default=False)),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("version", models.PositiveIntegerField(default=1)),
                ("applied_version", models.PositiveIntegerField(default=0)),
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
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
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
                    "zone",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="violations",
                        to="affiliates.adzone",
                        verbose_name="ad zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "violation",
                "verbose_name_plural": "violations",
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_desk", models.BooleanField(verbose_name="from the alliance")),
                ("text", models.TextField(max_length=2000, verbose_name="what it shows")),
                ("filename", models.CharField(blank=True, max_length=100, verbose_name="file")),
                ("content_type", models.CharField(blank=True, max_length=40)),
                ("content", models.BinaryField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("at", models.DateTimeField(default=alliance.kernel.clock.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
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
            ],
            options={
                "verbose_name": "evidence",
                "verbose_name_plural": "evidence",
            },
        ),
        migrations.CreateModel(
            name="Appeal",
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
                ("instance", models.PositiveSmallIntegerField(verbose_name="instance")),
                ("text", models.TextField(max_length=4000, verbose_name="your words")),
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
                ("answer", models.TextField(blank=True, max_length=2000, verbose_name="answer")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
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
                    "filed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="filed by",
                    ),
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
                    "violation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeals",
                        to="commissions.violation",
                    ),
                ),
            ],
            options={
                "verbose_name": "appeal",
                "verbose_name_plural": "appeals",
            },
        ),
        migrations.CreateModel(
            name="ViolationEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("words", models.CharField(blank=True, max_length=2000, verbose_name="words")),
                ("at", models.DateTimeField(default=alliance.kernel.clock.now, verbose_name="at")),
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
                    "violation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="commissions.violation",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["violation", "pk"],
            },
        ),
        migrations.AddIndex(
            model_name="violation",
            index=models.Index(
                condition=models.Q(("hold", ""), _negated=True),
                fields=["affiliate"],
                name="violation_in_effect",
            ),
        ),
        migrations.AddIndex(
            model_name="violation",
            index=models.Index(
                condition=models.Q(("version", models.F("applied_version")), _negated=True),
                fields=["id"],
                name="violation_to_apply",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("target", "order"), ("frozen_until__isnull", False), _connector="OR"
                ),
                name="violation_target_freeze_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("consequence", "freeze"), _negated=True),
                    ("frozen_until__isnull", False),
                    _connector="OR",
                ),
                name="violation_freeze_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("points", 0), ("severity", "warning")),
                    models.Q(("points__gte", 1), ("points__lt", 48), ("severity", "general")),
                    models.Q(("points", 48), ("severity", "serious")),
                    _connector="OR",
                ),
                name="violation_points_fit",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("hold__in", ["frozen", ""]), ("state", "open")),
                    models.Q(("decided_at__isnull", False), ("state", "upheld")),
                    models.Q(("decided_at__isnull", False), ("hold", ""), ("state", "released")),
                    _connector="OR",
                ),
                name="violation_hold_fits_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hold", "barred"), _negated=True),
                    ("consequence", "invalidate"),
                    _connector="OR",
                ),
                name="violation_bar_was_announced",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("commission",),
                name="violation_one_open_per_commission",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("zone",),
                name="violation_one_open_per_zone",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("relation",),
                name="violation_one_open_per_relation",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open"), ("target", "account")),
                fields=("affiliate",),
                name="violation_one_open_per_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("content", None), ("content_type", ""), ("digest", ""), ("filename", "")
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
            ),
        ),
        migrations.AddIndex(
            model_name="appeal",
            index=models.Index(
                condition=models.Q(("state", "filed")),
                fields=["answer_until"],
                name="appeal_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.UniqueConstraint(
                fields=("violation", "instance"), name="appeal_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dismissed_before_by", None), ("instance", 1)),
                    models.Q(("dismissed_before_by__isnull", False), ("instance", 2)),
                    _connector="OR",
                ),
                name="appeal_instance_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("state", "filed")),
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
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("opened_by")), _negated=True),
                    _connector="OR",
                ),
                name="appeal_not_by_the_opener",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    ("dismissed_before_by", None),
                    models.Q(("decided_by", models.F("dismissed_before_by")), _negated=True),
                    _connector="OR",
                ),
                name="appeal_second_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="violationevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("actor__isnull", False), ("fact__in", ["expired", "ended"]), _connector="OR"
                ),
                name="violation_event_has_actor",
            ),
        ),
        append_only("commissions_evidence"),
        append_only("commissions_violationevent"),
    ]
