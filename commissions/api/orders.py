"""The REST door for orders: /api/v1/orders. A report is taken at once and priced by a worker."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from alliance.kernel.errors import DomainError, Invalid, NotFound
from alliance.kernel.http import envelope_of
from alliance.kernel.idempotency import Answer
from alliance.kernel.rest.pages import Page, PageQuery, page_of, pages_of, said
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import Day, FieldsQuery, list_in
from alliance.kernel.schema import IDEMPOTENCY
from commissions import queries, tasks
from commissions.reports import (
    BULK_MOST,
    BulkIn,
    BulkOut,
    OrderIn,
    OrderOut,
    OutcomeOut,
    PretendedOrderOut,
)
from commissions.services.sandbox import orders_pretend
from merchants.access import IsMerchant
from merchants.api import MerchantCall
from merchants.models import OrderState, Shop
from merchants.services.orders import OrderReport, Outcome, orders_record

REPORT = {
    "external_id": "20260616-0001",
    "state": "paid",
    "currency": "CNY",
    "placed_at": "2026-06-16T10:00:00+08:00",
    "paid_at": "2026-06-16T10:05:00+08:00",
    "click_id": "2Zp9_chAoT6shUXU_sPCvw",
    "lines": [
        {"external_id": "1", "product_external_id": "P1", "quantity": 1, "amount_minor": 19900}
    ],
}
OUTCOME = {"external_id": "20260616-0001", "change": "created", "unmatched_refunds": []}
SEEN = {
    "external_id": "20260616-0001",
    "shop": 3,
    "state": "paid",
    "currency": "CNY",
    "placed_at": "2026-06-16T10:00:00+08:00",
    "deposit_paid_at": None,
    "paid_at": "2026-06-16T10:05:00+08:00",
    "received_at": None,
    "void_at": None,
    "void_reason": "",
    "reported_at": "2026-06-16T10:05:03+08:00",
    "click_id": "2Zp9_chAoT6shUXU_sPCvw",
    "processed": True,
    "lines": [
        {
            "external_id": "1",
            "product_external_id": "P1",
            "title": "保温杯 500ml",
            "quantity": 1,
            "amount_minor": 19900,
            "deposit_minor": None,
            "total_minor": None,
            "refunded_minor": 0,
            "commission": {
                "state": "estimated",
                "affiliate": {"id": 7, "name": "Lin's picks"},
                "rate_bps": 1200,
                "base_minor": 19900,
                "commission_minor": 2388,
            },
            "attribution": ["The last click on this product, within 15 days."],
        }
    ],
}


class OrderQuery(FieldsQuery):
    shop = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The shop's id, if several shops use that number.",
    )


class OrdersQuery(PageQuery):
    shop = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    state = serializers.ChoiceField(choices=OrderState.choices, required=False)
    placed_from = Day(required=False, help_text="A business day.")
    placed_to = Day(required=False, help_text="A business day, included.")


class OrdersView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = {"GET": "orders:read", "POST": "orders:write"}
    query = OrdersQuery
    in_sandbox = True

    @extend_schema(
        operation_id="orders_list",
        summary="List your orders",
        tags=["orders"],
        responses=pages_of(OrderOut),
        examples=[OpenApiExample("A page", {"items": [SEEN], "next": None}, response_only=True)],
    )
    def get(self, request: MerchantCall) -> Response:
        """Newest first. To follow what happens, read `changes` instead."""
        asked = self.asked(request)
        if request.auth.sandbox:
            pretended = queries.orders_pretended_for(request.user)
            page = page_of(pretended, asked, by=("-pk",), of="sandbox orders")
            facts = [row.facts for row in page.items]
            return self.paged(Page(facts, page.next), PretendedOrderOut, asked)
        rows = queries.orders_found(
            queries.orders_reported_for(request.user).filter(merchant=request.merchant),
            state=asked.get("state", ""),
            shop=asked.get("shop"),
            start=asked.get("placed_from"),
            end=asked.get("placed_to"),
        )
        page = page_of(rows, asked, by=("-placed_at", "-pk"), of="orders")
        return self.paged(page, OrderOut, asked)

    @extend_schema(
        operation_id="orders_report",
        summary="Report an order",
        tags=["orders"],
        parameters=[IDEMPOTENCY],
        request=OrderIn,
        responses={200: OutcomeOut, 201: OutcomeOut},
        examples=[
            OpenApiExample("A paid order", REPORT, request_only=True),
            OpenApiExample("It is new", OUTCOME, response_only=True),
        ],
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

        return self.once(request, call)


class OrdersBulkView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = "orders:write"
    in_sandbox = True

    @extend_schema(
        operation_id="orders_report_bulk",
        summary="Report many orders",
        tags=["orders"],
        parameters=[IDEMPOTENCY],
        request=BulkIn,
        responses={200: BulkOut},
        examples=[
            OpenApiExample("One order", {"orders": [REPORT]}, request_only=True),
            OpenApiExample("It is new", {"results": [OUTCOME]}, response_only=True),
        ],
    )
    def post(self, request: MerchantCall) -> Response:
        """Up to 2,000 reports at once, each with its own result: a bad one hurts no other."""

        def call() -> Answer:
            orders = list_in(request.data, "orders", most=BULK_MOST)
            return 200, {"results": _record_each(request, orders)}

        return self.once(request, call)


class OrderView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = "orders:read"
    query = OrderQuery
    in_sandbox = True

    @extend_schema(
        operation_id="orders_retrieve",
        summary="Look at an order",
        tags=["orders"],
        responses={200: OrderOut},
        examples=[OpenApiExample("An order", SEEN, response_only=True)],
    )
    def get(self, request: MerchantCall, external_id: str) -> Response:
        """One of the merchant's orders by its number: what is known of it, whose each line is and
        why, and what it costs."""
        asked = self.asked(request)
        if request.auth.sandbox:
            found: Any = queries.orders_pretended_for(request.user)
        else:
            found = queries.orders_reported_for(request.user).filter(merchant=request.merchant)
        found = found.filter(external_id=external_id)
        if "shop" in asked:
            found = found.filter(shop=asked["shop"])
        few = list(found[:2])
        if not few:
            raise NotFound
        if len(few) > 1:
            raise Invalid(_("Several of your shops use this number: name the shop."), field="shop")
        fields = asked.get("fields", "")
        if request.auth.sandbox:
            return Response(said(PretendedOrderOut, few[0].facts, fields))
        return Response(said(OrderOut, few[0], fields))


orders = OrdersView.as_view()
orders_bulk = OrdersBulkView.as_view()
order = OrderView.as_view()


def _shop(request: MerchantCall, number: int | None) -> Shop:
    shop = queries.shop_for(request.user, request.merchant, number)
    if shop is None:
        message = (
            _("Name the shop: you have several.") if number is None else _("There is no such shop.")
        )
        raise Invalid(message, field="shop")
    return shop


def _record(request: MerchantCall, shop: Shop, reports: list[OrderReport]) -> list[Outcome]:
    if request.auth.sandbox:
        return orders_pretend(shop=shop, reports=reports)
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
    return {
        "external_id": external_id,
        "change": "refused",
        "unmatched_refunds": [],
        "error": envelope_of(exc),
    }
