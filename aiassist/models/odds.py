"""How likely an affiliate is to complete a task, as it was last reckoned."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import clock
from campaigns.models import Campaign


class TaskOdds(models.Model):
    """A task and an affiliate: written anew each night, and when the affiliate accepts.

    `expected_minor` is the reward on average over all that may come, in the campaign's currency;
    `little`: there is too little history for more than a range. `steps`, from the first on:
    `least` (orders, minor units of sales, or the clicks of an effort), `pays_minor`, and of
    10,000 times how often it is reached (`likely`), between `low` and `high` with four chances in
    five. `pace` holds `by` (orders, gmv_minor or clicks), `done`, `reached` (how many steps),
    `low`, `middle`, `high` (where that is going to end), `aim` (the place of the step that is
    next), `missing`, `days_centi` (left), `now_centi` and `needed_centi` (a day), `half` and
    `four_fifths` (how much more it takes to be as likely).
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="+", verbose_name=_("campaign")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="+", verbose_name=_("affiliate")
    )
    expected_minor = models.PositiveBigIntegerField(_("reward on average"))
    little = models.BooleanField(_("too little history"))
    steps = models.JSONField(_("steps"))
    pace = models.JSONField(_("pace"))
    made_at = models.DateTimeField(_("as of"), default=clock.now)

    class Meta:
        verbose_name = _("odds of a task")
        verbose_name_plural = _("odds of tasks")
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "campaign"], name="task_odds_once")
        ]
        indexes = [
            models.Index("affiliate", F("expected_minor").desc(), name="task_odds_best_first"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.affiliate}"


class TaskPeers(models.Model):
    """What is usual in a task by everybody's days, as the night found it (`Peers.kept`)."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="+")
    told = models.JSONField()
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.campaign)


class OddsSaid(models.Model):
    """What a member of a task was told on a day, to be held against what came; kept for half a
    year. `steps`: of each that was open what it asks for, of orders or gmv_minor (`by`), and its
    chance of 10,000."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="+", verbose_name=_("campaign")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="+", verbose_name=_("affiliate")
    )
    day = models.DateField(_("day"))
    by = models.CharField(max_length=9)
    steps = models.JSONField(_("steps"))

    class Meta:
        verbose_name = _("odds as they were told")
        verbose_name_plural = _("odds as they were told")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "affiliate", "day"], name="odds_said_once_a_day"
            )
        ]
        indexes = [models.Index("day", name="odds_said_day")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.affiliate}, {self.day}"
