"""A closed merchant's money on the way back to it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money
from merchants.models import Merchant


class WalletRefundState(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("wallet", "Requested")  # requested → paid | refused
    PAID = "paid", _("Paid")
    REFUSED = "refused", pgettext_lazy("money", "Refused")


class WalletRefund(Stamped):
    """All that was left in a closed merchant's wallet. From the request on it is in flight."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="wallet_refunds", verbose_name=_("merchant")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(
        _("state"), max_length=9, choices=WalletRefundState, default=WalletRefundState.REQUESTED
    )
    reference = models.CharField(_("reference of the transfer"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("requested by")
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
        verbose_name = _("wallet refund")
        verbose_name_plural = _("wallet refunds")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="wallet_refund_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(state="requested") | models.Q(decided_by__isnull=False),
                name="wallet_refund_decided_by_someone",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="paid") | ~models.Q(reference=""),
                name="wallet_refund_paid_has_reference",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="wallet_refund_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["merchant", "currency"],
                condition=models.Q(state="requested"),
                name="wallet_refund_one_open_per_merchant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant}: {self.amount.localized()}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
