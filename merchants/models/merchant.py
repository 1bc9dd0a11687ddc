"""Who sells: the merchant, its people, its shops."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Membership, Stamped


class MerchantState(models.TextChoices):
    APPLIED = "applied", _("Applied")  # applied → active ⇄ frozen → closed
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Frozen")
    CLOSED = "closed", _("Closed")


class Coverage(models.TextChoices):
    """How long a merchant's money lasts at its present pace, in bands: nobody's exact balance."""

    UNKNOWN = "", _("Not looked at yet")
    AMPLE = "ample", _("Funded: 30 days or more")
    WEEKS = "weeks", _("Funded: two weeks or more")
    WEEK = "week", _("Funded: about a week")
    LOW = "low", _("Low: less than a week")
    PAUSED = "paused", _("Paused: out of money")


class Merchant(Stamped):
    """A company that sells and pays commission. It trades in one currency."""

    name = models.CharField(_("name"), max_length=120)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    state = models.CharField(
        _("state"), max_length=8, choices=MerchantState, default=MerchantState.APPLIED
    )
    credit_limit_minor = models.BigIntegerField(
        _("credit limit"), default=0, help_text=_("How far the wallet may go below zero.")
    )
    auto_receive_days = models.PositiveSmallIntegerField(
        _("days until goods count as received"),
        default=15,
        help_text=_("Counted from payment, when the shop does not report the receipt itself."),
    )
    # What the books say, looked up from time to time by commissions.services.funding.
    coverage = models.CharField(
        _("coverage"), max_length=6, choices=Coverage, default=Coverage.UNKNOWN, blank=True
    )
    funding_paused_at = models.DateTimeField(_("out of money since"), null=True, blank=True)
    low_balance_minor = models.BigIntegerField(
        _("warn below"),
        null=True,
        blank=True,
        help_text=_("Empty: below what a week like the last one costs."),
    )
    low_balance_told_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    roi_target_centi = models.PositiveIntegerField(
        _("return aimed for"),
        null=True,
        blank=True,
        help_text=_("Sales for each 1 of commission, times 100: 800 is 8.00."),
    )
    first_steps_hidden_at = models.DateTimeField(
        _("first steps put away at"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(credit_limit_minor__gte=0), name="merchant_credit_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=MerchantState.values), name="merchant_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(coverage__in=Coverage.values), name="merchant_coverage_known"
            ),
            models.CheckConstraint(
                condition=models.Q(low_balance_minor=None) | models.Q(low_balance_minor__gte=0),
                name="merchant_low_balance_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(roi_target_centi=None) | models.Q(roi_target_centi__gt=0),
                name="merchant_roi_target_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def roi_target(self) -> Decimal | None:
        """The return aimed for, as people write it."""
        return None if self.roi_target_centi is None else Decimal(self.roi_target_centi) / 100

    @property
    def coverage_now(self) -> Coverage:
        """What affiliates are told. A pause counts at once, whatever the last look found."""
        return Coverage.PAUSED if self.funding_paused_at else Coverage(self.coverage)


class MerchantMember(Membership):
    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="members", verbose_name=_("merchant")
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "user"], name="merchant_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} @ {self.merchant}"


class Shop(Stamped):
    """Where the merchant sells. Buyers are only ever sent to its registered domains."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="shops", verbose_name=_("merchant")
    )
    name = models.CharField(_("name"), max_length=120)
    domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name=_("registered domains"),
        help_text=_("A domain covers its subdomains."),
    )
    score_centi = models.PositiveSmallIntegerField(
        _("shop score"), default=0, help_text=_("Buyers' rating times 100: 480 is 4.80 of 5.")
    )

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")

    def __str__(self) -> str:
        return self.name
