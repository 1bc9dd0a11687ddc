"""Coupon stock and claims: what buyers take on the busiest night of the year (docs/claims.md)."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import AdZone, Affiliate, Link
from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money
from campaigns.models.campaign import Campaign
from merchants.models import Order, Product, Shop


class StockMode(models.TextChoices):
    FIRST = "first", _("First come, first served")
    DRAW = "draw", _("Drawn among those who entered")


WHOLE_SLATE = _("whole slate")


class StockState(models.TextChoices):
    """draft → open → closed."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("coupons", "Open")  # its money is set aside
    CLOSED = "closed", _("Closed")  # nothing more is claimed; what was claimed may still be used


class CouponStock(Stamped):
    """Coupons of a campaign for one product, or for its whole slate.

    `size` slots, numbered from 1; slot n has the face `faces[(n - 1) % len(faces)]`, so that what
    the whole stock can cost is known before it opens: `total_minor`. Slots come from a sequence of
    the stock's own, which takes no lock; what makes overselling impossible is the unique slot of
    each claim that holds one.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="stocks")
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
        help_text=_("Empty: every product of the campaign."),
    )
    state = models.CharField(
        _("state"), max_length=6, choices=StockState, default=StockState.DRAFT, editable=False
    )
    mode = models.CharField(
        _("who gets one"), max_length=5, choices=StockMode, default=StockMode.FIRST
    )
    size = models.PositiveIntegerField(_("coupons"), validators=[MinValueValidator(1)])
    faces = ArrayField(models.BigIntegerField(), verbose_name=_("face values"), editable=False)
    total_minor = models.PositiveBigIntegerField(_("worth of the whole stock"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    valid_minutes = models.PositiveIntegerField(_("usable for (minutes)"), default=1440)
    until_end = models.BooleanField(_("not longer than the campaign"), default=True)
    # Of a later batch or a time slot: when its claims begin and end. Empty: with the campaign.
    opens_at = models.DateTimeField(_("claims from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("claims until"), null=True, blank=True)
    per_buyer = models.PositiveIntegerField(
        _("at most per buyer"), null=True, blank=True, help_text=_("In all; one a day at most.")
    )
    pause_days = models.PositiveSmallIntegerField(_("days between two of a buyer"), default=0)
    wins = models.BooleanField(_("the order goes to the affiliate of the claim"), default=False)
    least_wait_seconds = models.PositiveIntegerField(
        _("seconds between claim and payment"), default=0
    )
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    # What lies aside for it: budget that went to the coupons' account and has not come back.
    set_aside_minor = models.PositiveBigIntegerField(_("set aside"), default=0, editable=False)
    # How far the sweep has looked for slots that an aborted transaction lost, and since when.
    swept_slot = models.BigIntegerField(default=0, editable=False)
    swept_at = models.DateTimeField(null=True, editable=False)
    # Of a draw: the seed that decides it, told when it is over; its hash is told before.
    seed = models.CharField(max_length=64, blank=True, editable=False)
    drawn_at = models.DateTimeField(_("drawn at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("coupon stock")
        verbose_name_plural = _("coupon stocks")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=StockState.values) & Q(mode__in=StockMode.values),
                name="stock_words_known",
            ),
            models.CheckConstraint(
                condition=Q(size__range=(1, 10_000_000), valid_minutes__range=(5, 60 * 24 * 60)),
                name="stock_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(faces__len__range=(1, 1000), total_minor__gt=0), name="stock_has_faces"
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="stock_closes_later",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(opened_at__isnull=False),
                name="stock_open_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False),
                name="stock_closed_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(set_aside_minor__lte=F("total_minor"))
                & (~Q(state="draft") | Q(set_aside_minor=0)),
                name="stock_set_aside_within_total",
            ),
            models.CheckConstraint(
                condition=~Q(mode="draw") | ~Q(seed=""), name="stock_draw_has_seed"
            ),
        ]
        indexes = [
            models.Index(fields=["product"], condition=~Q(state="draft"), name="stock_by_product")
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.product or WHOLE_SLATE}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def claims_from(self) -> datetime:
        return self.opens_at or self.campaign.starts_at

    @property
    def claims_until(self) -> datetime:
        ends = self.campaign.ends_at
        return min(self.closes_at, ends) if self.closes_at else ends

    @property
    def sequence(self) -> str:
        """The sequence that its slots come from."""
        return f"campaigns_slot_{self.pk}"


class ClaimState(models.TextChoices):
    """held ⇄ used; held → expired. Of a draw: entered → held or lost."""

    HELD = "held", _("Claimed")
    USED = "used", _("Used")
    EXPIRED = "expired", _("Expired")  # unused; its slot is offered again
    ENTERED = "entered", _("Entered")
    LOST = "lost", _("Not drawn")


LIVE = (ClaimState.HELD, ClaimState.USED)


class Claim(models.Model):
    """One coupon of one buyer. Written by `claim_take` (migration 0002) in one round trip.

    `code` is what the buyer shows to the shop, and the click id of the touch that the claim is; it
    is made from the request, so that the same request twice is one claim. The buyer is a keyed
    hash. Hot: the references carry no database foreign keys (docs/adr/0004), `ledger_verify`
    proves them.
    """

    stock = models.ForeignKey(
        CouponStock,
        models.DO_NOTHING,
        related_name="claims",
        db_constraint=False,
        db_index=False,
        verbose_name=_("coupon stock"),
    )
    campaign = models.ForeignKey(
        Campaign, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    slot = models.IntegerField(_("slot"), null=True)  # none while it waits for a draw
    state = models.CharField(_("state"), max_length=7, choices=ClaimState, default=ClaimState.HELD)
    code = models.CharField(_("coupon code"), max_length=16, unique=True)
    face_minor = models.PositiveBigIntegerField(_("face value"))
    currency = models.CharField(_("currency"), max_length=3)
    buyer_key = models.CharField(max_length=32)
    network_key = models.CharField(max_length=32, blank=True)
    trail = models.BooleanField(default=True)  # whether the buyer agreed to be known again
    day = models.DateField(_("business day"))
    link = models.ForeignKey(
        Link, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    affiliate = models.ForeignKey(
        Affiliate, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    zone = models.ForeignKey(
        AdZone, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    shop = models.ForeignKey(
        Shop, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    claimed_at = models.DateTimeField(_("claimed at"), default=clock.now)
    expires_at = models.DateTimeField(_("usable until"))
    order = models.ForeignKey(
        Order,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
        verbose_name=_("order"),
    )
    used_at = models.DateTimeField(_("used at"), null=True)
    # What the shop gave for it: fixed when the goods were received. Empty: not looked at.
    worth_minor = models.PositiveBigIntegerField(_("worth to the shop"), null=True)
    # What the merchant has got for it, and how often that was changed.
    paid_minor = models.PositiveBigIntegerField(_("reimbursed"), default=0)
    paid_revision = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.UniqueConstraint(
                fields=["stock", "slot"],
                condition=Q(state__in=["held", "used"]),
                name="claim_slot_once",
            ),
            models.UniqueConstraint(
                fields=["campaign", "buyer_key", "day"], name="claim_once_per_buyer_and_day"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ClaimState.values), name="claim_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["entered", "lost"]) | Q(slot__isnull=False),
                name="claim_held_has_slot",
            ),
            models.CheckConstraint(
                condition=Q(state="used", order__isnull=False, used_at__isnull=False)
                | (~Q(state="used") & Q(order=None, used_at=None)),
                name="claim_used_has_order",
            ),
            models.CheckConstraint(
                condition=Q(paid_minor=0)
                | Q(
                    state="used",
                    paid_minor__lte=F("worth_minor"),
                    worth_minor__isnull=False,
                ),
                name="claim_paid_was_used",
            ),
            models.CheckConstraint(
                condition=Q(worth_minor=None) | Q(state="used", worth_minor__lte=F("face_minor")),
                name="claim_worth_at_most_face",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="claim_by_expiry"),
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="claim_by_order"),
            # Whether one of an affiliate's buyers still holds one: tools ask that for each of them.
            models.Index(
                fields=["affiliate", "expires_at"],
                condition=Q(state="held"),
                name="claim_held_by_affiliate",
            ),
            BrinIndex(
                fields=["claimed_at"], pages_per_range=16, autosummarize=True, name="claim_by_time"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def face(self) -> Money:
        return Money(self.face_minor, self.currency)


class FreeSlot(models.Model):
    """A slot below the sequence that nobody holds: returned, or lost by an aborted transaction."""

    stock = models.ForeignKey(
        CouponStock, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    slot = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stock", "slot"], name="free_slot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stock_id}/{self.slot}"


class Refusal(models.Model):
    """How many claims of a campaign were refused in a minute, by reason. Counted, not proved."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="refusals")
    minute = models.DateTimeField(_("minute"))
    reason = models.CharField(_("reason"), max_length=16)
    count = models.PositiveIntegerField(_("how many"), default=0)

    class Meta:
        verbose_name = _("refused claims")
        verbose_name_plural = _("refused claims")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "minute", "reason"], name="refusals_once_per_minute"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.minute:%Y-%m-%d %H:%M} {self.reason}: {self.count}"
