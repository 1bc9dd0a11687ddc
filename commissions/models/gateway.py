"""Tools that speak the gateway's protocol: their keys, and what people allowed them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel.models import Stamped, User


class ApiApp(Stamped):
    """A tool of an affiliate's (docs/gateway.md). It acts as `user`, while they are in the team.

    Both sides sign with the secret, so it is kept locked (alliance.kernel.lockbox) and not hashed.
    After a rotation the one before works until `old_until`.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="api_apps", verbose_name=_("affiliate")
    )
    user = models.ForeignKey(
        User, models.PROTECT, related_name="api_apps", verbose_name=_("made by")
    )
    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(_("app key"), max_length=12, unique=True)
    secret = models.CharField(max_length=300)
    old_secret = models.CharField(max_length=300, blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    redirect_url = models.URLField(_("address for permissions"), max_length=300, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API app")
        verbose_name_plural = _("API apps")
        constraints = [
            models.CheckConstraint(
                condition=Q(old_secret="") | Q(old_until__isnull=False),
                name="api_app_old_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"


class ApiSession(Stamped):
    """What a person allowed an app: to act for their affiliate, until they take it back.

    The app is given two tokens. Only their hashes are kept: the one for calls, and the one for a
    next pair when that has run out.
    """

    app = models.ForeignKey(
        ApiApp, models.PROTECT, related_name="sessions", verbose_name=_("API app")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="api_sessions", verbose_name=_("affiliate")
    )
    user = models.ForeignKey(
        User, models.PROTECT, related_name="api_sessions", verbose_name=_("allowed by")
    )
    digest = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField(_("works until"))
    refresh_digest = models.CharField(max_length=64, unique=True)
    refresh_until = models.DateTimeField(_("can be renewed until"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API session")
        verbose_name_plural = _("API sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["app", "affiliate"],
                condition=Q(revoked_at=None),
                name="api_session_one_open_per_affiliate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.app} → {self.affiliate}"
