"""What a campaign has granted to which order line."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import Stamped
from campaigns.models.campaign import Campaign
from merchants.models import OrderLine


class Grant(Stamped):
    """One campaign's part in an order line, decided once, when the line is first priced.

    The terms are frozen here and on the commission. `amount_minor` is what the campaign pays of
    the line at present (0 while the order is unpaid, after a void, and where only rate or share was
    raised); it never exceeds `cap_minor`. Caps per affiliate, day and budget are sums of these rows
    and hold because the campaign is locked while they are made.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="grants")
    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="grants", verbose_name=_("order line")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="+", verbose_name=_("affiliate")
    )
    day = models.DateField(_("day"))  # the business day on which the order was placed
    pieces = models.PositiveIntegerField(_("pieces"), default=1)
    # A subsidy of `rate_bps` of the base, at most `cap_minor`, of which the affiliate gets a share.
    rate_bps = models.PositiveIntegerField(_("subsidy rate"), default=0)
    cap_minor = models.PositiveBigIntegerField(_("at most"), default=0)
    subsidy_share_bps = models.PositiveIntegerField(_("share of the subsidy"), default=10_000)
    # What the commission was raised to, where it was (None: left alone).
    commission_bps = models.PositiveIntegerField(_("commission rate"), null=True, blank=True)
    share_bps = models.PositiveIntegerField(_("affiliate's share"), null=True, blank=True)
    service_bps = models.PositiveIntegerField(_("service fee"), default=0)
    amount_minor = models.PositiveBigIntegerField(_("amount"), default=0)
    # false after a void
    active = models.BooleanField(pgettext_lazy("grant", "counts"), default=True)
    why = models.JSONField(_("why"), default=dict)
    granted_at = models.DateTimeField(_("granted at"), default=clock.now)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "line"], name="grant_once_per_line"),
            models.CheckConstraint(
                condition=Q(amount_minor__lte=models.F("cap_minor")), name="grant_within_cap"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "affiliate", "day"], name="grant_by_affiliate"),
            models.Index(fields=["campaign", "day"], name="grant_by_day"),
            models.Index(fields=["campaign", "-granted_at"], name="grant_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.line}"
