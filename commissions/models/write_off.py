"""A debt that nobody will repay, and the decision to let it go."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money
from commissions.models.ledger import Account
from merchants.models import Merchant


class Debt(Account):
    """The debt account of an affiliate, as the desk looks at it. Rows: `queries.debts_open()`."""

    class Meta:
        proxy = True
        verbose_name = _("debt")
        verbose_name_plural = _("debts")

    @property
    def affiliate_pk(self) -> int:
        return int(self.owner.removeprefix("affiliate:"))


class WriteOffState(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("write-off", "Requested")  # requested → done | refused
    DONE = "done", pgettext_lazy("write-off", "Written off")
    REFUSED = "refused", pgettext_lazy("money", "Refused")


class DebtWriteOff(Stamped):
    """Part or all of a debt, borne by the alliance or (with a `merchant`) by a merchant's wallet.

    Asked for by nobody: the system let dust go by itself.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="write_offs", verbose_name=_("affiliate")
    )
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("borne by the merchant"),
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(
        _("state"), max_length=9, choices=WriteOffState, default=WriteOffState.REQUESTED
    )
    reason = models.CharField(_("reason"), max_length=300)
    requested_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
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
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="write_off_positive"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="write_off_has_reason"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="write_off_four_eyes",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | models.Q(decided_by__isnull=False),
                name="write_off_refused_by_someone",
            ),
            models.CheckConstraint(
                condition=models.Q(requested_by__isnull=False) | models.Q(merchant=None),
                name="write_off_system_charges_nobody",
            ),
            models.UniqueConstraint(
                fields=["affiliate", "currency"],
                condition=models.Q(state="requested"),
                name="write_off_one_open_per_affiliate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate}: {self.amount.localized()}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
