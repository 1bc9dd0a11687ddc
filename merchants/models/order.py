"""What was sold: orders as the shop reports them, their lines and refunds."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel import clock
from alliance.kernel.models import Stamped
from alliance.kernel.money import Money
from merchants.models.catalogue import Product
from merchants.models.merchant import Merchant, Shop


class OrderState(models.TextChoices):
    """What the shop says of the order (docs/domain.md §4.1)."""

    PLACED = "placed", _("Placed")  # placed → paid → received; void from each of them
    PAID = "paid", _("Paid")
    RECEIVED = "received", _("Received")
    VOID = "void", _("Void")


class Order(Stamped):
    """One order of a shop. The latest word wins: an older report than `reported_at` is ignored.

    `version` grows with each change; `processed_version` is how far the commission pipeline got.
    The difference is the queue: a lost message loses nothing.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="orders", verbose_name=_("merchant")
    )
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="orders", verbose_name=_("shop"))
    external_id = models.CharField(_("order number"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=OrderState)
    currency = models.CharField(_("currency"), max_length=3)
    placed_at = models.DateTimeField(_("placed at"))
    # Of a pre-sale: the deposit is paid. While `paid_at` is empty, the balance is still open.
    deposit_paid_at = models.DateTimeField(_("deposit paid at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    void_at = models.DateTimeField(_("void at"), null=True, blank=True)
    void_reason = models.CharField(_("void reason"), max_length=120, blank=True)
    click_id = models.CharField(_("click id"), max_length=64, blank=True)
    coupon_code = models.CharField(_("coupon code"), max_length=40, blank=True)
    reported_at = models.DateTimeField(_("reported at"))
    version = models.PositiveIntegerField(default=1)
    processed_version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_id"], name="order_once_per_shop"),
            models.CheckConstraint(
                condition=models.Q(state__in=OrderState.values), name="order_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="paid")
                | models.Q(paid_at__isnull=False)
                | models.Q(deposit_paid_at__isnull=False),
                name="order_paid_has_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="received")
                | models.Q(paid_at__isnull=False, received_at__isnull=False),
                name="order_received_has_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(processed_version__lte=models.F("version")),
                name="order_processed_not_ahead",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=~models.Q(processed_version=models.F("version")),
                name="order_waiting",
            ),
            models.Index(fields=["merchant", "-placed_at"], name="order_by_merchant"),
            models.Index(
                fields=["paid_at"], condition=models.Q(state="paid"), name="order_unreceived"
            ),
            # Tools follow orders by when they were paid: a few minutes of them, again and again.
            models.Index(
                fields=["paid_at"],
                condition=models.Q(paid_at__isnull=False),
                name="order_by_payment",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def balance_open(self) -> bool:
        """A pre-sale of which only the deposit was paid (docs/domain.md §4.1)."""
        return self.deposit_paid_at is not None and self.paid_at is None


class OrderLine(Stamped):
    """The unit of commission (docs/domain.md §0.1).

    `amount_minor` is what the buyer paid for it, without freight, after coupons;
    `refunded_minor` is what came back. Commission is due on the difference. A pre-sale line has a
    deposit and a total too, and its amount is one of them.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", verbose_name=_("order"))
    external_id = models.CharField(_("line number"), max_length=96)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
    )
    product_external_id = models.CharField(_("shop's product id"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=200, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    amount_minor = models.BigIntegerField(_("amount paid"))
    deposit_minor = models.BigIntegerField(_("deposit"), null=True, blank=True)
    total_minor = models.BigIntegerField(_("deposit and balance"), null=True, blank=True)
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "external_id"], name="order_line_once"),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gte=0, refunded_minor__gte=0)
                & models.Q(refunded_minor__lte=models.F("amount_minor")),
                name="order_line_refund_at_most_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(deposit_minor=None, total_minor=None)
                | models.Q(
                    models.Q(amount_minor=models.F("deposit_minor"))
                    | models.Q(amount_minor=models.F("total_minor")),
                    deposit_minor__gte=0,
                    deposit_minor__lte=models.F("total_minor"),
                ),
                name="order_line_amount_is_deposit_or_total",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}/{self.external_id}"

    @property
    def base(self) -> Money:
        """What the merchant keeps: the base of the commission."""
        return Money(self.amount_minor - self.refunded_minor, self.currency)


class RefundState(models.TextChoices):
    """requested → applied, or failed from each; failed is final."""

    APPLIED = "applied", pgettext_lazy("refund", "Applied")
    REQUESTED = "requested", pgettext_lazy("refund", "Requested")
    FAILED = "failed", pgettext_lazy("refund", "Failed or withdrawn")
    UNMATCHED = "unmatched", _("Waiting for review")


class Refund(models.Model):
    """Money the buyer got back, as reported. One that fits no order waits for it, or for a person.

    One that was only requested, or that failed, takes nothing off its line.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="refunds", verbose_name=_("shop"))
    external_id = models.CharField(_("refund number"), max_length=128)
    line = models.ForeignKey(
        OrderLine,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("order line"),
    )
    state = models.CharField(_("state"), max_length=9, choices=RefundState)
    awaits = models.CharField(
        _("order number that it waits for"), max_length=64, blank=True, default=""
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    refunded_at = models.DateTimeField(_("refunded at"))
    requested_at = models.DateTimeField(_("requested at"), null=True, blank=True)
    applied_at = models.DateTimeField(_("taken off its line at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    facts = models.JSONField(_("as reported"), default=dict)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_id"], name="refund_once_per_shop"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=["unmatched", "failed"])
                | models.Q(line__isnull=False),
                name="refund_applied_has_line",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=RefundState.values), name="refund_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="applied") | models.Q(applied_at__isnull=False),
                name="refund_applied_has_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(state="unmatched") | models.Q(awaits=""),
                name="refund_only_unmatched_awaits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "awaits"], condition=~models.Q(awaits=""), name="refund_awaits"
            ),
            models.Index(fields=["line", "applied_at"], name="refund_by_line"),
        ]

    def __str__(self) -> str:
        return self.external_id
