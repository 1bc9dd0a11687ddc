"""/api/v1/coupons: the merchant's own."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from alliance.kernel import clock
from alliance.kernel.rest.pages import PageQuery, page_of, pages_of
from alliance.kernel.rest.views import CatalogueView
from merchants import queries
from merchants.access import IsMerchant
from merchants.api import MerchantCall
from merchants.models import Coupon

EXAMPLE = {
    "id": 5,
    "shop": 3,
    "product": "P1",
    "code": "SPRING20",
    "face_minor": 2000,
    "threshold_minor": 9900,
    "currency": "CNY",
    "starts_at": "2026-06-01T00:00:00+08:00",
    "ends_at": "2026-06-20T00:00:00+08:00",
}


class CouponOut(serializers.ModelSerializer[Coupon]):
    shop = serializers.IntegerField(source="shop_id")
    product = serializers.CharField(
        source="product.external_id",
        default=None,
        allow_null=True,
        help_text="The shop's product id; null: everything in the shop.",
    )

    class Meta:
        model = Coupon
        fields = tuple(EXAMPLE)


class CouponsQuery(PageQuery):
    shop = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    current = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only those that can be used now."
    )


class CouponsView(CatalogueView):
    permission_classes = [IsMerchant]
    required_scope = "coupons:read"
    query = CouponsQuery
    in_sandbox = True

    @extend_schema(
        operation_id="coupons_list",
        summary="List your coupons",
        tags=["products"],
        responses=pages_of(CouponOut),
        examples=[OpenApiExample("A page", {"items": [EXAMPLE], "next": None}, response_only=True)],
    )
    def get(self, request: MerchantCall) -> Response:
        """Newest first."""
        asked, now = self.asked(request), clock.now()
        rows = queries.coupons_for(request.user)
        if "shop" in asked:
            rows = rows.filter(shop=asked["shop"])
        if asked["current"]:
            rows = rows.filter(starts_at__lte=now, ends_at__gt=now)
        return self.paged(page_of(rows, asked, by=("-pk",), of="coupons"), CouponOut, asked)


coupons = CouponsView.as_view()
