"""Boards: products that are worth a look, each with the reason why, as they were last ranked."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class BoardKind(models.TextChoices):
    """By what products are ranked (docs/search.md)."""

    RISING = "rising", _("Rising")
    HIGHEST = "highest", _("Highest commission")
    LOWEST = "lowest", _("Lower than ever")
    CAMPAIGN = "campaign", _("Of a campaign")


class Board(models.Model):
    """One board, whole: `places` are the products from the first on, each with its facts as
    `campaigns.boards` reads them. A row is written anew, never changed by hand."""

    kind = models.CharField(_("kind"), max_length=8, choices=BoardKind)
    campaign = models.ForeignKey(
        Campaign,
        models.CASCADE,
        null=True,
        related_name="boards",
        verbose_name=_("campaign"),
    )
    places = models.JSONField(_("places"), default=list)
    made_at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "campaign"], nulls_distinct=False, name="board_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="campaign", campaign__isnull=False)
                | (~Q(kind="campaign") & Q(campaign=None)),
                name="board_of_a_campaign",
            ),
            models.CheckConstraint(condition=Q(kind__in=BoardKind.values), name="board_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.campaign or ''}".strip()
