"""/api/v1/changes: what happened since somebody last asked, without a gap."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from affiliates.api import catalogue
from affiliates.queries import offers_of, products_known
from alliance.kernel import feed
from alliance.kernel.access import ScopeMissing
from alliance.kernel.errors import Invalid
from alliance.kernel.feed import Place
from alliance.kernel.rest.pages import MOST, cursor_read, cursor_say
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import Strict
from commissions import queries
from commissions.api import IsPartner, commissions
from commissions.models import Settlement
from commissions.queries import changes as changes_of
from commissions.queries.changes import Change, Source, changes_behind
from commissions.reports import OrderOut
from merchants.api.products import ProductOut
from merchants.queries import products_for

OF = "changes"
# Which scope lets a key hear of what; of settlements hears whoever hears of anything.
SCOPES = {"order": "orders:read", "commission": "commissions:read", "product": "products:read"}
TYPES = (*SCOPES, "settlement")
SETTLEMENT = {"month": "2026-05-01", "currency": "CNY", "closed_at": "2026-06-20T02:00:00Z"}


class ChangesQuery(Strict):
    cursor = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="`next` of the answer before. Empty: from the beginning.",
    )
    since = serializers.ChoiceField(
        choices=["now"], required=False, help_text="Without a cursor: only what is to come."
    )
    types = serializers.CharField(
        required=False,
        max_length=100,
        help_text=f"With commas between them: {', '.join(TYPES)}. Default: all that the key may.",
    )
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=MOST)


class ChangeOut(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=TYPES)
    id = serializers.IntegerField(help_text="Our number of it; the same thing may come again.")
    data = serializers.DictField(  # type: ignore[assignment]  # as callers know it
        help_text="The thing as it is now, in the words of its own call: an order, a commission, a "
        "product (an affiliate's as in the catalogue), a settlement."
    )


class ChangesOut(serializers.Serializer[Any]):
    items = ChangeOut(many=True)
    next = serializers.CharField(help_text="Keep it, and ask with it from then on.")
    more = serializers.BooleanField(help_text="Whether to ask again at once.")


class SettlementOut(serializers.ModelSerializer[Settlement]):
    class Meta:
        model = Settlement
        fields = tuple(SETTLEMENT)


class ChangesView(ApiView):
    permission_classes = [IsPartner]
    required_scope = ""
    query = ChangesQuery

    @extend_schema(
        operation_id="changes_list",
        summary="Follow what changes",
        description="Orders, commissions, products and settlements, in the order in which they "
        "became certain. Ask with `next` of the answer before: nothing is ever left out, however "
        "many write at once. What changed twice in between comes once, as it is now. A commission "
        "is settled when its month is: the settlement is told, not each commission.\n\n"
        "Scope: `orders:read`, `commissions:read`, `products:read`, each for its type.",
        tags=["changes"],
        responses=ChangesOut,
        examples=[
            OpenApiExample(
                "A commission and a settlement",
                {
                    "items": [
                        {"type": "commission", "id": 311, "data": commissions.EXAMPLE},
                        {"type": "settlement", "id": 5, "data": SETTLEMENT},
                    ],
                    "next": "eyJvcmRlciI6…",
                    "more": False,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(request)
        sources = self._sources(request, asked.get("types", ""))
        places = _places(asked.get("cursor", ""))
        if not places and "since" in asked:
            places = dict.fromkeys(TYPES, feed.now())
        limit = asked["limit"]
        found, reached = changes_behind(sources, places, limit)
        return Response(
            {
                "items": _told(request, found),
                "next": cursor_say([[name, *place] for name, place in reached.items()], of=OF),
                "more": len(found) == limit,
            }
        )

    def _sources(self, request: Request, types: str) -> dict[str, Source]:
        """What the key may hear of and wants to. Raises Invalid and ScopeMissing."""
        call: Any = request
        if affiliate := getattr(request, "affiliate", None):
            sources = changes_of.sources_of_affiliate(affiliate)
        else:
            sources = changes_of.sources_of_merchant(call.merchant)
        held = set(call.auth.scopes)
        allowed = {name for name in sources if SCOPES.get(name) in held}
        if not allowed:
            raise ScopeMissing(scope=SCOPES[next(iter(sources))])
        wanted = {name.strip() for name in types.split(",")} if types else {*allowed, "settlement"}
        if unknown := wanted - set(sources):
            raise Invalid(
                _("There is no such type: %(name)s.") % {"name": min(unknown)}, field="types"
            )
        if missing := wanted - allowed - {"settlement"}:
            raise ScopeMissing(scope=SCOPES[min(missing)])
        return {name: source for name, source in sources.items() if name in wanted}


def _places(cursor: str) -> dict[str, Place]:
    if not cursor:
        return {}
    places = {name: Place(*place) for name, *place in cursor_read(cursor, of=OF)}
    feed.must_have_been(places.values())
    return places


def _told(request: Request, found: Sequence[Change]) -> list[dict[str, Any]]:
    """The changes with what they are about, one question for each type."""
    keys: dict[str, list[int]] = defaultdict(list)
    for change in found:
        keys[change.type].append(change.key)
    side = _OF_AFFILIATES if hasattr(request, "affiliate") else _OF_MERCHANTS
    data = {name: side[name](request, some) for name, some in keys.items()}
    return [{"type": one.type, "id": one.key, "data": data[one.type][one.key]} for one in found]


def _orders(request: Any, keys: list[int]) -> dict[int, Any]:
    rows = queries.orders_reported_for(request.user).filter(merchant=request.merchant)
    return {pk: OrderOut(row).data for pk, row in rows.in_bulk(keys).items()}


def _commissions(request: Any, keys: list[int]) -> dict[int, Any]:
    rows = commissions.mine(request).in_bulk(keys)
    return {pk: commissions.MyCommissionOut(row).data for pk, row in rows.items()}


def _offers(request: Any, keys: list[int]) -> dict[int, Any]:
    products = products_known().filter(pk__in=keys)
    offers = offers_of(products, affiliate=request.affiliate)
    return {one.product.pk: catalogue.CatalogueItemOut(one).data for one in offers}


def _products(request: Any, keys: list[int]) -> dict[int, Any]:
    rows = products_for(request.user).in_bulk(keys)
    return {pk: ProductOut(row).data for pk, row in rows.items()}


def _settlements(_request: Any, keys: list[int]) -> dict[int, Any]:
    rows = changes_of.settlements_closed().in_bulk(keys)
    return {pk: SettlementOut(row).data for pk, row in rows.items()}


Teller = Callable[[Any, list[int]], dict[int, Any]]
_OF_AFFILIATES: dict[str, Teller] = {
    "commission": _commissions,
    "product": _offers,
    "settlement": _settlements,
}
_OF_MERCHANTS: dict[str, Teller] = {
    "order": _orders,
    "product": _products,
    "settlement": _settlements,
}

changes = ChangesView.as_view()
