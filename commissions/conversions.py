"""The server-to-server door: /api/v1/conversions, for shops that do not speak our order API.

One address to copy into the shop system, with placeholders that it fills in, by GET or POST. What
comes ends in the same `orders_record` as every other report; a conversion is an order of one line.
docs/api.md has the fields in the reader's words.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.kernel import clock
from alliance.kernel.access import ApiKeyAuthentication
from alliance.kernel.errors import Invalid
from alliance.kernel.models import ApiKey, User
from alliance.kernel.money import Money, exponent
from alliance.kernel.parsers import PlainJSONParser
from alliance.kernel.rest.views import ApiView
from commissions import queries, tasks
from commissions.reports import CLICK_ID_ALIASES, ConversionIn, ConversionOut
from merchants.access import IsShop
from merchants.models import Order, OrderState, Shop
from merchants.services.orders import LineReport, OrderReport, orders_record

# What others call the states of a conversion; numbers are those of Affise. Most tools say
# "approved" at the checkout, so it is a payment: the goods still have to arrive.
STATES = {
    **dict.fromkeys(("placed", "pending", "hold", "open", "2", "5"), OrderState.PLACED),
    **dict.fromkeys(("paid", "approved", "sale", "completed", "1"), OrderState.PAID),
    **dict.fromkeys(("received", "delivered"), OrderState.RECEIVED),
    **dict.fromkeys(
        ("void", "declined", "rejected", "cancelled", "canceled", "3"), OrderState.VOID
    ),
}
PURCHASES = {"", "purchase", "sale", "order", "conversion", "checkout"}
ALIASES = {
    "click_id": ("click_id", *CLICK_ID_ALIASES),
    "order_id": ("order_id", "orderid", "external_id"),
    "coupon": ("coupon", "coupon_code"),
    "product": ("product", "product_id", "sku"),
    "status": ("status", "state"),
}
# Whose order it is and what was bought may stay unknown: for that alone no order is lost. By name,
# the longest that we keep.
OPTIONAL = {"click_id": 64, "coupon": 40, "product": 64}
SAID = {
    "order_id": "20260616-0001",
    "click_id": "2Zp9_chAoT6shUXU_sPCvw",
    "amount": "199.00",
    "currency": "CNY",
    "status": "approved",
}
TAKEN = {"order_id": "20260616-0001", "change": "created"}
_PLACEHOLDER = re.compile(r"[{\[<].*[}\]>]|\$\{.*\}|%.*%", re.DOTALL)
_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d+))?", re.ASCII)


class ShopCall(Request):
    """What a call carries once IsShop let it in."""

    user: User
    auth: ApiKey
    shop: Shop


class KeyInAddress(ApiKeyAuthentication):
    """As everywhere, or as `key` in the address or form: many shop systems set no headers."""

    def token_of(self, request: Request) -> str:
        said = super().token_of(request)
        if said:
            return said
        form = request.data if isinstance(request.data, Mapping) else {}
        token = request.query_params.get("key") or form.get("key") or ""
        return token if isinstance(token, str) else ""


class KeyInAddressScheme(OpenApiAuthenticationExtension):
    """How the API's description tells of it."""

    target_class = KeyInAddress
    name = "postbackKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "query",
            "name": "key",
            "description": "A shop's postback key, where no Authorization header can be set.",
        }


class ConversionsView(ApiView):
    authentication_classes = [KeyInAddress]
    permission_classes = [IsShop]
    parser_classes = [PlainJSONParser, FormParser, MultiPartParser]
    required_scope = "conversions:write"
    query = None  # it reads the address itself, and leaves alone what it does not know
    http_method_names = ["get", "post", "options"]  # a HEAD only looks and must not report

    @extend_schema(
        operation_id="conversions_report_by_address",
        summary="Report a conversion, everything in the address",
        tags=["conversions"],
        parameters=[ConversionIn],
        responses={
            200: ConversionOut,
            201: ConversionOut,
        },
        examples=[OpenApiExample("It is new", TAKEN, response_only=True)],
    )
    def get(self, request: ShopCall) -> Response:
        return self._take(request, {})

    @extend_schema(
        operation_id="conversions_report",
        summary="Report a conversion",
        tags=["conversions"],
        request=ConversionIn,
        responses={
            200: ConversionOut,
            201: ConversionOut,
        },
        examples=[
            OpenApiExample("A sale", SAID, request_only=True),
            OpenApiExample("It is new", TAKEN, response_only=True),
        ],
    )
    def post(self, request: ShopCall) -> Response:
        """What the body says goes before what the address says. Fields we do not know are left
        alone: tools send many. 201: the order is new to us."""
        if not isinstance(request.data, Mapping):
            raise Invalid(_("Send the fields by their names."))
        return self._take(request, {name: request.data[name] for name in request.data})

    def _take(self, request: ShopCall, body: Mapping[str, Any]) -> Response:
        said, warnings = _said({**request.query_params.dict(), **body})
        report = _report(request, said)
        outcome = orders_record(shop=request.shop, reports=[report], actor=request.user)[0]
        if outcome.error:
            raise outcome.error
        if outcome.change in ("created", "changed"):
            tasks.orders_process.delay_on_commit([outcome.order_pk])  # type: ignore[attr-defined]
        answer: dict[str, Any] = {"order_id": outcome.external_id, "change": outcome.change}
        if warnings:
            answer["warnings"] = warnings
        created = outcome.change == "created"
        return Response(
            answer, status=201 if created else 200, headers={"Cache-Control": "no-store"}
        )


