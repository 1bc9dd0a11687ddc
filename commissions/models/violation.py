"""Cases against an affiliate: what is frozen, why, and how it was decided (docs/violations.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import AdZone, Affiliate, Relation
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from commissions.models.commission import Commission, Hold

SERIOUS_POINTS = 48
POINTS_LIMIT = 18  # from here on no new links until the year is over (docs/violations.md)


class ViolationType(models.IntegerChoices):
    """The reason; the number is its code on the wire (docs/domain.md §7).

    1 and 2 are Taobao's own, the others follow JD's list of invalid orders.
    """

    SELF_PROMOTION = 1, _("Shop promoting itself")
    FAKE_TRADE = 2, _("Fake trade")
    OTHER = 13, _("Other violation")
    FOREIGN_SOURCE = 14, _("Traffic from a medium that is not filed")
    HIJACK = 25, _("Traffic hijacking")
    ABNORMAL = 26, _("Abnormal traffic")
    RULES = 27, _("Rules of the alliance broken")
    SERIES = 28, _("Anomaly over several transactions")

    @property
    def words(self) -> str:
        """What it means, in a sentence for the affiliate."""
        return str(_MEANINGS[self])


_MEANINGS = {
    ViolationType.SELF_PROMOTION: _("The shop itself or somebody close to it promoted its goods."),
    ViolationType.FAKE_TRADE: _("The orders seem to have been placed without a real purchase."),
    ViolationType.OTHER: _("The evidence says what is meant."),
    ViolationType.FOREIGN_SOURCE: _("The clicks came from a place that is not filed as a site."),
    ViolationType.HIJACK: _(
        "Buyers who were on their way already were led over your link: by a forced redirect, "
        "a hidden frame, a rewritten link or the shop's own name as a search word."
    ),
    ViolationType.ABNORMAL: _("The clicks do not look like those of people who chose to click."),
    ViolationType.RULES: _("The way of promoting breaks a rule of the alliance."),
    ViolationType.SERIES: _("Several orders together do not look like independent purchases."),
}


class ViolationTarget(models.TextChoices):
    """What the case is about, and so whose money it freezes."""

    ORDER = "order", _("One order line")
    ZONE = "zone", _("An ad zone")
    RELATION = "relation", _("A partner relation")
    ACCOUNT = "account", _("The whole account")


class ViolationState(models.TextChoices):
    OPEN = "open", pgettext_lazy("case", "Open")  # open → upheld | released; upheld → released
    UPHELD = "upheld", _("Upheld")
    RELEASED = "released", pgettext_lazy("case", "Released")


class Consequence(models.TextChoices):
    """What follows if the case is upheld. While it is open the money is frozen in any case."""

    INVALIDATE = "invalidate", _("The orders are invalid, the merchants get the commission back")
    FREEZE = "freeze", _("The money stays frozen until a day, then it goes on")
    POINTS = "points", _("Points only, the money goes on")


class Severity(models.TextChoices):
    WARNING = "warning", _("Warning, no points")
    GENERAL = "general", pgettext_lazy("severity", "General")
    SERIOUS = "serious", _("Serious")


class Violation(Stamped):
    """A case. It covers commissions of its affiliate that no settlement has taken.

    An order case covers one commission. The others cover every order of the zone, relation or
    account that was placed before `frozen_until`, the end of the target's freeze. A relation's case
    is the partner's: it covers what the partner gets out of the relation.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="violations", verbose_name=_("affiliate")
    )
    target = models.CharField(_("about"), max_length=8, choices=ViolationTarget)
    commission = models.ForeignKey(
        Commission,
        models.PROTECT,
        null=True,
        related_name="violations",
        verbose_name=_("commission"),
    )
    zone = models.ForeignKey(
        AdZone, models.PROTECT, null=True, related_name="violations", verbose_name=_("ad zone")
    )
    relation = models.ForeignKey(
        Relation,
        models.PROTECT,
        null=True,
        related_name="violations",
        verbose_name=_("partner relation"),
    )
    reason = models.PositiveSmallIntegerField(_("reason"), choices=ViolationType)
    consequence = models.CharField(_("consequence"), max_length=10, choices=Consequence)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    points = models.PositiveSmallIntegerField(_("points"), default=0)
    state = models.CharField(
        _("state"), max_length=8, choices=ViolationState, default=ViolationState.OPEN
    )
    # What it does, at present, to the unsettled commissions that it covers.
    hold = models.CharField(
        _("effect"), max_length=6, choices=Hold, default=Hold.FROZEN, blank=True
    )
    opened_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("opened by")
    )
    opened_at = models.DateTimeField(pgettext_lazy("case", "opened at"), default=clock.now)
    appeal_until = models.DateTimeField(_("appeal until"))
    frozen_until = models.DateTimeField(_("frozen until"), null=True)
    ended_at = models.DateTimeField(_("freeze ended at"), null=True)
    # An account that operations had frozen before stays frozen when the case is over.
    froze_account = models.BooleanField(default=False)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # The row is the queue: while these differ, commissions have yet to follow (docs/adr/0012).
    version = models.PositiveIntegerField(default=1)
    applied_version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("violation")
        verbose_name_plural = _("violations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    target="order", commission__isnull=False, zone=None, relation=None
                )
                | models.Q(target="zone", commission=None, zone__isnull=False, relation=None)
                | models.Q(target="relation", commission=None, zone=None, relation__isnull=False)
                | models.Q(target="account", commission=None, zone=None, relation=None),
                name="violation_has_its_target",
            ),
            models.CheckConstraint(
                condition=models.Q(target="order") | models.Q(frozen_until__isnull=False),
                name="violation_target_freeze_ends",
            ),
            models.CheckConstraint(
                condition=~models.Q(consequence="freeze") | models.Q(frozen_until__isnull=False),
                name="violation_freeze_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(severity="warning", points=0)
                | models.Q(severity="general", points__gte=1, points__lt=SERIOUS_POINTS)
                | models.Q(severity="serious", points=SERIOUS_POINTS),
                name="violation_points_fit",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None, hold__in=["frozen", ""])
                | models.Q(state="upheld", decided_at__isnull=False)
                | models.Q(state="released", decided_at__isnull=False, hold=""),
                name="violation_hold_fits_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(hold="barred") | models.Q(consequence="invalidate"),
                name="violation_bar_was_announced",
            ),
            *(
                models.UniqueConstraint(
                    fields=[field], condition=models.Q(state="open", **more), name=name
                )
                for field, more, name in (
                    ("commission", {}, "violation_one_open_per_commission"),
                    ("zone", {}, "violation_one_open_per_zone"),
                    ("relation", {}, "violation_one_open_per_relation"),
                    ("affiliate", {"target": "account"}, "violation_one_open_per_account"),
                )
            ),
        ]
        indexes = [
            models.Index(
                fields=["affiliate"],
                condition=~models.Q(hold=""),
                name="violation_in_effect",
            ),
            models.Index(
                fields=["id"],
                condition=~models.Q(version=models.F("applied_version")),
                name="violation_to_apply",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_reason_display()}"

    @property
    def number(self) -> str:
        return f"V{self.pk}"

    @property
    def meaning(self) -> str:
        return ViolationType(self.reason).words


class Evidence(AppendOnly):
    """What somebody said or showed. The file lies in the row: no change, no public place."""

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="evidence")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    from_desk = models.BooleanField(_("from the alliance"))
    text = models.TextField(_("what it shows"), max_length=2000)
    filename = models.CharField(_("file"), max_length=100, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    content = models.BinaryField(null=True)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content=None, filename="", content_type="", digest="")
                | (
                    models.Q(content__isnull=False)
                    & ~models.Q(filename="")
                    & ~models.Q(content_type="")
                    & ~models.Q(digest="")
                ),
                name="evidence_file_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.violation.number}: {self.text[:60]}"


