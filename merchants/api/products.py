"""/api/v1/products: the merchant's own, read, created and changed by the shop's product ids."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from alliance.kernel.errors import DomainError, Invalid, NotFound
from alliance.kernel.http import envelope_of
from alliance.kernel.idempotency import Answer
from alliance.kernel.rest.pages import PageQuery, page_of, pages_of, said
from alliance.kernel.rest.views import CatalogueView
from alliance.kernel.rest.words import ErrorOut, FieldsQuery, Strict, list_in
from alliance.kernel.schema import IDEMPOTENCY
from merchants import queries
from merchants.access import IsMerchant
from merchants.api import MerchantCall
from merchants.models import Product, ProductState, Shop
from merchants.services.order_reports import LARGEST_MINOR
from merchants.services.products import ProductData, ProductOutcome, products_save

BULK_MOST = 1000
_KEY: dict[str, Any] = {"required": False, "min_value": 1, "max_value": 2**63 - 1}
_SHOP: dict[str, Any] = {**_KEY, "help_text": "The shop's id; for a merchant with several."}
EXAMPLE = {
    "id": 42,
    "external_id": "P1",
    "shop": 3,
    "title": "保温杯 500ml",
    "title_en": "Vacuum flask 500 ml",
    "title_de": "",
    "description": "",
    "category": "home",
    "brand": "",
    "url": "https://shop.example.com/p/1",
    "image_url": "https://shop.example.com/p/1.jpg",
    "gtin": "",
    "group_id": "",
    "currency": "CNY",
    "price_minor": 19900,
    "rate_bps": 1200,
    "sales_30_days": 1204,
    "state": "on_sale",
    "held_back": False,
    "updated_at": "2026-06-16T10:00:00+08:00",
}
SAID = {
    "title": "保温杯 500ml",
    "title_en": "Vacuum flask 500 ml",
    "category": "home",
    "url": "https://shop.example.com/p/1",
    "image_url": "https://shop.example.com/p/1.jpg",
    "price_minor": 19900,
}


class ProductOut(serializers.ModelSerializer[Product]):
    shop = serializers.IntegerField(source="shop_id")
    category = serializers.CharField(source="category.slug", default=None, allow_null=True)
    rate_bps = serializers.IntegerField(help_text="What everybody is promised now.")
    sales_30_days = serializers.IntegerField(source="sales_count")
    held_back = serializers.BooleanField(
        help_text="A person withdrew it: only a person puts it on sale again."
    )

    class Meta:
        model = Product
        fields = tuple(EXAMPLE)


class ProductIn(Strict):
    """What the shop says of a product. What it leaves out but the titles stays as it was."""

    title = serializers.CharField(max_length=200)
    title_en = serializers.CharField(max_length=200, required=False, allow_blank=True)
    title_de = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    category = serializers.CharField(
        max_length=50, required=False, allow_blank=True, help_text="Its slug; empty: none."
    )
    brand = serializers.CharField(max_length=80, required=False, allow_blank=True)
    url = serializers.CharField(max_length=500, help_text="Within the shop's domains.")
    image_url = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Begins with https://."
    )
    gtin = serializers.CharField(max_length=14, required=False, allow_blank=True)
    group_id = serializers.CharField(max_length=50, required=False, allow_blank=True)
    price_minor = serializers.IntegerField(min_value=0, max_value=LARGEST_MINOR)
    on_sale = serializers.BooleanField(required=False, default=True)


class ProductOfManyIn(ProductIn):
    external_id = serializers.CharField(max_length=64, help_text="The shop's product id.")
    shop = serializers.IntegerField(**_SHOP)


class ProductsIn(serializers.Serializer[Any]):
    products = ProductOfManyIn(many=True, help_text=f"At most {BULK_MOST}.")


class SavedOut(serializers.Serializer[Any]):
    """What became of one of them."""

    external_id = serializers.CharField()
    change = serializers.ChoiceField(choices=["created", "changed", "unchanged", "refused"])
    error = ErrorOut(required=False)


class ProductsSavedOut(serializers.Serializer[Any]):
    results = SavedOut(many=True, help_text="One for each, in the order in which they came.")


class ProductsQuery(PageQuery):
    shop = serializers.IntegerField(**_KEY)
    state = serializers.ChoiceField(choices=ProductState.choices, required=False)
    category = serializers.CharField(required=False, max_length=50, help_text="Its slug.")
    q = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Words, each of which must be in a title or be the shop's product id.",
    )


class ProductQuery(FieldsQuery):
    shop = serializers.IntegerField(**_SHOP)


class ProductsView(CatalogueView):
    permission_classes = [IsMerchant]
    required_scope = "products:read"
    query = ProductsQuery
    in_sandbox = True

    @extend_schema(
        operation_id="products_list",
        summary="List your products",
        tags=["products"],
        responses=pages_of(ProductOut),
        examples=[OpenApiExample("A page", {"items": [EXAMPLE], "next": None}, response_only=True)],
    )
    def get(self, request: MerchantCall) -> Response:
        """Newest first, withdrawn ones too."""
        asked = self.asked(request)
        rows = queries.products_found(
            queries.products_for(request.user),
            words=asked.get("q", ""),
            category=asked.get("category", ""),
            state=asked.get("state", ""),
            shop=str(asked.get("shop", "")),
        )
        return self.paged(page_of(rows, asked, by=("-pk",), of="products"), ProductOut, asked)


class ProductView(CatalogueView):
    permission_classes = [IsMerchant]
    required_scope = {"GET": "products:read", "PUT": "products:write"}
    query = ProductQuery

    @extend_schema(
        operation_id="products_retrieve",
        summary="Look at a product",
        tags=["products"],
        responses=ProductOut,
        examples=[OpenApiExample("A product", EXAMPLE, response_only=True)],
    )
    def get(self, request: MerchantCall, external_id: str) -> Response:
        """By the shop's product id."""
        asked = self.asked(request)
        row = _product(request, _shop(request, asked.get("shop")), external_id)
        return Response(said(ProductOut, row, asked.get("fields", "")))

    @extend_schema(
        operation_id="products_save",
        summary="Create or change a product",
        tags=["products"],
        parameters=[ProductQuery],
        request=ProductIn,
        responses={200: ProductOut, 201: ProductOut},
        examples=[
            OpenApiExample("A product", SAID, request_only=True),
            OpenApiExample("As we know it", EXAMPLE, response_only=True),
        ],
    )
    def put(self, request: MerchantCall, external_id: str) -> Response:
        """201: it is new to us. Saying it twice changes nothing. The rate follows from plans."""
        asked = self.asked(request)
        form = ProductIn(data=request.data)
        form.is_valid(raise_exception=True)
        shop = _shop(request, asked.get("shop"))
        data = _data({**form.validated_data, "external_id": external_id})
        (outcome,) = products_save(shop=shop, products=[data], actor=request.user)
        if outcome.error:
            raise outcome.error
        row = _product(request, shop, external_id)
        status = 201 if outcome.change == "created" else 200
        return Response(said(ProductOut, row, asked.get("fields", "")), status=status)


