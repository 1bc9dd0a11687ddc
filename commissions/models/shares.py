"""Who got what out of a settlement, summed up and commission by commission."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel.models import AppendOnly
from commissions.models.commission import Commission, Components, adds_up
from commissions.models.settlement import Settlement


class SettlementShare(models.Model):
    """What one affiliate gets out of one settlement: a preview until it is closed, then fact."""

    settlement = models.ForeignKey(
        Settlement, models.PROTECT, related_name="shares", verbose_name=_("settlement")
    )
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="settlement_shares", verbose_name=_("affiliate")
    )
    commissions = models.PositiveIntegerField(_("commissions"))
    publisher_minor = models.BigIntegerField(_("affiliate's share"))
    tech_fee_minor = models.BigIntegerField(_("technical service fee"))
    subsidy_minor = models.BigIntegerField(_("subsidy"), default=0)
    net_minor = models.BigIntegerField(_("net"))
    debt_repaid_minor = models.BigIntegerField(_("debt repaid"), default=0)
    # Booked when they happened, told with this settlement: what earlier months changed by.
    corrections = models.PositiveIntegerField(_("corrections"), default=0)
    corrected_minor = models.BigIntegerField(_("corrected by"), default=0)
    # SHA-256 over the lines of a closed settlement (docs/ledger.md); empty in a preview.
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "affiliate"], name="settlement_share_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    net_minor=models.F("publisher_minor")
                    + models.F("subsidy_minor")
                    - models.F("tech_fee_minor"),
                    debt_repaid_minor__gte=0,
                    debt_repaid_minor__lte=models.F("net_minor"),
                ),
                name="settlement_share_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement}: {self.affiliate}"


class SettlementLine(Components, AppendOnly):
    """What a closed settlement says of one commission: its figures as they were settled, or
    (`correction`) what a step after its settlement changed.

    Hot and append-only: no database foreign keys (docs/adr/0004); `ledger_verify` proves them.
    """

    pk = models.CompositePrimaryKey("settlement_id", "affiliate_id", "commission_id", "revision")
    settlement = models.ForeignKey(
        Settlement, models.DO_NOTHING, related_name="lines", db_constraint=False, db_index=False
    )
    affiliate = models.ForeignKey(
        Affiliate, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    commission = models.ForeignKey(
        Commission, models.DO_NOTHING, related_name="settlement_lines", db_constraint=False
    )
    revision = models.PositiveIntegerField(_("revision"))
    correction = models.BooleanField(_("correction"), default=False)

    class Meta:
        verbose_name = _("settlement line")
        verbose_name_plural = _("settlement lines")
        constraints = [*adds_up("settlement_line")]

    def __str__(self) -> str:
        return f"{self.settlement_id}/{self.commission_id} r{self.revision}"
