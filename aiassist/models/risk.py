"""Affiliates who stood out among their peers, or work in an unusual way: the evidence, and what
people decided."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate, AffiliateKind
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from commissions.models import Violation

FALSE_BPS = 100  # 1 % of those who stand out may be honest; operations may set another share


class RiskPolicy(AppendOnly):
    """From when it is set on: who stands out, and whether a case is opened before anybody looked.

    Such a case is opened in the name of who set the policy, so somebody else answers its appeal.
    """

    false_bps = models.PositiveIntegerField(
        _("of those who stand out, honest at most"), default=FALSE_BPS
    )
    opens_cases = models.BooleanField(
        _("freezes at once"),
        default=False,
        help_text=_("A case is opened in the name of who sets this; else it is only proposed."),
    )
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("set by"))
    set_at = models.DateTimeField(_("set at"), default=clock.now)

    class Meta:
        verbose_name = _("risk policy")
        verbose_name_plural = _("risk policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(false_bps__range=(1, 1_000)), name="risk_policy_share_in_bounds"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.pk or 0})


class RiskScore(AppendOnly):
    """How odd an affiliate was on a day (docs/risk.md). Of those who were not, nothing is kept.

    `chance_ppm`: of a million honest affiliates, so many would be as odd. `false_bps`: of those who
    stand out as much that night, the share to be honest; `unusual_bps`: of those as unusual.
    `findings`: the signs, each a dict of `sign` (or facet, with its bands from `first` to before
    `end`), `k`, `n`, `usual_bps`, `low_bps`, `high_bps`, `peers`, `chance_ppm`, and `lately`: of
    the last 30 days alone.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="+", verbose_name=_("affiliate")
    )
    day = models.DateField(_("day"))
    orders = models.PositiveIntegerField(_("orders"))
    kind = models.CharField(_("compared with"), max_length=10, choices=AffiliateKind)
    category = models.CharField(_("main category"), max_length=50, blank=True)
    chance_ppm = models.PositiveIntegerField(_("of a million honest ones"))
    false_bps = models.PositiveIntegerField(_("honest among those who stand out so"))
    unusual_bps = models.PositiveIntegerField(_("honest among those as unusual"))
    findings = models.JSONField(_("findings"))

    class Meta:
        verbose_name = _("risk score")
        verbose_name_plural = _("risk scores")
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "day"], name="risk_score_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate}, {self.day}"


class ReviewState(models.TextChoices):
    OPEN = "open", pgettext_lazy("risk review", "To look at")  # open → case | cleared
    UNUSUAL = "unusual", _("Unusual ways of working")  # unusual → way | case | open, in a night
    CASE = "case", _("Case opened")
    CLEARED = "cleared", _("Nothing wrong")
    WAY = "way", _("How they work")


WAITING = (ReviewState.OPEN, ReviewState.UNUSUAL)  # nobody has decided


class RiskReview(Stamped):
    """Somebody has to look at this affiliate. Until they did, its rewards are not paid. If it is
    only unusual, somebody may look, and nothing waits."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="+", verbose_name=_("affiliate")
    )
    score = models.ForeignKey(
        RiskScore, models.PROTECT, related_name="+", verbose_name=_("latest score")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=ReviewState, default=ReviewState.OPEN
    )
    opened_at = models.DateTimeField(_("since"), default=clock.now)
    violation = models.OneToOneField(
        Violation, models.PROTECT, null=True, related_name="+", verbose_name=_("case")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("affiliate to look at")
        verbose_name_plural = _("affiliates to look at")
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate"], condition=Q(state__in=WAITING), name="risk_review_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, violation=None, decided_by=None, decided_at=None)
                | Q(state="case", violation__isnull=False, decided_by__isnull=False,
                    decided_at__isnull=False)
                | (
                    Q(state__in=("cleared", "way"), violation=None, decided_by__isnull=False,
                      decided_at__isnull=False)
                    & ~Q(reason="")
                ),
                name="risk_review_decided_by_a_person",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.affiliate)

    @property
    def honest_bps(self) -> int:
        """The share of honest ones among those who stand out so, or are as unusual."""
        only_unusual = self.state in (ReviewState.UNUSUAL, ReviewState.WAY)
        return self.score.unusual_bps if only_unusual else self.score.false_bps
