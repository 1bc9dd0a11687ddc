"""Webhooks: the door of a shop's system, what it delivered, and its own ids of orders."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Stamped
from merchants.models.merchant import Shop


class HookKind(models.TextChoices):
    SHOPIFY = "shopify", "Shopify"
    WOOCOMMERCE = "woocommerce", "WooCommerce"


class ShopHook(Stamped):
    """A door for one system of one shop: an address that nobody guesses, and the secret that it
    signs with, locked (alliance.kernel.lockbox)."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="hooks", verbose_name=_("shop"))
    kind = models.CharField(_("system"), max_length=12, choices=HookKind)
    token = models.CharField(max_length=40, unique=True)
    secret = models.CharField(max_length=1000)
    heard_at = models.DateTimeField(_("last heard"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.UniqueConstraint(fields=["shop", "kind"], name="hook_once_per_system"),
        ]

    def __str__(self) -> str:
        return f"{self.shop}: {self.get_kind_display()}"


class HookResult(models.TextChoices):
    TAKEN = "taken", _("Taken")
    UNCHANGED = "unchanged", _("Nothing new")
    STALE = "stale", _("Older than what we know")
    IGNORED = "ignored", _("Nothing to us")
    REFUSED = "refused", _("Refused")


class HookDelivery(models.Model):
    """One delivery, heard once. Kept for thirty days."""

    hook = models.ForeignKey(ShopHook, models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(_("delivery"), max_length=100)
    topic = models.CharField(_("topic"), max_length=60)
    number = models.CharField(_("order"), max_length=64, blank=True)
    result = models.CharField(_("result"), max_length=9, choices=HookResult)
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["hook", "delivery_id"], name="hook_delivery_once"),
        ]
        indexes = [
            models.Index(fields=["hook", "-id"], name="hook_delivery_latest"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(result="refused"),
                name="hook_delivery_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.number}"


class HookOrder(models.Model):
    """The order that a system means by its own id: some topics say nothing else of it."""

    hook = models.ForeignKey(ShopHook, models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    number = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("order of a system")
        verbose_name_plural = _("orders of systems")
        constraints = [
            models.UniqueConstraint(fields=["hook", "object_id"], name="hook_order_once"),
        ]

    def __str__(self) -> str:
        return self.number
