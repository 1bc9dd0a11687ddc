"""The general ledger: double entry by construction, written by one SQL function.

A line names a debit *and* a credit account and a positive amount, so an unbalanced entry cannot
be written. Rows come in through `commissions.ledger.post` only.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, User


class Account(AppendOnly):
    """`owner:kind` in one currency: merchant:12:wallet, platform:cash. Made on first use."""

    code = models.CharField(_("code"), max_length=60)
    owner = models.CharField(_("owner"), max_length=40)
    kind = models.CharField(_("kind"), max_length=20)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.currency}"


class Balance(models.Model):
    """The guarded balance (credits minus debits) of an account that has limits.

    Platform accounts have none: their balance is the sum of their lines, so that no posting
    waits for a hot row.
    """

    account = models.OneToOneField(
        Account,
        models.PROTECT,
        primary_key=True,
        related_name="guarded",
        verbose_name=_("account"),
    )
    balance_minor = models.BigIntegerField(_("balance"), default=0)
    floor_minor = models.BigIntegerField(_("floor"), null=True, default=0)
    ceiling_minor = models.BigIntegerField(_("ceiling"), null=True)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(floor_minor=None)
                | models.Q(balance_minor__gte=models.F("floor_minor")),
                name="balance_not_below_floor",
            ),
            models.CheckConstraint(
                condition=models.Q(ceiling_minor=None)
                | models.Q(balance_minor__lte=models.F("ceiling_minor")),
                name="balance_not_above_ceiling",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.balance_minor}"


class Entry(AppendOnly):
    """One journal entry. `key` is noun:pk:fact; the same key with the same moves is one entry."""

    key = models.CharField(_("key"), max_length=120, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    effective_on = models.DateField(_("business day"))
    recorded_at = models.DateTimeField(_("recorded at"))
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("actor")
    )

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [models.Index(fields=["effective_on"], name="entry_by_day")]

    def __str__(self) -> str:
        return self.key


class Line(AppendOnly):
    """`amount_minor` from the debit account to the credit account."""

    entry = models.ForeignKey(
        Entry,
        models.DO_NOTHING,
        related_name="lines",
        db_constraint=False,
        verbose_name=_("entry"),
    )
    debit = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("debit")
    )
    credit = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="+", db_constraint=False, verbose_name=_("credit")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("ledger line")
        verbose_name_plural = _("ledger lines")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="line_positive"),
            models.CheckConstraint(
                condition=~models.Q(debit=models.F("credit")), name="line_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit_id} → {self.credit_id}: {self.amount_minor}"


class Period(models.Model):
    """A calendar month of the books. Closed: nothing more is posted into it."""

    month = models.DateField(_("month"), primary_key=True)
    closed_at = models.DateTimeField(_("closed at"), default=clock.now)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("closed by")
    )

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="period_is_first_of_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
