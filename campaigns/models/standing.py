"""Where the affiliates of a campaign stand: counted from their commissions, never typed in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import clock
from campaigns.models.campaign import Campaign


class Standing(models.Model):
    """One affiliate's valid orders in a campaign (docs/domain.md §5.1), counted anew each time.

    The estimate counts what is paid, the final one what was received by the campaign's cut-off.
    Amounts are minor units of the campaign's currency; refunds are off. `reward_minor` is what the
    mechanic makes of it, `left_out` says how many orders do not count, by reason.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="standings", verbose_name=_("campaign")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="standings", verbose_name=_("affiliate")
    )
    final = models.BooleanField(_("final"), default=False)
    orders = models.PositiveIntegerField(_("valid orders"), default=0)
    pieces = models.PositiveIntegerField(_("pieces"), default=0)
    buyers = models.PositiveIntegerField(_("buyers"), default=0)
    # Of the shop that has most of them: a guarantee is looked at where one shop brings nearly all.
    shop_orders = models.PositiveIntegerField(_("orders of one shop"), default=0)
    gmv_minor = models.PositiveBigIntegerField(_("sales"), default=0)
    commission_minor = models.PositiveBigIntegerField(_("net commission"), default=0)
    baseline_gmv_minor = models.PositiveBigIntegerField(_("usual sales"), default=0)
    links = models.PositiveIntegerField(_("links made"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    visitors = models.PositiveIntegerField(_("visitors"), default=0)
    active_days = models.PositiveIntegerField(_("active days"), default=0)
    reached_at = models.DateTimeField(_("reached at"), null=True, blank=True)
    rank = models.PositiveIntegerField(_("rank"), null=True, blank=True)
    reward_minor = models.PositiveBigIntegerField(_("reward"), default=0)
    left_out = models.JSONField(_("orders that do not count"), default=dict, blank=True)
    counted_at = models.DateTimeField(_("counted at"), default=clock.now)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "affiliate", "final"], name="standing_once"
            ),
            models.CheckConstraint(
                condition=Q(buyers__lte=models.F("orders"))
                & Q(shop_orders__lte=models.F("orders")),
                name="standing_within_orders",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "final", "rank"], name="standing_by_rank")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.affiliate}"
