"""How data came in: the saved column mapping, each import run, each line it refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from merchants.models.merchant import Merchant, Shop


class ImportKind(models.TextChoices):
    PRODUCTS = "products", _("Products")
    ORDERS = "orders", _("Orders")


class ColumnMapping(Stamped):
    """Which column of a merchant's file means what, kept for the next file."""

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="mappings", verbose_name=_("merchant")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ImportKind)
    columns = models.JSONField(_("columns"), help_text=_("Our field → the file's column."))
    options = models.JSONField(_("options"), default=dict)

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "kind"], name="mapping_once_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant}: {self.kind}"


class ImportState(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class ImportRun(Stamped):
    """One file that came in, and what became of its lines."""

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="imports", verbose_name=_("merchant")
    )
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+", verbose_name=_("shop"))
    kind = models.CharField(_("kind"), max_length=8, choices=ImportKind)
    filename = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=ImportState, default=ImportState.RUNNING
    )
    counts = models.JSONField(_("counts"), default=dict)
    failure = models.CharField(_("failure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["merchant", "-id"], name="import_by_merchant")]

    def __str__(self) -> str:
        return self.filename


class ImportIssue(models.Model):
    """A line that was not taken, by its number in the file, with the reason."""

    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="issues", verbose_name=_("import")
    )
    line_no = models.PositiveIntegerField(_("line"))
    code = models.CharField(_("code"), max_length=40)
    reason = models.CharField(_("reason"), max_length=300)
    raw = models.JSONField(_("as it came"), default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("refused line")
        verbose_name_plural = _("refused lines")
        ordering = ["line_no", "id"]

    def __str__(self) -> str:
        return f"{self.line_no}: {self.reason}"
