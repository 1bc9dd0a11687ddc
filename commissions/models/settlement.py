"""The month's turn: what was confirmed becomes payable (docs/domain.md §4.4)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel.models import Stamped, User


class SettlementState(models.TextChoices):
    OPEN = "open", _("Open")  # open → built → closed; building again is allowed until closed
    BUILT = "built", _("Built")
    CLOSED = "closed", _("Closed")


class Settlement(Stamped):
    """Everything received in a calendar month in one currency."""

    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(
        _("state"), max_length=6, choices=SettlementState, default=SettlementState.OPEN
    )
    built_at = models.DateTimeField(_("built at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        constraints = [
            models.UniqueConstraint(fields=["month", "currency"], name="settlement_once"),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="settlement_is_first_of_month"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(closed_at__isnull=False),
                name="settlement_closed_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"


class SettlementShare(models.Model):
    """What one affiliate gets out of one settlement: a preview until it is closed, then fact."""

    settlement = models.ForeignKey(
        Settlement, models.PROTECT, related_name="shares", verbose_name=_("settlement")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="settlement_shares", verbose_name=_("affiliate")
    )
    commissions = models.PositiveIntegerField(_("commissions"))
    publisher_minor = models.BigIntegerField(_("affiliate's share"))
    tech_fee_minor = models.BigIntegerField(_("technical service fee"))
    net_minor = models.BigIntegerField(_("net"))
    debt_repaid_minor = models.BigIntegerField(_("debt repaid"), default=0)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "affiliate"], name="settlement_share_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    net_minor=models.F("publisher_minor") - models.F("tech_fee_minor"),
                    debt_repaid_minor__gte=0,
                    debt_repaid_minor__lte=models.F("net_minor"),
                ),
                name="settlement_share_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement}: {self.affiliate}"
