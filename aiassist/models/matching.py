"""What the advisers found, and what people said of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import clock
from merchants.models import Product


class Matches(models.Model):
    """The products that suit an affiliate, as they were last matched: `places` from the first on,
    each with its facts as `aiassist.for_you` reads them. Written anew each night."""

    affiliate = models.OneToOneField(
        Affiliate, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("affiliate")
    )
    places = models.JSONField(_("places"), default=list)
    made_at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("matched products")
        verbose_name_plural = _("matched products")

    def __str__(self) -> str:
        return str(self.affiliate)


class Dismissal(models.Model):
    """An affiliate does not want to be shown this product again."""

    affiliate = models.ForeignKey(
        Affiliate, models.CASCADE, related_name="+", verbose_name=_("affiliate")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("dismissed product")
        verbose_name_plural = _("dismissed products")
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "product"], name="dismissed_once")
        ]

    def __str__(self) -> str:
        return f"{self.affiliate}: {self.product}"
