"""A higher rate for the first pieces of a product, and who had them (docs/domain.md §2.1)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import Stamped
from merchants.models.catalogue import Product
from merchants.models.order import OrderLine
from merchants.models.plan import Plan


class PieceStock(Stamped):
    """How many pieces of one product a plan of kind TOPN pays for, and how many are taken."""

    plan = models.OneToOneField(
        Plan, models.PROTECT, related_name="stock", verbose_name=_("commission plan")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product")
    )
    pieces = models.PositiveIntegerField(_("pieces"))
    taken = models.PositiveIntegerField(_("taken"), default=0)

    class Meta:
        verbose_name = _("first pieces")
        verbose_name_plural = _("first pieces")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pieces__gt=0, taken__gte=0)
                & models.Q(taken__lte=models.F("pieces")),
                name="piece_stock_never_oversold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.taken}/{self.pieces}"

    @property
    def left(self) -> int:
        return self.pieces - self.taken


class PieceTake(models.Model):
    """The pieces that an order line had of a stock; given back when its order becomes void."""

    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="pieces_taken")
    stock = models.ForeignKey(PieceStock, models.PROTECT, related_name="takes")
    pieces = models.PositiveIntegerField(_("pieces"))
    taken_at = models.DateTimeField(_("taken at"), default=clock.now)
    given_back_at = models.DateTimeField(_("given back at"), null=True)

    class Meta:
        verbose_name = _("taken pieces")
        verbose_name_plural = _("taken pieces")
        constraints = [
            models.CheckConstraint(condition=models.Q(pieces__gt=0), name="piece_take_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.pieces}"
