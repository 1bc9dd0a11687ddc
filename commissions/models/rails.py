"""What the rails leave behind: their numbers, the files for banks, their answers, differences."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from alliance.kernel.money import Money
from commissions.models.payout import Payout


class Transfer(Stamped):
    """What a rail has said so far of a payout that is under way."""

    payout = models.OneToOneField(Payout, models.PROTECT, related_name="transfer")
    handle = models.CharField(_("rail's own number"), max_length=64, blank=True)
    missing_since = models.DateTimeField(_("unknown to the rail since"), null=True, blank=True)


# --- Files for banks ------------------------------------------------------------------------------


class BankFile(AppendOnly):
    """Transfers for a bank to carry out, as the very bytes that were made once."""

    number = models.CharField(_("number"), max_length=35, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    payouts_count = models.PositiveIntegerField(_("payouts"))
    total_minor = models.BigIntegerField(_("total"))
    content = models.BinaryField()
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made at"), default=clock.now)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))

    class Meta:
        verbose_name = _("bank file")
        verbose_name_plural = _("bank files")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(total_minor__gt=0, payouts_count__gt=0),
                name="bank_file_holds_something",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class BankFileItem(AppendOnly):
    """One transfer of a file. A payout stands in one file, once, ever."""

    file = models.ForeignKey(BankFile, models.PROTECT, related_name="items")
    payout = models.OneToOneField(
        Payout, models.PROTECT, related_name="bank_item", verbose_name=_("payout")
    )
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")


# --- Their word: files from the rails -------------------------------------------------------------


class RailFile(AppendOnly):
    """A file in which a rail says what it did, kept as it came. The same bytes are read once."""

    rail = models.CharField(_("rail"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20)
    name = models.CharField(_("file"), max_length=200)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    closes_days = models.BooleanField(_("complete for its days"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    uploaded_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )

    class Meta:
        verbose_name = _("answer of a rail")
        verbose_name_plural = _("answers of the rails")

    def __str__(self) -> str:
        return self.name


class FileFact(models.TextChoices):
    """What a row says of one transfer."""

    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Came back")
    PENDING = "pending", _("Under way")


class RailFileRow(AppendOnly):
    """One transfer in a file: theirs to say, ours to compare."""

    file = models.ForeignKey(RailFile, models.PROTECT, related_name="rows", verbose_name=_("file"))
    line = models.PositiveIntegerField(_("row"))
    key = models.CharField(_("key"), max_length=100, blank=True)
    payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="file_rows", verbose_name=_("payout")
    )
    fact = models.CharField(_("says"), max_length=8, choices=FileFact)
    # Unknown where a bank's short answer names no amount.
    amount_minor = models.BigIntegerField(_("amount"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    ref = models.CharField(_("rail's reference"), max_length=64, blank=True)
    words = models.CharField(_("words"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("row of an answer")
        verbose_name_plural = _("rows of answers")
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="rail_file_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.file}: {self.line}"


# --- Differences ----------------------------------------------------------------------------------


class DifferenceKind(models.TextChoices):
    OURS_ONLY = "ours_only", _("Only we know it")
    THEIRS_ONLY = "theirs_only", _("Only they know it")
    AMOUNT = "amount", _("Amounts differ")
    STATE = "state", _("Outcomes differ")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")


class Difference(Stamped):
    """Ours and theirs do not agree. A person finds out why and writes it down."""

    kind = models.CharField(_("kind"), max_length=11, choices=DifferenceKind)
    state = models.CharField(
        _("state"), max_length=8, choices=DifferenceState, default=DifferenceState.OPEN
    )
    file = models.ForeignKey(
        RailFile, models.PROTECT, related_name="differences", verbose_name=_("file")
    )
    row = models.ForeignKey(
        RailFileRow, models.PROTECT, null=True, related_name="+", verbose_name=_("row")
    )
    payout = models.ForeignKey(
        Payout, models.PROTECT, null=True, related_name="differences", verbose_name=_("payout")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    resolved_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("resolved by")
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(row__isnull=False) | models.Q(payout__isnull=False),
                name="difference_about_something",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") | ~models.Q(reason=""),
                name="difference_resolved_with_reason",
            ),
            models.UniqueConstraint(fields=["row"], name="difference_once_per_row"),
            models.UniqueConstraint(
                fields=["payout"],
                condition=models.Q(kind="ours_only"),
                name="difference_ours_only_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"