class AppealState(models.TextChoices):
    FILED = "filed", _("Waiting for an answer")  # filed → granted | dismissed
    GRANTED = "granted", _("Granted")
    DISMISSED = "dismissed", _("Dismissed")


class Appeal(Stamped):
    """The affiliate's word against the case. Two instances, each decided by another person."""

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="appeals")
    instance = models.PositiveSmallIntegerField(_("instance"))
    text = models.TextField(_("your words"), max_length=4000)
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("filed by"))
    filed_at = models.DateTimeField(_("filed at"), default=clock.now)
    answer_until = models.DateTimeField(_("answer due"))
    state = models.CharField(
        _("state"), max_length=9, choices=AppealState, default=AppealState.FILED
    )
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    # Copied from the case and the first instance, so that the database itself can say no.
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    dismissed_before_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints = [
            models.UniqueConstraint(fields=["violation", "instance"], name="appeal_once"),
            models.CheckConstraint(
                condition=models.Q(instance=1, dismissed_before_by=None)
                | models.Q(instance=2, dismissed_before_by__isnull=False),
                name="appeal_instance_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="filed", decided_by=None, decided_at=None)
                | (
                    models.Q(state__in=["granted", "dismissed"])
                    & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~models.Q(answer="")
                ),
                name="appeal_decided_by_a_person",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("opened_by")),
                name="appeal_not_by_the_opener",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | models.Q(dismissed_before_by=None)
                | ~models.Q(decided_by=models.F("dismissed_before_by")),
                name="appeal_second_by_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_until"], condition=models.Q(state="filed"), name="appeal_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.violation.number}, {self.get_state_display()}"


class ViolationFact(models.TextChoices):
    OPENED = "opened", _("The case was opened; the money is frozen.")
    EVIDENCE = "evidence", _("Evidence was added.")
    APPEALED = "appealed", _("The affiliate appealed.")
    DISMISSED = "dismissed", _("The appeal was dismissed.")
    GRANTED = "granted", _("The appeal was granted.")
    UPHELD = "upheld", _("The case was upheld.")
    EXPIRED = "expired", _("The deadline passed without an appeal: the case was upheld.")
    RELEASED = "released", _("The case was released; the money goes on.")
    ENDED = "ended", _("The freeze ended.")


class ViolationEvent(AppendOnly):
    """What happened in the case, in order. Written with each change and never changed."""

    violation = models.ForeignKey(Violation, models.PROTECT, related_name="events")
    fact = models.CharField(_("what"), max_length=9, choices=ViolationFact)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    words = models.CharField(_("words"), max_length=2000, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = pgettext_lazy("of a case", "event")
        verbose_name_plural = pgettext_lazy("of a case", "events")
        ordering = ["violation", "pk"]
        constraints = [
            # Deadlines work by themselves; whatever else happens is somebody's doing.
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False) | models.Q(fact__in=["expired", "ended"]),
                name="violation_event_has_actor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.violation.number} {self.fact}"
