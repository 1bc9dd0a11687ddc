"""Whose order it is, decided once per order line and kept with its reason."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import AdZone, Affiliate
from affiliates.models.tracking import Touch
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly
from merchants.models import OrderLine, Plan, Terms


class AttributionRule(models.TextChoices):
    """By which rule (docs/domain.md §3.3); NONE: nobody's, and the receipt says why."""

    SAME_PRODUCT = "same_product", _("Click on this product")
    SAME_SHOP = "same_shop", _("Click on another product of the shop")
    NONE = "none", _("Not attributed")


class Attribution(AppendOnly):
    """The decision, the terms in force at the touch, and the receipt: who else was looked at."""

    line = models.OneToOneField(
        OrderLine, models.PROTECT, related_name="attribution", verbose_name=_("order line")
    )
    rule = models.CharField(_("rule"), max_length=12, choices=AttributionRule)
    affiliate = models.ForeignKey(
        Affiliate,
        models.PROTECT,
        null=True,
        related_name="attributions",
        verbose_name=_("affiliate"),
    )
    zone = models.ForeignKey(AdZone, models.PROTECT, null=True, related_name="+")
    touch = models.ForeignKey(
        Touch, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="+")
    terms = models.ForeignKey(Terms, models.PROTECT, null=True, related_name="+")
    rate_bps = models.PositiveIntegerField(_("commission rate"), default=0)
    share_bps = models.PositiveIntegerField(_("affiliate's share"), default=0)
    receipt = models.JSONField(_("receipt"), default=dict)
    decided_at = models.DateTimeField(_("decided at"), default=clock.now)

    class Meta:
        verbose_name = _("attribution")
        verbose_name_plural = _("attributions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rule="none", affiliate=None)
                | (
                    ~models.Q(rule="none")
                    & models.Q(affiliate__isnull=False, touch__isnull=False, terms__isnull=False)
                ),
                name="attribution_has_affiliate_or_none",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-id"], name="attribution_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.line}: {self.rule}"
