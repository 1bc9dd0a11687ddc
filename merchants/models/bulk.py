"""Changes of many products at once: what was asked for, and what became of each product."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from merchants.models.catalogue import Product
from merchants.models.merchant import Merchant
from merchants.models.plan import Plan


class BulkDeed(models.TextChoices):
    RATE = "rate", _("Commission rate")
    PAUSE = "pause", _("Pause promotion")
    RESUME = "resume", _("Resume promotion")
    CATEGORY = "category", _("Category")


class BulkState(models.TextChoices):
    RUNNING = "running", _("Running")  # running → done, failed
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class BulkEdit(Stamped):
    """One change of many products, as it was seen in its preview. The lines are the work left."""

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="bulk_edits", verbose_name=_("merchant")
    )
    deed = models.CharField(_("what"), max_length=8, choices=BulkDeed)
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, related_name="+", verbose_name=_("commission plan")
    )
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by", verbose_name=_("takes back")
    )
    state = models.CharField(_("state"), max_length=7, choices=BulkState, default=BulkState.RUNNING)
    total = models.PositiveIntegerField(_("products"))
    done = models.PositiveIntegerField(_("changed"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    failure = models.CharField(_("failure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("change of many products")
        verbose_name_plural = _("changes of many products")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done__lte=models.F("total") - models.F("refused")),
                name="bulk_edit_counts_add_up",
            ),
            models.CheckConstraint(
                condition=models.Q(deed="rate", plan__isnull=False)
                | (~models.Q(deed="rate") & models.Q(plan=None)),
                name="bulk_edit_of_rates_has_plan",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="bulk_edit_by_merchant"),
            models.Index(
                fields=["updated_at"], condition=models.Q(state="running"), name="bulk_edit_running"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_deed_display()} ({self.total})"

    @property
    def settled(self) -> int:
        """How many products it is through with."""
        return self.done + self.refused


class BulkLineState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Changed")
    REFUSED = "refused", _("Refused")


class BulkLine(models.Model):
    """One product of it: what was and what shall be, as a rate in basis points, the key of a
    category, or 1 where no feed may put it on sale (0 where one may). Kept for ninety days."""

    edit = models.ForeignKey(BulkEdit, models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    before = models.BigIntegerField(null=True)
    after = models.BigIntegerField(null=True)
    state = models.CharField(
        _("state"), max_length=7, choices=BulkLineState, default=BulkLineState.WAITING
    )
    why = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("product of a change")
        verbose_name_plural = _("products of a change")
        constraints = [
            models.UniqueConstraint(fields=["edit", "product"], name="bulk_line_once"),
        ]
        indexes = [models.Index(fields=["edit", "state", "id"], name="bulk_line_by_state")]

    def __str__(self) -> str:
        return f"{self.product}: {self.state}"
