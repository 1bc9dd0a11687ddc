"""Whom an affiliate reaches, and what it wants of its promotion, in its own words."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from aiassist.copy.check import Channel
from alliance.kernel import clock
from merchants.models import Category


class Goal(models.TextChoices):
    """What an affiliate wants most of what it promotes."""

    COMMISSION = "commission", _("The most commission for each click")
    VOLUME = "volume", _("Many orders")
    TASK = "task", _("To complete the tasks I have accepted")
    SEASON = "season", _("To take part in the campaigns that go on")


class Age(models.TextChoices):
    YOUNG = "18", "18 – 24"
    ADULT = "25", "25 – 34"
    MIDDLE = "35", "35 – 44"
    SETTLED = "45", "45 – 59"
    OLDER = "60", "60 +"


class Gender(models.TextChoices):
    WOMEN = "women", _("Mostly women")
    MIXED = "mixed", _("Both alike")
    MEN = "men", _("Mostly men")


class Region(models.TextChoices):
    """Coarse on purpose: nobody is to be recognised by it."""

    FIRST = "first", _("First-tier cities")
    SECOND = "second", _("Second-tier cities")
    LOWER = "lower", _("Smaller cities and counties")
    GREATER = "greater", _("Hong Kong, Macau, Taiwan")
    ABROAD = "abroad", pgettext_lazy("region", "Abroad")


class Audience(models.Model):
    """An affiliate's audience and goal: all of it optional, none of it about a single person.
    Prices in minor units of the alliance's currency, both ends included."""

    affiliate = models.OneToOneField(
        Affiliate, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("affiliate")
    )
    goal = models.CharField(_("goal"), max_length=10, choices=Goal, default=Goal.COMMISSION)
    channel = models.CharField(_("main channel"), max_length=12, choices=Channel, blank=True)
    interests = models.ManyToManyField(
        Category, related_name="+", blank=True, verbose_name=_("interests")
    )
    ages = ArrayField(
        models.CharField(max_length=2, choices=Age), default=list, blank=True, verbose_name=_("age")
    )
    gender = models.CharField(_("gender"), max_length=5, choices=Gender, blank=True)
    regions = ArrayField(
        models.CharField(max_length=7, choices=Region),
        default=list,
        blank=True,
        verbose_name=_("region"),
    )
    price_from_minor = models.BigIntegerField(_("price from"), null=True, blank=True)
    price_to_minor = models.BigIntegerField(_("price to"), null=True, blank=True)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        constraints = [
            models.CheckConstraint(condition=Q(goal__in=Goal.values), name="audience_goal_known"),
            models.CheckConstraint(
                condition=Q(channel__in=["", *Channel.values]), name="audience_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(price_from_minor=None) | Q(price_from_minor__gte=0),
                name="audience_price_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(price_from_minor=None)
                | Q(price_to_minor=None)
                | Q(price_to_minor__gte=F("price_from_minor")),
                name="audience_prices_in_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.affiliate)
