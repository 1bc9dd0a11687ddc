"""At what rate: commission plans and their dated terms (docs/domain.md §2)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from alliance.kernel.money import percent
from merchants.models.catalogue import Category, Product
from merchants.models.merchant import Merchant


class PlanKind(models.TextChoices):
    """Wire codes of docs/domain.md §2.1."""

    COMMON = "COMMON", _("General plan")
    MKT = "MKT", _("Marketing plan")


class PlanState(models.TextChoices):
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")


class Plan(Stamped):
    """A promise of commission to every affiliate, in force from `starts_at` until `ends_at`."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="plans", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=6, choices=PlanKind, default=PlanKind.COMMON)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=6, choices=PlanState, default=PlanState.ACTIVE)
    starts_at = models.DateTimeField(_("starts at"), default=clock.now)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)

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
    starts_at = models.DateTimeField(_("in force from"))
    created_at = models.DateTimeField(_("announced at"), default=clock.now, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("announced by")
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
