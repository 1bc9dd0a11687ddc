"""What the alliance charges a merchant for a month. Written once; corrections are next month's."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, User
from alliance.kernel.money import Money
from merchants.models import Merchant


class InvoiceCounter(models.Model):
    """The last number given in a series and year. Locked while invoices are issued: no gap."""

    series = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "year"], name="invoice_counter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"


class InvoiceRun(AppendOnly):
    """The invoices of a month in a currency were issued: all of them, in one transaction."""

    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )

    class Meta:
        verbose_name = _("invoice run")
        verbose_name_plural = _("invoice runs")
        constraints = [
            models.UniqueConstraint(fields=["month", "currency"], name="invoice_run_once"),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="invoice_run_is_first_of_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"


class Invoice(AppendOnly):
    """One merchant's month. Below zero it is a credit note: more came back than was charged.

    It is paid already, out of the wallet. Issuer and recipient stand as they were that day.
    """

    run = models.ForeignKey(
        InvoiceRun, models.PROTECT, related_name="invoices", verbose_name=_("invoice run")
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="invoices", verbose_name=_("merchant")
    )
    series = models.CharField(_("series"), max_length=8)
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"))
    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total"))
    issued_on = models.DateField(_("issued on"))
    issuer = models.JSONField(_("issuer"))
    recipient = models.JSONField(_("recipient"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year", "number"], name="invoice_number_once"
            ),
            models.UniqueConstraint(
                fields=["merchant", "month", "currency"], name="invoice_once_per_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}-{self.number:06d}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def kind(self) -> str:
        return str(_("Credit note") if self.total_minor < 0 else _("Invoice"))


class ChargeKind(models.TextChoices):
    """docs/domain.md §4.2: what a merchant pays."""

    COMMISSION = "commission", _("Commission")
    SERVICE = "service", _("Intermediaries' service fee")
    SPECIAL = "special", _("Special service fee")
    SUBSIDY = "subsidy", _("Your part of subsidies")
    CAMPAIGN = "campaign", _("Your part of the budgets of campaigns")
    # Below zero from the start: the alliance pays for what buyers took off.
    COUPONS = "coupons", _("Coupons paid back after refunds")

    @property
    def given_back(self) -> Promise:
        """What it is called when it comes back."""
        return {
            ChargeKind.COMMISSION: _("Commission given back after refunds and corrections"),
            ChargeKind.SERVICE: _("Intermediaries' service fee given back"),
            ChargeKind.SPECIAL: _("Special service fee given back"),
            ChargeKind.SUBSIDY: _("Your part of subsidies given back"),
            ChargeKind.CAMPAIGN: _("What was left of the budgets of campaigns"),
            ChargeKind.COUPONS: _("Coupons of campaigns that buyers used"),
        }[self]


class InvoiceLine(AppendOnly):
    """All charges of a kind in the month, or all that came back of it (negative)."""

    invoice = models.ForeignKey(
        Invoice, models.PROTECT, related_name="lines", verbose_name=_("invoice")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=ChargeKind)
    count = models.PositiveIntegerField(_("order lines"))
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="invoice_line_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.kind}"

    @property
    def words(self) -> str:
        kind = ChargeKind(self.kind)
        return str(kind.given_back if self.amount_minor < 0 else kind.label)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.invoice.currency)
