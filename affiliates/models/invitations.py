"""How an affiliate takes others below it: by a code that they accept."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models.affiliate import Affiliate
from alliance.kernel import clock


class Invitation(models.Model):
    """Whoever accepts it gets the affiliate as partner, on these terms (`Relation`).

    Nothing but its end ever changes: what somebody accepted is what was offered.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="invitations", verbose_name=_("affiliate")
    )
    code = models.CharField(pgettext_lazy("invitation", "code"), max_length=12, unique=True)
    share_bps = models.PositiveIntegerField(_("partner's share"))
    below_bps = models.PositiveIntegerField(_("share of the level below"), default=0)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    ends_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(share_bps__range=(1, 10_000), below_bps__lte=10_000),
                name="invitation_shares_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.code
