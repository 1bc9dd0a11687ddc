"""Webhooks: listed, set up, changed, paused, given another secret, removed."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from alliance.kernel.errors import Invalid
from alliance.kernel.idempotency import Answer
from alliance.kernel.models import Endpoint, EndpointForm
from alliance.kernel.outbox import side_of
from alliance.kernel.rest.pages import PageQuery, page_of, pages_of
from alliance.kernel.rest.words import FieldsQuery
from alliance.kernel.schema import IDEMPOTENCY
from commissions.api import PartnerCall
from commissions.api.webhooks import WebhookCall
from commissions.api.webhooks.words import (
    COUNTS,
    FRESH,
    ONE,
    SECRET,
    WEBHOOK,
    WISH,
    SecretOut,
    WebhookIn,
    WebhookMadeOut,
    WebhookOut,
)
from commissions.queries.endpoints import counted, webhooks_of
from commissions.services import endpoints as services


def _known(request: PartnerCall, events: Iterable[str]) -> list[str]:
    """Raises Invalid for one that this side cannot choose."""
    known = services.kinds_for(side_of(request.auth.organisation), EndpointForm.WEBHOOK)
    if unknown := sorted(set(events) - set(known)):
        raise Invalid(_("There is no such event: %(name)s.") % {"name": unknown[0]}, field="events")
    return list(dict.fromkeys(events))


class WebhooksView(WebhookCall):
    query = PageQuery

    @extend_schema(
        operation_id="webhooks_list",
        summary="List your webhooks",
        tags=["webhooks"],
        responses=pages_of(WebhookOut),
        examples=[
            OpenApiExample(
                "A page", {"items": [{**WEBHOOK, **COUNTS}], "next": None}, response_only=True
            )
        ],
    )
    def get(self, request: PartnerCall) -> Response:
        """Newest first, without their secrets."""
        asked = self.asked(request)
        page = page_of(counted(webhooks_of(request.auth)), asked, by=("-pk",), of="webhooks")
        return self.paged(page, WebhookOut, asked)

    @extend_schema(
        operation_id="webhooks_make",
        summary="Set up a webhook",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=WebhookIn,
        responses={201: WebhookMadeOut},
        examples=[
            OpenApiExample("For the books", WISH, request_only=True),
            OpenApiExample("Its secret", {"webhook": FRESH, "secret": SECRET}, response_only=True),
        ],
    )
    def post(self, request: PartnerCall) -> Response:
        """The answer has the secret that messages are signed with, this once. The key needs the
        scopes to read what its events tell."""

        def call() -> tuple[str, Answer]:
            form = WebhookIn(data=request.data)
            form.is_valid(raise_exception=True)
            wish = form.validated_data
            kinds = _known(request, wish["events"])
            self.must_read(request, kinds)
            made, secret = services.webhook_open(
                actor=request.user,
                organisation=request.auth.organisation,
                name=wish["name"],
                url=wish["url"],
                kinds=kinds,
                sandbox=request.auth.sandbox,
            )
            return secret, (201, {"webhook": self.told(request, made.pk)})

        return self.with_secret(request, call)


class WebhookView(WebhookCall):
    query = FieldsQuery

    @extend_schema(
        operation_id="webhooks_retrieve",
        summary="Look at a webhook",
        tags=["webhooks"],
        responses=WebhookOut,
        examples=[ONE],
    )
    def get(self, request: PartnerCall, pk: int) -> Response:
        """How it is, and how many messages it took and missed."""
        return Response(self.told(request, pk, self.asked(request).get("fields", "")))

    @extend_schema(
        operation_id="webhooks_change",
        summary="Change a webhook",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=WebhookIn,
        responses={200: WebhookOut},
        examples=[
            OpenApiExample("Another address", {"url": WEBHOOK["url"]}, request_only=True),
            ONE,
        ],
    )
    def patch(self, request: PartnerCall, pk: int) -> Response:
        """What is left out stays. Messages that wait go to the new address, too. The key needs the
        scopes to read what its events tell."""
        form = WebhookIn(data=request.data, partial=True)

        def service(*, actor: Any, endpoint: Endpoint) -> None:
            form.is_valid(raise_exception=True)
            wish = form.validated_data
            kinds = _known(request, wish.get("events", endpoint.kinds))
            self.must_read(request, kinds)
            self.must_read_all(request, endpoint)  # what waits goes to the new address, too
            services.endpoint_change(
                actor=actor,
                endpoint=endpoint,
                name=wish.get("name", endpoint.name),
                url=wish.get("url", endpoint.url),
                kinds=kinds,
            )

        return self.doing(request, pk, service)

    @extend_schema(
        operation_id="webhooks_drop",
        summary="Remove a webhook",
        tags=["webhooks"],
        responses={204: None},
    )
    def delete(self, request: PartnerCall, pk: int) -> Response:
        """For good, with the list of what was sent to it."""
        services.endpoint_drop(actor=request.user, endpoint=self.mine(request, pk))
        return Response(status=204)


class PauseView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_pause",
        summary="Pause a webhook",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=None,
        responses={200: WebhookOut},
        examples=[ONE],
    )
    def post(self, request: PartnerCall, pk: int) -> Response:
        """Nothing is sent to it; what happens meanwhile is kept for thirty days."""
        return self.doing(request, pk, services.endpoint_pause)


class ResumeView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_resume",
        summary="Switch a webhook on",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=None,
        responses={200: WebhookOut},
        examples=[ONE],
    )
    def post(self, request: PartnerCall, pk: int) -> Response:
        """From now on, one that we switched off, too. What it missed is sent by `replay`. The key
        needs the scopes to read what its events tell."""

        def service(*, actor: Any, endpoint: Endpoint) -> None:
            self.must_read_all(request, endpoint)
            services.endpoint_resume(actor=actor, endpoint=endpoint)

        return self.doing(request, pk, service)


class SecretView(WebhookCall):
    @extend_schema(
        operation_id="webhooks_secret",
        summary="Ask for a new secret",
        tags=["webhooks"],
        parameters=[IDEMPOTENCY],
        request=None,
        responses={200: SecretOut},
        examples=[
            OpenApiExample(
                "The new one",
                {"secret": SECRET, "before_until": "2026-06-17T10:00:00+08:00"},
                response_only=True,
            )
        ],
    )
    def post(self, request: PartnerCall, pk: int) -> Response:
        """Shown this once. For a day the one before signs, too."""

        def call() -> tuple[str, Answer]:
            secret = services.secret_rotate(actor=request.user, endpoint=self.mine(request, pk))
            until = self.mine(request, pk).before_until
            return secret, (200, {"before_until": until})

        return self.with_secret(request, call)


webhooks = WebhooksView.as_view()
webhook = WebhookView.as_view()
pause = PauseView.as_view()
resume = ResumeView.as_view()
secret = SecretView.as_view()
