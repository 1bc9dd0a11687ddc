"""/api/v1/links and /api/v1/zones: where an affiliate promotes, and the links it makes there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from affiliates import queries
from affiliates.access import IsAffiliate
from affiliates.api import AffiliateCall
from affiliates.models import AdZone, Link
from affiliates.services.links import SUBS, link_address, link_create, links_make
from alliance.kernel.errors import DomainError, Invalid
from alliance.kernel.http import envelope_of
from alliance.kernel.idempotency import Answer
from alliance.kernel.rest.pages import PageQuery, page_of, pages_of, said
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import ErrorOut, FieldsQuery, Strict, list_in
from alliance.kernel.schema import IDEMPOTENCY
from merchants.models import Product

BULK_MOST = 500
_KEY: dict[str, Any] = {"required": False, "min_value": 1, "max_value": 2**63 - 1}
ZONE_EXAMPLE = {
    "id": 9,
    "pid": "mm_7_4_9",
    "name": "Group 1",
    "site": {"id": 4, "name": "My group", "state": "approved"},
    "frozen_until": None,
}
EXAMPLE = {
    "id": 81,
    "code": "7kq2mzw9xa",
    "address": "https://alliance.example.com/r/7kq2mzw9xa",
    "url": "https://shop.example.com/p/1",
    "product": 42,
    "shop": 3,
    "zone": 9,
    "pid": "mm_7_4_9",
    "general_plan_only": False,
    "sub1": "newsletter",
    "sub2": "",
    "sub3": "",
    "sub4": "",
    "sub5": "",
    "created_at": "2026-06-16T10:00:00+08:00",
    "paused_at": None,
}
WISH = {"product": 42, "zone": 9, "sub1": "newsletter"}


class SiteOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.CharField()


class ZoneOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    pid = serializers.CharField(help_text="mm_{member}_{site}_{zone}")
    name = serializers.CharField()
    site = SiteOut()
    frozen_until = serializers.DateTimeField(allow_null=True)


class LinkOut(serializers.ModelSerializer[Link]):
    address = serializers.SerializerMethodField(help_text="What you share.")
    product = serializers.IntegerField(source="product_id", allow_null=True)
    shop = serializers.IntegerField(source="shop_id")
    zone = serializers.IntegerField(source="zone_id")
    pid = serializers.CharField(source="zone.pid")
    general_plan_only = serializers.BooleanField(source="dx")

    class Meta:
        model = Link
        fields: tuple[str, ...] = (
            *("id", "code", "address", "url", "product", "shop", "zone", "pid"),
            *("general_plan_only", *SUBS, "created_at", "paused_at"),
        )

    def get_address(self, link: Link) -> str:
        return link_address(link)


class LinkStatsOut(LinkOut):
    """A link and what came through it in all."""

    clicks = serializers.IntegerField(help_text="By people.")
    visitors = serializers.IntegerField()

    class Meta(LinkOut.Meta):
        fields = (*LinkOut.Meta.fields, "clicks", "visitors")


class LinkIn(Strict):
    """A way to a product (`product`: our number of it) or to any page of a shop (`url`)."""

    product = serializers.IntegerField(**_KEY)
    url = serializers.CharField(required=False, max_length=1000)
    zone = serializers.IntegerField(**_KEY, help_text="Default: where your newest link is.")
    sub1 = serializers.CharField(required=False, max_length=100, allow_blank=True)
    sub2 = serializers.CharField(required=False, max_length=100, allow_blank=True)
    sub3 = serializers.CharField(required=False, max_length=100, allow_blank=True)
    sub4 = serializers.CharField(required=False, max_length=100, allow_blank=True)
    sub5 = serializers.CharField(required=False, max_length=100, allow_blank=True)
    general_plan_only = serializers.BooleanField(
        required=False, default=False, help_text="Earns what the general plan pays, and no more."
    )

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        if not attrs.get("product") and not attrs.get("url"):
            raise serializers.ValidationError({"product": _("Name a product or an address.")})
        return attrs


class LinksIn(serializers.Serializer[Any]):
    links = LinkIn(many=True, help_text=f"At most {BULK_MOST}.")


class MadeOut(serializers.Serializer[Any]):
    """What became of one of them: its link, or why there is none."""

    link = LinkOut(allow_null=True)
    error = ErrorOut(required=False)


class LinksMadeOut(serializers.Serializer[Any]):
    results = MadeOut(many=True, help_text="One for each, in the order in which they came.")


class LinksQuery(PageQuery):
    zone = serializers.IntegerField(**_KEY)
    product = serializers.IntegerField(**_KEY)


class ZonesView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "links:read"
    query = PageQuery
    in_sandbox = True

    @extend_schema(
        operation_id="zones_list",
        summary="List your ad zones",
        tags=["links"],
        responses=pages_of(ZoneOut),
        examples=[
            OpenApiExample("A page", {"items": [ZONE_EXAMPLE], "next": None}, response_only=True)
        ],
    )
    def get(self, request: AffiliateCall) -> Response:
        """Those on which links can be made."""
        asked = self.asked(request)
        page = page_of(queries.zones_for(request.user), asked, by=("pk",), of="zones")
        return self.paged(page, ZoneOut, asked)


class LinksView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = {"GET": "links:read", "POST": "links:write"}
    query = LinksQuery
    in_sandbox = ("GET",)

    @extend_schema(
        operation_id="links_list",
        summary="List your links",
        tags=["links"],
        responses=pages_of(LinkStatsOut),
        examples=[
            OpenApiExample(
                "A page",
                {"items": [{**EXAMPLE, "clicks": 120, "visitors": 98}], "next": None},
                response_only=True,
            )
        ],
    )
    def get(self, request: AffiliateCall) -> Response:
        """Newest first, each with what came through it."""
        asked = self.asked(request)
        rows = queries.links_for(request.user)
        rows = rows.filter(**{name: asked[name] for name in ("zone", "product") if name in asked})
        return self.paged(page_of(rows, asked, by=("-pk",), of="links"), LinkStatsOut, asked)

    @extend_schema(
        operation_id="links_make",
        summary="Make a link",
        tags=["links"],
        parameters=[IDEMPOTENCY],
        request=LinkIn,
        responses={200: LinkOut},
        examples=[
            OpenApiExample("To a product", WISH, request_only=True),
            OpenApiExample("The link", EXAMPLE, response_only=True),
        ],
    )
    def post(self, request: AffiliateCall) -> Response:
        """Asking again for the same way gives the same link."""

        def call() -> Answer:
            form = LinkIn(data=request.data)
            form.is_valid(raise_exception=True)
            (made,) = _made(request, [dict(form.validated_data)])
            if isinstance(made, DomainError):
                raise made
            return 200, said(LinkOut, made)

        return self.once(request, call)


class LinksBulkView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "links:write"

    @extend_schema(
        operation_id="links_make_bulk",
        summary="Make many links",
        tags=["links"],
        parameters=[IDEMPOTENCY],
        request=LinksIn,
        responses={200: LinksMadeOut},
        examples=[
            OpenApiExample("Two products", {"links": [WISH, {"product": 43}]}, request_only=True),
            OpenApiExample(
                "One of them is not there",
                {
                    "results": [
                        {"link": EXAMPLE},
                        {
                            "link": None,
                            "error": {
                                "code": "invalid",
                                "message": "There is no such product.",
                                "help": "https://alliance.example.com/api/errors/#invalid",
                                "field": "product",
                            },
                        },
                    ]
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: AffiliateCall) -> Response:
        """Each has its own result: one that cannot be made hurts no other."""

        def call() -> Answer:
            wishes = list_in(request.data, "links", most=BULK_MOST)
            return 200, {"results": [_result(one) for one in _read_and_made(request, wishes)]}

        return self.once(request, call)


def _result(made: Link | Exception) -> dict[str, Any]:
    if isinstance(made, Link):
        return {"link": said(LinkOut, made)}
    return {"link": None, "error": envelope_of(made)}


def _read_and_made(request: AffiliateCall, wishes: Sequence[Any]) -> list[Link | Exception]:
    results: dict[int, Link | Exception] = {}
    read: dict[int, dict[str, Any]] = {}
    form = LinkIn()
    for place, wish in enumerate(wishes):
        try:
            read[place] = dict(form.run_validation(wish))
        except serializers.ValidationError as exc:
            results[place] = exc
    results |= dict(zip(read, _made(request, list(read.values())), strict=True))
    return [results[place] for place in range(len(wishes))]


def _made(request: AffiliateCall, wishes: Sequence[dict[str, Any]]) -> list[Link | DomainError]:
    """Of one ad zone and sub-ids all products at once; other pages one by one."""
    keys = {wish["product"] for wish in wishes if "product" in wish}
    products = queries.products_known().in_bulk(list(keys))
    zones: dict[int, AdZone] = {zone.pk: zone for zone in queries.zones_for(request.user)}
    results: dict[int, Link | DomainError] = {}
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    usual = queries.zone_usual(request.user)
    for place, wish in enumerate(wishes):
        zone = zones.get(wish["zone"]) if "zone" in wish else usual
        if zone is None:
            results[place] = Invalid(_("There is no such ad zone of yours."), field="zone")
        elif "product" in wish and wish["product"] not in products:
            results[place] = Invalid(_("There is no such product."), field="product")
        else:
            marks = tuple(wish.get(name, "") for name in SUBS)
            dx = wish["general_plan_only"]
            # Those with an address of their own stand each for itself.
            groups[zone, marks, dx, place if wish.get("url") else None].append(place)
    for (zone, marks, dx, _alone), places in groups.items():
        facts = {"zone": zone, "subs": dict(zip(SUBS, marks, strict=True)), "dx": dx}
        results |= _group(request, [(place, wishes[place]) for place in places], products, facts)
    return [results[place] for place in range(len(wishes))]


def _group(
    request: AffiliateCall,
    wishes: Sequence[tuple[int, dict[str, Any]]],
    products: Mapping[int, Product],
    facts: dict[str, Any],
) -> dict[int, Link | DomainError]:
    facts |= {"actor": request.user, "affiliate": request.affiliate}
    try:
        with transaction.atomic():
            (first, wish), *_rest = wishes
            if url := wish.get("url"):
                product = products.get(wish.get("product", 0))
                return {first: link_create(product=product, url=url, **facts)}
            wanted = [products[key] for key in {wish["product"] for _place, wish in wishes}]
            made = links_make(products=wanted, **facts)
            return {place: made[wish["product"]] for place, wish in wishes}
    except DomainError as refusal:
        return dict.fromkeys((place for place, _wish in wishes), refusal)


class LinkView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "links:read"
    query = FieldsQuery
    in_sandbox = True

    @extend_schema(
        operation_id="links_retrieve",
        summary="Look at a link",
        tags=["links"],
        responses=LinkStatsOut,
        examples=[
            OpenApiExample("A link", {**EXAMPLE, "clicks": 120, "visitors": 98}, response_only=True)
        ],
    )
    def get(self, request: AffiliateCall, code: str) -> Response:
        """By its code, with what came through it."""
        asked = self.asked(request)
        link = get_object_or_404(queries.links_for(request.user), code=code)
        return Response(said(LinkStatsOut, link, asked.get("fields", "")))


zones = ZonesView.as_view()
links = LinksView.as_view()
links_bulk = LinksBulkView.as_view()
link = LinkView.as_view()
