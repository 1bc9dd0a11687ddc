"""Campaigns of a season: who pays what on top of the commission, when, for which products."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money
from merchants.models import Merchant, Product


class Season(Stamped):
    """618 and its like: four phases, one after the other, that campaigns are planned into."""

    name = models.CharField(_("name"), max_length=80)
    warm_up_from = models.DateTimeField(_("warm-up from"))
    opening_from = models.DateTimeField(_("opening from"))
    main_from = models.DateTimeField(_("main days from"))
    closing_from = models.DateTimeField(_("closing from"))
    ends_at = models.DateTimeField(_("ends at"))

    class Meta:
        verbose_name = _("season")
        verbose_name_plural = _("seasons")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    warm_up_from__lte=F("opening_from"),
                    opening_from__lte=F("main_from"),
                    main_from__lte=F("closing_from"),
                    closing_from__lt=F("ends_at"),
                ),
                name="season_phases_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignState(models.TextChoices):
    """draft → scheduled → live ⇄ paused → closed → settled."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")  # published and funded, not begun
    LIVE = "live", _("Live")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Closed")  # earns nothing new; what was earned is still being confirmed
    SETTLED = "settled", _("Settled")  # what was left of the budget has gone back


# What was published, and not yet wound up: orders may still be of its time.
PUBLISHED = (
    CampaignState.SCHEDULED,
    CampaignState.LIVE,
    CampaignState.PAUSED,
    CampaignState.CLOSED,
)


class Sponsor(models.TextChoices):
    """Whose money the budget is."""

    PLATFORM = "platform", _("The alliance")
    MERCHANT = "merchant", _("A merchant")
    JOINT = "joint", _("The alliance and a merchant")
    AFFILIATE = "affiliate", pgettext_lazy("sponsor", "An affiliate")  # a gift voucher


