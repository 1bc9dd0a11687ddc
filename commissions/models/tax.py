"""Whose withdrawals are taxed, and the way of what was withheld to the tax office."""

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money


class TaxKind(models.TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    COMPANY = "company", _("Company")


class TaxProfile(Stamped):
    """Who an affiliate is to the tax office. A change makes a new row; the newest counts."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="tax_profiles", verbose_name=_("affiliate")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TaxKind)
    tax_id = models.CharField(_("tax number"), max_length=40, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("set by"))

    class Meta:
        verbose_name = _("tax profile")
        verbose_name_plural = _("tax profiles")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="company") | ~models.Q(tax_id=""),
                name="tax_profile_company_has_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}".strip()

    @property
    def masked(self) -> str:
        return f"…{self.tax_id[-4:]}" if self.tax_id else ""


class TaxRemittanceState(models.TextChoices):
    PREPARED = "prepared", pgettext_lazy("tax", "Prepared")  # prepared → remitted | dropped
    REMITTED = "remitted", pgettext_lazy("tax", "Paid to the tax office")
    DROPPED = "dropped", pgettext_lazy("tax", "Dropped")


class TaxRemittance(Stamped):
    """The tax withheld up to the end of a month, on its way to the tax office.

    Its lines are the difference to what went there before: a payout that is paid or comes back
    later than the others of its month is in the next one.
    """

    month = models.DateField(_("month"), help_text=_("Everything up to its end."))
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=TaxRemittanceState,
        default=TaxRemittanceState.PREPARED,
    )
    reference = models.CharField(_("reference of the transfer"), max_length=64, blank=True)
    prepared_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("prepared by")
    )
    remitted_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("tax", "paid by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("tax remittance")
        verbose_name_plural = _("tax remittances")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="tax_remittance_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="remitted")
                | (models.Q(remitted_by__isnull=False) & ~models.Q(reference="")),
                name="tax_remittance_has_reference",
            ),
            models.CheckConstraint(
                condition=models.Q(remitted_by=None)
                | ~models.Q(remitted_by=models.F("prepared_by")),
                name="tax_remittance_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["currency"],
                condition=models.Q(state="prepared"),
                name="tax_remittance_one_prepared",
            ),
        ]

    def __str__(self) -> str:
        return f"{date_format(self.month, 'YEAR_MONTH_FORMAT')}: {self.amount.localized()}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class TaxRemittanceLine(models.Model):
    """What of a remittance is whose: of one payout, negative if it came back since."""

    remittance = models.ForeignKey(
        TaxRemittance, models.PROTECT, related_name="lines", verbose_name=_("tax remittance")
    )
    payout = models.ForeignKey(
        "commissions.Payout", models.PROTECT, related_name="tax_lines", verbose_name=_("payout")
    )
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("line of a tax remittance")
        verbose_name_plural = _("lines of a tax remittance")
        constraints = [
            models.UniqueConstraint(fields=["remittance", "payout"], name="tax_line_once"),
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="tax_line_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id}: {Money(self.amount_minor, self.remittance.currency)}"
