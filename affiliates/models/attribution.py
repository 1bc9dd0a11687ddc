"""Whose order it is, decided once per order line and kept with its reason."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import AdZone, Affiliate
from affiliates.models.tracking import Touch
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly
from merchants.models import OrderLine, Plan, Terms


class AttributionRule(models.TextChoices):
    """By which rule (docs/domain.md §3.3); NONE: nobody's, and the receipt says why."""

    COUPON = "coupon", _("Coupon claimed through the affiliate")
    CODE = "code", _("Code that is bound to the affiliate")
    SAME_PRODUCT = "same_product", _("Click on this product")
    SAME_SHOP = "same_shop", _("Click on another product of the shop")
    CROSS_SHOP = "cross_shop", _("Click in another shop of the same event")
    NONE = "none", _("Not attributed")


class Attribution(AppendOnly):
    """The decision, the terms in force at the touch, and the receipt: who else was looked at.

    A code that is bound to an affiliate needs no touch: then the moment of the order counts.

    `rate_bps` and `special_bps` together are the plan's rate; `share_bps` (the affiliate's own)
    and `partner_share_bps` together are what was agreed with the affiliate, both of the whole
    commission; `second_share_bps` is the part of the partner's that its own partner gets;
    `service_bps` is of the base, beside the rate (docs/domain.md §4.2).

    It outlives its touch, which goes after TOUCHES_KEPT_DAYS: `touched_at` and `subs` (sub1 to
    sub5, or none) are the touch's.
    """

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
    touched_at = models.DateTimeField(_("touched at"), null=True)
    subs = ArrayField(models.CharField(max_length=100), default=list)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="+")
    terms = models.ForeignKey(Terms, models.PROTECT, null=True, related_name="+")
    rate_bps = models.PositiveIntegerField(_("commission rate"), default=0)
    share_bps = models.PositiveIntegerField(_("affiliate's share"), default=0)
    special_bps = models.PositiveIntegerField(_("special service fee"), default=0)
    partner = models.ForeignKey(
        Affiliate, models.PROTECT, null=True, related_name="+", verbose_name=_("partner")
    )
    partner_share_bps = models.PositiveIntegerField(_("partner's share"), default=0)
    second_partner = models.ForeignKey(
        Affiliate,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("second-level partner"),
    )
    second_share_bps = models.PositiveIntegerField(_("second-level partner's share"), default=0)
    intermediary = models.ForeignKey(
        Affiliate, models.PROTECT, null=True, related_name="+", verbose_name=_("intermediary")
    )
    service_bps = models.PositiveIntegerField(_("service fee"), default=0)
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
                    & models.Q(affiliate__isnull=False, terms__isnull=False)
                    & (models.Q(touch__isnull=False) | models.Q(rule="code"))
                ),
                name="attribution_has_affiliate_or_none",
            ),
            models.CheckConstraint(
                condition=models.Q(rate_bps__lte=10_000 - models.F("special_bps"))
                & models.Q(share_bps__lte=10_000 - models.F("partner_share_bps")),
                name="attribution_rates_at_most_all",
            ),
            models.CheckConstraint(
                condition=models.Q(partner=None, partner_share_bps=0)
                | models.Q(partner__isnull=False, partner_share_bps__gt=0)
                & ~models.Q(partner=models.F("affiliate")),
                name="attribution_partner_has_share",
            ),
            models.CheckConstraint(
                condition=models.Q(second_partner=None, second_share_bps=0)
                | models.Q(
                    second_partner__isnull=False,
                    second_share_bps__gt=0,
                    second_share_bps__lte=models.F("partner_share_bps"),
                )
                & ~models.Q(second_partner=models.F("affiliate"))
                & ~models.Q(second_partner=models.F("partner")),
                name="attribution_second_has_part_of_partners",
            ),
            models.CheckConstraint(
                condition=models.Q(intermediary=None, service_bps=0)
                | models.Q(intermediary__isnull=False, service_bps__range=(1, 9_000)),
                name="attribution_intermediary_has_fee",
            ),
            models.CheckConstraint(
                condition=~models.Q(rule="none")
                | models.Q(partner=None, intermediary=None, special_bps=0),
                name="attribution_nobodys_has_no_parts",
            ),
            models.CheckConstraint(
                condition=models.Q(touch__isnull=True, touched_at__isnull=True)
                | models.Q(touch__isnull=False, touched_at__isnull=False),
                name="attribution_touch_has_moment",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-id"], name="attribution_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.line}: {self.rule}"
