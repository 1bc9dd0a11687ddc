"""A merchant's money on the way in."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money
from merchants.models import Merchant


class TopUpState(models.TextChoices):
    ANNOUNCED = "announced", pgettext_lazy("top-up", "Announced")  # announced → received | refused
    RECEIVED = "received", pgettext_lazy("top-up", "Received")
    REFUSED = "refused", pgettext_lazy("money", "Refused")


class TopUp(Stamped):
    """A transfer that the merchant announced, or that finance saw and booked for it.

    It is received when a bank statement names it, or when a second person says so.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="top_ups", verbose_name=_("merchant")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(
        _("reference"), max_length=40, unique=True, help_text=_("To be named in the transfer.")
    )
    receipt = models.CharField(
        _("bank's receipt"), max_length=140, blank=True, help_text=_("Booked by hand: after what.")
    )
    state = models.CharField(
        _("state"), max_length=9, choices=TopUpState, default=TopUpState.ANNOUNCED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    announced_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("announced by")
    )
    decided_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("top-up")
        verbose_name_plural = _("top-ups")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="top_up_positive"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("announced_by")),
                name="top_up_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
