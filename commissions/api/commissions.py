"""/api/v1/commissions and /api/v1/balances: what an affiliate earns, and where it stands."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from affiliates.access import IsAffiliate
from affiliates.api import AffiliateCall
from affiliates.explanations import explain
from alliance.kernel.rest.pages import Page, PageQuery, page_of, pages_of, said
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import Day, FieldsQuery
from campaigns.queries import grants_of
from commissions import queries, receipts
from commissions.models import Commission, CommissionState, PayeeRole
from commissions.models.commission import CommissionQuerySet
from commissions.services.sandbox_sales import as_commission

EXAMPLE = {
    "id": 311,
    "order": "20260616-0001",
    "line": "1",
    "role": "affiliate",
    "state": "estimated",
    "currency": "CNY",
    "placed_at": "2026-06-16T10:00:00+08:00",
    "confirmed_at": None,
    "settled_month": None,
    "product": 42,
    "title": "保温杯 500ml",
    "shop": {"id": 3, "name": "Chen's shop"},
    "pid": "mm_7_4_9",
    "subs": ["newsletter"],
    "paid_minor": 19900,
    "refunded_minor": 0,
    "base_minor": 19900,
    "rate_bps": 1200,
    "share_bps": 9000,
    "commission_minor": 2388,
    "publisher_minor": 2149,
    "tech_fee_minor": 215,
    "subsidy_minor": 0,
    "net_minor": 1934,
    "updated_at": "2026-06-16T10:05:04+08:00",
}
EXPLAINED = {
    **EXAMPLE,
    "reason": "Paid. It is confirmed when the buyer has the goods.",
    "attribution": ["The last click on this product, within 15 days."],
    "steps": [
        {
            "what": "Base",
            "amount_minor": 19900,
            "how": "199.00 paid, nothing refunded",
        },
    ],
}
BALANCE = {
    "currency": "CNY",
    "estimated_minor": 1934,
    "pending_minor": 120500,
    "frozen_minor": 0,
    "payable_minor": 88000,
    "debt_minor": 0,
    "in_flight_minor": 0,
}


class CommissionShopOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class MyCommissionOut(serializers.ModelSerializer[Commission]):
    """What an order line earns the affiliate, in one role. Amounts in minor units."""

    order = serializers.CharField(source="line.order.external_id", help_text="The shop's number.")
    line = serializers.CharField(source="line.external_id")
    role = serializers.ChoiceField(choices=PayeeRole.choices)
    state = serializers.ChoiceField(source="standing", choices=CommissionState.choices)
    settled_month = serializers.DateField(allow_null=True, help_text="Its first day.")
    product = serializers.IntegerField(source="line.product_id", allow_null=True)
    title = serializers.CharField(source="line.title")
    shop = CommissionShopOut(source="line.order.shop")
    pid = serializers.CharField(
        source="attribution.zone.pid",
        default=None,
        allow_null=True,
        help_text="Your ad zone; null: it came by a code, or through somebody else.",
    )
    subs = serializers.ListField(
        source="attribution.subs", child=serializers.CharField(), default=list
    )
    paid_minor = serializers.IntegerField(source="line.amount_minor")
    refunded_minor = serializers.IntegerField(source="line.refunded_minor")
    rate_bps = serializers.IntegerField(help_text="Basis points: 1200 is 12 %.")
    net_minor = serializers.IntegerField(help_text="What reaches you.")

    class Meta:
        model = Commission
        fields = tuple(EXAMPLE)


class StepOut(serializers.Serializer[Any]):
    what = serializers.CharField(source="label")
    amount_minor = serializers.IntegerField(source="amount.minor")
    how = serializers.CharField(help_text="The arithmetic, for anybody to repeat.")


class MyCommissionExplainedOut(MyCommissionOut):
    reason = serializers.SerializerMethodField(help_text="Why it is in its state.")
    attribution = serializers.SerializerMethodField(help_text="Why it is yours, in sentences.")
    steps = serializers.SerializerMethodField(help_text="From the price to your net.")

    class Meta(MyCommissionOut.Meta):
        fields = (*MyCommissionOut.Meta.fields, "reason", "attribution", "steps")

    def get_reason(self, row: Commission) -> str:
        return receipts.reason(row)

    def get_attribution(self, row: Commission) -> list[str]:
        return explain(row.line.attribution, viewer=row.affiliate)

    @extend_schema_field(StepOut(many=True))
    def get_steps(self, row: Commission) -> Any:
        return StepOut(receipts.waterfall(row, grants_of(row.line_id)).steps, many=True).data


class PretendedCommissionOut(MyCommissionExplainedOut):
    """The same of an invented order (`sandbox_sales.as_commission`)."""

    def get_attribution(self, row: Commission) -> list[str]:
        return [gettext("Sandbox: you said that this order came through your link.")]

    @extend_schema_field(StepOut(many=True))
    def get_steps(self, row: Commission) -> Any:
        return StepOut(receipts.waterfall(row).steps, many=True).data


class BalanceOut(serializers.Serializer[Any]):
    """Where the affiliate's money stands, in one currency."""

    currency = serializers.CharField(source="payable.currency")
    estimated_minor = serializers.IntegerField(source="estimated.minor", help_text="Paid orders.")
    pending_minor = serializers.IntegerField(
        source="pending.minor", help_text="Goods received, not settled yet."
    )
    frozen_minor = serializers.IntegerField(source="frozen.minor")
    payable_minor = serializers.IntegerField(source="payable.minor", help_text="Can be withdrawn.")
    debt_minor = serializers.IntegerField(source="debt.minor", help_text="What is owed to us.")
    in_flight_minor = serializers.IntegerField(
        source="in_flight.minor", help_text="Withdrawals under way."
    )


