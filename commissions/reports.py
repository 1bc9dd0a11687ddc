"""Order reports as they come over the wire: typed, checked, and said back field by field.

Amounts are whole minor units with an ISO 4217 currency; moments are ISO 8601 and carry their zone.
An unknown field is refused: a misspelt "recieved_at" would cost somebody money without a word.
"""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from affiliates.explanations import explain
from alliance.kernel import clock
from alliance.kernel.rest.words import ErrorOut, Moment, Strict
from commissions.queries import due_of
from merchants.models import Order, OrderLine, OrderState
from merchants.services.order_reports import CLICK_ID_NAMES, REFUND_STATES
from merchants.services.orders import LineReport, OrderReport, RefundReport

BULK_MOST = 2000
CLICK_ID_ALIASES = CLICK_ID_NAMES[1:]
LARGEST_MINOR = 10**13


class LineIn(Strict):
    """One order line."""

    external_id = serializers.CharField(
        max_length=96, help_text="The line's number, unique within the order."
    )
    product_external_id = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="The shop's product id, as in the product feed.",
    )
    title = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, default=1)
    amount_minor = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST_MINOR,
        help_text="What the buyer paid for the line, after coupons, without freight; of a pre-sale "
        "deposit and balance together.",
    )
    deposit_minor = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST_MINOR,
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a pre-sale: the part of amount_minor that is paid as deposit.",
    )


class RefundIn(Strict):
    """Money that the buyer got back, asks for, or does not get back after all."""

    external_id = serializers.CharField(max_length=100, help_text="The refund's own number.")
    line_external_id = serializers.CharField(
        max_length=96,
        required=False,
        default="",
        allow_blank=True,
        help_text="Empty: the whole order; spread over its lines by what is left of each.",
    )
    amount_minor = serializers.IntegerField(min_value=1, max_value=LARGEST_MINOR)
    refunded_at = Moment(help_text="When it got into its state.")
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    state = serializers.ChoiceField(
        choices=REFUND_STATES,
        default="succeeded",
        help_text="requested changes no commission yet; failed (also: withdrawn) gives back what "
        "the refund took, and is final.",
    )


@extend_schema_serializer(component_name="OrderReport")
class OrderIn(Strict):
    """What a shop says of one order now. Say it again whenever something changes: the latest word
    wins, and saying it twice changes nothing."""

    external_id = serializers.CharField(max_length=64, help_text="The shop's order number.")
    shop = serializers.IntegerField(
        required=False, help_text="The shop's id; may be left out by a merchant with one shop."
    )
    state = serializers.ChoiceField(choices=OrderState.choices)
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", help_text="ISO 4217; the one that the merchant trades in."
    )
    placed_at = Moment()
    deposit_paid_at = Moment(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a pre-sale. Without paid_at the balance is open: only the deposits count.",
    )
    paid_at = Moment(required=False, allow_null=True, default=None)
    received_at = Moment(required=False, allow_null=True, default=None)
    void_at = Moment(required=False, allow_null=True, default=None)
    void_reason = serializers.CharField(
        max_length=120, required=False, default="", allow_blank=True
    )
    reported_at = Moment(
        required=False,
        allow_null=True,
        default=None,
        help_text="When the shop knew this; default: now. An older report never undoes a newer.",
    )
    click_id = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="As the buyer brought it in the address. Also taken: "
        + ", ".join(CLICK_ID_ALIASES)
        + ".",
    )
    coupon_code = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    lines = LineIn(many=True, required=False, default=list)
    refunds = RefundIn(many=True, required=False, default=list)

    def aliases(self) -> tuple[str, ...]:
        return CLICK_ID_ALIASES

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("click_id", "") in ("", None):
            said = next((data[name] for name in CLICK_ID_ALIASES if data.get(name)), "")
            data = {**data, "click_id": said}
        return super().to_internal_value(data)

    def report(self, said: Mapping[str, Any] | None = None) -> OrderReport:
        """The validated report, as the service wants it: its own, or another that it `said` to be
        right (one form can read many: making one costs more than reading with it)."""
        data = dict(self.validated_data if said is None else said)
        data.pop("shop", None)
        data["reported_at"] = data["reported_at"] or clock.now()
        data["lines"] = tuple(LineReport(**line) for line in data["lines"])
        data["refunds"] = tuple(RefundReport(**refund) for refund in data["refunds"])
        return OrderReport(**data)


