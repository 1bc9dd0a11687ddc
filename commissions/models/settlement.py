"""The month's turn: what was confirmed becomes payable (docs/domain.md §4.4)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import Stamped, User


class SettlementState(models.TextChoices):
    # open → built → closed; building again is allowed until closed
    OPEN = "open", pgettext_lazy("settlement", "Open")
    BUILT = "built", _("Built")
    CLOSED = "closed", _("Closed")


class Settlement(Stamped):
    """Everything received in a calendar month in one currency."""

    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(
        _("state"), max_length=6, choices=SettlementState, default=SettlementState.OPEN
    )
    built_at = models.DateTimeField(_("built at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # The last commission line that its closing saw: what came later is told by the next one.
    told_through = models.BigIntegerField(default=0, editable=False)
    # The last ledger line before its end: where its statements end and the next ones begin.
    posted_through = models.BigIntegerField(default=0, editable=False)
    told_at = models.DateTimeField(_("statements issued at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        constraints = [
            models.UniqueConstraint(fields=["month", "currency"], name="settlement_once"),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="settlement_is_first_of_month"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(closed_at__isnull=False),
                name="settlement_closed_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"
