"""Orders that are only pretended: reported and read by sandbox keys, and nowhere else."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from affiliates.models import AdZone, Affiliate
from alliance.kernel.models import Stamped
from merchants.models import Product, Shop


class SandboxOrder(Stamped):
    """What a sandbox key said of an order, as its next look shows it. No order, no line, no
    commission and no entry comes of it."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=64)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "external_id"], name="sandbox_order_once_per_shop"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class SaleState(models.TextChoices):
    """An order's states, and its month's settlement: placed → paid → received → settled; void from
    each before settled."""

    PLACED = "placed"
    PAID = "paid"
    RECEIVED = "received"
    SETTLED = "settled"
    VOID = "void"


class SandboxSale(Stamped):
    """An order that an affiliate's sandbox key invented for one of its links. What it earns is
    worked out when it is looked at, by the formulas of the books, and booked nowhere."""

    affiliate = models.ForeignKey(Affiliate, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=64)
    zone = models.ForeignKey(AdZone, models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    click_id = models.CharField(max_length=32, blank=True)
    subs = ArrayField(models.CharField(max_length=100), default=list)
    rate_bps = models.PositiveIntegerField()  # as everybody was promised when it was placed
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in SaleState])
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    paid_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["affiliate", "external_id"], name="sandbox_sale_once_per_affiliate"
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__gte=0)
                & models.Q(refunded_minor__lte=models.F("amount_minor")),
                name="sandbox_sale_refund_at_most_amount",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id