class ProductsBulkView(CatalogueView):
    permission_classes = [IsMerchant]
    required_scope = "products:write"

    @extend_schema(
        operation_id="products_save_bulk",
        summary="Create or change many products",
        tags=["products"],
        parameters=[IDEMPOTENCY],
        request=ProductsIn,
        responses={200: ProductsSavedOut},
        examples=[
            OpenApiExample(
                "One product", {"products": [{"external_id": "P1", **SAID}]}, request_only=True
            ),
            OpenApiExample(
                "It is new",
                {"results": [{"external_id": "P1", "change": "created"}]},
                response_only=True,
            ),
        ],
    )
    def post(self, request: MerchantCall) -> Response:
        """Each has its own result: one that is refused hurts no other. The same id twice: the
        later one counts."""

        def call() -> Answer:
            products = list_in(request.data, "products", most=BULK_MOST)
            return 200, {"results": _saved(request, products)}

        return self.once(request, call)


def _saved(request: MerchantCall, products: Sequence[Any]) -> list[dict[str, Any]]:
    """Shop by shop in one batch each; the answers in the order of the questions."""
    answers: list[dict[str, Any]] = [{} for _product in products]
    batches: dict[Shop, list[tuple[int, ProductData]]] = {}
    shops: dict[int | None, Shop] = {}
    form = ProductOfManyIn()
    for place, wish in enumerate(products):
        try:
            read = dict(form.run_validation(wish))
            number = read.pop("shop", None)
            if number not in shops:
                shops[number] = _shop(request, number)
        except (serializers.ValidationError, DomainError) as exc:
            name = wish.get("external_id", "") if isinstance(wish, dict) else ""
            answers[place] = _refused(str(name)[:64], exc)
        else:
            batches.setdefault(shops[number], []).append((place, _data(read)))
    for shop, batch in batches.items():
        outcomes = products_save(
            shop=shop, products=[data for _place, data in batch], actor=request.user
        )
        for (place, _product), outcome in zip(batch, outcomes, strict=True):
            answers[place] = _outcome(outcome)
    return answers


def _outcome(outcome: ProductOutcome) -> dict[str, Any]:
    if outcome.error:
        return _refused(outcome.external_id, outcome.error)
    return {"external_id": outcome.external_id, "change": outcome.change}


def _refused(external_id: str, exc: Exception) -> dict[str, Any]:
    return {"external_id": external_id, "change": "refused", "error": envelope_of(exc)}


_UNSAID = ("title_en", "title_de", "description", "category", "brand", "image_url")


def _data(read: dict[str, Any]) -> ProductData:
    """What is not said stays as it is."""
    return ProductData(**{**dict.fromkeys(_UNSAID), **read})


def _shop(request: MerchantCall, number: int | None) -> Shop:
    """The merchant's shop of that number, or its only one. Raises Invalid."""
    shops = queries.shops_for(request.user)
    found = list((shops if number is None else shops.filter(pk=number))[:2])
    if len(found) == 1:
        return found[0]
    raise Invalid(
        _("Name the shop: you have several.") if found else _("There is no such shop."),
        field="shop",
    )


def _product(request: MerchantCall, shop: Shop, external_id: str) -> Product:
    rows = queries.products_for(request.user).filter(shop=shop, external_id=external_id)
    row = rows.first()
    if row is None:
        raise NotFound
    return row


products = ProductsView.as_view()
products_bulk = ProductsBulkView.as_view()
product = ProductView.as_view()
