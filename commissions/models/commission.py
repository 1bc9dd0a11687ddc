"""What each order line owes its affiliate, and every step of how it came about."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Attribution
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped
from alliance.kernel.money import Money
from commissions.formulas import Role, TechFeeBase
from commissions.models.settlement import Settlement, SettlementState
from merchants.models import Merchant, OrderLine


class CommissionState(models.TextChoices):
    """docs/domain.md §4.1; `wire` gives the codes of the Taobao protocol.

    Settled is never stored on a commission: a confirmed one is settled when its month is
    (docs/adr/0014). It is a word for what is shown, and for what is booked after the settlement.
    """

    PLACED = "placed", _("Placed")
    UNFUNDED = "unfunded", _("Waiting for the merchant's funds")
    ESTIMATED = "estimated", _("Estimated")
    CONFIRMED = "confirmed", _("Confirmed")
    FROZEN = "frozen", _("Frozen")
    SETTLED = "settled", _("Settled")
    VOID = "void", _("Void")

    @property
    def wire(self) -> int:
        return {
            "placed": 11,
            "unfunded": 12,
            "estimated": 12,
            "confirmed": 14,
            "frozen": 14,
            "settled": 3,
        }.get(self.value, 13)


STORED = tuple(state for state in CommissionState.values if state != CommissionState.SETTLED)


class PayeeRole(models.TextChoices):
    """`formulas.Role` in words."""

    AFFILIATE = Role.AFFILIATE.value, _("Affiliate")
    PARTNER = Role.PARTNER.value, _("Partner")
    SECOND = Role.SECOND.value, _("Second-level partner")
    INTERMEDIARY = Role.INTERMEDIARY.value, _("Intermediary")


class Hold(models.TextChoices):
    """What a violation does to a commission before settlement (docs/domain.md §7)."""

    NONE = "", _("None")
    FROZEN = "frozen", _("Frozen")  # looked into: not settled, wherever it lies
    BARRED = "barred", _("Invalidated")  # proven: the merchant gets it back


class Components(models.Model):
    """The parts of a commission, in minor units (docs/domain.md §4.2).

    commission = publisher + platform; net = publisher + subsidy - tech fee: what reaches the
    payee. The merchant pays commission, special fee and its part of the subsidy.
    """

    base_minor = models.BigIntegerField(_("base"), default=0)
    commission_minor = models.BigIntegerField(_("commission"), default=0)
    publisher_minor = models.BigIntegerField(_("affiliate's share"), default=0)
    platform_minor = models.BigIntegerField(_("platform's share"), default=0)
    tech_fee_minor = models.BigIntegerField(_("technical service fee"), default=0)
    subsidy_minor = models.BigIntegerField(_("subsidy"), default=0)
    merchant_subsidy_minor = models.BigIntegerField(_("of it the merchant's"), default=0)
    special_fee_minor = models.BigIntegerField(_("special service fee"), default=0)
    net_minor = models.BigIntegerField(_("net"), default=0)

    class Meta:
        abstract = True


COMPONENTS = (
    "base_minor",
    "commission_minor",
    "publisher_minor",
    "platform_minor",
    "tech_fee_minor",
    "subsidy_minor",
    "merchant_subsidy_minor",
    "special_fee_minor",
    "net_minor",
)


def adds_up(name: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            condition=models.Q(
                commission_minor=F("publisher_minor") + F("platform_minor"),
                net_minor=F("publisher_minor") + F("subsidy_minor") - F("tech_fee_minor"),
            ),
            name=f"{name}_adds_up",
        )
    ]


def _taken_by() -> models.QuerySet[Any]:
    """The closed settlements that may have taken the commission asked about, first one first."""
    return Settlement.objects.filter(
        state=SettlementState.CLOSED,
        currency=OuterRef("currency"),
        month__gte=OuterRef("settles_in"),
    ).order_by("month")


class CommissionQuerySet(models.QuerySet["Commission"]):
    def standing(self) -> Self:
        """With `standing`, the state to show, and the month and moment of the settlement."""
        first = _taken_by()
        return self.annotate(
            settled_month=Subquery(first.values("month")[:1]),
            settled_at=Subquery(first.values("closed_at")[:1]),
            standing=Case(
                When(Exists(first), then=Value(CommissionState.SETTLED.value)),
                default=F("state"),
                output_field=models.CharField(),
            ),
        )

    def settled(self) -> Self:
        return self.filter(Exists(_taken_by()))

    def unsettled(self) -> Self:
        return self.exclude(Exists(_taken_by()))

    def in_standing(self, states: Iterable[str]) -> Self:
        """Those that would be shown in one of these states."""
        wanted, closed = set(states), Q(Exists(_taken_by()))
        asked = Q(state__in=wanted - {CommissionState.CONFIRMED, CommissionState.SETTLED})
        if CommissionState.SETTLED in wanted:
            asked |= closed
        if CommissionState.CONFIRMED in wanted:
            asked |= Q(state=CommissionState.CONFIRMED) & ~closed
        return self.filter(asked)


class Commission(Components, Stamped):
    """Where one payee's commission of an order line stands: the sum of its lines, kept at hand.

    `commissions.pipeline` is the only writer; `ledger_verify` proves the sums.
    """

    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="commissions", verbose_name=_("order line")
    )
    role = models.CharField(
        _("role"), max_length=12, choices=PayeeRole, default=PayeeRole.AFFILIATE
    )
    # The affiliate's own row has it; the rows of partner and intermediary go with it.
    attribution = models.OneToOneField(
        Attribution,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="commission",
        verbose_name=_("attribution"),
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="commissions", verbose_name=_("affiliate")
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="commissions", verbose_name=_("merchant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(
        _("state"), max_length=9, choices=[(s.value, s.label) for s in CommissionState]
    )
    hold = models.CharField(
        _("held back"), max_length=6, choices=Hold, default=Hold.NONE, blank=True
    )
    revision = models.PositiveIntegerField(_("revision"), default=0)
    # Frozen when first seen: a later change of the alliance's fees leaves past orders alone.
    rate_bps = models.PositiveIntegerField(_("commission rate"))
    share_bps = models.PositiveIntegerField(
        _("share ratio"), help_text=_("Of affiliate and partner together.")
    )
    partner_bps = models.PositiveIntegerField(_("partner's share ratio"), default=0)
    second_bps = models.PositiveIntegerField(
        _("second-level partner's share ratio"), default=0, help_text=_("A part of the partner's.")
    )
    tech_fee_bps = models.PositiveIntegerField(_("technical service fee ratio"))
    tech_fee_base = models.CharField(
        _("technical service fee of"),
        max_length=16,
        choices=[(b.value, b.value) for b in TechFeeBase],
    )
    special_bps = models.PositiveIntegerField(_("special service fee ratio"), default=0)
    subsidies = models.JSONField(_("subsidies"), default=list, blank=True)
    placed_at = models.DateTimeField(_("placed at"))
    confirmed_at = models.DateTimeField(_("goods received at"), null=True, blank=True)
    # The month of the receipt; the first open one if that was settled already.
    settles_in = models.DateField(_("settles with"), null=True, blank=True)

    objects = CommissionQuerySet.as_manager()

    # Set by `standing()`.
    settled_month: date | None
    settled_at: datetime | None
    standing: str

    class Meta:
        verbose_name = _("commission")
        verbose_name_plural = _("commissions")
        constraints = [
            *adds_up("commission"),
            models.UniqueConstraint(fields=["line", "role"], name="commission_once_per_role"),
            models.CheckConstraint(condition=Q(state__in=STORED), name="commission_state_known"),
            models.CheckConstraint(
                condition=Q(
                    base_minor__gte=0,
                    publisher_minor__gte=0,
                    platform_minor__gte=0,
                    net_minor__gte=0,
                    special_fee_minor__gte=0,
                    merchant_subsidy_minor__gte=0,
                    subsidy_minor__gte=F("merchant_subsidy_minor"),
                ),
                name="commission_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(role="affiliate", attribution__isnull=False)
                | (~Q(role="affiliate") & Q(attribution=None)),
                name="commission_of_affiliate_has_attribution",
            ),
            models.CheckConstraint(
                condition=Q(
                    share_bps__lte=10_000,
                    partner_bps__lte=F("share_bps"),
                    second_bps__lte=F("partner_bps"),
                ),
                name="commission_partner_within_share",
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", settles_in__isnull=False, settles_in__day=1)
                | (~Q(state="confirmed") & Q(settles_in=None)),
                name="commission_confirmed_settles",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-placed_at", "-id"], name="commission_by_affiliate"),
            models.Index(fields=["merchant", "-placed_at", "-id"], name="commission_by_merchant"),
            models.Index(fields=["affiliate", "updated_at"], name="commission_by_change"),
            models.Index(
                fields=["currency", "settles_in"],
                condition=Q(settles_in__isnull=False),
                name="commission_to_settle",
            ),
            models.Index(
                fields=["merchant"],
                condition=Q(state="unfunded"),
                name="commission_unfunded",
            ),
            models.Index(
                fields=["affiliate"],
                condition=~Q(hold=""),
                name="commission_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.net}"

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.currency)

    @property
    def standing_words(self) -> str:
        return str(CommissionState(self.standing).label)

    @property
    def cost_minor(self) -> int:
        """What the merchant pays for it."""
        return self.commission_minor + self.special_fee_minor + self.merchant_subsidy_minor


class CommissionLine(Components, AppendOnly):
    """One step of a commission: what changed (deltas), why (receipt), and the entry that booked it.

    Hot and append-only: no database foreign keys (docs/adr/0004); `ledger_verify` proves them.
    """

    commission = models.ForeignKey(
        Commission, models.DO_NOTHING, related_name="lines", db_constraint=False
    )
    revision = models.PositiveIntegerField(_("revision"))
    affiliate = models.ForeignKey(
        Affiliate, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(_("state"), max_length=9, choices=CommissionState)
    entry = models.ForeignKey(
        "commissions.Entry", models.DO_NOTHING, related_name="+", db_constraint=False, null=True
    )
    receipt = models.JSONField(_("receipt"))
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("commission line")
        verbose_name_plural = _("commission lines")
        ordering = ["commission", "revision"]
        constraints = [
            *adds_up("commission_line"),
            models.UniqueConstraint(fields=["commission", "revision"], name="commission_line_once"),
        ]
        indexes = [
            models.Index(fields=["affiliate", "at"], name="commission_line_by_affiliate"),
            models.Index(
                fields=["id"],
                condition=Q(state="settled"),
                name="commission_line_after_settling",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commission_id} r{self.revision}"
