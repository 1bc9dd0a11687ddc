"""What came, counted: the figures that pages show stay when the clicks are gone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import AdZone, Affiliate
from affiliates.models.tracking import Link
from merchants.models import Merchant


class ClickDay(models.Model):
    """The clicks of a business day, counted from the touches (affiliates.services.figures).

    Six rows count the same click: of everybody, its affiliate, the ad zone, the link, the merchant,
    and the affiliate with this merchant. What is empty means all of them. Visitors do not add up:
    who clicks on two links is one visitor of their affiliate. A visitor counts once a day. `hours`
    are the clicks of each hour of the day, 24 of them; a link has none, nor has what was counted
    before there were any.
    """

    day = models.DateField(_("day"))
    affiliate = models.ForeignKey(
        Affiliate,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    merchant = models.ForeignKey(
        Merchant,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    zone = models.ForeignKey(
        AdZone, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, null=True
    )
    link = models.ForeignKey(
        Link, models.DO_NOTHING, related_name="days", db_constraint=False, db_index=False, null=True
    )
    clicks = models.PositiveIntegerField(_("clicks"))  # by people
    visitors = models.PositiveIntegerField(_("visitors"))
    bots = models.PositiveIntegerField(_("bots"))
    previews = models.PositiveIntegerField(_("link previews"))
    hours = ArrayField(models.PositiveIntegerField(), verbose_name=_("clicks by hour"), null=True)

    class Meta:
        verbose_name = _("day of clicks")
        verbose_name_plural = _("days of clicks")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "affiliate", "merchant", "zone", "link"],
                nulls_distinct=False,
                name="click_day_once",
            ),
            models.CheckConstraint(
                condition=models.Q(visitors__lte=models.F("clicks")),
                name="click_day_visitors_clicked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["affiliate", "day"],
                condition=models.Q(merchant=None, zone=None),
                name="click_day_by_affiliate",
            ),
            models.Index(
                fields=["merchant", "day"],
                condition=models.Q(merchant__isnull=False),
                name="click_day_by_merchant",
            ),
            models.Index(
                fields=["affiliate", "day"],
                condition=models.Q(zone__isnull=False, link=None),
                name="click_day_by_zone",
            ),
            models.Index(
                fields=["link"], condition=models.Q(link__isnull=False), name="click_day_by_link"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.clicks}"


class ClickNews(models.Model):
    """A day in which clicks came in since it was counted. Whoever stores clicks says so with them;
    whoever counts takes the rows away."""

    day = models.DateField()

    class Meta:
        verbose_name = _("day to count")
        verbose_name_plural = _("days to count")

    def __str__(self) -> str:
        return str(self.day)
