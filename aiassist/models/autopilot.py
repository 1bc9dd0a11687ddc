"""What a merchant lets the autopilot do, what it did, and why (docs/autopilot.md)."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from merchants.models import Category, Merchant, Plan, Product, Terms


class AutopilotMode(models.TextChoices):
    SUGGEST = "suggest", _("Suggest: you accept each change")
    ACT = "act", _("Act within the limits; you can roll back")


class AutopilotPolicy(AppendOnly):
    """What a person of the merchant's signed: the return aimed for, the money, the limits.

    Never edited. Another version follows, and from then on only that one counts.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="autopilot_policies", verbose_name=_("merchant")
    )
    version = models.PositiveIntegerField(_("version"))
    mode = models.CharField(_("mode"), max_length=7, choices=AutopilotMode)
    roi_target_centi = models.PositiveIntegerField(
        _("return aimed for"),
        help_text=_("Sales for each 1 of commission, times 100: 800 is 8.00."),
    )
    roi_floor_centi = models.PositiveIntegerField(_("return below which it stops"))
    currency = models.CharField(_("currency"), max_length=3)
    budget_day_minor = models.BigIntegerField(_("budget of a day"))
    budget_minor = models.BigIntegerField(_("budget in all"))
    ends_on = models.DateField(_("last day"))
    held_out_bps = models.PositiveIntegerField(
        _("kept for comparison"), help_text=_("Affiliates whose rates it leaves alone.")
    )
    pinned = models.ManyToManyField(
        Affiliate, related_name="+", blank=True, verbose_name=_("never touched")
    )
    signed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("signed by")
    )
    signed_at = models.DateTimeField(_("signed at"), default=clock.now)

    class Meta:
        verbose_name = _("policy of the autopilot")
        verbose_name_plural = _("policies of the autopilot")
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "version"], name="autopilot_policy_version_once"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=AutopilotMode.values), name="autopilot_policy_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(roi_floor_centi__gte=100, roi_target_centi__gt=F("roi_floor_centi")),
                name="autopilot_policy_floor_below_target",
            ),
            models.CheckConstraint(
                condition=Q(budget_day_minor__gt=0, budget_minor__gte=F("budget_day_minor")),
                name="autopilot_policy_budgets",
            ),
            models.CheckConstraint(
                condition=Q(held_out_bps__lte=5_000), name="autopilot_policy_holds_out_few"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.version}"

    @property
    def roi_target(self) -> Decimal:
        return Decimal(self.roi_target_centi) / 100

    @property
    def roi_floor(self) -> Decimal:
        return Decimal(self.roi_floor_centi) / 100


class GroupKind(models.TextChoices):
    SHOP = "shop", _("The whole shop")
    CATEGORY = "category", _("A category")
    PRODUCTS = "products", _("Chosen products")


class AutopilotGroup(AppendOnly):
    """Products that have one rate together, and the limits of it. What is chosen product by product
    goes before a category, and that before everything else, as with terms."""

    policy = models.ForeignKey(
        AutopilotPolicy, models.PROTECT, related_name="groups", verbose_name=_("policy")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=GroupKind)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name=_("category")
    )
    products = models.ManyToManyField(Product, related_name="+", verbose_name=_("products"))
    least_bps = models.PositiveIntegerField(_("rate from"))
    most_bps = models.PositiveIntegerField(_("rate up to"))

    class Meta:
        verbose_name = _("limits of a product group")
        verbose_name_plural = _("limits of product groups")
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "category"],
                condition=Q(category__isnull=False),
                name="autopilot_group_category_once",
            ),
            models.UniqueConstraint(
                fields=["policy", "kind"],
                condition=~Q(kind="category"),
                name="autopilot_group_rest_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="category", category__isnull=False)
                | Q(kind__in=["shop", "products"], category=None),
                name="autopilot_group_category_named",
            ),
            models.CheckConstraint(
                condition=Q(least_bps__gt=0, most_bps__gte=F("least_bps"), most_bps__lte=9_000),
                name="autopilot_group_limits",
            ),
        ]

    def __str__(self) -> str:
        return str(self.category.name if self.category else self.get_kind_display())

    @property
    def key(self) -> str:
        """The same in each version of the policy: what the optimiser remembers goes by it."""
        return f"category-{self.category_id}" if self.category_id else self.kind


