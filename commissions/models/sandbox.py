"""Orders that are only pretended: reported and read by sandbox keys, and nowhere else."""

from django.db import models

from alliance.kernel.models import Stamped
from merchants.models import Shop


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
