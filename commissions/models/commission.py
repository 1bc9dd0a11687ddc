"""What each order line owes its affiliate, and every step of how it came about."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Attribution
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped
from alliance.kernel.money import Money
from commissions.formulas import TechFeeBase
from merchants.models import Merchant, OrderLine


class CommissionState(models.TextChoices):
    """docs/domain.md §4.1; `wire` gives the codes of the Taobao protocol."""

    PLACED = "placed", _("Placed")
    UNFUNDED = "unfunded", _("Waiting for the merchant's funds")
    ESTIMATED = "estimated", _("Estimated")
    CONFIRMED = "confirmed", _("Confirmed")
    SETTLED = "settled", _("Settled")
    VOID = "void", _("Void")

    @property
    def wire(self) -> int:
        return {"placed": 11, "unfunded": 12, "estimated": 12, "confirmed": 14, "settled": 3}.get(
            self.value, 13
        )


class Components(models.Model):
    """The parts of a commission, in minor units (docs/domain.md §4.2).

    commission = publisher + platform; net = publisher - tech fee: what reaches the affiliate.
    """

    base_minor = models.BigIntegerField(_("base"), default=0)
    commission_minor = models.BigIntegerField(_("commission"), default=0)
    publisher_minor = models.BigIntegerField(_("affiliate's share"), default=0)
    platform_minor = models.BigIntegerField(_("platform's share"), default=0)
    tech_fee_minor = models.BigIntegerField(_("technical service fee"), default=0)
    net_minor = models.BigIntegerField(_("net"), default=0)

    class Meta:
        abstract = True


COMPONENTS = (
    "base_minor",
    "commission_minor",
    "publisher_minor",
    "platform_minor",
    "tech_fee_minor",
    "net_minor",
)


def _adds_up(name: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            condition=models.Q(
                commission_minor=models.F("publisher_minor") + models.F("platform_minor"),
                net_minor=models.F("publisher_minor") - models.F("tech_fee_minor"),
            ),
            name=f"{name}_adds_up",
        )
    ]


class Commission(Components, Stamped):
    """Where the commission of an order line stands: the sum of its lines, kept at hand.

    `commissions.pipeline` is the only writer; `ledger_verify` proves the sums.
    """

    line = models.OneToOneField(
        OrderLine, models.PROTECT, related_name="commission", verbose_name=_("order line")
    )
    attribution = models.OneToOneField(
        Attribution, models.PROTECT, related_name="commission", verbose_name=_("attribution")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="commissions", verbose_name=_("affiliate")
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="commissions", verbose_name=_("merchant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=9, choices=CommissionState)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    # Frozen when first seen: a later change of the alliance's fees leaves past orders alone.
    rate_bps = models.PositiveIntegerField(_("commission rate"))
    share_bps = models.PositiveIntegerField(_("affiliate's share ratio"))
    tech_fee_bps = models.PositiveIntegerField(_("technical service fee ratio"))
    tech_fee_base = models.CharField(
        _("technical service fee of"),
        max_length=16,
        choices=[(b.value, b.value) for b in TechFeeBase],
    )
    placed_at = models.DateTimeField(_("placed at"))
    confirmed_at = models.DateTimeField(_("goods received at"), null=True, blank=True)
    settlement = models.ForeignKey(
        "commissions.Settlement",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="commissions",
        verbose_name=_("settlement"),
    )

    class Meta:
        verbose_name = _("commission")
        verbose_name_plural = _("commissions")
        constraints = [
            *_adds_up("commission"),
            models.CheckConstraint(
                condition=models.Q(state__in=CommissionState.values),
                name="commission_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(base_minor__gte=0, publisher_minor__gte=0, net_minor__gte=0),
                name="commission_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(state="settled", settlement__isnull=False)
                | (~models.Q(state="settled") & models.Q(settlement=None)),
                name="commission_settled_has_settlement",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-placed_at", "-id"], name="commission_by_affiliate"),
            models.Index(fields=["merchant", "-placed_at", "-id"], name="commission_by_merchant"),
            models.Index(
                fields=["confirmed_at"],
                condition=models.Q(state="confirmed"),
                name="commission_to_settle",
            ),
            models.Index(
                fields=["merchant"],
                condition=models.Q(state="unfunded"),
                name="commission_unfunded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.net}"

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.currency)


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
            *_adds_up("commission_line"),
            models.UniqueConstraint(fields=["commission", "revision"], name="commission_line_once"),
        ]
        indexes = [models.Index(fields=["affiliate", "at"], name="commission_line_by_affiliate")]

    def __str__(self) -> str:
        return f"{self.commission_id} r{self.revision}"
