"""Who promotes: the affiliate, its people, its sites and ad zones."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Membership, Stamped


class AffiliateKind(models.TextChoices):
    """The roles of docs/domain.md §1.1."""

    KA = "ka", _("Key-account media")
    TRAFFIC = "traffic", _("Traffic media")
    TUANZHANG = "tuanzhang", _("Intermediary (tuanzhang)")
    SMALL = "small", _("Small and medium affiliate")
    CHANNEL = "channel", _("Channel service provider")


class AffiliateState(models.TextChoices):
    APPLIED = "applied", _("Applied")  # applied → active ⇄ frozen → closed
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Frozen")
    CLOSED = "closed", _("Closed")


class Affiliate(Stamped):
    """Somebody who promotes products and earns commission. The primary key is the member id."""

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(
        _("kind"), max_length=10, choices=AffiliateKind, default=AffiliateKind.SMALL
    )
    state = models.CharField(
        _("state"), max_length=8, choices=AffiliateState, default=AffiliateState.APPLIED
    )
    tier = models.PositiveSmallIntegerField(
        _("tier"), default=0, help_text=_("T0 (new) to T5, by last month's settled sales.")
    )
    share_bps = models.PositiveIntegerField(
        _("agreed share"),
        null=True,
        blank=True,
        help_text=_("Basis points of the commission; empty: the alliance's usual share."),
    )
    introduction = models.TextField(_("where and how you promote"), blank=True, max_length=1000)
    no_links_until = models.DateTimeField(
        _("no new links until"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("affiliate")
        verbose_name_plural = _("affiliates")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=AffiliateState.values), name="affiliate_state_known"
            ),
            models.CheckConstraint(condition=models.Q(tier__lte=5), name="affiliate_tier_known"),
            models.CheckConstraint(
                condition=models.Q(share_bps=None) | models.Q(share_bps__lte=10_000),
                name="affiliate_share_at_most_all",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AffiliateMember(Membership):
    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="members", verbose_name=_("affiliate")
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "user"], name="affiliate_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} @ {self.affiliate}"


class SiteKind(models.TextChoices):
    """What kind of medium was filed (docs/domain.md §1.2)."""

    WEBSITE = "website", _("Website")
    APP = "app", _("App")
    GUIDE = "guide", _("Groups and social media")
    SOFTWARE = "software", _("Software")


class SiteState(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Site(Stamped):
    """A medium that the affiliate has filed. Its ad zones exist below it."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="sites", verbose_name=_("affiliate")
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=SiteKind, default=SiteKind.GUIDE)
    url = models.URLField(_("address"), max_length=300, blank=True)
    state = models.CharField(
        _("state"), max_length=9, choices=SiteState, default=SiteState.SUBMITTED
    )
    reason = models.CharField(_("reason for rejection"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | ~models.Q(reason=""),
                name="site_rejected_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AdZone(Stamped):
    """A promotion position. Its PID names it in every link and order."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="zones", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=64)
    frozen_until = models.DateTimeField(_("frozen until"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("ad zone")
        verbose_name_plural = _("ad zones")
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="zone_name_once_per_site"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def frozen(self) -> bool:
        """Its links do not earn at present."""
        return self.frozen_until is not None and self.frozen_until > clock.now()

    @property
    def pid(self) -> str:
        """mm_{member}_{site}_{zone} (docs/domain.md §1.2)."""
        return f"mm_{self.site.affiliate_id}_{self.site_id}_{self.pk}"
