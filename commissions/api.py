"""The REST door for orders: /api/v1/orders. A report is taken at once and priced by a worker."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates.explanations import explain
from alliance.kernel.errors import DomainError, Invalid, NotFound
from alliance.kernel.http import api_exception_handler, key_in
from alliance.kernel.idempotency import Answer, once
from alliance.kernel.models import ApiKey, User
from commissions import queries, tasks
from commissions.reports import (
    BULK_MOST,
    BulkIn,
    BulkOut,
    FailureOut,
    OrderIn,
    OrderOut,
    OutcomeOut,
)
from merchants.access import IsMerchant
from merchants.models import Merchant, Order, OrderLine, Shop
from merchants.services.orders import OrderReport, Outcome, orders_record

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Any text up to 255 characters. A call that comes again with the same key and "
    "content gets the first answer (header Idempotent-Replay: true) and changes nothing.",
)
SHOP = OpenApiParameter(
    "shop", OpenApiTypes.INT, description="The shop's id, if several shops use that number."
)
FACTS = (
    "external_id",
    "shop_id",
    "state",
    "currency",
    "placed_at",
    "deposit_paid_at",
    "paid_at",
    "received_at",
    "void_at",
    "void_reason",
    "reported_at",
    "click_id",
)
FAILURES = dict.fromkeys((400, 401, 403, 409, 422, 429), FailureOut)


class MerchantCall(Request):
    """What a call carries once IsMerchant let it in."""

    user: User
    auth: ApiKey
    merchant: Merchant


class OrdersView(APIView):
    permission_classes = [IsMerchant]
    required_scope = "orders:write"

    @extend_schema(
        operation_id="orders_report",
        summary="Report an order",
        tags=["orders"],
        parameters=[IDEMPOTENCY],
        request=OrderIn,
        responses={200: OutcomeOut, 201: OutcomeOut, **FAILURES},
    )
    def post(self, request: MerchantCall) -> Response:
        """Say what is known of one order. 201: it is new to us. The commission follows within
        seconds; GET the order to see it."""

        def call() -> Answer:
            form = OrderIn(data=request.data)
            form.is_valid(raise_exception=True)
            shop = _shop(request, form.validated_data.get("shop"))
            outcome = _record(request, shop, [form.report()])[0]
            if outcome.error:
                raise outcome.error
            return (201 if outcome.change == "created" else 200), _said(outcome)

        return _once(request, call)


class OrdersBulkView(APIView):
    permission_classes = [IsMerchant]
    required_scope = "orders:write"

    @extend_schema(
        operation_id="orders_report_bulk",
        summary="Report many orders",
        tags=["orders"],
        parameters=[IDEMPOTENCY],
        request=BulkIn,
        responses={200: BulkOut, **FAILURES},
    )
    def post(self, request: MerchantCall) -> Response:
        """Up to 2,000 reports at once, each with its own result: a bad one hurts no other."""

        def call() -> Answer:
            orders = request.data.get("orders") if isinstance(request.data, dict) else None
            if not isinstance(orders, list) or not orders:
                raise Invalid(_("Give a list of orders."), field="orders")
            if len(orders) > BULK_MOST:
                raise Invalid(
                    _("At most %(most)d orders at once.") % {"most": BULK_MOST},
                    field="orders",
                    most=BULK_MOST,
                )
            return 200, {"results": _record_each(request, orders)}

        return _once(request, call)


class OrderView(APIView):
    permission_classes = [IsMerchant]
    required_scope = "orders:read"

    @extend_schema(
        operation_id="orders_retrieve",
        summary="Look at an order",
        tags=["orders"],
        parameters=[SHOP],
        responses={200: OrderOut, **FAILURES, 404: FailureOut},
    )
    def get(self, request: MerchantCall, external_id: str) -> Response:
        """One of the merchant's orders by its number: what is known of it, whose each line is and
        why, and what it costs."""
        found = queries.orders_reported_for(request.user).filter(
            merchant=request.merchant, external_id=external_id
        )
        if said := request.query_params.get("shop", ""):
            found = found.filter(shop=key_in(said))
        few = list(found[:2])
        if not few:
            raise NotFound
        if len(few) > 1:
            raise Invalid(_("Several of your shops use this number: name the shop."), field="shop")
        return Response(_order(few[0]))


orders = OrdersView.as_view()
orders_bulk = OrdersBulkView.as_view()
order = OrderView.as_view()


def _once(request: MerchantCall, call: Any) -> Response:
    """Carry `call` out, or give the answer that its Idempotency-Key got before."""
    (status, answer), replayed = once(
        scope=f"{request.auth.organisation}:{request.path}",
        key=request.headers.get("Idempotency-Key", ""),
        content=request.data,
        call=call,
    )
    headers = {"Idempotent-Replay": "true"} if replayed else {}
    return Response(answer, status=status, headers=headers)


def _shop(request: MerchantCall, number: int | None) -> Shop:
    shop = queries.shop_for(request.user, request.merchant, number)
    if shop is None:
        message = (
            _("Name the shop: you have several.") if number is None else _("There is no such shop.")
        )
        raise Invalid(message, field="shop")
    return shop


def _record(request: MerchantCall, shop: Shop, reports: list[OrderReport]) -> list[Outcome]:
    outcomes = orders_record(shop=shop, reports=reports, actor=request.user)
    changed = [
        outcome.order_pk
        for outcome in outcomes
        if outcome.order_pk is not None and outcome.change in {"created", "changed"}
    ]
    if changed:
        tasks.orders_process.delay_on_commit(changed)  # type: ignore[attr-defined]
    return outcomes


def _record_each(request: MerchantCall, orders: list[Any]) -> list[dict[str, Any]]:
    """Shop by shop in one batch each; the answers in the order of the questions."""
    answers: list[dict[str, Any]] = [{} for _order in orders]
    batches: dict[Shop, list[tuple[int, OrderReport]]] = {}
    shops: dict[int | None, Shop] = {}
    form = OrderIn()
    for place, data in enumerate(orders):
        try:
            said = form.run_validation(data)
            number = said.get("shop")
            if number not in shops:
                shops[number] = _shop(request, number)
        except (ValidationError, DomainError) as exc:
            number = data.get("external_id", "") if isinstance(data, dict) else ""
            answers[place] = _refused(str(number)[:64], exc)
        else:
            batches.setdefault(shops[number], []).append((place, form.report(said)))
    for shop, reports in batches.items():
        outcomes = _record(request, shop, [report for _place, report in reports])
        for (place, _report), outcome in zip(reports, outcomes, strict=True):
            answers[place] = _said(outcome)
    return answers


def _said(outcome: Outcome) -> dict[str, Any]:
    if outcome.error:
        return _refused(outcome.external_id, outcome.error)
    return {
        "external_id": outcome.external_id,
        "change": outcome.change,
        "unmatched_refunds": list(outcome.unmatched),
    }


def _refused(external_id: str, exc: Exception) -> dict[str, Any]:
    response = api_exception_handler(exc, {})
    error = response.data["error"] if response is not None else {"code": "refused"}
    return {
        "external_id": external_id,
        "change": "refused",
        "unmatched_refunds": [],
        "error": error,
    }


def _order(order: Order) -> dict[str, Any]:
    facts = {name: getattr(order, name) for name in FACTS}
    more = {
        "processed": order.processed_version == order.version,
        "lines": [_line(line) for line in order.lines.all()],
    }
    return dict(OrderOut({**facts, **more}).data)


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "external_id": line.external_id,
        "product_external_id": line.product_external_id,
        "title": line.title,
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "deposit_minor": line.deposit_minor,
        "total_minor": line.total_minor,
        "refunded_minor": line.refunded_minor,
        "commission": queries.due_of(line),
        "attribution": explain(line.attribution, viewer=None)
        if hasattr(line, "attribution")
        else [],
    }