conversions = ConversionsView.as_view()


def _said(fields: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Each field under our name for it, as text; and what of them is left out, why. Invalid for
    what an order needs."""
    found: dict[str, str] = {}
    warnings = []
    for name in map(str, ConversionIn().fields):
        for alias in ALIASES.get(name, (name,)):
            try:
                text = _text(fields.get(alias), alias, OPTIONAL.get(name))
            except Invalid as exc:
                if name not in OPTIONAL:
                    raise
                warnings.append({"field": alias, "message": str(exc)})
                continue
            if text:
                found[name] = text
                break
    return found, warnings


def _text(value: Any, name: str, longest: int | None) -> str:
    if isinstance(value, float):
        raise Invalid(
            _('Send %(name)s as text, like "199.00": a float is not exact.') % {"name": name},
            field=name,
        )
    text = "" if value is None else str(value).strip()
    if _PLACEHOLDER.fullmatch(text):
        raise Invalid(
            _("The placeholder %(text)s was not filled in.") % {"text": text[:60]}, field=name
        )
    if longest and (len(text) > longest or "\x00" in text):
        raise Invalid(_("This text is too long or not readable."), field=name)
    return text


def _report(request: ShopCall, said: Mapping[str, str]) -> OrderReport:
    """As the order API would have said it. What is left out stays as it is known."""
    form = ConversionIn(data=said)
    form.is_valid(raise_exception=True)
    if said.get("event", "").lower() not in PURCHASES:
        raise Invalid(
            _("Only purchases are orders here. Send them alone, or with event=purchase."),
            field="event",
        )
    shop, number = request.shop, said["order_id"]
    currency = said.get("currency", shop.merchant.currency).upper()
    known = queries.order_of_shop(request.user, shop, number)
    now = clock.now()
    state = _state(said, known)
    reached = {OrderState.PAID, OrderState.RECEIVED}
    return OrderReport(
        external_id=number,
        state=state,
        currency=currency,
        placed_at=known.placed_at if known else now,
        paid_at=((known and known.paid_at) or now) if state in reached else None,
        received_at=((known and known.received_at) or now)
        if state == OrderState.RECEIVED
        else None,
        reported_at=now,
        click_id=said.get("click_id", ""),
        coupon_code=said.get("coupon", ""),
        lines=_lines(said, known, currency),
    )


def _state(said: Mapping[str, str], known: Order | None) -> OrderState:
    """Said, else as it is known, else paid: a shop that says nothing reports what was bought."""
    if "status" not in said:
        return OrderState(known.state) if known else OrderState.PAID
    state = STATES.get(said["status"].lower())
    if state is None:
        raise Invalid(
            _("We do not know the status %(status)s. Known are: %(known)s.")
            % {"status": said["status"][:40], "known": ", ".join(STATES)},
            field="status",
        )
    return state


def _lines(said: Mapping[str, str], known: Order | None, currency: str) -> tuple[LineReport, ...]:
    """The one line of a conversion; none if no amount is said of an order that we know."""
    number = said["order_id"]
    if "amount" not in said and "amount_minor" not in said:
        if known is None:
            raise Invalid(
                _("We do not know this order yet: its first report needs its amount."),
                field="amount",
            )
        return ()
    lines = list(known.lines.all()) if known else []
    if any(line.external_id != number for line in lines):
        raise Invalid(
            _("This order was reported line by line. Report its amounts there."), field="amount"
        )
    product = lines[0].product_external_id if lines else ""
    return (
        LineReport(
            external_id=number,
            product_external_id=said.get("product", product),
            title="",
            quantity=1,
            amount_minor=_minor(said, currency),
        ),
    )


def _minor(said: Mapping[str, str], currency: str) -> int:
    """Exact: "199.00", or 19900 as amount_minor. Nothing is rounded."""
    if "amount_minor" in said:
        return int(said["amount_minor"])
    digits = exponent(currency)
    amount = _AMOUNT.fullmatch(said["amount"])
    if amount is None or (amount[2] or "")[digits:].strip("0"):
        raise Invalid(
            _("An amount is written like %(example)s, without separators or a currency sign.")
            % {"example": Money(19900, currency).decimal},
            field="amount",
        )
    return Money.parse(said["amount"], currency).minor
