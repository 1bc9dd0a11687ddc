"""What an affiliate or a merchant was told, kept as it was told (docs/statements.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly
from alliance.kernel.money import Money
from commissions.models.settlement import Settlement
from merchants.models import Merchant

LINES_A_PART = 1000


class StatementKind(models.TextChoices):
    AFFILIATE = "affiliate", _("Affiliate")
    MERCHANT = "merchant", _("Merchant")


class StatementKey(AppendOnly):
    """A public key that statements were ever signed with. Published for ever."""

    key_id = models.CharField(_("key id"), max_length=16, primary_key=True)
    public = models.CharField(_("public key"), max_length=64, unique=True)
    first_used_at = models.DateTimeField(_("first used at"), default=clock.now)

    class Meta:
        verbose_name = _("statement key")
        verbose_name_plural = _("statement keys")

    def __str__(self) -> str:
        return self.key_id


class Statement(AppendOnly):
    """One statement: an affiliate's of a settlement, or a merchant's of a calendar month.

    Its lines are in `StatementPart`, as they were signed. `opening` and `closing` are minor units
    by account, `sums` by kind of row and column.
    """

    kind = models.CharField(_("kind"), max_length=9, choices=StatementKind)
    affiliate = models.ForeignKey(
        Affiliate,
        models.PROTECT,
        null=True,
        related_name="statements",
        verbose_name=_("affiliate"),
    )
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        related_name="statements",
        verbose_name=_("merchant"),
    )
    settlement = models.ForeignKey(
        Settlement,
        models.PROTECT,
        null=True,
        related_name="statements",
        verbose_name=_("settlement"),
    )
    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    number = models.CharField(_("number"), max_length=40, unique=True)
    previous = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        related_name="following",
        verbose_name=_("previous statement"),
    )
    opening = models.JSONField(_("opening figures"))
    closing = models.JSONField(_("closing figures"))
    sums = models.JSONField(_("sums by kind of row"))
    rows = models.PositiveIntegerField(_("rows"))
    head = models.CharField(_("head hash"), max_length=64)
    key = models.ForeignKey(
        StatementKey, models.PROTECT, related_name="+", verbose_name=_("signed with")
    )
    signature = models.CharField(_("signature"), max_length=128)
    signed_at = models.DateTimeField(_("signed at"), default=clock.now)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind="affiliate",
                    affiliate__isnull=False,
                    settlement__isnull=False,
                    merchant=None,
                )
                | models.Q(
                    kind="merchant", merchant__isnull=False, affiliate=None, settlement=None
                ),
                name="statement_has_one_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="statement_is_first_of_month"
            ),
            models.UniqueConstraint(
                fields=["settlement", "affiliate"], name="statement_once_per_settlement"
            ),
            models.UniqueConstraint(
                fields=["merchant", "month", "currency"], name="statement_once_per_month"
            ),
            # The chain begins once and never forks (`previous` is unique as well).
            models.UniqueConstraint(
                fields=["affiliate", "currency"],
                condition=models.Q(previous=None),
                name="statement_first_of_affiliate",
            ),
            models.UniqueConstraint(
                fields=["merchant", "currency"],
                condition=models.Q(previous=None),
                name="statement_first_of_merchant",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="statement_by_affiliate"),
            models.Index(fields=["merchant", "-id"], name="statement_by_merchant"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def owner(self) -> Affiliate | Merchant | None:
        return self.affiliate or self.merchant

    @property
    def main_account(self) -> str:
        """The account whose figures a list shows."""
        return "payable" if self.kind == StatementKind.AFFILIATE else "wallet"

    @property
    def opens_with(self) -> Money:
        return Money(self.opening[self.main_account], self.currency)

    @property
    def closes_with(self) -> Money:
        return Money(self.closing[self.main_account], self.currency)


class StatementPart(AppendOnly):
    """Up to LINES_A_PART lines of a statement, compressed. Titles and references may change
    later where they came from; what was signed stays."""

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="parts", verbose_name=_("statement")
    )
    place = models.PositiveIntegerField(_("place"))
    text = models.BinaryField(_("text"))

    class Meta:
        verbose_name = _("part of a statement")
        verbose_name_plural = _("parts of statements")
        constraints = [
            models.UniqueConstraint(fields=["statement", "place"], name="statement_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.place}"
