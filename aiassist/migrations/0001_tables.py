"""What the alliance's AI keeps: matches, copies, plans, policies, scores."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import alliance.kernel.clock
from alliance.kernel.db import Tables


class Migration(migrations.Migration):
    replaces = [("aiassist", "0012_odds_said")]  # a database at an earlier one is refused

    initial = True

    dependencies = [
        ("commissions", "0002_rules"),
    ]

    operations = [
        Tables(
            [
                migrations.CreateModel(
                    name="Matches",
                    fields=[
                        (
                            "affiliate",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        ("places", models.JSONField(default=list, verbose_name="places")),
                        ("made_at", models.DateTimeField(verbose_name="as of")),
                    ],
                    options={
                        "verbose_name": "matched products",
                        "verbose_name_plural": "matched products",
                    },
                ),
                migrations.CreateModel(
                    name="Dismissal",
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
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
                        "verbose_name": "dismissed product",
                        "verbose_name_plural": "dismissed products",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "product"), name="dismissed_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PromptRun",
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
                        ("purpose", models.CharField(max_length=40, verbose_name="purpose")),
                        ("provider", models.CharField(max_length=40, verbose_name="provider")),
                        (
                            "model",
                            models.CharField(blank=True, max_length=120, verbose_name="model"),
                        ),
                        (
                            "organisation",
                            models.CharField(
                                blank=True,
                                help_text="merchant:<id>, affiliate:<id>",
                                max_length=40,
                                verbose_name="for",
                            ),
                        ),
                        (
                            "digest",
                            models.CharField(max_length=64, verbose_name="hash of the question"),
                        ),
                        (
                            "tokens_in",
                            models.PositiveIntegerField(default=0, verbose_name="tokens read"),
                        ),
                        (
                            "tokens_out",
                            models.PositiveIntegerField(default=0, verbose_name="tokens written"),
                        ),
                        (
                            "cost_millionths",
                            models.PositiveBigIntegerField(default=0, verbose_name="cost"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "duration_ms",
                            models.PositiveIntegerField(default=0, verbose_name="milliseconds"),
                        ),
                        (
                            "verdict",
                            models.CharField(
                                choices=[
                                    ("ok", "Answered"),
                                    ("repaired", "Answered when asked again"),
                                    ("refused", "Declined"),
                                    ("fell_back", "Answered without a model"),
                                ],
                                max_length=10,
                                verbose_name="verdict",
                            ),
                        ),
                        (
                            "why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    (
                                        "budget",
                                        "Made without the language model: its budget for today is spent.",
                                    ),
                                    (
                                        "address",
                                        "Made without the language model: its address may not be asked.",
                                    ),
                                    (
                                        "unreachable",
                                        "Made without the language model: it could not be reached.",
                                    ),
                                    ("slow", "Made without the language model: it took too long."),
                                    (
                                        "busy",
                                        "Made without the language model: it has too much to do at the moment.",
                                    ),
                                    (
                                        "sign_in",
                                        "Made without the language model: it does not accept our key.",
                                    ),
                                    (
                                        "faulty",
                                        "Made without the language model: it has a fault at the moment.",
                                    ),
                                    (
                                        "unusable",
                                        "Made without the language model: its answer could not be used.",
                                    ),
                                    (
                                        "declined",
                                        "Made without the language model: it declined to answer.",
                                    ),
                                    ("left", "Nobody waited for the end of the answer."),
                                ],
                                max_length=12,
                                verbose_name="why",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "question to a model",
                        "verbose_name_plural": "questions to models",
                        "indexes": [models.Index(fields=["-at"], name="prompt_run_by_time")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("verdict__in", ["ok", "repaired"]), ("why", "")),
                                    models.Q(
                                        ("verdict__in", ["refused", "fell_back"]),
                                        models.Q(("why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="prompt_run_says_why",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Audience",
                    fields=[
                        (
                            "affiliate",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "goal",
                            models.CharField(
                                choices=[
                                    ("commission", "The most commission for each click"),
                                    ("volume", "Many orders"),
                                    ("task", "To complete the tasks I have accepted"),
                                    ("season", "To take part in the campaigns that go on"),
                                ],
                                default="commission",
                                max_length=10,
                                verbose_name="goal",
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("wechat_group", "WeChat group"),
                                    ("moments", "WeChat Moments"),
                                    ("xiaohongshu", "Xiaohongshu"),
                                    ("weibo", "Weibo"),
                                    ("douyin", "Douyin"),
                                    ("email", "E-mail"),
                                    ("web", "Web page"),
                                ],
                                max_length=12,
                                verbose_name="main channel",
                            ),
                        ),
                        (
                            "ages",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("18", "18 – 24"),
                                        ("25", "25 – 34"),
                                        ("35", "35 – 44"),
                                        ("45", "45 – 59"),
                                        ("60", "60 +"),
                                    ],
                                    max_length=2,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="age",
                            ),
                        ),
                        (
                            "gender",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("women", "Mostly women"),
                                    ("mixed", "Both alike"),
                                    ("men", "Mostly men"),
                                ],
                                max_length=5,
                                verbose_name="gender",
                            ),
                        ),
                        (
                            "regions",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("first", "First-tier cities"),
                                        ("second", "Second-tier cities"),
                                        ("lower", "Smaller cities and counties"),
                                        ("greater", "Hong Kong, Macau, Taiwan"),
                                        ("abroad", "Abroad"),
                                    ],
                                    max_length=7,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="region",
                            ),
                        ),
                        (
                            "price_from_minor",
                            models.BigIntegerField(
                                blank=True, null=True, verbose_name="price from"
                            ),
                        ),
                        (
                            "price_to_minor",
                            models.BigIntegerField(blank=True, null=True, verbose_name="price to"),
                        ),
                        (
                            "updated_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now,
                                editable=False,
                                verbose_name="changed at",
                            ),
                        ),
                        (
                            "interests",
                            models.ManyToManyField(
                                blank=True,
                                related_name="+",
                                to="merchants.category",
                                verbose_name="interests",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "audience",
                        "verbose_name_plural": "audiences",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("goal__in", ["commission", "volume", "task", "season"])
                                ),
                                name="audience_goal_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "channel__in",
                                        [
                                            "",
                                            "wechat_group",
                                            "moments",
                                            "xiaohongshu",
                                            "weibo",
                                            "douyin",
                                            "email",
                                            "web",
                                        ],
                                    )
                                ),
                                name="audience_channel_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("price_from_minor", None),
                                    ("price_from_minor__gte", 0),
                                    _connector="OR",
                                ),
                                name="audience_price_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("price_from_minor", None),
                                    ("price_to_minor", None),
                                    ("price_to_minor__gte", models.F("price_from_minor")),
                                    _connector="OR",
                                ),
                                name="audience_prices_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Conversation",
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
                            "organisation",
                            models.CharField(
                                help_text="merchant:<id>, affiliate:<id>",
                                max_length=40,
                                verbose_name="organisation",
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
                            "asked_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="last asked at"
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
                    ],
                    options={
                        "verbose_name": "conversation",
                        "verbose_name_plural": "conversations",
                        "indexes": [
                            models.Index(
                                fields=["user", "organisation", "-asked_at"],
                                name="conversation_of_person",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Turn",
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
                        ("question", models.CharField(max_length=500, verbose_name="question")),
                        ("sentences", models.JSONField(default=list, verbose_name="answer")),
                        ("sources", models.JSONField(default=list)),
                        ("actions", models.JSONField(default=list)),
                        ("tools", models.JSONField(default=list)),
                        ("note", models.CharField(blank=True, max_length=200)),
                        (
                            "created_at",
                            models.DateTimeField(default=alliance.kernel.clock.now, editable=False),
                        ),
                        (
                            "conversation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="turns",
                                to="aiassist.conversation",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.promptrun",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "question to the assistant",
                        "verbose_name_plural": "questions to the assistant",
                    },
                ),
                migrations.CreateModel(
                    name="Autopilot",
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("running", "Running"),
                                    ("paused", "Paused"),
                                    ("stopped", "Stopped"),
                                ],
                                default="running",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("by_hand", "Somebody of your team said so."),
                                    ("floor", "The return fell below the floor."),
                                    ("budget", "The budget is spent."),
                                    ("ended", "Its last day is over."),
                                    ("signer", "Whoever signed it may not act for you any more."),
                                    ("merchant", "Your shop does not trade at present."),
                                ],
                                max_length=8,
                                verbose_name="reason",
                            ),
                        ),
                        (
                            "since",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="since"
                            ),
                        ),
                        ("began_on", models.DateField(verbose_name="counts from")),
                        ("looked_on", models.DateField(null=True, verbose_name="last night")),
                        (
                            "memory",
                            models.JSONField(
                                default=dict, verbose_name="what the optimiser remembers"
                            ),
                        ),
                        (
                            "merchant",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="autopilot",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "policy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.autopilotpolicy",
                                verbose_name="policy",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "autopilot",
                        "verbose_name_plural": "autopilots",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("reason", ""), ("state", "running")),
                                    models.Q(
                                        ("state__in", ["paused", "stopped"]),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="autopilot_rests_with_reason",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AutopilotPolicy",
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
                        ("version", models.PositiveIntegerField(verbose_name="version")),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("suggest", "Suggest: you accept each change"),
                                    ("act", "Act within the limits; you can roll back"),
                                ],
                                max_length=7,
                                verbose_name="mode",
                            ),
                        ),
                        (
                            "roi_target_centi",
                            models.PositiveIntegerField(
                                help_text="Sales for each 1 of commission, times 100: 800 is 8.00.",
                                verbose_name="return aimed for",
                            ),
                        ),
                        (
                            "roi_floor_centi",
                            models.PositiveIntegerField(verbose_name="return below which it stops"),
                        ),
                        ("currency", models.CharField(max_length=3, verbose_name="currency")),
                        (
                            "budget_day_minor",
                            models.BigIntegerField(verbose_name="budget of a day"),
                        ),
                        ("budget_minor", models.BigIntegerField(verbose_name="budget in all")),
                        ("ends_on", models.DateField(verbose_name="last day")),
                        (
                            "held_out_bps",
                            models.PositiveIntegerField(
                                help_text="Affiliates whose rates it leaves alone.",
                                verbose_name="kept for comparison",
                            ),
                        ),
                        (
                            "signed_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="signed at"
                            ),
                        ),
                        (
                            "merchant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="autopilot_policies",
                                to="merchants.merchant",
                                verbose_name="merchant",
                            ),
                        ),
                        (
                            "pinned",
                            models.ManyToManyField(
                                blank=True,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="never touched",
                            ),
                        ),
                        (
                            "signed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="signed by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "policy of the autopilot",
                        "verbose_name_plural": "policies of the autopilot",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("merchant", "version"), name="autopilot_policy_version_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("mode__in", ["suggest", "act"])),
                                name="autopilot_policy_mode_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("roi_floor_centi__gte", 100),
                                    ("roi_target_centi__gt", models.F("roi_floor_centi")),
                                ),
                                name="autopilot_policy_floor_below_target",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("budget_day_minor__gt", 0),
                                    ("budget_minor__gte", models.F("budget_day_minor")),
                                ),
                                name="autopilot_policy_budgets",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("held_out_bps__lte", 5000)),
                                name="autopilot_policy_holds_out_few",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AutopilotNight",
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
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("looked", "Looked, and decided"),
                                    ("frozen", "Too little is known yet: nothing changed"),
                                    ("stopped", "Stopped itself"),
                                ],
                                max_length=7,
                                verbose_name="outcome",
                            ),
                        ),
                        ("orders", models.PositiveIntegerField(verbose_name="orders looked at")),
                        (
                            "roi_centi",
                            models.PositiveIntegerField(null=True, verbose_name="return achieved"),
                        ),
                        ("spent_minor", models.BigIntegerField(verbose_name="spent so far")),
                        ("facts", models.JSONField(default=dict, verbose_name="facts")),
                        (
                            "made_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                        (
                            "autopilot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="nights",
                                to="aiassist.autopilot",
                                verbose_name="autopilot",
                            ),
                        ),
                        (
                            "policy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.autopilotpolicy",
                                verbose_name="policy",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "night of the autopilot",
                        "verbose_name_plural": "nights of the autopilot",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("autopilot", "day"), name="autopilot_night_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AutopilotGroup",
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
                                    ("shop", "The whole shop"),
                                    ("category", "A category"),
                                    ("products", "Chosen products"),
                                ],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("least_bps", models.PositiveIntegerField(verbose_name="rate from")),
                        ("most_bps", models.PositiveIntegerField(verbose_name="rate up to")),
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
                        (
                            "products",
                            models.ManyToManyField(
                                related_name="+", to="merchants.product", verbose_name="products"
                            ),
                        ),
                        (
                            "policy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="groups",
                                to="aiassist.autopilotpolicy",
                                verbose_name="policy",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "limits of a product group",
                        "verbose_name_plural": "limits of product groups",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("category__isnull", False)),
                                fields=("policy", "category"),
                                name="autopilot_group_category_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "category"), _negated=True),
                                fields=("policy", "kind"),
                                name="autopilot_group_rest_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("category__isnull", False), ("kind", "category")),
                                    models.Q(
                                        ("category", None), ("kind__in", ["shop", "products"])
                                    ),
                                    _connector="OR",
                                ),
                                name="autopilot_group_category_named",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("least_bps__gt", 0),
                                    ("most_bps__gte", models.F("least_bps")),
                                    ("most_bps__lte", 9000),
                                ),
                                name="autopilot_group_limits",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="KeptPlan",
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
                        ("tier", models.PositiveSmallIntegerField(null=True, verbose_name="tier")),
                        ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "autopilot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="kept_plans",
                                to="aiassist.autopilot",
                                verbose_name="autopilot",
                            ),
                        ),
                        (
                            "plan",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="kept",
                                to="merchants.plan",
                                verbose_name="commission plan",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "plan that the autopilot keeps",
                        "verbose_name_plural": "plans that the autopilot keeps",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("affiliate__isnull", False), ("tier", None)),
                                    models.Q(("affiliate", None), ("tier__isnull", False)),
                                    _connector="OR",
                                ),
                                name="kept_plan_for_one_or_a_tier",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at", None)),
                                fields=("autopilot", "affiliate", "tier"),
                                name="kept_plan_once",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AutopilotDecision",
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
                        ("tier", models.PositiveSmallIntegerField(null=True, verbose_name="tier")),
                        ("from_bps", models.PositiveIntegerField(verbose_name="rate before")),
                        ("to_bps", models.PositiveIntegerField(verbose_name="rate after")),
                        (
                            "own_bps",
                            models.PositiveIntegerField(
                                verbose_name="rate of the merchant's own plans"
                            ),
                        ),
                        ("evidence", models.JSONField(default=dict, verbose_name="evidence")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("suggested", "Suggested"),
                                    ("done", "Applied"),
                                    ("refused", "Refused by a rule"),
                                    ("declined", "Declined"),
                                    ("lapsed", "Overtaken"),
                                    ("rolled_back", "Rolled back"),
                                ],
                                default="suggested",
                                max_length=11,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
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
                            "terms",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="merchants.terms",
                                verbose_name="terms",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.autopilotgroup",
                                verbose_name="product group",
                            ),
                        ),
                        (
                            "night",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decisions",
                                to="aiassist.autopilotnight",
                                verbose_name="night",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "decision of the autopilot",
                        "verbose_name_plural": "decisions of the autopilot",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "suggested",
                                            "done",
                                            "refused",
                                            "declined",
                                            "lapsed",
                                            "rolled_back",
                                        ],
                                    )
                                ),
                                name="autopilot_decision_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("affiliate__isnull", False), ("tier", None)),
                                    models.Q(("affiliate", None), ("tier__isnull", False)),
                                    _connector="OR",
                                ),
                                name="autopilot_decision_for_one_or_a_tier",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("from_bps", models.F("to_bps")), _negated=True),
                                name="autopilot_decision_changes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "refused"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="autopilot_decision_refused_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["done", "rolled_back"]), _negated=True),
                                    ("terms__isnull", False),
                                    _connector="OR",
                                ),
                                name="autopilot_decision_done_has_terms",
                            ),
                            models.UniqueConstraint(
                                fields=("night", "group", "affiliate", "tier"),
                                name="autopilot_decision_once_a_night",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RiskScore",
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
                        ("orders", models.PositiveIntegerField(verbose_name="orders")),
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
                                max_length=10,
                                verbose_name="compared with",
                            ),
                        ),
                        (
                            "category",
                            models.CharField(
                                blank=True, max_length=50, verbose_name="main category"
                            ),
                        ),
                        (
                            "chance_ppm",
                            models.PositiveIntegerField(verbose_name="of a million honest ones"),
                        ),
                        (
                            "false_bps",
                            models.PositiveIntegerField(
                                verbose_name="honest among those who stand out so"
                            ),
                        ),
                        ("findings", models.JSONField(verbose_name="findings")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "unusual_bps",
                            models.PositiveIntegerField(
                                verbose_name="honest among those as unusual"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "risk score",
                        "verbose_name_plural": "risk scores",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "day"), name="risk_score_once_a_day"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RiskReview",
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "To look at"),
                                    ("unusual", "Unusual ways of working"),
                                    ("case", "Case opened"),
                                    ("cleared", "Nothing wrong"),
                                    ("way", "How they work"),
                                ],
                                default="open",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "opened_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="since"
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
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
                            "violation",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="commissions.violation",
                                verbose_name="case",
                            ),
                        ),
                        (
                            "score",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.riskscore",
                                verbose_name="latest score",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "affiliate to look at",
                        "verbose_name_plural": "affiliates to look at",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ("open", "unusual"))),
                                fields=("affiliate",),
                                name="risk_review_one_open",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_at", None),
                                        ("decided_by", None),
                                        ("state__in", ("open", "unusual")),
                                        ("violation", None),
                                    ),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("state", "case"),
                                        ("violation__isnull", False),
                                    ),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("state__in", ("cleared", "way")),
                                        ("violation", None),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="risk_review_decided_by_a_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RiskPolicy",
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
                            "false_bps",
                            models.PositiveIntegerField(
                                default=100, verbose_name="of those who stand out, honest at most"
                            ),
                        ),
                        (
                            "opens_cases",
                            models.BooleanField(
                                default=False,
                                help_text="A case is opened in the name of who sets this; else it is only proposed.",
                                verbose_name="freezes at once",
                            ),
                        ),
                        (
                            "set_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="set at"
                            ),
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
                        "verbose_name": "risk policy",
                        "verbose_name_plural": "risk policies",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("false_bps__range", (1, 1000))),
                                name="risk_policy_share_in_bounds",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CopyRun",
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
                            "channel",
                            models.CharField(
                                choices=[
                                    ("wechat_group", "WeChat group"),
                                    ("moments", "WeChat Moments"),
                                    ("xiaohongshu", "Xiaohongshu"),
                                    ("weibo", "Weibo"),
                                    ("douyin", "Douyin"),
                                    ("email", "E-mail"),
                                    ("web", "Web page"),
                                ],
                                max_length=12,
                                verbose_name="channel",
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                choices=[("zh", "Chinese"), ("de", "German"), ("en", "English")],
                                max_length=2,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "by_model",
                            models.BooleanField(
                                default=False, verbose_name="with the language model"
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                        ("total", models.PositiveIntegerField(verbose_name="products")),
                        ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                        ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
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
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "zone",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.adzone",
                                verbose_name="ad zone",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "texts for many products",
                        "verbose_name_plural": "texts for many products",
                        "indexes": [
                            models.Index(fields=["affiliate", "-id"], name="copy_run_by_affiliate"),
                            models.Index(
                                condition=models.Q(("ended_at", None)),
                                fields=["updated_at"],
                                name="copy_run_going",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("done__lte", models.F("total"))),
                                name="copy_run_counts",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CopyVariant",
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
                            "channel",
                            models.CharField(
                                choices=[
                                    ("wechat_group", "WeChat group"),
                                    ("moments", "WeChat Moments"),
                                    ("xiaohongshu", "Xiaohongshu"),
                                    ("weibo", "Weibo"),
                                    ("douyin", "Douyin"),
                                    ("email", "E-mail"),
                                    ("web", "Web page"),
                                ],
                                max_length=12,
                                verbose_name="channel",
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                choices=[("zh", "Chinese"), ("de", "German"), ("en", "English")],
                                max_length=2,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "angle",
                            models.CharField(
                                choices=[
                                    ("price", "Price"),
                                    ("use", "Use"),
                                    ("season", "Season"),
                                    ("trust", "Reason to trust"),
                                ],
                                max_length=6,
                                verbose_name="angle",
                            ),
                        ),
                        (
                            "origin",
                            models.CharField(
                                choices=[
                                    ("template", "Template"),
                                    ("model", "Language model"),
                                    ("own", "Your own words"),
                                ],
                                max_length=8,
                                verbose_name="written by",
                            ),
                        ),
                        ("drawn", models.BooleanField(default=False, verbose_name="chosen by lot")),
                        ("text", models.TextField(verbose_name="text")),
                        (
                            "findings",
                            models.JSONField(default=list, verbose_name="found by the check"),
                        ),
                        (
                            "made_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
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
                        (
                            "edits",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.copyvariant",
                                verbose_name="written out of",
                            ),
                        ),
                        (
                            "link",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="affiliates.link",
                                verbose_name="link",
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
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
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.promptrun",
                                verbose_name="question to a model",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "text to promote with",
                        "verbose_name_plural": "texts to promote with",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "product", "channel", "language"],
                                name="copy_variant_of",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("origin", "own"), _negated=True),
                                    ("drawn", False),
                                    _connector="OR",
                                ),
                                name="copy_own_is_not_drawn",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CopyTake",
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
                        ("text", models.TextField(verbose_name="as it was taken")),
                        (
                            "taken_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
                            ),
                        ),
                        (
                            "taken_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        (
                            "variant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="takes",
                                to="aiassist.copyvariant",
                                verbose_name="text",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "taken text",
                        "verbose_name_plural": "taken texts",
                    },
                ),
                migrations.CreateModel(
                    name="CopyRunLine",
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
                        ("why_not", models.CharField(blank=True, max_length=300)),
                        ("done", models.BooleanField(default=False)),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="merchants.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="lines",
                                to="aiassist.copyrun",
                            ),
                        ),
                        (
                            "variant",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="aiassist.copyvariant",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product of many to write for",
                        "verbose_name_plural": "products of many to write for",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "product"), name="copy_run_product_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CopyChoice",
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
                            "channel",
                            models.CharField(
                                choices=[
                                    ("wechat_group", "WeChat group"),
                                    ("moments", "WeChat Moments"),
                                    ("xiaohongshu", "Xiaohongshu"),
                                    ("weibo", "Weibo"),
                                    ("douyin", "Douyin"),
                                    ("email", "E-mail"),
                                    ("web", "Web page"),
                                ],
                                max_length=12,
                                verbose_name="channel",
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                choices=[("zh", "Chinese"), ("de", "German"), ("en", "English")],
                                max_length=2,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "angle",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("price", "Price"),
                                    ("use", "Use"),
                                    ("season", "Season"),
                                    ("trust", "Reason to trust"),
                                ],
                                max_length=6,
                                verbose_name="angle",
                            ),
                        ),
                        ("evidence", models.JSONField(default=dict, verbose_name="evidence")),
                        (
                            "chosen_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="at"
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
                        (
                            "chosen_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "choice of a text",
                        "verbose_name_plural": "choices of texts",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "channel", "language", "-id"],
                                name="copy_choice_newest",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CalendarFeed",
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
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("language", models.CharField(max_length=10)),
                        (
                            "made_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="made at"
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "calendar feed",
                        "verbose_name_plural": "calendar feeds",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "user"), name="calendar_feed_one_per_member"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlannedPost",
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
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("sequence", models.PositiveIntegerField(default=0)),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "channel",
                            models.CharField(
                                choices=[
                                    ("wechat_group", "WeChat group"),
                                    ("moments", "WeChat Moments"),
                                    ("xiaohongshu", "Xiaohongshu"),
                                    ("weibo", "Weibo"),
                                    ("douyin", "Douyin"),
                                    ("email", "E-mail"),
                                    ("web", "Web page"),
                                ],
                                max_length=12,
                                verbose_name="channel",
                            ),
                        ),
                        ("why", models.JSONField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("planned", "Planned"),
                                    ("done", "Done"),
                                    ("dropped", "Dropped"),
                                ],
                                default="planned",
                                max_length=7,
                                verbose_name="state",
                            ),
                        ),
                        ("kept", models.BooleanField(default=False)),
                        ("changed_at", models.DateTimeField(default=alliance.kernel.clock.now)),
                        ("reminded_at", models.DateTimeField(null=True)),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="planned_posts",
                                to="affiliates.affiliate",
                            ),
                        ),
                        (
                            "campaign",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="campaigns.campaign",
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
                                verbose_name="ad zone",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "planned post",
                        "verbose_name_plural": "planned posts",
                        "indexes": [
                            models.Index(
                                fields=["affiliate", "at"], name="planned_post_by_affiliate"
                            ),
                            models.Index(
                                models.F("at"),
                                condition=models.Q(("reminded_at", None), ("state", "planned")),
                                name="planned_post_to_remind",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["planned", "done", "dropped"])),
                                name="planned_post_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "channel__in",
                                        [
                                            "wechat_group",
                                            "moments",
                                            "xiaohongshu",
                                            "weibo",
                                            "douyin",
                                            "email",
                                            "web",
                                        ],
                                    )
                                ),
                                name="planned_post_channel_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "planned"), ("kept", True), _connector="OR"
                                ),
                                name="planned_post_decided_is_kept",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WeekPlan",
                    fields=[
                        (
                            "affiliate",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "target",
                            models.CharField(
                                choices=[
                                    ("earn", "Earn so much in the week"),
                                    ("clicks", "Get so many clicks in the week"),
                                    ("task", "Get on with my tasks"),
                                    ("none", "Nothing certain: two posts a day"),
                                ],
                                default="none",
                                max_length=6,
                                verbose_name="target",
                            ),
                        ),
                        (
                            "amount",
                            models.PositiveBigIntegerField(default=0, verbose_name="amount"),
                        ),
                        ("pace", models.JSONField(default=dict)),
                        ("drafted_at", models.DateTimeField(null=True, verbose_name="drafted at")),
                        (
                            "reminded",
                            models.ManyToManyField(
                                blank=True, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "plan of a week",
                        "verbose_name_plural": "plans of weeks",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("target__in", ["earn", "clicks", "task", "none"])
                                ),
                                name="week_plan_target_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("target__in", ["earn", "clicks"]), _negated=True),
                                    ("amount__gt", 0),
                                    _connector="OR",
                                ),
                                name="week_plan_says_how_much",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaskOdds",
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
                            "expected_minor",
                            models.PositiveBigIntegerField(verbose_name="reward on average"),
                        ),
                        ("little", models.BooleanField(verbose_name="too little history")),
                        ("steps", models.JSONField(verbose_name="steps")),
                        ("pace", models.JSONField(verbose_name="pace")),
                        (
                            "made_at",
                            models.DateTimeField(
                                default=alliance.kernel.clock.now, verbose_name="as of"
                            ),
                        ),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "odds of a task",
                        "verbose_name_plural": "odds of tasks",
                        "indexes": [
                            models.Index(
                                models.F("affiliate"),
                                models.OrderBy(models.F("expected_minor"), descending=True),
                                name="task_odds_best_first",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("affiliate", "campaign"), name="task_odds_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AnomalyNote",
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
                            "measure",
                            models.CharField(
                                choices=[
                                    ("clicks", "Clicks"),
                                    ("claims", "Coupon claims"),
                                    ("orders", "Orders placed"),
                                    ("valid", "Orders paid"),
                                    ("sales", "Sales"),
                                    ("commission", "Commission"),
                                    ("returns", "Cancellations and refunds"),
                                    ("granted", "Orders of the campaign"),
                                    ("budget", "Budget drawn"),
                                    ("refusals", "Claims refused"),
                                    ("payouts", "Payouts that failed"),
                                    ("intake", "Lines refused at the intake"),
                                ],
                                max_length=10,
                                verbose_name="what",
                            ),
                        ),
                        ("kin", models.CharField(max_length=20)),
                        ("began_at", models.DateTimeField(verbose_name="since")),
                        ("seen_hour", models.DateTimeField(verbose_name="last looked at")),
                        ("ended_at", models.DateTimeField(null=True, verbose_name="over at")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Still so"),
                                    ("ended", "Over"),
                                    ("dismissed", "Put away"),
                                ],
                                default="open",
                                max_length=9,
                                verbose_name="state",
                            ),
                        ),
                        ("up", models.BooleanField(verbose_name="more than usual")),
                        ("value", models.BigIntegerField(verbose_name="value")),
                        ("low", models.BigIntegerField(verbose_name="usual from")),
                        ("high", models.BigIntegerField(verbose_name="usual to")),
                        ("usual", models.BigIntegerField(verbose_name="usual")),
                        (
                            "record",
                            models.BooleanField(
                                default=False, verbose_name="more than ever before"
                            ),
                        ),
                        ("effect_minor", models.BigIntegerField(verbose_name="at stake")),
                        (
                            "chance_ppm",
                            models.PositiveIntegerField(verbose_name="of a million hours"),
                        ),
                        (
                            "parts",
                            models.JSONField(default=list, verbose_name="what it is made of"),
                        ),
                        ("curve", models.JSONField(default=dict)),
                        (
                            "expected",
                            models.BooleanField(default=False, verbose_name="was expected"),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=300, verbose_name="reason"),
                        ),
                        ("decided_at", models.DateTimeField(null=True, verbose_name="put away at")),
                        (
                            "campaign",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="put away by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "note on a figure",
                        "verbose_name_plural": "notes on figures",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("measure", "campaign", "began_at"),
                                name="anomaly_note_once",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at", None)),
                                fields=("measure", "campaign"),
                                name="anomaly_note_one_going",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_by", None), ("ended_at", None), ("state", "open")
                                    ),
                                    models.Q(
                                        ("decided_by", None),
                                        ("ended_at__isnull", False),
                                        ("state", "ended"),
                                    ),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("state", "dismissed"),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="anomaly_note_decided_by_a_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HourFigure",
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
                        ("hour", models.DateTimeField(verbose_name="hour")),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("claims", "Coupon claims"),
                                    ("orders", "Orders placed"),
                                    ("valid", "Orders paid"),
                                    ("commission", "Commission"),
                                    ("returns", "Cancellations and refunds"),
                                    ("granted", "Orders of the campaign"),
                                    ("refusals", "Claims refused"),
                                    ("payouts", "Payouts that failed"),
                                    ("intake", "Lines refused at the intake"),
                                ],
                                max_length=10,
                                verbose_name="what",
                            ),
                        ),
                        ("count", models.PositiveIntegerField(default=0, verbose_name="how many")),
                        ("amount_minor", models.BigIntegerField(default=0, verbose_name="amount")),
                        (
                            "campaign",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="campaigns.campaign",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "figure of an hour",
                        "verbose_name_plural": "figures by the hour",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("hour", "source", "campaign"),
                                name="hour_figure_once",
                                nulls_distinct=False,
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TaskPeers",
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
                        ("told", models.JSONField()),
                        ("made_at", models.DateTimeField(default=alliance.kernel.clock.now)),
                        (
                            "campaign",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="campaigns.campaign",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="OddsSaid",
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
                        ("by", models.CharField(max_length=9)),
                        ("steps", models.JSONField(verbose_name="steps")),
                        (
                            "affiliate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="affiliates.affiliate",
                                verbose_name="affiliate",
                            ),
                        ),
                        (
                            "campaign",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="campaigns.campaign",
                                verbose_name="campaign",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "odds as they were told",
                        "verbose_name_plural": "odds as they were told",
                        "indexes": [models.Index(models.F("day"), name="odds_said_day")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("campaign", "affiliate", "day"), name="odds_said_once_a_day"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
