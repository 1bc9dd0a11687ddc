"""What was sent to a webhook, or is kept for it: looked at, tried, sent once more."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from alliance.kernel.errors import Invalid
from alliance.kernel.idempotency import Answer
from alliance.kernel.rest.pages import page_of, pages_of, said
from alliance.kernel.rest.words import FieldsQuery
from alliance.kernel.schema import IDEMPOTENCY
from commissions.api import PartnerCall
from commissions.api.webhooks import WebhookCall
from commissions.api.webhooks.words import (
    DELIVERY,
    MESSAGE,
    SENT,
    TOLD,
    DeliveriesQuery,
    DeliveryFullOut,
    DeliveryOut,
    ReplayIn,
    ReplayOut,
    TestIn,
)
from commissions.queries.endpoints import sent_to
from commissions.services import endpoints as services


class TestView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_test",
        summary="Send a test message",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=TestIn,
        responses={201: DeliveryFullOut},
        examples=[
            OpenApiExample("Of one event", {"event": "commission.settled"}, request_only=True),
            OpenApiExample(
                "It waits",
                {
                    **SENT,
                    "state": "waiting",
                    "attempts": 0,
                    "due_at": DELIVERY["created_at"],
                    "message": {**MESSAGE, "data": {**MESSAGE["data"], "test": True}},
                    "calls": [],
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: PartnerCall, pk: int) -> Response:
        """With invented figures and `"test": true`; sixty an hour and team."""

        def call() -> Answer:
            form = TestIn(data=request.data)
            form.is_valid(raise_exception=True)
            held = self.mine(request, pk)
            event = form.validated_data.get("event", "")
            if event and event not in held.kinds:
                raise Invalid(
                    _("There is no such event: %(name)s.") % {"name": event}, field="event"
                )
            return 201, said(DeliveryFullOut, services.endpoint_try(endpoint=held, kind=event))

        return self.once(request, call)


class ReplayView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_replay",
        summary="Send what it missed",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=ReplayIn,
        responses={200: ReplayOut},
        examples=[
            OpenApiExample("Since", {"since": "2026-06-16T10:00:00+08:00"}, request_only=True),
            OpenApiExample("So many", {"count": 211, "more": False}, response_only=True),
        ],
    )
    def post(self, request: PartnerCall, pk: int) -> Response:
        """What failed, or happened while it was off, the oldest first, 10,000 at most. The key
        needs the scopes to read what its events tell."""

        def call() -> Answer:
            form = ReplayIn(data=request.data)
            form.is_valid(raise_exception=True)
            held = self.mine(request, pk)
            self.must_read_all(request, held)
            count, more = services.events_replay(
                actor=request.user,
                endpoint=held,
                since=form.validated_data["since"],
            )
            return 200, {"count": count, "more": more}

        return self.once(request, call)


class DeliveriesView(WebhookCall):
    query = DeliveriesQuery

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        summary="List what was sent to a webhook",
        tags=["webhooks"],
        responses=pages_of(DeliveryOut),
        examples=[
            OpenApiExample("A page", {"items": [DELIVERY], "next": None}, response_only=True)
        ],
    )
    def get(self, request: PartnerCall, pk: int) -> Response:
        """Newest first, of the last thirty days; with what it missed."""
        asked = self.asked(request)
        rows = sent_to(self.mine(request, pk))
        wanted = {"state": asked.get("state"), "kind": asked.get("event")}
        rows = rows.filter(**{name: value for name, value in wanted.items() if value})
        page = page_of(rows, asked, by=("-pk",), of=f"deliveries:{pk}")
        return self.paged(page, DeliveryOut, asked)


class DeliveryView(WebhookCall):
    query = FieldsQuery

    @extend_schema(
        operation_id="webhooks_deliveries_retrieve",
        summary="Look at a delivery",
        tags=["webhooks"],
        responses=DeliveryFullOut,
        examples=[TOLD],
    )
    def get(self, request: PartnerCall, pk: int, delivery: int) -> Response:
        """The message as it is sent, and each call. The key needs the scope to read what it
        tells."""
        asked = self.asked(request)
        row = get_object_or_404(sent_to(self.mine(request, pk)), pk=delivery)
        self.must_read(request, [row.kind])
        return Response(said(DeliveryFullOut, row, asked.get("fields", "")))


class RedeliverView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_redeliver",
        summary="Send a message once more",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=None,
        responses={200: DeliveryFullOut},
        examples=[TOLD],
    )
    def post(self, request: PartnerCall, pk: int, delivery: int) -> Response:
        """Under the same `webhook-id`, from the beginning of the schedule. The key needs the scope
        to read what it tells."""

        def call() -> Answer:
            rows = sent_to(self.mine(request, pk))
            row = get_object_or_404(rows, pk=delivery)
            self.must_read(request, [row.kind])
            services.delivery_repeat(actor=request.user, delivery=row)
            return 200, said(DeliveryFullOut, rows.get(pk=delivery))

        return self.once(request, call)


test = TestView.as_view()
replay = ReplayView.as_view()
deliveries = DeliveriesView.as_view()
delivery = DeliveryView.as_view()
redeliver = RedeliverView.as_view()