class ConversionIn(serializers.Serializer[Any]):
    """What a shop's server says of one order, in the words of other networks. Texts, so that no
    amount passes through a float; other names that are understood are in docs/api.md."""

    key = serializers.CharField(
        required=False,
        max_length=100,
        help_text="The shop's postback key, if there is no Authorization header.",
    )
    order_id = serializers.CharField(
        max_length=64, help_text="The shop's order number: saying it twice changes nothing."
    )
    click_id = serializers.CharField(
        required=False,
        max_length=64,
        help_text="As the buyer brought it in the address. Also taken: "
        + ", ".join(CLICK_ID_ALIASES)
        + ".",
    )
    amount = serializers.CharField(
        required=False,
        max_length=24,
        help_text='What the buyer paid, after coupons, without freight: "199.00".',
    )
    amount_minor = serializers.RegexField(
        r"^[0-9]{1,13}$", required=False, help_text="The same in whole minor units: 19900."
    )
    currency = serializers.RegexField(
        r"^[A-Za-z]{3}$", required=False, help_text="ISO 4217; default: the merchant's."
    )
    status = serializers.CharField(
        required=False,
        max_length=20,
        help_text="placed, paid (default), received, void; or pending, approved, declined, hold, "
        "or 1, 2, 3, 5 as Affise says.",
    )
    coupon = serializers.CharField(required=False, max_length=40)
    product = serializers.CharField(
        required=False, max_length=64, help_text="The shop's product id, as in the product feed."
    )
    event = serializers.CharField(
        required=False, max_length=40, help_text="Only purchases are taken."
    )


# --- Answers -------------------------------------------------------------------------------------


class OutcomeOut(serializers.Serializer[Any]):
    """What became of a report."""

    external_id = serializers.CharField()
    change = serializers.ChoiceField(
        choices=["created", "changed", "unchanged", "stale", "refused"],
        help_text="stale: we know something newer. refused: nothing of it was taken.",
    )
    unmatched_refunds = serializers.ListField(
        child=serializers.CharField(),
        help_text="Refunds that fit no order line and wait for a person.",
    )
    error = ErrorOut(required=False)


class WarningOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    message = serializers.CharField(help_text="For people.")


class ConversionOut(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    change = serializers.ChoiceField(choices=["created", "changed", "unchanged", "stale"])
    warnings = WarningOut(
        many=True,
        required=False,
        help_text="Fields that were left out of the order, and why: a click id, coupon or product "
        "that is too long or whose placeholder was not filled in.",
    )


class BulkIn(serializers.Serializer[Any]):
    orders = OrderIn(many=True, help_text=f"At most {BULK_MOST}.")


class BulkOut(serializers.Serializer[Any]):
    results = OutcomeOut(many=True, help_text="One per order, in the order in which they came.")


class AffiliateOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class CommissionOut(serializers.Serializer[Any]):
    state = serializers.CharField()
    affiliate = AffiliateOut()
    rate_bps = serializers.IntegerField(help_text="Basis points: 1200 is 12 %.")
    base_minor = serializers.IntegerField()
    commission_minor = serializers.IntegerField(help_text="What it costs the merchant.")


class LineOut(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    product_external_id = serializers.CharField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    amount_minor = serializers.IntegerField(help_text="What was paid so far.")
    deposit_minor = serializers.IntegerField(allow_null=True)
    total_minor = serializers.IntegerField(
        allow_null=True, help_text="Of a pre-sale: deposit and balance together."
    )
    refunded_minor = serializers.IntegerField()
    commission = serializers.SerializerMethodField()
    attribution = serializers.SerializerMethodField(
        help_text="Why the line is somebody's or nobody's, in sentences; empty: not decided yet."
    )

    @extend_schema_field(CommissionOut(allow_null=True))
    def get_commission(self, line: OrderLine) -> Any:
        due = due_of(line)
        return CommissionOut(due).data if due else None

    def get_attribution(self, line: OrderLine) -> list[str]:
        return explain(line.attribution, viewer=None) if hasattr(line, "attribution") else []


class OrderOut(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    shop = serializers.IntegerField(source="shop_id")
    state = serializers.ChoiceField(choices=OrderState.choices)
    currency = serializers.CharField()
    placed_at = serializers.DateTimeField()
    deposit_paid_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    void_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()
    reported_at = serializers.DateTimeField()
    click_id = serializers.CharField()
    processed = serializers.SerializerMethodField(
        help_text="Whether the commissions already follow what was reported last."
    )
    lines = LineOut(many=True, source="lines.all")

    def get_processed(self, order: Order) -> bool:
        return order.processed_version == order.version


class PretendedOrderOut(serializers.Serializer[Any]):
    """A sandbox order, which is kept in the words of OrderOut."""

    def get_fields(self) -> dict[str, Any]:
        return {str(name): serializers.ReadOnlyField() for name in OrderOut().fields}
