"""The season's figures by the hour, and notes on those that stood out."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import Stamped, User
from campaigns.models import Campaign

HOUR = timedelta(hours=1)


class Source(models.TextChoices):
    """What is counted by the hour. Each has a count, and an amount where it says so."""

    CLAIMS = "claims", _("Coupon claims")  # amount: face values
    ORDERS = "orders", _("Orders placed")  # amount: what was sold
    VALID = "valid", _("Orders paid")
    COMMISSION = "commission", _("Commission")  # booked in that hour
    RETURNS = "returns", _("Cancellations and refunds")  # taken off the base of commissions
    GRANTED = "granted", _("Orders of the campaign")  # amount: promised to affiliates
    REFUSALS = "refusals", _("Claims refused")
    PAYOUTS = "payouts", _("Payouts that failed")
    INTAKE = "intake", _("Lines refused at the intake")


class HourFigure(models.Model):
    """How many came in an hour: of everything, or of a campaign. Clicks are in ClickDay.

    Counted anew while the hour is young (aiassist.services.anomalies), kept for HOURS_KEPT.
    """

    hour = models.DateTimeField(_("hour"))  # its beginning, in the alliance's zone
    source = models.CharField(_("what"), max_length=10, choices=Source)
    campaign = models.ForeignKey(Campaign, models.CASCADE, null=True, related_name="+")
    count = models.PositiveIntegerField(_("how many"), default=0)
    amount_minor = models.BigIntegerField(_("amount"), default=0)

    class Meta:
        verbose_name = _("figure of an hour")
        verbose_name_plural = _("figures by the hour")
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "source", "campaign"],
                nulls_distinct=False,
                name="hour_figure_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.source}: {self.count}"


class Measure(models.TextChoices):
    """What a note can be about."""

    CLICKS = "clicks", _("Clicks")
    CLAIMS = "claims", _("Coupon claims")
    ORDERS = "orders", _("Orders placed")
    VALID = "valid", _("Orders paid")
    SALES = "sales", _("Sales")
    COMMISSION = "commission", _("Commission")
    RETURNS = "returns", _("Cancellations and refunds")
    GRANTED = "granted", _("Orders of the campaign")
    BUDGET = "budget", _("Budget drawn")
    REFUSALS = "refusals", _("Claims refused")
    PAYOUTS = "payouts", _("Payouts that failed")
    INTAKE = "intake", _("Lines refused at the intake")


MONEY = frozenset({Measure.SALES, Measure.COMMISSION, Measure.BUDGET})  # told in minor units


class NoteState(models.TextChoices):
    OPEN = "open", pgettext_lazy("note", "Still so")  # open → ended | dismissed
    ENDED = "ended", pgettext_lazy("note", "Over")
    DISMISSED = "dismissed", pgettext_lazy("note", "Put away")


class AnomalyNote(Stamped):
    """A figure that stood out, from its first hour to its last.

    Amounts in minor units of the alliance's currency, else counts. `value`, `low`, `high`: of the
    hour that `seen_hour` began, and what is usual then. `usual`: the bound that it went beyond.
    `parts`: what the change is made of: dicts of `kind`, `pk`, `name`, `value`, `usual`,
    `share_bps`. `curve`: `values`, `lows`, `highs` of the last 48 hours. A note that was dismissed
    goes on until its figure is as usual again, so that it is not opened anew, and tells nobody.
    """

    measure = models.CharField(_("what"), max_length=10, choices=Measure)
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, related_name="+", verbose_name=_("campaign")
    )
    kin = models.CharField(max_length=20)
    began_at = models.DateTimeField(_("since"))
    seen_hour = models.DateTimeField(_("last looked at"))
    ended_at = models.DateTimeField(_("over at"), null=True)
    state = models.CharField(_("state"), max_length=9, choices=NoteState, default=NoteState.OPEN)
    up = models.BooleanField(_("more than usual"))
    value = models.BigIntegerField(_("value"))
    low = models.BigIntegerField(_("usual from"))
    high = models.BigIntegerField(_("usual to"))
    usual = models.BigIntegerField(_("usual"))
    record = models.BooleanField(_("more than ever before"), default=False)
    effect_minor = models.BigIntegerField(_("at stake"))
    chance_ppm = models.PositiveIntegerField(_("of a million hours"))
    parts = models.JSONField(_("what it is made of"), default=list)
    curve = models.JSONField(default=dict)
    expected = models.BooleanField(_("was expected"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("put away by")
    )
    decided_at = models.DateTimeField(_("put away at"), null=True)

    class Meta:
        verbose_name = _("note on a figure")
        verbose_name_plural = _("notes on figures")
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "campaign", "began_at"],
                nulls_distinct=False,
                name="anomaly_note_once",
            ),
            models.UniqueConstraint(
                fields=["measure", "campaign"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="anomaly_note_one_going",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by=None, ended_at=None)
                | Q(state="ended", decided_by=None, ended_at__isnull=False)
                | (
                    Q(state="dismissed", decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(reason="")
                ),
                name="anomaly_note_decided_by_a_person",
            ),
        ]

    def __str__(self) -> str:
        name = str(Measure(self.measure).label)
        return f"{name}: {self.campaign}" if self.campaign_id else name

    @property
    def currency(self) -> str:
        return str(settings.ALLIANCE["CURRENCY"])

    @property
    def is_money(self) -> bool:
        return self.measure in MONEY

    @property
    def key(self) -> tuple[str, int | None]:
        return self.measure, self.campaign_id

    @property
    def going(self) -> bool:
        return self.ended_at is None

    @property
    def hours(self) -> int:
        """How long it has lasted, its last hour included."""
        until = self.ended_at or self.seen_hour + HOUR
        return max(1, round((until - self.began_at).total_seconds() / 3600))
