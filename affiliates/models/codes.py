"""Coupon codes that stand for an affiliate, from when until when."""

import unicodedata
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import AdZone, Affiliate
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Coupon


def code_key(code: str) -> str:
    """What codes that mean the same have in common, however a shop writes them: in any case
    (STRASSE is straße), in wide letters or narrow. Here only: a database folds as its locale does.
    """
    return unicodedata.normalize("NFKC", code).strip().upper().casefold()


class CodeBinding(models.Model):
    """An order that its shop reports with this coupon's code is the affiliate's, also without a
    click (docs/domain.md §3.3).

    What was in force when an order was placed counts, so nothing here is edited: it begins and it
    ends. `zone` is where the affiliate finds those orders.
    """

    coupon = models.ForeignKey(
        Coupon, models.PROTECT, related_name="bindings", verbose_name=_("coupon")
    )
    key = models.TextField(editable=False)  # what an order's code is compared with
    affiliate = models.ForeignKey(
        Affiliate, models.PROTECT, related_name="codes", verbose_name=_("affiliate")
    )
    zone = models.ForeignKey(AdZone, models.PROTECT, related_name="+", verbose_name=_("ad zone"))
    starts_at = models.DateTimeField(_("starts at"), default=clock.now)
    ends_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("bound by")
    )

    class Meta:
        verbose_name = _("bound code")
        verbose_name_plural = _("bound codes")
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"],
                condition=models.Q(ends_at=None),
                name="code_binding_one_open_per_coupon",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="code_binding_ends_later",
            ),
        ]
        indexes = [
            models.Index(fields=["affiliate", "-id"], name="code_binding_by_affiliate"),
            models.Index(fields=["key"], name="code_binding_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon.code} → {self.affiliate}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = code_key(self.coupon.code)
        super().save(*args, **kwargs)
