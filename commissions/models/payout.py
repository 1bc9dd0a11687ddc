"""Money leaves the building: at most once per payout, seen by four eyes."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from alliance.kernel.money import Money


class PayeeAccount(Stamped):
    """Where an affiliate wants its money. A change makes a new row; the newest is used."""

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="payee_accounts", verbose_name=_("affiliate")
    )
    rail = models.CharField(_("way"), max_length=20, default="manual")
    holder = models.CharField(_("account holder"), max_length=100)
    institution = models.CharField(
        _("bank or wallet"), max_length=100, help_text=_("For example: Alipay, ICBC, Sparkasse.")
    )
    number = models.CharField(_("account number"), max_length=64)
    bank_code = models.CharField(_("bank code"), max_length=12, blank=True)

    class Meta:
        verbose_name = _("payee account")
        verbose_name_plural = _("payee accounts")

    def __str__(self) -> str:
        return f"{self.institution} {self.masked}"

    @property
    def masked(self) -> str:
        """The account so that its owner knows it again and nobody else can use it."""
        name, at, host = self.number.partition("@")
        return f"{name[:1]}…@{host}" if at else f"…{self.number[-4:]}"


class PayoutState(models.TextChoices):
    # requested → ready → sending → paid | failed; paid → returned
    REQUESTED = "requested", _("Requested")
    READY = "ready", pgettext_lazy("payout", "Released")
    SENDING = "sending", _("Being sent")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Came back")


CAME_BACK = [PayoutState.FAILED, PayoutState.RETURNED]  # the money is with the affiliate again


class Payout(Stamped):
    """A withdrawal on its way. From the request on its money is out of the payable account.

    `amount` is what leaves the affiliate, `tax` what is withheld of it, `net` what is sent.
    """

    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="payouts", verbose_name=_("affiliate")
    )
    payee = models.ForeignKey(
        PayeeAccount, models.PROTECT, related_name="+", verbose_name=_("payee account")
    )
    amount_minor = models.BigIntegerField(_("amount"))
    tax_minor = models.BigIntegerField(_("tax withheld"), default=0)
    net_minor = models.GeneratedField(
        verbose_name=_("sent"),
        expression=models.F("amount_minor") - models.F("tax_minor"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    currency = models.CharField(_("currency"), max_length=3)
    month = models.DateField(
        _("month"), default=clock.this_month, help_text=_("Its income counts as one payment.")
    )
    tax_rule = models.CharField(_("tax rule"), max_length=10, default="none")
    tax_back_minor = models.BigIntegerField(_("tax given back"), default=0)
    invoice_number = models.CharField(_("invoice number"), max_length=64, blank=True)
    rail = models.CharField(_("rail"), max_length=20, default="manual")
    state = models.CharField(
        _("state"), max_length=9, choices=PayoutState, default=PayoutState.REQUESTED
    )
    rail_ref = models.CharField(_("rail's reference"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by")
    )
    released_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    confirmed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    auto_released = models.BooleanField(_("released by the system"), default=False)
    closing = models.BooleanField(
        _("last money"), default=False, help_text=_("Asked for by operations, of who is closed.")
    )
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["paid", "returned"]) | ~models.Q(rail_ref=""),
                name="payout_paid_has_ref",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "returned"]) | ~models.Q(reason=""),
                name="payout_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(tax_minor__gte=0)
                & models.Q(tax_minor__lt=models.F("amount_minor")),
                name="payout_tax_below_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(tax_back_minor=0)
                | models.Q(tax_back_minor__gt=0, state__in=CAME_BACK),
                name="payout_tax_back_when_it_came_back",
            ),
            models.CheckConstraint(
                condition=~models.Q(tax_rule="company")
                | ~models.Q(state__in=["ready", "sending", "paid"])
                | ~models.Q(invoice_number=""),
                name="payout_company_has_invoice",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["ready", "sending", "paid", "returned"])
                | models.Q(released_by__isnull=False, auto_released=False)
                | models.Q(released_by=None, auto_released=True, closing=False),
                name="payout_released_by_someone",
            ),
            # Four eyes: nobody releases what they asked for, nor confirms what they released (or
            # what the system released for them).
            models.CheckConstraint(
                condition=models.Q(released_by=None)
                | ~models.Q(released_by=models.F("requested_by")),
                name="payout_release_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("released_by")),
                name="payout_confirm_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(auto_released=False)
                | models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("requested_by")),
                name="payout_auto_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["affiliate", "currency"],
                condition=models.Q(state__in=["requested", "ready", "sending"]),
                name="payout_one_alive_per_affiliate",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="payout_by_affiliate"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state__in=["failed", "returned"]),
                name="payout_came_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.amount}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.tax_minor, self.currency)

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.currency)
