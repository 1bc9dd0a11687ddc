"""The week of an affiliate: what it wants of it, the planned posts, and who reads them along."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import AdZone, Affiliate
from aiassist.copy.check import Channel
from alliance.kernel import clock
from alliance.kernel.models import User
from campaigns.models import Campaign
from merchants.models import Product


class Target(models.TextChoices):
    """What a week is to come to. Of the first two so much is said."""

    EARN = "earn", _("Earn so much in the week")
    CLICKS = "clicks", _("Get so many clicks in the week")
    TASK = "task", _("Get on with my tasks")
    NONE = "none", _("Nothing certain: two posts a day")


class WeekPlan(models.Model):
    """What an affiliate wants of its weeks, and how the last draft reckoned: `pace` holds
    clicks_per_post_centi, earned_per_click_centi (hundredths of a minor unit), posts (that the
    target needs) and a_day. `amount` is minor units of the alliance's currency or clicks.
    """

    affiliate = models.OneToOneField(
        Affiliate, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("affiliate")
    )
    target = models.CharField(_("target"), max_length=6, choices=Target, default=Target.NONE)
    amount = models.PositiveBigIntegerField(_("amount"), default=0)
    pace = models.JSONField(default=dict)
    drafted_at = models.DateTimeField(_("drafted at"), null=True)
    reminded = models.ManyToManyField(User, related_name="+", blank=True)

    class Meta:
        verbose_name = _("plan of a week")
        verbose_name_plural = _("plans of weeks")
        constraints = [
            models.CheckConstraint(
                condition=Q(target__in=Target.values), name="week_plan_target_known"
            ),
            models.CheckConstraint(
                condition=~Q(target__in=["earn", "clicks"]) | Q(amount__gt=0),
                name="week_plan_says_how_much",
            ),
        ]

    def __str__(self) -> str:
        return str(self.affiliate)


class PostState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("post", "Planned")
    DONE = "done", pgettext_lazy("post", "Done")
    DROPPED = "dropped", pgettext_lazy("post", "Dropped")


class PlannedPost(models.Model):
    """Share this product here, then. `kept`: a person has decided about it, and no new draft
    replaces it. `why` says how it came about, in codes (aiassist.planner.reasons makes words).
    `uid` and `sequence` are what calendars know it by."""

    affiliate = models.ForeignKey(Affiliate, models.CASCADE, related_name="planned_posts")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(_("at"))
    zone = models.ForeignKey(AdZone, models.CASCADE, related_name="+", verbose_name=_("ad zone"))
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.SET_NULL, null=True, related_name="+")
    why = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=7, choices=PostState, default=PostState.PLANNED)
    kept = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=clock.now)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("planned post")
        verbose_name_plural = _("planned posts")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PostState.values), name="planned_post_state_known"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="planned_post_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(state="planned") | Q(kept=True), name="planned_post_decided_is_kept"
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "at"], name="planned_post_by_affiliate"),
            models.Index(
                F("at"),
                condition=Q(state="planned", reminded_at=None),
                name="planned_post_to_remind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.product}"


class CalendarFeed(models.Model):
    """A member's private address of the week's posts, for its calendar: a hash of the token, which
    is said once. It ends with the membership."""

    affiliate = models.ForeignKey(Affiliate, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField(_("made at"), default=clock.now)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "user"], name="calendar_feed_one_per_member"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate}: {self.user}"