class AutopilotState(models.TextChoices):
    """running ⇄ paused; either → stopped, which another signature begins anew."""

    RUNNING = "running", pgettext_lazy("autopilot", "Running")
    PAUSED = "paused", pgettext_lazy("autopilot", "Paused")
    STOPPED = "stopped", pgettext_lazy("autopilot", "Stopped")


class StopReason(models.TextChoices):
    """Why it does not run."""

    BY_HAND = "by_hand", _("Somebody of your team said so.")
    FLOOR = "floor", _("The return fell below the floor.")
    BUDGET = "budget", _("The budget is spent.")
    ENDED = "ended", _("Its last day is over.")
    SIGNER = "signer", _("Whoever signed it may not act for you any more.")
    MERCHANT = "merchant", _("Your shop does not trade at present.")


class Autopilot(Stamped):
    """A merchant's autopilot: which policy counts, whether it runs, and what it remembers."""

    merchant = models.OneToOneField(
        Merchant, models.PROTECT, related_name="autopilot", verbose_name=_("merchant")
    )
    policy = models.ForeignKey(
        AutopilotPolicy, models.PROTECT, related_name="+", verbose_name=_("policy")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=AutopilotState, default=AutopilotState.RUNNING
    )
    reason = models.CharField(_("reason"), max_length=8, choices=StopReason, blank=True)
    since = models.DateTimeField(_("since"), default=clock.now)
    began_on = models.DateField(_("counts from"))  # clicks from here on are its doing
    looked_on = models.DateField(_("last night"), null=True)
    memory = models.JSONField(_("what the optimiser remembers"), default=dict)

    class Meta:
        verbose_name = _("autopilot")
        verbose_name_plural = _("autopilots")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", reason="")
                | Q(state__in=["paused", "stopped"]) & ~Q(reason=""),
                name="autopilot_rests_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.merchant)


