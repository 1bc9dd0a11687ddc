"""/api/v1/wallet: a merchant's money with the alliance, and what moved it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from alliance.kernel.rest.pages import PageQuery, page_of, pages_of, said
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import FieldsQuery
from commissions import queries
from merchants.access import IsMerchant
from merchants.api import MerchantCall

WALLET = {
    "currency": "CNY",
    "balance_minor": 1000000,
    "reserved_minor": 2388,
    "credit_minor": 0,
    "spendable_minor": 1000000,
    "unfunded_commissions": 0,
    "low": False,
    "warn_below_minor": 50000,
    "days_left": 41,
}
LINE = {
    "id": 9001,
    "entry": "orders:20260616:7",
    "day": "2026-06-16",
    "recorded_at": "2026-06-16T10:05:04+08:00",
    "currency": "CNY",
    "delta_minor": -2388,
    "balance_minor": 997612,
}


class WalletOut(serializers.Serializer[Any]):
    currency = serializers.CharField(source="balance.currency")
    balance_minor = serializers.IntegerField(source="balance.minor")
    reserved_minor = serializers.IntegerField(
        source="reserved.minor", help_text="For paid orders whose goods are not received yet."
    )
    credit_minor = serializers.IntegerField(source="credit.minor", help_text="Your credit limit.")
    spendable_minor = serializers.IntegerField(source="spendable.minor")
    unfunded_commissions = serializers.IntegerField(
        source="unfunded", help_text="They wait for money."
    )
    low = serializers.BooleanField()
    warn_below_minor = serializers.IntegerField(source="warn_below.minor")
    days_left = serializers.IntegerField(
        source="days", allow_null=True, help_text="At the pace of the last fourteen days."
    )


class WalletLineOut(serializers.Serializer[Any]):
    """Something that moved the balance."""

    id = serializers.IntegerField()
    entry = serializers.CharField(source="entry.key", help_text="Of the ledger: what it was.")
    day = serializers.DateField(source="entry.effective_on")
    recorded_at = serializers.DateTimeField(source="entry.recorded_at")
    currency = serializers.CharField()
    delta_minor = serializers.IntegerField()
    balance_minor = serializers.IntegerField(help_text="What stood there afterwards.")


class WalletView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = "wallet:read"
    query = FieldsQuery

    @extend_schema(
        operation_id="wallet_retrieve",
        summary="Look at your wallet",
        tags=["wallet"],
        responses=WalletOut,
        examples=[OpenApiExample("A wallet", WALLET, response_only=True)],
    )
    def get(self, request: MerchantCall) -> Response:
        """The balance, what is reserved, and how long it lasts."""
        asked = self.asked(request)
        wallet = queries.wallet_of(request.merchant)
        return Response(said(WalletOut, wallet, asked.get("fields", "")))


class WalletLinesView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = "wallet:read"
    query = PageQuery

    @extend_schema(
        operation_id="wallet_lines_list",
        summary="List what moved your wallet",
        tags=["wallet"],
        responses=pages_of(WalletLineOut),
        examples=[OpenApiExample("A page", {"items": [LINE], "next": None}, response_only=True)],
    )
    def get(self, request: MerchantCall) -> Response:
        """Newest first."""
        asked = self.asked(request)
        rows = queries.wallet_lines(request.merchant)
        page = page_of(rows, asked, by=("-entry_id", "-pk"), of="wallet")
        return self.paged(page, WalletLineOut, asked)


wallet = WalletView.as_view()
lines = WalletLinesView.as_view()
