"""Texts to promote with: as they were written, as they were taken, and which was chosen."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import AdZone, Affiliate, Link
from aiassist.copy.check import Channel, Language
from aiassist.models.prompts import PromptRun
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from merchants.models import Product


class Angle(models.TextChoices):
    """What a text speaks of. The first is the yardstick of the others."""

    PRICE = "price", _("Price")
    USE = "use", pgettext_lazy("angle", "Use")
    SEASON = "season", pgettext_lazy("angle", "Season")
    TRUST = "trust", _("Reason to trust")


class Origin(models.TextChoices):
    """Who wrote the sentences."""

    TEMPLATE = "template", _("Template")
    MODEL = "model", _("Language model")
    OWN = "own", _("Your own words")


class CopyVariant(AppendOnly):
    """A text with slots for one product. Facts are not in it; they are filled in when it is shown.

    Its link belongs to the angle, channel, language and author alone: what comes through it came
    by such a text. `drawn`: the lot chose it among the angles, so its link counts in their
    comparison from then on.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="+", verbose_name=_("affiliate")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product")
    )
    link = models.ForeignKey(Link, models.PROTECT, related_name="+", verbose_name=_("link"))
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    angle = models.CharField(_("angle"), max_length=6, choices=Angle)
    origin = models.CharField(_("written by"), max_length=8, choices=Origin)
    drawn = models.BooleanField(_("chosen by lot"), default=False)
    text = models.TextField(_("text"))
    edits = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("written out of")
    )
    run = models.ForeignKey(
        PromptRun,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("question to a model"),
    )
    findings = models.JSONField(_("found by the check"), default=list)  # names of rules
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("text to promote with")
        verbose_name_plural = _("texts to promote with")
        indexes = [
            models.Index(
                fields=["affiliate", "product", "channel", "language"], name="copy_variant_of"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(origin="own") | Q(drawn=False), name="copy_own_is_not_drawn"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_angle_display()}"

    @property
    def arm(self) -> str:
        """What it is compared as: price/template, say."""
        return f"{self.angle}/{self.origin}"


class CopyTake(AppendOnly):
    """A text as somebody took it away, with the facts of that moment in it."""

    variant = models.ForeignKey(
        CopyVariant, models.PROTECT, related_name="takes", verbose_name=_("text")
    )
    text = models.TextField(_("as it was taken"))
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    taken_at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("taken text")
        verbose_name_plural = _("taken texts")

    def __str__(self) -> str:
        return f"{self.variant_id} {self.taken_at:%Y-%m-%d}"


class CopyChoice(AppendOnly):
    """From this moment the affiliate wants these texts first. An empty arm: by lot again.
    `evidence` are the numbers that it saw."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="+", verbose_name=_("affiliate")
    )
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    angle = models.CharField(_("angle"), max_length=6, choices=Angle, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict)
    chosen_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    chosen_at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("choice of a text")
        verbose_name_plural = _("choices of texts")
        indexes = [
            models.Index(
                fields=["affiliate", "channel", "language", "-id"], name="copy_choice_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.angle}"


class CopyRun(Stamped):
    """Texts for many products, made by a worker. The lines are the work left."""

    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="+", verbose_name=_("affiliate")
    )
    zone = models.ForeignKey(AdZone, models.CASCADE, related_name="+", verbose_name=_("ad zone"))
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    language = models.CharField(_("language"), max_length=2, choices=Language)
    by_model = models.BooleanField(_("with the language model"), default=False)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    total = models.PositiveIntegerField(_("products"))
    done = models.PositiveIntegerField(_("done"), default=0)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("texts for many products")
        verbose_name_plural = _("texts for many products")
        constraints = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="copy_run_counts")
        ]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="copy_run_by_affiliate"),
            models.Index(fields=["updated_at"], condition=Q(ended_at=None), name="copy_run_going"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} ({self.total})"


class CopyRunLine(models.Model):
    """One product of it: waiting, or its text, or why there is none."""

    run = models.ForeignKey(CopyRun, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    variant = models.ForeignKey(CopyVariant, models.PROTECT, null=True, related_name="+")
    why_not = models.CharField(max_length=300, blank=True)
    done = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("product of many to write for")
        verbose_name_plural = _("products of many to write for")
        constraints = [
            models.UniqueConstraint(fields=["run", "product"], name="copy_run_product_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.product_id}"
