"""At what rate: commission plans, their dated terms and locks (docs/domain.md §2)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from alliance.kernel.money import percent
from merchants.models.catalogue import Category, Product
from merchants.models.event import Event
from merchants.models.merchant import Merchant


class PlanKind(models.TextChoices):
    """Wire codes of docs/domain.md §2.1."""

    COMMON = "COMMON", _("General plan")
    MKT = "MKT", _("Marketing plan")
    SP = "SP", _("Targeted plan")
    ZX = "ZX", _("Self-chosen plan")
    EVENT = "EVENT", _("Event plan")
    TOPN = "TOPN", _("First pieces")


# Who is in one of these, affiliates.PlanMember knows.
JOINED = frozenset({PlanKind.SP, PlanKind.ZX})


class PlanState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("terms", "Active")
    ENDED = "ended", _("Ended")


class Plan(Stamped):
    """A promise of commission, in force from `starts_at` until `ends_at`.

    To every affiliate (COMMON, MKT, TOPN), to those who are in it (SP, ZX), or to whoever promotes
    an event through its links (EVENT). What an `exclusive` targeted plan pays for, nobody else can
    promote. With `rates_shown` affiliates who are not in the plan see what it pays. The plans that
    the autopilot opened and keeps are `by_autopilot`: self-chosen ones, beside the merchant's own.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="plans", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=PlanKind, default=PlanKind.COMMON)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=6, choices=PlanState, default=PlanState.ACTIVE)
    starts_at = models.DateTimeField(_("starts at"), default=clock.now)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    event = models.ForeignKey(
        Event, models.PROTECT, null=True, related_name="plans", verbose_name=_("event")
    )
    exclusive = models.BooleanField(_("exclusive"), default=False)
    rates_shown = models.BooleanField(_("rates shown to everybody"), default=True)
    by_autopilot = models.BooleanField(_("kept by the autopilot"), default=False)

    class Meta:
        verbose_name = _("commission plan")
        verbose_name_plural = _("commission plans")
        constraints = [
            models.UniqueConstraint(
                fields=["merchant"],
                condition=models.Q(kind="COMMON", state="active"),
                name="plan_one_common_per_merchant",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="plan_ends_later",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ended") | models.Q(ends_at__isnull=False),
                name="plan_ended_has_end",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=PlanKind.values), name="plan_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="EVENT", event__isnull=False)
                | (~models.Q(kind="EVENT") & models.Q(event=None)),
                name="plan_of_event_has_event",
            ),
            models.UniqueConstraint(
                fields=["event", "merchant"],
                condition=models.Q(state="active"),
                name="plan_one_per_event_and_merchant",
            ),
            models.CheckConstraint(
                condition=models.Q(exclusive=False) | models.Q(kind="SP"),
                name="plan_exclusive_is_targeted",
            ),
            models.CheckConstraint(
                condition=models.Q(by_autopilot=False) | models.Q(kind="ZX"),
                name="plan_by_autopilot_is_self_chosen",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Terms(AppendOnly):
    """The rate of a plan for a product, a category, or (both empty) everything else, from a moment.

    The newest terms that have begun are in force. They are never edited, so the terms at any
    past moment (a touch) can be looked up instead of copied.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="terms", verbose_name=_("plan"))
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("product")
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("category"),
    )
    rate_bps = models.PositiveIntegerField(
        _("commission rate"), help_text=_("Basis points: 1234 is 12.34 %. 0 takes it out.")
    )
    # What the plan paid for this scope when they were announced; unknown of the oldest.
    before_bps = models.PositiveIntegerField(_("rate before"), null=True)
    starts_at = models.DateTimeField(_("in force from"))
    created_at = models.DateTimeField(_("announced at"), default=clock.now, editable=False)
    created_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("rate", "announced by"),
    )

    class Meta:
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rate_bps__lte=10_000), name="terms_rate_at_most_all"
            ),
            models.CheckConstraint(
                condition=models.Q(product=None) | models.Q(category=None),
                name="terms_product_or_category",
            ),
            # Whoever announced after the fact would change what a past click was promised.
            models.CheckConstraint(
                condition=models.Q(starts_at__gte=models.F("created_at")),
                name="terms_never_retroactive",
            ),
            models.UniqueConstraint(
                fields=["plan", "product", "category", "starts_at"],
                nulls_distinct=False,
                name="terms_once_per_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {percent(self.rate_bps)}"


class RateLock(AppendOnly):
    """From `starts_at` until `ends_at` the plan pays no less than it does, for one product or
    (without one) for any, and does not end. Nobody can take it back."""

    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="locks", verbose_name=_("commission plan")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("product")
    )
    starts_at = models.DateTimeField(_("locked from"))
    ends_at = models.DateTimeField(_("locked until"))
    created_at = models.DateTimeField(_("announced at"), default=clock.now, editable=False)
    created_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("rate", "announced by"),
    )

    class Meta:
        verbose_name = _("rate lock")
        verbose_name_plural = _("rate locks")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="rate_lock_ends_later"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__gte=models.F("created_at")),
                name="rate_lock_never_retroactive",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan)