class KeptPlan(models.Model):
    """A self-chosen plan that the autopilot keeps: for one affiliate, or for those of a tier who
    bring little each. Its terms are what the autopilot pays beyond the merchant's own plans."""

    autopilot = models.ForeignKey(
        Autopilot, models.PROTECT, related_name="kept_plans", verbose_name=_("autopilot")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, null=True, related_name="+", verbose_name=_("affiliate")
    )
    tier = models.PositiveSmallIntegerField(_("tier"), null=True)
    plan = models.OneToOneField(
        Plan, models.PROTECT, related_name="kept", verbose_name=_("commission plan")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("plan that the autopilot keeps")
        verbose_name_plural = _("plans that the autopilot keeps")
        constraints = [
            models.CheckConstraint(
                condition=Q(affiliate__isnull=False, tier=None)
                | Q(affiliate=None, tier__isnull=False),
                name="kept_plan_for_one_or_a_tier",
            ),
            models.UniqueConstraint(
                fields=["autopilot", "affiliate", "tier"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="kept_plan_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan)


class NightOutcome(models.TextChoices):
    LOOKED = "looked", _("Looked, and decided")
    FROZEN = "frozen", _("Too little is known yet: nothing changed")
    STOPPED = "stopped", _("Stopped itself")


class AutopilotNight(AppendOnly):
    """What one night's look found: of clicks up to the day before."""

    autopilot = models.ForeignKey(
        Autopilot, models.PROTECT, related_name="nights", verbose_name=_("autopilot")
    )
    policy = models.ForeignKey(
        AutopilotPolicy, models.PROTECT, related_name="+", verbose_name=_("policy")
    )
    day = models.DateField(_("day"))
    outcome = models.CharField(_("outcome"), max_length=7, choices=NightOutcome)
    orders = models.PositiveIntegerField(_("orders looked at"))
    # Of clicks since it began that are old enough for most returns to be in.
    roi_centi = models.PositiveIntegerField(_("return achieved"), null=True)
    spent_minor = models.BigIntegerField(_("spent so far"))
    facts = models.JSONField(_("facts"), default=dict)
    made_at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("night of the autopilot")
        verbose_name_plural = _("nights of the autopilot")
        constraints = [
            models.UniqueConstraint(fields=["autopilot", "day"], name="autopilot_night_once"),
        ]

    def __str__(self) -> str:
        return f"{self.autopilot} · {self.day}"


class DecisionState(models.TextChoices):
    """suggested → done, refused, declined, lapsed; done → rolled_back."""

    SUGGESTED = "suggested", pgettext_lazy("autopilot", "Suggested")
    DONE = "done", pgettext_lazy("autopilot", "Applied")
    REFUSED = "refused", pgettext_lazy("autopilot", "Refused by a rule")
    DECLINED = "declined", pgettext_lazy("autopilot", "Declined")
    LAPSED = "lapsed", pgettext_lazy("autopilot", "Overtaken")
    ROLLED_BACK = "rolled_back", pgettext_lazy("autopilot", "Rolled back")


class AutopilotDecision(models.Model):
    """A change of one rate, for one affiliate or tier and one product group, with its evidence.

    `from_bps` and `to_bps` are rates of the kept plan; 0: the merchant's own plans alone. What was
    decided is frozen; what becomes of it is not. The database holds it within the signed limits.
    """

    night = models.ForeignKey(
        AutopilotNight, models.PROTECT, related_name="decisions", verbose_name=_("night")
    )
    group = models.ForeignKey(
        AutopilotGroup, models.PROTECT, related_name="+", verbose_name=_("product group")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, null=True, related_name="+", verbose_name=_("affiliate")
    )
    tier = models.PositiveSmallIntegerField(_("tier"), null=True)
    from_bps = models.PositiveIntegerField(_("rate before"))
    to_bps = models.PositiveIntegerField(_("rate after"))
    own_bps = models.PositiveIntegerField(_("rate of the merchant's own plans"))
    evidence = models.JSONField(_("evidence"), default=dict)
    state = models.CharField(
        _("state"), max_length=11, choices=DecisionState, default=DecisionState.SUGGESTED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    terms = models.ForeignKey(
        Terms, models.PROTECT, null=True, related_name="+", verbose_name=_("terms")
    )

    class Meta:
        verbose_name = _("decision of the autopilot")
        verbose_name_plural = _("decisions of the autopilot")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DecisionState.values), name="autopilot_decision_state_known"
            ),
            models.CheckConstraint(
                condition=Q(affiliate__isnull=False, tier=None)
                | Q(affiliate=None, tier__isnull=False),
                name="autopilot_decision_for_one_or_a_tier",
            ),
            models.CheckConstraint(
                condition=~Q(from_bps=F("to_bps")), name="autopilot_decision_changes"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(reason=""),
                name="autopilot_decision_refused_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "rolled_back"]) | Q(terms__isnull=False),
                name="autopilot_decision_done_has_terms",
            ),
            models.UniqueConstraint(
                fields=["night", "group", "affiliate", "tier"],
                nulls_distinct=False,
                name="autopilot_decision_once_a_night",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.night}: {self.from_bps} → {self.to_bps}"

    @property
    def paid_bps(self) -> int:
        """What counted for the affiliate before: the better of the two."""
        return max(self.from_bps, self.own_bps)

    @property
    def pays_bps(self) -> int:
        """What counts after it."""
        return max(self.to_bps, self.own_bps)
