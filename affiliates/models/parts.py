"""Who and what else has a part in an affiliate's orders, from when until when.

What was in force at the winning click counts, so nothing here is edited: it begins and it ends.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate, Site
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, User
from alliance.kernel.money import percent
from merchants.models import SERVICE_MAX_BPS, Plan

SPECIAL_MAX_BPS = 5_000


class Relation(models.Model):
    """An affiliate's partner, who gets `share_bps` of the whole commission out of its share.

    And `below_bps` of the whole commission of what the affiliate's own affiliates bring, out of
    what the affiliate gets of that. Two paid levels at most (docs/domain.md §1.3): `relation_open`
    sees to it.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="relations", verbose_name=_("affiliate")
    )
    partner = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="partnerships", verbose_name=_("partner")
    )
    share_bps = models.PositiveIntegerField(
        _("partner's share"),
        help_text=_("Basis points of the whole commission, out of the affiliate's share."),
    )
    below_bps = models.PositiveIntegerField(
        _("share of the level below"),
        default=0,
        help_text=_("Basis points of the whole commission, out of what the affiliate gets of it."),
    )
    starts_at = models.DateTimeField(_("starts at"), default=clock.now)
    ends_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner relation")
        verbose_name_plural = _("partner relations")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate"],
                condition=models.Q(ends_at=None),
                name="relation_one_active_per_affiliate",
            ),
            models.CheckConstraint(
                condition=~models.Q(partner=models.F("affiliate")),
                name="relation_partner_is_another",
            ),
            models.CheckConstraint(
                condition=models.Q(share_bps__range=(1, 10_000)), name="relation_share_in_bounds"
            ),
            models.CheckConstraint(
                condition=models.Q(below_bps__lte=10_000), name="relation_below_in_bounds"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="relation_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate} → {self.partner}: {percent(self.share_bps)}"


class Intermediation(models.Model):
    """An intermediary looks after a plan for a service fee, from the merchant's consent on.

    The merchant pays `service_bps` of an order's base beside the commission (docs/domain.md §2.5).
    Without `starts_at` it is an offer that the merchant has not agreed to.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="intermediations", verbose_name=_("intermediary")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="intermediations", verbose_name=_("commission plan")
    )
    service_bps = models.PositiveIntegerField(
        _("service fee"), help_text=_("Basis points of what the buyer pays.")
    )
    offered_at = models.DateTimeField(_("offered at"), default=clock.now)
    starts_at = models.DateTimeField(_("in force from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("intermediation")
        verbose_name_plural = _("intermediations")
        constraints = [
            models.UniqueConstraint(
                fields=["plan"],
                condition=models.Q(ends_at=None),
                name="intermediation_one_open_per_plan",
            ),
            models.CheckConstraint(
                condition=models.Q(service_bps__range=(1, SERVICE_MAX_BPS)),
                name="intermediation_fee_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at=None)
                | models.Q(starts_at__gte=models.F("offered_at")),
                name="intermediation_starts_after_offer",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | models.Q(starts_at=None)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="intermediation_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate} · {self.plan}: {percent(self.service_bps)}"


class SpecialFee(AppendOnly):
    """From a moment on, the platform's special service fee on orders of a site: a part of the
    overall rate (content and traffic products, docs/domain.md §4.2). The newest one counts."""

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="special_fees", verbose_name=_("site")
    )
    special_bps = models.PositiveIntegerField(_("special service fee"))
    starts_at = models.DateTimeField(_("in force from"), default=clock.now)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("set by")
    )

    class Meta:
        verbose_name = _("special service fee")
        verbose_name_plural = _("special service fees")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(special_bps__lte=SPECIAL_MAX_BPS), name="special_fee_in_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {percent(self.special_bps)}"