class CommissionsQuery(PageQuery):
    state = serializers.ChoiceField(choices=CommissionState.choices, required=False)
    placed_from = Day(required=False, help_text="A business day.")
    placed_to = Day(required=False, help_text="A business day, included.")
    order = serializers.CharField(
        required=False, max_length=64, help_text="What the shop's order number begins with."
    )
    sub = serializers.CharField(
        required=False, max_length=100, help_text="One of the sub-ids, whole."
    )


class CommissionsView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "commissions:read"
    query = CommissionsQuery
    in_sandbox = True

    @extend_schema(
        operation_id="commissions_list",
        summary="List your orders and what they earn",
        tags=["commissions"],
        responses=pages_of(MyCommissionOut),
        examples=[OpenApiExample("A page", {"items": [EXAMPLE], "next": None}, response_only=True)],
    )
    def get(self, request: AffiliateCall) -> Response:
        """Newest order first. To follow what happens, read `changes` instead."""
        asked = self.asked(request)
        if request.auth.sandbox:
            sales = queries.sales_pretended_for(request.user).filter(affiliate=request.affiliate)
            page = page_of(sales, asked, by=("-pk",), of="sandbox commissions")
            invented = [as_commission(sale) for sale in page.items]
            return self.paged(Page(invented, page.next), MyCommissionOut, asked)
        rows = queries.commissions_found(
            mine(request),
            state=asked.get("state", ""),
            start=asked.get("placed_from"),
            end=asked.get("placed_to"),
            sub=asked.get("sub", ""),
            number=asked.get("order", ""),
        )
        page = page_of(rows, asked, by=("-placed_at", "-pk"), of="commissions")
        return self.paged(page, MyCommissionOut, asked)


class CommissionView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "commissions:read"
    query = FieldsQuery
    in_sandbox = True

    @extend_schema(
        operation_id="commissions_retrieve",
        summary="Look at a commission and its receipt",
        tags=["commissions"],
        responses=MyCommissionExplainedOut,
        examples=[OpenApiExample("A commission", EXPLAINED, response_only=True)],
    )
    def get(self, request: AffiliateCall, pk: int) -> Response:
        """Why it is yours, why it stands where it stands, and how each figure came about."""
        asked = self.asked(request)
        if request.auth.sandbox:
            sales = queries.sales_pretended_for(request.user).filter(affiliate=request.affiliate)
            row = as_commission(get_object_or_404(sales, pk=pk))
            return Response(said(PretendedCommissionOut, row, asked.get("fields", "")))
        row = get_object_or_404(mine(request).select_related("affiliate"), pk=pk)
        return Response(said(MyCommissionExplainedOut, row, asked.get("fields", "")))


class BalancesView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "commissions:read"
    query = FieldsQuery

    @extend_schema(
        operation_id="balances_list",
        summary="Where your money stands",
        tags=["commissions"],
        responses=pages_of(BalanceOut),
        examples=[
            OpenApiExample("One currency", {"items": [BALANCE], "next": None}, response_only=True)
        ],
    )
    def get(self, request: AffiliateCall) -> Response:
        """One for each currency that you ever earned in."""
        asked, affiliate = self.asked(request), request.affiliate
        known = queries.currencies_of(affiliate, settings.ALLIANCE["CURRENCY"])
        items = [queries.balances_of(affiliate, currency) for currency in known]
        return self.paged(Page(items), BalanceOut, asked)


def mine(request: AffiliateCall) -> CommissionQuerySet:
    """The commissions of the key's affiliate, with all that is said of one."""
    rows = queries.commissions_for(request.user).filter(affiliate=request.affiliate)
    return rows.select_related("line__attribution", "attribution__zone__site")


commissions = CommissionsView.as_view()
commission = CommissionView.as_view()
balances = BalancesView.as_view()
