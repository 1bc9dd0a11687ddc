"""What the alliance's bank says: statements as uploaded, and the money that came in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped, User
from alliance.kernel.money import Money
from commissions.models.wallet import TopUp


class BankStatement(AppendOnly):
    """A file of the bank, kept byte for byte. The same file is taken once."""

    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    name = models.CharField(_("file"), max_length=120)
    format = models.CharField(_("format"), max_length=8)
    content = models.BinaryField(_("content"))
    account = models.CharField(_("account"), max_length=64, blank=True)
    credits_found = models.PositiveIntegerField(_("transfers in it"))
    credits_new = models.PositiveIntegerField(_("of them new"))
    uploaded_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), default=clock.now)

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")

    def __str__(self) -> str:
        return self.name


class BankCreditState(models.TextChoices):
    NEW = "new", _("New")  # new → received | open; open → assigned → received; open → rejected
    OPEN = "open", _("To look at")
    ASSIGNED = "assigned", _("Waits for a second person")
    RECEIVED = "received", _("In the wallet")
    REJECTED = "rejected", _("Not ours")


class Finding(models.TextChoices):
    """Why a transfer was not received by itself."""

    NONE = "", _("–")
    UNKNOWN = "unknown", _("It names no top-up.")
    SEVERAL = "several", _("It names several top-ups.")
    DIFFERS = "differs", _("The amount differs from what was announced.")
    TWICE = "twice", _("That top-up was received already: paid twice?")
    REFUSED = "refused", _("That top-up was refused.")
    REVERSAL = "reversal", _("The bank gave back a payment of ours.")
    SAME_PERSON = "same", _("Whoever uploaded the statement belongs to the top-up.")
    ABOVE_LIMIT = "limit", _("It is more than one person may let in a day.")


class BankCredit(Stamped):
    """Money that arrived, by the bank's own reference: the same in every statement that shows it.

    `top_up` is what it paid for, one transfer a top-up; `named` the one that its text names.
    """

    statement = models.ForeignKey(
        BankStatement, models.PROTECT, related_name="credits", verbose_name=_("bank statement")
    )
    account = models.CharField(_("account"), max_length=64, blank=True)
    entry_ref = models.CharField(_("bank's reference"), max_length=140)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    text = models.CharField(_("text"), max_length=500, blank=True)
    payer = models.CharField(_("payer"), max_length=140, blank=True)
    booked_on = models.DateField(_("booked on"))
    reversal = models.BooleanField(_("reversal"), default=False)
    state = models.CharField(
        _("state"), max_length=8, choices=BankCreditState, default=BankCreditState.NEW
    )
    finding = models.CharField(_("finding"), max_length=8, choices=Finding, blank=True)
    named = models.ForeignKey(
        TopUp, models.PROTECT, null=True, related_name="+", verbose_name=_("names")
    )
    top_up = models.OneToOneField(
        TopUp, models.PROTECT, null=True, related_name="credit", verbose_name=_("top-up")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("incoming transfer")
        verbose_name_plural = _("incoming transfers")
        constraints = [
            models.UniqueConstraint(fields=["account", "entry_ref"], name="bank_credit_once"),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="bank_credit_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["assigned", "received"], top_up__isnull=False)
                | (~models.Q(state__in=["assigned", "received"]) & models.Q(top_up=None)),
                name="bank_credit_pays_a_top_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | ~models.Q(reason=""),
                name="bank_credit_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="open") | ~models.Q(finding=""),
                name="bank_credit_open_has_finding",
            ),
        ]

    def __str__(self) -> str:
        return self.entry_ref

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