class Campaign(Stamped):
    """One mechanic with its rules, budget, limits and time (docs/campaign-mechanics.md).

    `rules` is what `campaigns.mechanics` of that kind accepts. Amounts are minor units of
    `currency`; the limits are the engine's business and hold whatever the mechanic says: None is
    no limit. Orders count by the moment they were placed, from `starts_at` to before `ends_at`;
    what they earned is final at `confirm_until`.
    """

    kind = models.CharField(_("mechanic"), max_length=24)
    name = models.CharField(_("name"), max_length=80)
    about = models.TextField(_("what it says to those who take part"), blank=True, max_length=2000)
    season = models.ForeignKey(
        Season,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name=_("season"),
    )
    state = models.CharField(
        _("state"), max_length=9, choices=CampaignState, default=CampaignState.DRAFT
    )
    currency = models.CharField(_("currency"), max_length=3)
    rules = models.JSONField(_("rules"), default=dict)

    sponsor = models.CharField(
        _("paid by"), max_length=9, choices=Sponsor, default=Sponsor.PLATFORM
    )
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name=_("merchant"),
        help_text=_("Who pays a part of the budget."),
    )
    merchant_bps = models.PositiveIntegerField(_("paid by the merchant"), default=0)
    # The affiliate that pays for a gift voucher, or the intermediary that holds an event.
    host = models.ForeignKey(
        Affiliate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="hosted_campaigns",
        verbose_name=_("held by"),
    )
    agreed_at = models.DateTimeField(_("agreed at"), null=True, blank=True, editable=False)

    budget_minor = models.PositiveBigIntegerField(_("budget"), default=0)
    # What somebody has asked to put on top of it, until a second person answers.
    raise_minor = models.PositiveBigIntegerField(_("asked on top"), default=0, editable=False)
    raise_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
        editable=False,
    )
    # Of it, what has gone back to whoever paid it when the campaign was wound up.
    returned_minor = models.PositiveBigIntegerField(_("returned"), default=0, editable=False)
    daily_minor = models.PositiveBigIntegerField(_("budget of a day"), null=True, blank=True)
    per_order_minor = models.PositiveBigIntegerField(
        _("at most per order line"), null=True, blank=True
    )
    per_affiliate_minor = models.PositiveBigIntegerField(
        _("at most per affiliate"), null=True, blank=True
    )
    per_affiliate_day_minor = models.PositiveBigIntegerField(
        _("at most per affiliate and day"), null=True, blank=True
    )
    orders_per_affiliate = models.PositiveIntegerField(
        _("the first orders of each affiliate"), null=True, blank=True
    )
    pieces = models.PositiveIntegerField(_("the first pieces"), null=True, blank=True)

    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    confirm_until = models.DateTimeField(_("received until"))
    enrol_from = models.DateTimeField(_("enrolment from"), null=True, blank=True)
    enrol_until = models.DateTimeField(_("enrolment until"), null=True, blank=True)

    kinds = models.JSONField(_("kinds of affiliates"), default=list, blank=True)  # [] is all
    least_tier = models.PositiveSmallIntegerField(_("least tier"), default=0)
    barred = models.ManyToManyField(
        Affiliate, blank=True, related_name="+", verbose_name=_("affiliates left out")
    )
    all_products = models.BooleanField(
        _("all products"), default=False, help_text=_("Else those of its slate.")
    )
    # Of the campaigns in one group an order line gets the best one only; "" stacks with all.
    stacking_group = models.CharField(_("stacking group"), max_length=24, blank=True)
    self_buying = models.BooleanField(_("own purchases count"), default=False)

    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    published_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    close_reason = models.CharField(
        _("reason for closing"), max_length=300, blank=True, editable=False
    )
    # Its standings are final and what they earn is awarded (commissions/services/awards.py).
    evaluated_at = models.DateTimeField(_("evaluated at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CampaignState.values), name="campaign_state_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), confirm_until__gte=F("ends_at")),
                name="campaign_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(enrol_from=None)
                | Q(enrol_until=None)
                | Q(enrol_until__gt=F("enrol_from")),
                name="campaign_enrolment_in_order",
            ),
            models.CheckConstraint(
                condition=Q(sponsor="platform", merchant_bps=0)
                | Q(sponsor="affiliate", merchant_bps=0, host__isnull=False)
                | Q(sponsor="merchant", merchant_bps=10_000, merchant__isnull=False)
                | Q(sponsor="joint", merchant_bps__range=(1, 9_999), merchant__isnull=False),
                name="campaign_sponsor_is_named",
            ),
            models.CheckConstraint(
                condition=Q(raise_minor=0, raise_by=None)
                | Q(raise_minor__gt=0, raise_by__isnull=False),
                name="campaign_raise_is_asked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None)
                | (~Q(state="draft") & Q(published_at__isnull=False)),
                name="campaign_published_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "settled"]) | Q(closed_at__isnull=False),
                name="campaign_closed_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(returned_minor=0)
                | Q(state="settled", returned_minor__lte=F("budget_minor")),
                name="campaign_returns_at_most_its_budget",
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"], name="campaign_by_time"),
            models.Index(fields=["state", "-starts_at"], name="campaign_by_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def budget(self) -> Money:
        return Money(self.budget_minor, self.currency)

    @property
    def waits_for_consent(self) -> bool:
        return bool(self.merchant_bps) and self.agreed_at is None

    def counts_at(self, placed_at: datetime) -> bool:
        """Whether an order placed then is of its time, pauses apart. Nothing counts before it was
        published, nor from the moment on in which somebody closed it."""
        begins = max(self.starts_at, self.published_at or self.starts_at)
        over = min(self.ends_at, self.closed_at or self.ends_at)
        return begins <= placed_at < over


class CampaignPause(models.Model):
    """A time in which a campaign stood still: orders placed in it earn nothing from it."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="pauses")
    from_at = models.DateTimeField(_("from"), default=clock.now)
    until_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="pause_ends_later"
            ),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(until_at=None), name="pause_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.from_at:%Y-%m-%d %H:%M}"

    def covers(self, moment: datetime) -> bool:
        return self.from_at <= moment and (self.until_at is None or moment < self.until_at)


class SlateState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")  # by its merchant; operations decide
    APPROVED = "approved", _("On the slate")
    REJECTED = "rejected", _("Rejected")


class SlateItem(Stamped):
    """A product that takes part. Its merchant may have promised more for the time than its plans.

    `rate_bps` is the whole commission rate while the campaign runs, and `service_bps` the service
    fee of an intermediary's event; both count from `agreed_at`, the merchant's word, on.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="slate")
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product")
    )
    state = models.CharField(
        _("state"), max_length=8, choices=SlateState, default=SlateState.APPROVED
    )
    rate_bps = models.PositiveIntegerField(_("commission rate"), null=True, blank=True)
    service_bps = models.PositiveIntegerField(_("service fee"), default=0)
    price_minor = models.PositiveBigIntegerField(_("price in the campaign"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("product of a campaign")
        verbose_name_plural = _("products of campaigns")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "product"], name="slate_item_once"),
            models.CheckConstraint(
                condition=Q(state__in=SlateState.values), name="slate_item_state_known"
            ),
            models.CheckConstraint(
                condition=(Q(rate_bps=None) | Q(rate_bps__range=(1, 9_000)))
                & Q(service_bps__lte=9_000),
                name="slate_item_rates_in_bounds",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="slate_item_rejected_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.product}"


class EnrolmentState(models.TextChoices):
    """docs/domain.md §5.1. applied → offered → accepted → evaluating → approved → settled;
    failed, quit or void from where it stands."""

    APPLIED = "applied", _("Applied")  # by the affiliate, with its case; operations decide
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Running")
    EVALUATING = "evaluating", _("Being evaluated")
    APPROVED = "approved", _("Approved")
    SETTLED = "settled", pgettext_lazy("award", "Paid")
    FAILED = "failed", _("Not reached")
    QUIT = "quit", _("Quit")
    VOID = "void", _("Void")


# Accepted, and neither quit nor undone: what it sells counts.
TAKING_PART = (
    EnrolmentState.ACCEPTED,
    EnrolmentState.EVALUATING,
    EnrolmentState.APPROVED,
    EnrolmentState.SETTLED,
    EnrolmentState.FAILED,
)
ENROLMENT_OVER = (
    EnrolmentState.SETTLED,
    EnrolmentState.FAILED,
    EnrolmentState.QUIT,
    EnrolmentState.VOID,
)


class Enrolment(Stamped):
    """An affiliate takes part in a campaign that asks for it.

    Offering or accepting a guaranteed task reserves its greatest possible reward, so that the
    promise is funded before it is made. `reserved_minor` is what lies in the campaign's promised
    account for it at present: nothing any more once it is quit, lapsed or evaluated (then the award
    holds the money). `reward_minor` is what it came to so far.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="enrolments")
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="enrolments", verbose_name=_("affiliate")
    )
    state = models.CharField(_("state"), max_length=10, choices=EnrolmentState)
    statement = models.TextField(_("what the affiliate says"), blank=True, max_length=1000)
    reserved_minor = models.PositiveBigIntegerField(_("reserved"), default=0)
    reward_minor = models.PositiveBigIntegerField(_("reward"), default=0)
    # An offer that nobody has accepted by then lapses, and its reserve goes back.
    offered_until = models.DateTimeField(_("offered until"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "affiliate"],
                condition=~Q(state__in=["quit", "void"]),
                name="enrolment_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=EnrolmentState.values), name="enrolment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["applied", "offered", "quit", "void", "failed"])
                | Q(accepted_at__isnull=False),
                name="enrolment_accepted_has_moment",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-id"], name="enrolment_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.affiliate}: {self.campaign}"
