"""/api/v1/catalogue: the products that an affiliate can promote, and what they would earn."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from affiliates import queries
from affiliates.access import IsAffiliate
from affiliates.api import AffiliateCall
from affiliates.queries.picking import ORDERS
from affiliates.services.standing import why_not
from alliance.kernel.errors import Invalid
from alliance.kernel.rest.pages import Page, PageQuery, cursor_read, cursor_say, pages_of, said
from alliance.kernel.rest.views import CatalogueView
from alliance.kernel.rest.words import FieldsQuery

OF = "catalogue"
_MOST = 10**13
EXAMPLE = {
    "id": 42,
    "title": "保温杯 500ml",
    "title_en": "Vacuum flask 500 ml",
    "title_de": "",
    "brand": "",
    "category": "home",
    "url": "https://shop.example.com/p/1",
    "image_url": "https://shop.example.com/p/1.jpg",
    "shop": {"id": 3, "name": "Chen's shop", "merchant_id": 2},
    "currency": "CNY",
    "price_minor": 19900,
    "final_price_minor": 17900,
    "coupon": {
        "code": "SPRING20",
        "face_minor": 2000,
        "threshold_minor": 9900,
        "ends_at": "2026-06-20T00:00:00+08:00",
    },
    "rate_bps": 1200,
    "better_than_usual": False,
    "earning_minor": 1933,
    "sales_30_days": 1204,
}


class CatalogueQuery(PageQuery):
    q = serializers.CharField(
        required=False, max_length=200, help_text="Words, each of which must be in a title."
    )
    category = serializers.CharField(required=False, max_length=50, help_text="Its slug.")
    rate_from = serializers.IntegerField(
        required=False, min_value=0, max_value=10_000, help_text="Basis points: 1500 is 15 %."
    )
    price_from = serializers.IntegerField(required=False, min_value=0, max_value=_MOST)
    price_to = serializers.IntegerField(
        required=False, min_value=0, max_value=_MOST, help_text="Minor units, both included."
    )
    coupon = serializers.BooleanField(required=False, help_text="Only what has a coupon now.")
    sort = serializers.ChoiceField(choices=list(ORDERS), required=False, default="sales")

    def wish(self) -> queries.Wish:
        said = dict(self.validated_data)
        names = ("category", "rate_from", "price_from", "price_to", "sort")
        return queries.Wish(
            words=said.get("q", ""),
            coupon_only=said.get("coupon", False),
            **{name: said[name] for name in names if name in said},
        )


class ShopOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    merchant_id = serializers.IntegerField()


class BestCouponOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    face_minor = serializers.IntegerField(help_text="What it takes off the price.")
    threshold_minor = serializers.IntegerField(help_text="From which amount on.")
    ends_at = serializers.DateTimeField()


class CatalogueItemOut(serializers.Serializer[Any]):
    """A product as the asking affiliate sees it."""

    id = serializers.IntegerField(source="product.pk", help_text="Ours; links are made by it.")
    title = serializers.CharField(source="product.title", help_text="In the shop's language.")
    title_en = serializers.CharField(source="product.title_en")
    title_de = serializers.CharField(source="product.title_de")
    brand = serializers.CharField(source="product.brand")
    category = serializers.CharField(source="product.category.slug", default=None, allow_null=True)
    url = serializers.CharField(source="product.url")
    image_url = serializers.CharField(source="product.image_url")
    shop = ShopOut(source="product.shop")
    currency = serializers.CharField(source="product.currency")
    price_minor = serializers.IntegerField(source="product.price_minor")
    final_price_minor = serializers.IntegerField(
        source="price.minor", help_text="What the buyer pays, with the coupon."
    )
    coupon = BestCouponOut(allow_null=True)
    rate_bps = serializers.IntegerField(help_text="Yours, with the plans that you are in.")
    better_than_usual = serializers.BooleanField(source="better")
    earning_minor = serializers.IntegerField(
        source="earning.minor", help_text="Your share at that price, before the service fee."
    )
    sales_30_days = serializers.IntegerField(source="product.sales_count")


class CatalogueProductOut(CatalogueItemOut):
    why_not = serializers.CharField(
        help_text="Why no link to it earns anything now; empty: it can be promoted."
    )


class ListView(CatalogueView):
    permission_classes = [IsAffiliate]
    required_scope = "products:read"
    in_sandbox = True
    query = CatalogueQuery

    @extend_schema(
        operation_id="catalogue_list",
        summary="Find products to promote",
        tags=["catalogue"],
        responses=pages_of(CatalogueItemOut),
        examples=[OpenApiExample("A page", {"items": [EXAMPLE], "next": None}, response_only=True)],
    )
    def get(self, request: AffiliateCall) -> Response:
        """What can be promoted now: on sale, of merchants who can pay, with a rate above 0. In the
        order of `sort`; pages follow that order by key, so a new product moves none."""
        form = CatalogueQuery(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        wish, place = form.wish(), None
        if cursor := asked.get("cursor"):
            sort, value, key = cursor_read(cursor, of=OF)
            if sort != wish.sort:
                raise Invalid(field="cursor")
            place = queries.Place(value, key)
        found = queries.products_offered(wish, size=asked["limit"], after=place)
        offers = queries.offers_of(found.products, affiliate=request.affiliate)
        after = found.after
        behind = cursor_say([wish.sort, after.value, after.key], of=OF) if after else None
        return self.paged(Page(offers, behind), CatalogueItemOut, asked)


class ItemView(CatalogueView):
    permission_classes = [IsAffiliate]
    required_scope = "products:read"
    in_sandbox = True
    query = FieldsQuery

    @extend_schema(
        operation_id="catalogue_retrieve",
        summary="Look at a product to promote",
        tags=["catalogue"],
        responses=CatalogueProductOut,
        examples=[OpenApiExample("A product", {**EXAMPLE, "why_not": ""}, response_only=True)],
    )
    def get(self, request: AffiliateCall, pk: int) -> Response:
        """By our number of it, also when it cannot be promoted now: then `why_not` says why."""
        asked = self.asked(request)
        product = get_object_or_404(queries.products_known(), pk=pk)
        (offer,) = queries.offers_of([product], affiliate=request.affiliate)
        facts = {
            name: getattr(offer, name)
            for name in ("product", "price", "coupon", "rate_bps", "better", "earning")
        }
        shown = {**facts, "why_not": str(why_not(product))}
        return Response(said(CatalogueProductOut, shown, asked.get("fields", "")))


catalogue = ListView.as_view()
product = ItemView.as_view()
