"""Who is in a plan that is not for everybody; who hosts an event (docs/domain.md §2.1, §2.5)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models.affiliate import Affiliate, AffiliateKind
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Event, Plan


class PlanMemberState(models.TextChoices):
    """pending → approved, rejected, lapsed, withdrawn; approved → removed, quit."""

    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    LAPSED = "lapsed", _("Lapsed")
    WITHDRAWN = "withdrawn", pgettext_lazy("application", "Withdrawn")
    REMOVED = "removed", _("Removed")
    QUIT = "quit", pgettext_lazy("member", "Left")


class PlanMember(models.Model):
    """An affiliate's place in a targeted or self-chosen plan: applied for, or given to it.

    Its rates are the affiliate's from `starts_at` until before `ends_at`. Both are written once, so
    that who was in the plan at a past click stays so.
    """

    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="plan_members", verbose_name=_("commission plan")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="plan_places", verbose_name=_("affiliate")
    )
    state = models.CharField(
        _("state"), max_length=9, choices=PlanMemberState, default=PlanMemberState.PENDING
    )
    words = models.CharField(_("why"), max_length=500, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by_rule = models.BooleanField(_("decided by rule"), default=False)
    applied_at = models.DateTimeField(_("applied at"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    starts_at = models.DateTimeField(_("in the plan from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("in the plan until"), null=True, blank=True)

    class Meta:
        verbose_name = _("place in a plan")
        verbose_name_plural = _("places in plans")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=PlanMemberState.values), name="plan_member_state_known"
            ),
            models.UniqueConstraint(
                fields=["plan", "affiliate"],
                condition=models.Q(state__in=["pending", "approved"]),
                name="plan_member_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["approved", "removed", "quit"], starts_at__gte=models.F("applied_at")
                )
                | (
                    ~models.Q(state__in=["approved", "removed", "quit"])
                    & models.Q(starts_at=None, ends_at=None)
                ),
                name="plan_member_begins_when_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["removed", "quit"], ends_at__gt=models.F("starts_at"))
                | (~models.Q(state__in=["removed", "quit"]) & models.Q(ends_at=None)),
                name="plan_member_ends_when_out",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["rejected", "removed"]) | ~models.Q(reason=""),
                name="plan_member_refused_has_reason",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "plan"], name="plan_member_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.affiliate} · {self.plan}"


class PlanRule(models.Model):
    """Who is let into a targeted plan at once. Whoever does not meet it waits for the merchant, or
    with `refuses` is rejected at once. Orders and sales are those of the last 30 days."""

    plan = models.OneToOneField(
        Plan, models.PROTECT, related_name="join_rule", verbose_name=_("commission plan")
    )
    kinds = ArrayField(
        models.CharField(max_length=10, choices=AffiliateKind),
        verbose_name=_("kinds of affiliates"),
        default=list,
        blank=True,
    )
    least_tier = models.PositiveSmallIntegerField(_("tier from"), default=0)
    least_orders = models.PositiveIntegerField(_("orders from"), default=0)
    least_gmv_minor = models.BigIntegerField(_("sales from"), default=0)
    approved_site = models.BooleanField(_("with an approved site"), default=False)
    refuses = models.BooleanField(_("rejects everybody else"), default=False)

    class Meta:
        verbose_name = _("rule of a targeted plan")
        verbose_name_plural = _("rules of targeted plans")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(least_tier__lte=5, least_gmv_minor__gte=0),
                name="plan_rule_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan)


class EventHost(models.Model):
    """The intermediary who runs an event, for the service fee of its plans."""

    event = models.OneToOneField(
        Event, models.PROTECT, related_name="hosting", verbose_name=_("event")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="hostings", verbose_name=_("host")
    )
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("host of an event")
        verbose_name_plural = _("hosts of events")

    def __str__(self) -> str:
        return f"{self.event}: {self.affiliate}"
