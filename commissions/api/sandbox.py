"""/api/v1/sandbox/orders: orders that an affiliate's sandbox key invents for its own links."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from affiliates.access import IsAffiliate
from affiliates.api import AffiliateCall
from alliance.kernel.idempotency import Answer
from alliance.kernel.rest.pages import said
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import Strict
from alliance.kernel.schema import IDEMPOTENCY
from commissions.api.commissions import (
    EXPLAINED,
    MyCommissionExplainedOut,
    PretendedCommissionOut,
)
from commissions.models import SaleState
from commissions.reports import LARGEST_MINOR
from commissions.services.sandbox_sales import as_commission, sale_pretend

WISH = {"external_id": "TEST-1", "state": "paid", "link": "7kq2mzw9xa", "amount_minor": 19900}
BACK = {"external_id": "TEST-1", "state": "received", "refunded_minor": 5000}


class SaleIn(Strict):
    """What is known of the invented order now."""

    external_id = serializers.CharField(max_length=64, help_text="A number of your choice.")
    state = serializers.ChoiceField(
        choices=[state.value for state in SaleState],
        help_text="placed, paid, received, settled: forward only; void: from each before settled.",
    )
    link = serializers.CharField(
        required=False, max_length=12, help_text="The code of a link of yours, at the first time."
    )
    click_id = serializers.CharField(
        required=False, max_length=32, help_text="Instead: a click that came through your link."
    )
    product = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="Our number of what was bought, from the link's shop; default: the link's.",
    )
    amount_minor = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_MINOR,
        help_text="What the buyer paid, in whole minor units; needed at the first time.",
    )
    refunded_minor = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST_MINOR,
        help_text="What of it went back to the buyer, in all.",
    )


class SaleOut(serializers.Serializer[Any]):
    change = serializers.ChoiceField(choices=["created", "changed", "unchanged"])
    commission = MyCommissionExplainedOut()


class OrdersView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "commissions:read"
    in_sandbox = only_in_sandbox = True

    @extend_schema(
        operation_id="sandbox_orders_invent",
        summary="Invent an order for a link of yours",
        tags=["commissions"],
        parameters=[IDEMPOTENCY],
        request=SaleIn,
        responses={200: SaleOut, 201: SaleOut},
        examples=[
            OpenApiExample("A paid order", WISH, request_only=True),
            OpenApiExample("Received, and some of it refunded", BACK, request_only=True),
            OpenApiExample(
                "What it would earn",
                {"change": "created", "commission": {**EXPLAINED, "order": "TEST-1"}},
                response_only=True,
            ),
        ],
    )
    def post(self, request: AffiliateCall) -> Response:
        """Say it again with another state to play it through: your sandbox's webhooks and postbacks
        hear of each step, `commissions` shows it to sandbox keys, and nothing is booked."""

        def call() -> Answer:
            form = SaleIn(data=request.data)
            form.is_valid(raise_exception=True)
            sale, change = sale_pretend(affiliate=request.affiliate, wish=form.validated_data)
            commission = said(PretendedCommissionOut, as_commission(sale))
            return (201 if change == "created" else 200), {
                "change": change, "commission": commission,
            }  # fmt: skip

        return self.once(request, call)


orders = OrdersView.as_view()
