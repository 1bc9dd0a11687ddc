"""Extras on top of the commission."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.money import Money, percent
from merchants.models import Merchant


class Subsidy(models.Model):
    """`rate_bps` of an order line's base, at most `cap_minor`, for orders placed in its time.

    The affiliate gets `share_bps` of it. The merchant funds `merchant_bps` of that, the alliance
    the rest; what the merchant funds is in force from its consent (`agreed_at`) on. Its terms are
    never edited; it can only be ended.
    """

    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subsidies",
        verbose_name=_("merchant"),
        help_text=_("Empty: orders of every merchant."),
    )
    rate_bps = models.PositiveIntegerField(_("subsidy rate"))
    cap_minor = models.PositiveBigIntegerField(_("at most per order line"))
    share_bps = models.PositiveIntegerField(_("affiliate's share"), default=10_000)
    merchant_bps = models.PositiveIntegerField(_("funded by the merchant"), default=0)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("subsidy")
        verbose_name_plural = _("subsidies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    rate_bps__range=(1, 10_000),
                    share_bps__range=(1, 10_000),
                    merchant_bps__lte=10_000,
                    cap_minor__gt=0,
                ),
                name="subsidy_rates_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(merchant_bps=0) | models.Q(merchant__isnull=False),
                name="subsidy_funding_merchant_is_named",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="subsidy_ends_later",
            ),
            # Whoever granted after the fact would change what a past order is worth.
            models.CheckConstraint(
                condition=models.Q(starts_at__gte=models.F("created_at")),
                name="subsidy_never_retroactive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {percent(self.rate_bps)}"

    @property
    def cap(self) -> Money:
        return Money(self.cap_minor, self.currency)

    @property
    def waits_for_consent(self) -> bool:
        return bool(self.merchant_bps) and self.agreed_at is None and not self.over

    @property
    def over(self) -> bool:
        """Ended; also what was ended before it began."""
        return self.ends_at is not None and self.ends_at <= max(clock.now(), self.starts_at)
