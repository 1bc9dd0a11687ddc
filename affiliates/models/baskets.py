"""Baskets: products that an affiliate has put aside for later."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import Stamped
from merchants.models import Product


class Basket(Stamped):
    """A list of products under a name. The affiliate's team has it together."""

    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="baskets", verbose_name=_("affiliate")
    )
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "name"], name="basket_name_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="basket_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class BasketItem(models.Model):
    """A product in a basket, once."""

    basket = models.ForeignKey(
        Basket, models.CASCADE, related_name="items", verbose_name=_("basket")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    added_at = models.DateTimeField(_("added at"), default=clock.now)

    class Meta:
        verbose_name = _("product in a basket")
        verbose_name_plural = _("products in baskets")
        constraints = [
            models.UniqueConstraint(fields=["basket", "product"], name="basket_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.basket}: {self.product}"
