"""What a campaign's close pays to an affiliate: a task's reward, a prize, a part of a pot."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from alliance.kernel.money import Money
from campaigns.models import Campaign, Enrolment


class AwardState(models.TextChoices):
    """review → due → paid; dropped before it was paid, or taken back whole by a person."""

    REVIEW = "review", pgettext_lazy("award", "Being looked at")
    DUE = "due", pgettext_lazy("award", "Due")
    PAID = "paid", pgettext_lazy("award", "Paid")
    DROPPED = "dropped", pgettext_lazy("award", "Not granted")


class Award(Stamped):
    """One affiliate's reward from the close of a campaign (docs/campaign-tasks.md).

    `amount_minor` is what it comes to now; until it is paid that lies in the campaign's promised
    account (`reserved_minor`), then on the affiliate's payable one (`booked_minor`). It is paid on
    the settlement day of the month after `due_month`. Every change is an `AwardStep`.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="awards", verbose_name=_("campaign")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="awards", verbose_name=_("affiliate")
    )
    enrolment = models.OneToOneField(
        Enrolment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="award",
        verbose_name=_("enrolment"),
    )
    rank = models.PositiveIntegerField(_("rank"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=7, choices=AwardState)
    amount_minor = models.BigIntegerField(_("amount"), default=0)
    reserved_minor = models.BigIntegerField(_("reserved"), default=0)
    booked_minor = models.BigIntegerField(_("paid"), default=0)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    due_month = models.DateField(
        _("settles with"), help_text=_("Paid on the settlement day of the month after it.")
    )
    # Why a person looks at it, by name; what was said when it was not granted.
    doubts = models.JSONField(_("to be looked at"), default=list, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    paid_at = models.DateTimeField(pgettext_lazy("award", "paid at"), null=True, blank=True)

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "affiliate"], name="award_once"),
            models.CheckConstraint(
                condition=Q(state__in=AwardState.values), name="award_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["review", "due"],
                    reserved_minor=F("amount_minor"),
                    booked_minor=0,
                    amount_minor__gt=0,
                    paid_at=None,
                )
                | Q(
                    state="paid",
                    reserved_minor=0,
                    booked_minor=F("amount_minor"),
                    amount_minor__gte=0,
                    paid_at__isnull=False,
                )
                | Q(state="dropped", amount_minor=0, reserved_minor=0, booked_minor=0),
                name="award_money_fits_state",
            ),
            models.CheckConstraint(condition=Q(due_month__day=1), name="award_due_is_first"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(decided_at__isnull=False),
                name="award_decided_has_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="award_by_affiliate"),
            models.Index(fields=["due_month"], condition=Q(state="due"), name="award_to_pay"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.affiliate}"

    @property
    def number(self) -> str:
        return f"AW{self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class AwardHold(models.Model):
    """This affiliate's awards wait: somebody has to look at it first. Taken away when they did."""

    affiliate = models.OneToOneField(
        Affiliate, models.PROTECT, primary_key=True, related_name="+", verbose_name=_("affiliate")
    )
    since = models.DateTimeField(_("since"), default=clock.now)

    class Meta:
        verbose_name = _("affiliate whose rewards wait")
        verbose_name_plural = _("affiliates whose rewards wait")

    def __str__(self) -> str:
        return str(self.affiliate)


class AwardStep(AppendOnly):
    """One step of an award: what changed (deltas), from which figures, and the entry of it."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="steps", verbose_name=_("award"))
    revision = models.PositiveIntegerField(_("revision"))
    state = models.CharField(_("state"), max_length=7, choices=AwardState)
    amount_minor = models.BigIntegerField(_("amount"))
    reserved_minor = models.BigIntegerField(_("reserved"))
    booked_minor = models.BigIntegerField(_("paid"))
    why = models.JSONField(_("why"), default=dict)
    entry = models.ForeignKey("commissions.Entry", models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("step of an award")
        verbose_name_plural = _("steps of awards")
        ordering = ["award", "revision"]
        constraints = [
            models.UniqueConstraint(fields=["award", "revision"], name="award_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.award_id} r{self.revision}"
