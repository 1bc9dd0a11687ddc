"""/api/v1/webhooks: what a team's own system hears of us, set up by that system (docs/webhooks.md).

The services are those of the pages. A secret is in the first answer and in no later one, whatever
Idempotency-Key is sent.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.response import Response

from alliance.kernel.access import ScopeMissing
from alliance.kernel.idempotency import Answer
from alliance.kernel.models import Endpoint, Side
from alliance.kernel.outbox import side_of
from alliance.kernel.rest.pages import said
from alliance.kernel.rest.views import ApiView
from commissions.api import IsPartner, PartnerCall
from commissions.api.webhooks.words import WebhookOut
from commissions.queries.endpoints import counted, sent_to, webhooks_of

# What lets a key read of itself what a message says, by what the name of its event begins with.
_READS = {
    Side.AFFILIATE: {
        **dict.fromkeys(("commission", "settlement", "payout", "violation"), "commissions:read"),
        "product": "products:read",
    },
    Side.MERCHANT: {
        **dict.fromkeys(("order", "commission"), "orders:read"),
        "product": "products:read",
    },
}


class WebhookCall(ApiView):
    permission_classes = [IsPartner]
    required_scope = {
        "GET": "webhooks:read",
        **dict.fromkeys(("POST", "PATCH", "DELETE"), "webhooks:write"),
    }
    in_sandbox = True

    def mine(self, request: PartnerCall, pk: int) -> Endpoint:
        """A live key's are those of real events, a sandbox key's those of invented ones."""
        return get_object_or_404(webhooks_of(request.auth), pk=pk)

    def must_read(self, request: PartnerCall, kinds: Iterable[str]) -> None:
        """A webhook is no way around the scopes: raises ScopeMissing for events of which the key
        could not read the figures."""
        reads = _READS[side_of(request.auth.organisation)]
        for kind in kinds:
            scope = reads.get(kind.partition(".")[0])
            if scope and scope not in request.auth.scopes:
                raise ScopeMissing(scope=scope)

    def must_read_all(self, request: PartnerCall, endpoint: Endpoint) -> None:
        """The same for all that it hears of, and has waiting or kept of what it heard of before."""
        kept = sent_to(endpoint).order_by().values_list("kind", flat=True)
        self.must_read(request, {*endpoint.kinds, *kept.distinct()})

    def told(self, request: PartnerCall, pk: int, fields: str = "") -> dict[str, Any]:
        row = get_object_or_404(counted(webhooks_of(request.auth)), pk=pk)
        return dict(said(WebhookOut, row, fields))

    def doing(self, request: PartnerCall, pk: int, service: Callable[..., Any]) -> Response:
        """Carry a service out for the webhook, and tell it as it is then."""

        def call() -> Answer:
            service(actor=request.user, endpoint=self.mine(request, pk))
            return 200, self.told(request, pk)

        return self.once(request, call)

    def with_secret(self, request: PartnerCall, call: Callable[[], tuple[str, Answer]]) -> Response:
        """What `call` answers, with its secret, which is remembered nowhere."""
        secrets: list[str] = []

        def without() -> Answer:
            secret, (status, answer) = call()
            secrets.append(secret)
            return status, {**answer, "secret": None}

        response = self.once(request, without)
        if secrets:
            response.data["secret"] = secrets[0]
        response["Cache-Control"] = "no-store"
        return response
