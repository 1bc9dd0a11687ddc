"""What the buyer did: links, and the touches that came through them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models.affiliate import AdZone, Affiliate
from alliance.kernel import clock
from alliance.kernel.models import AppendOnly, Stamped
from merchants.models import Plan, Product, Shop


class Link(Stamped):
    """An affiliate's way to a product. Short, and never leads outside the shop's domains.

    A link that was made for an event (`plan`: the merchant's plan there) earns what that plan pays;
    one with `dx` asks for the general plan only. What a link is for never changes.
    """

    code = models.CharField(pgettext_lazy("link", "code"), max_length=12, unique=True)
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="links", verbose_name=_("affiliate")
    )
    zone = models.ForeignKey(
        AdZone, models.PROTECT, related_name="links", verbose_name=_("ad zone")
    )
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", verbose_name=_("shop"))
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("product")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="links", null=True, verbose_name=_("event plan")
    )
    dx = models.BooleanField(_("general plan only"), default=False)
    url = models.URLField(_("leads to"), max_length=1000)
    sub1 = models.CharField(max_length=100, blank=True)
    sub2 = models.CharField(max_length=100, blank=True)
    sub3 = models.CharField(max_length=100, blank=True)
    sub4 = models.CharField(max_length=100, blank=True)
    sub5 = models.CharField(max_length=100, blank=True)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(plan=None) | models.Q(dx=False), name="link_for_one_plan"
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-id"], name="link_by_affiliate")]

    def __str__(self) -> str:
        return self.code


class TouchKind(models.TextChoices):
    CLICK = "click", _("Click")
    CLAIM = "claim", _("Coupon claim")


class Visitor(models.TextChoices):
    """Who seems to have come. Only a human touch can earn."""

    HUMAN = "human", _("Person")
    BOT = "bot", _("Bot")
    PREVIEW = "preview", _("Link preview")


class Touch(AppendOnly):
    """A click or claim. The raw visitor is never kept, only keyed hashes.

    Hot and append-only: the references carry no database foreign keys (docs/adr/0004);
    `ledger_verify` proves them. A partition for each month (affiliates.services.months), gone after
    TOUCHES_KEPT_DAYS: say `touched_at` with whatever else you look for, or every month is asked.
    """

    click_id = models.CharField(_("click id"), max_length=32)
    kind = models.CharField(_("kind"), max_length=5, choices=TouchKind, default=TouchKind.CLICK)
    link = models.ForeignKey(
        Link,
        models.DO_NOTHING,
        related_name="touches",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    affiliate = models.ForeignKey(
        Affiliate, models.DO_NOTHING, related_name="touches", db_constraint=False, db_index=False
    )
    zone = models.ForeignKey(
        AdZone, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    shop = models.ForeignKey(
        Shop, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    touched_at = models.DateTimeField(_("touched at"), default=clock.now)
    # Of a coupon claim whose affiliate wins: how long it does. Empty: an ordinary touch.
    expires_at = models.DateTimeField(_("counts until"), null=True, blank=True)
    visitor_key = models.CharField(max_length=32, blank=True)
    ip_key = models.CharField(max_length=32, blank=True)
    visitor = models.CharField(_("visitor"), max_length=7, choices=Visitor, default=Visitor.HUMAN)
    sub1 = models.CharField(max_length=100, blank=True)
    sub2 = models.CharField(max_length=100, blank=True)
    sub3 = models.CharField(max_length=100, blank=True)
    sub4 = models.CharField(max_length=100, blank=True)
    sub5 = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("touch")
        verbose_name_plural = _("touches")
        constraints = [
            # A click id is made once, with its moment: who brings the pair again is too late.
            models.UniqueConstraint(fields=["click_id", "touched_at"], name="touch_once"),
        ]
        indexes = [
            models.Index(
                fields=["visitor_key", "shop", "-touched_at"],
                condition=~models.Q(visitor_key=""),
                name="touch_by_visitor",
            ),
            models.Index(fields=["affiliate", "-touched_at"], name="touch_by_affiliate"),
        ]

    def __str__(self) -> str:
        """The click id as people see it. A claim's is its buyer's coupon, which whoever has it can
        spend: only its beginning."""
        return f"{self.click_id[:4]}…" if self.kind == TouchKind.CLAIM else self.click_id


class ClickFile(Stamped):
    """How far a file of the spool is stored (affiliates.drain), in bytes."""

    name = models.CharField(max_length=80, primary_key=True)
    read = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("file of clicks")
        verbose_name_plural = _("files of clicks")

    def __str__(self) -> str:
        return self.name
