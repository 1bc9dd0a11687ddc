import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("affiliates", "0004_frozen_zones"),
        ("campaigns", "0006_standings"),
        ("commissions", "0010_campaign_charges"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Award",
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
                ("rank", models.PositiveIntegerField(blank=True, null=True, verbose_name="rank")),
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
                ("reserved_minor", models.BigIntegerField(default=0, verbose_name="reserved")),
                ("booked_minor", models.BigIntegerField(default=0, verbose_name="paid")),
                ("revision", models.PositiveIntegerField(default=0, verbose_name="revision")),
                (
                    "due_month",
                    models.DateField(
                        help_text="Paid on the settlement day of the month after it.",
                        verbose_name="settles with",
                    ),
                ),
                (
                    "doubts",
                    models.JSONField(blank=True, default=list, verbose_name="to be looked at"),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
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
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="awards",
                        to="campaigns.campaign",
                        verbose_name="campaign",
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
            ],
            options={
                "verbose_name": "award",
                "verbose_name_plural": "awards",
            },
        ),
        migrations.CreateModel(
            name="AwardStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("at", models.DateTimeField(default=alliance.kernel.clock.now, verbose_name="at")),
                (
                    "award",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="commissions.award",
                        verbose_name="award",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.entry",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an award",
                "verbose_name_plural": "steps of awards",
                "ordering": ["award", "revision"],
            },
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(fields=["affiliate", "-id"], name="award_by_affiliate"),
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(
                condition=models.Q(("state", "due")), fields=["due_month"], name="award_to_pay"
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.UniqueConstraint(fields=("campaign", "affiliate"), name="award_once"),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["review", "due", "paid", "dropped"])),
                name="award_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_month__day", 1)), name="award_due_is_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None), ("decided_at__isnull", False), _connector="OR"
                ),
                name="award_decided_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="awardstep",
            constraint=models.UniqueConstraint(
                fields=("award", "revision"), name="award_step_once"
            ),
        ),
        append_only("commissions_awardstep"),
    ]
