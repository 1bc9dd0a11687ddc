"""How data came in: the saved column mapping, each import run, each line that it refused, each
product that it changed."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Stamped, User
from alliance.kernel.outbound import Trouble
from merchants.models.catalogue import Product
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


class FeedTrouble(models.TextChoices):
    """What keeps a feed from bringing products beyond not being fetched (`Trouble`)."""

    UNREADABLE = "unreadable", _("The file came, but it cannot be read. Its import says why.")


class ProductFeed(Stamped):
    """Where a shop's products are fetched, how often, and how that went.

    The password is locked (alliance.kernel.lockbox): it must be said again at each fetch.
    """

    class Every(models.IntegerChoices):
        HOUR = 1, _("every hour")
        THREE = 3, _("every three hours")
        SIX = 6, _("every six hours")
        TWELVE = 12, _("twice a day")
        DAY = 24, _("once a day")

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="feed", verbose_name=_("shop"))
    url = models.CharField(_("address"), max_length=500)
    every_hours = models.PositiveSmallIntegerField(_("how often"), choices=Every, default=Every.SIX)
    full = models.BooleanField(_("the whole assortment"), default=True)
    username = models.CharField(_("user name"), max_length=120, blank=True)
    password = models.CharField(max_length=1000, blank=True)
    active = models.BooleanField(_("fetched"), default=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=60, blank=True)
    next_at = models.DateTimeField(_("next"), default=clock.now)
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, blank=True)
    # When a price turns by the clock, whatever the server says of changes.
    reread_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    trouble = models.CharField(
        _("trouble"), max_length=12, choices=[*Trouble.choices, *FeedTrouble.choices], blank=True
    )
    status = models.PositiveSmallIntegerField(_("the server's answer"), null=True, blank=True)

    class Meta:
        verbose_name = _("product feed")
        verbose_name_plural = _("product feeds")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every_hours__in=[1, 3, 6, 12, 24]), name="feed_interval_known"
            ),
            models.CheckConstraint(
                condition=models.Q(username="", password="") | ~models.Q(username=""),
                name="feed_password_has_user",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(active=True), name="feed_due"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def why(self) -> str:
        """The trouble in words, with what the server answered."""
        words = str(self.get_trouble_display())
        return f"{words} (HTTP {self.status})" if self.status else words


class ImportState(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Missing(models.TextChoices):
    """What becomes of products that a full feed lists no more: asked → ending, kept."""

    NONE = "", _("None is missing")
    ENDING = "ending", _("They end")
    ASKED = "asked", _("A person is asked")
    KEPT = "kept", _("They stay")


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
    feed = models.ForeignKey(
        ProductFeed,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("product feed"),
    )
    turns_at = models.DateTimeField(null=True, blank=True)  # when a price turns by the clock
    layout = models.CharField(_("format"), max_length=12, blank=True, default="")
    full = models.BooleanField(
        _("the whole assortment"), default=False, help_text=_("What it does not list is not sold.")
    )
    missing = models.CharField(
        _("missing products"), max_length=6, choices=Missing, default=Missing.NONE, blank=True
    )
    counts = models.JSONField(_("counts"), default=dict)
    # How much of the file is behind: bytes or rows, as its feed counts. No total, nothing known.
    done = models.BigIntegerField(default=0, editable=False)
    total = models.BigIntegerField(default=0, editable=False)
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
    external_id = models.CharField(_("id"), max_length=64, blank=True, default="")
    field = models.CharField(_("field"), max_length=40, blank=True, default="")
    code = models.CharField(_("code"), max_length=40)
    reason = models.CharField(_("reason"), max_length=300)
    raw = models.JSONField(_("as it came"), default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("refused line")
        verbose_name_plural = _("refused lines")
        ordering = ["line_no", "id"]
        indexes = [BrinIndex(fields=["created_at"], name="import_issue_by_time")]

    def __str__(self) -> str:
        return f"{self.line_no}: {self.reason}"


class ChangeKind(models.TextChoices):
    NEW = "new", _("New product")
    CHANGED = "changed", _("Changed")
    WITHDRAWN = "withdrawn", _("Sold out or withdrawn")
    BACK = "back", _("Back again")
    ENDING = "ending", _("Not listed any more: ends")
    MISSING = "missing", _("Not listed any more: a person is asked")


class ImportChange(models.Model):
    """What a run changed of a product: field → what it was and what it is. Kept for ninety days."""

    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="changes", verbose_name=_("import")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    external_id = models.CharField(_("shop's product id"), max_length=64)
    kind = models.CharField(_("kind"), max_length=9, choices=ChangeKind)
    fields = models.JSONField(_("fields"), default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("change of a product")
        verbose_name_plural = _("changes of products")
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "kind", "id"], name="import_change_by_kind")]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.kind}"
