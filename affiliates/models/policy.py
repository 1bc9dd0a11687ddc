"""The alliance's terms of attribution, dated; and the orders that came suspiciously fast."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import AdZone, Affiliate
from affiliates.models.tracking import Touch
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, User
from merchants.models import Order

WINDOW_MAX_DAYS = 90
STAND_DOWN_MAX_SECONDS = 600


class Precedence(models.TextChoices):
    """Whose the order is when a click says one thing and a code that is bound says another."""

    CODE_FIRST = "code_first", _("The affiliate of the code")
    CLICK_FIRST = "click_first", _("The affiliate of the click")


class AttributionPolicy(AppendOnly):
    """From a moment on, what counts for orders placed then (docs/domain.md §3.3). The newest one
    that has begun; before the first of them, `FIRST_POLICY`.

    An order keeps the policy of the moment when it was placed, however late it is reported.
    """

    starts_at = models.DateTimeField(_("in force from"), default=clock.now)
    window_days = models.PositiveSmallIntegerField(
        _("days from the click"),
        default=15,
        help_text=_("In which an order of the same shop earns commission."),
    )
    precedence = models.CharField(
        _("a click and a bound code"),
        max_length=11,
        choices=Precedence,
        default=Precedence.CODE_FIRST,
        help_text=_("Whose the order is when they name different affiliates."),
    )
    stand_down_seconds = models.PositiveSmallIntegerField(
        _("stand-down in seconds"),
        default=5,
        help_text=_("An order so soon after a click was not brought by that click. 0: off."),
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("set by")
    )

    class Meta:
        verbose_name = _("attribution policy")
        verbose_name_plural = _("attribution policies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(window_days__range=(1, WINDOW_MAX_DAYS)),
                name="policy_window_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(stand_down_seconds__lte=STAND_DOWN_MAX_SECONDS),
                name="policy_stand_down_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(precedence__in=Precedence.values), name="policy_precedence_known"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.version})

    @property
    def version(self) -> int:
        """0 is what holds before operations set anything."""
        return self.pk or 0


FIRST_POLICY = AttributionPolicy(starts_at=datetime.min.replace(tzinfo=UTC))


class StandDown(AppendOnly):
    """A click that was barred because the order came within seconds: the pattern of browser
    extensions that fire their own link at the till."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="+", verbose_name=_("order"))
    touch = models.ForeignKey(  # never empty, but its touch goes with its month
        Touch,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name=_("click"),
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="stand_downs", verbose_name=_("affiliate")
    )
    zone = models.ForeignKey(AdZone, models.PROTECT, related_name="+", verbose_name=_("ad zone"))
    after_ms = models.PositiveIntegerField(_("milliseconds from click to order"))
    noticed_at = models.DateTimeField(_("noticed at"), default=clock.now)

    class Meta:
        verbose_name = _("order too soon after its click")
        verbose_name_plural = _("orders too soon after their click")
        constraints = [
            models.UniqueConstraint(fields=["order", "touch"], name="stand_down_once"),
        ]
        indexes = [models.Index(fields=["affiliate", "-id"], name="stand_down_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.order}: {self.affiliate}"
